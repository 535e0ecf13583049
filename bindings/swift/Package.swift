// swift-tools-version: 6.0
import PackageDescription

// The library under it is built by `cargo xtask bindings swift` (Linux, for development and the tests) or by `xcframework.sh`
// (Apple platforms, for apps); both put what they generate into `Generated`.
#if os(Linux)
    let folder = "\(Context.packageDirectory)/Generated/lib"
    let core: Target = .systemLibrary(name: "waxwing_ffiFFI", path: "Generated/waxwing_ffiFFI")
    let linking: [LinkerSetting] = [
        .unsafeFlags(["-L\(folder)", "-Xlinker", "-rpath=\(folder)"]),
        .linkedLibrary("waxwing_ffi"),
    ]
#else
    let core: Target = .binaryTarget(name: "waxwing_ffiFFI", path: "Generated/WaxwingCore.xcframework")
    let linking: [LinkerSetting] = []
#endif

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
