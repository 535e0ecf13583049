// swift-tools-version: 6.0
import PackageDescription

// The package as apps get it; `xcframework.sh --release` fills in where the library is.
let package = Package(
    name: "Waxwing",
    platforms: [.iOS(.v16), .macOS(.v13)],
    products: [
        .library(name: "Waxwing", targets: ["Waxwing"]),
        .library(name: "WaxwingNotifications", targets: ["WaxwingNotifications"]),
    ],
    targets: [
        .binaryTarget(name: "waxwing_ffiFFI", url: "@URL@", checksum: "@CHECKSUM@"),
        .target(name: "WaxwingFFI", dependencies: ["waxwing_ffiFFI"], swiftSettings: [.swiftLanguageMode(.v5)]),
        .target(name: "Waxwing", dependencies: ["WaxwingFFI"], resources: [.copy("PrivacyInfo.xcprivacy")]),
        .target(name: "WaxwingNotifications", dependencies: ["Waxwing"]),
    ],
    swiftLanguageModes: [.v6]
)
