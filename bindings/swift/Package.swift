// swift-tools-version: 6.0
import Foundation
import PackageDescription

// What lies in `Generated` decides. `xcframework.sh` puts the library for Apple platforms there; without it, the package is built with the
// library of this machine, from `cargo xtask bindings swift`: that is how the tests run, on Linux and on a Mac.
let generated = "\(Context.packageDirectory)/Generated"
let hasFramework = FileManager.default.fileExists(atPath: "\(generated)/WaxwingCore.xcframework")
let core: Target =
    hasFramework
    ? .binaryTarget(name: "waxwing_ffiFFI", path: "Generated/WaxwingCore.xcframework")
    : .systemLibrary(name: "waxwing_ffiFFI", path: "Generated/waxwing_ffiFFI")
let linking: [LinkerSetting] =
    hasFramework
    ? [] : [.unsafeFlags(["-L\(generated)/lib", "-Xlinker", "-rpath", "-Xlinker", "\(generated)/lib"]), .linkedLibrary("waxwing_ffi")]

let package = Package(
    name: "Waxwing",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Waxwing", targets: ["Waxwing"]),
        .library(name: "WaxwingNotifications", targets: ["WaxwingNotifications"]),
    ],
    targets: [
        core,
        // Generated, and hidden: nothing of it shows in the API of `Waxwing`.
        .target(
            name: "WaxwingFFI",
            dependencies: ["waxwing_ffiFFI"],
            path: "Generated/WaxwingFFI",
            swiftSettings: [.swiftLanguageMode(.v5)],
            linkerSettings: linking
        ),
        .target(
            name: "Waxwing",
            dependencies: ["WaxwingFFI"],
            resources: [.copy("PrivacyInfo.xcprivacy")]
        ),
        // For a notification service extension: it may use this and nothing that is not safe there.
        .target(name: "WaxwingNotifications", dependencies: ["Waxwing"]),
        .executableTarget(name: "waxwing-probe", dependencies: ["Waxwing"], path: "Tests/Probe"),
        .testTarget(name: "WaxwingTests", dependencies: ["Waxwing", "WaxwingNotifications", "waxwing-probe"]),
    ],
    swiftLanguageModes: [.v6]
)
