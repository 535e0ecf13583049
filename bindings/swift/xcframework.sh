#!/usr/bin/env bash
# The library for Apple platforms, as an XCFramework: device, simulator and Mac.
#
#   bindings/swift/xcframework.sh               builds it into bindings/swift/Generated, where Package.swift looks for it
#   bindings/swift/xcframework.sh --release URL also puts a package together for apps, in target/bindings/swift-release; the
#                                               zipped XCFramework is to be uploaded to URL
#
# Needs a Mac with Xcode 16 and rustup.
set -euo pipefail
cd "$(dirname "$0")/../.."
url=
if [ "${1:-}" = --release ]; then url=${2:?usage: xcframework.sh [--release URL]}; fi
[ "$(uname)" = Darwin ] || { echo "xcframework.sh: needs a Mac with Xcode" >&2; exit 1; }

# The deployment floor; Package.swift says the same.
export IPHONEOS_DEPLOYMENT_TARGET=16.0 MACOSX_DEPLOYMENT_TARGET=13.0
# Of the deployment floor, so that nothing newer can be linked by mistake.
target=${CARGO_TARGET_DIR:-target}
here=bindings/swift/Generated
work=$target/bindings/xcframework
rm -rf "$work" "$here/WaxwingCore.xcframework"
mkdir -p "$work"

# One slice: a single object in which only the functions for Swift are visible. Everything else of Rust and C in it, such as
# `rust_eh_personality` or OpenSSL, is local, so another Rust library in the same app has no symbol in common with it.
printf '_uniffi_*\n_ffi_*\n' > "$work/visible"
slice() { # RUST-TARGET SDK ARCHITECTURE PLATFORM FLOOR
  rustup target add "$1"
  cargo rustc --package waxwing-ffi --lib --profile ffi --crate-type staticlib --target "$1"
  local sdk
  sdk=$(xcrun --sdk "$2" --show-sdk-version)
  xcrun --sdk "$2" ld -r -arch "$3" -platform_version "$4" "$5" "$sdk" -all_load "$target/$1/ffi/libwaxwing_ffi.a" \
    -exported_symbols_list "$work/visible" -o "$work/$1.o"
  xcrun libtool -static -o "$work/$1.a" "$work/$1.o"
  if nm -gU "$work/$1.a" | awk 'NF == 3 && $3 !~ /^_(uniffi|ffi)_/' | grep .; then
    echo "xcframework.sh: these symbols of $1 are visible and must not be" >&2
    exit 1
  fi
}
slice aarch64-apple-ios iphoneos arm64 ios "$IPHONEOS_DEPLOYMENT_TARGET"
slice aarch64-apple-ios-sim iphonesimulator arm64 ios-simulator "$IPHONEOS_DEPLOYMENT_TARGET"
slice x86_64-apple-ios iphonesimulator x86_64 ios-simulator "$IPHONEOS_DEPLOYMENT_TARGET"
slice aarch64-apple-darwin macosx arm64 macos "$MACOSX_DEPLOYMENT_TARGET"
slice x86_64-apple-darwin macosx x86_64 macos "$MACOSX_DEPLOYMENT_TARGET"
mkdir -p "$work/simulator" "$work/mac"
lipo -create "$work"/{aarch64-apple-ios-sim,x86_64-apple-ios}.a -output "$work/simulator/libwaxwing_ffi.a"
lipo -create "$work"/{aarch64,x86_64}-apple-darwin.a -output "$work/mac/libwaxwing_ffi.a"
mkdir -p "$work/device"
mv "$work/aarch64-apple-ios.a" "$work/device/libwaxwing_ffi.a"

# The header lies in a folder of its own: two XCFrameworks with a module.modulemap at the top collide in Xcode.
cargo xtask bindings swift --generate
mkdir -p "$work/headers/waxwing_ffiFFI"
cp "$here"/waxwing_ffiFFI/{module.modulemap,waxwing_ffiFFI.h} "$work/headers/waxwing_ffiFFI/"
xcodebuild -create-xcframework \
  -library "$work/device/libwaxwing_ffi.a" -headers "$work/headers" \
  -library "$work/simulator/libwaxwing_ffi.a" -headers "$work/headers" \
  -library "$work/mac/libwaxwing_ffi.a" -headers "$work/headers" \
  -output "$here/WaxwingCore.xcframework"

# Builds for a device, with nothing allowed that an extension must not use.
(cd bindings/swift && xcodebuild build -quiet -scheme WaxwingNotifications -destination 'generic/platform=iOS' \
  -derivedDataPath "../../$work/derived" APPLICATION_EXTENSION_API_ONLY=YES)
(cd bindings/swift && swift build --scratch-path "../../$work/scratch")

[ -n "$url" ] || exit 0
release=$target/bindings/swift-release
rm -rf "$release"
mkdir -p "$release/Sources"
cp -R bindings/swift/Sources/Waxwing bindings/swift/Sources/WaxwingNotifications "$here/WaxwingFFI" "$release/Sources/"
cp LICENSE-APACHE LICENSE-MIT bindings/swift/README.md "$release/"
ditto -c -k --sequesterRsrc --keepParent "$here/WaxwingCore.xcframework" "$release/WaxwingCore.xcframework.zip"
checksum=$(swift package compute-checksum "$release/WaxwingCore.xcframework.zip")
sed -e "s|@URL@|$url|" -e "s|@CHECKSUM@|$checksum|" bindings/swift/Package.release.swift > "$release/Package.swift"
echo "in $release; upload WaxwingCore.xcframework.zip to $url and commit the rest to the package's repository"
