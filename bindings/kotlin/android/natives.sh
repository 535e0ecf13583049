#!/usr/bin/env bash
# The library for Android's ABIs, into the AAR's jniLibs; and the generated Kotlin. From the root of the tree:
#     bindings/kotlin/android/natives.sh
# Needs the NDK, cargo-ndk, and the Rust targets. Not run where Waxwing is built: there is no NDK there (README.md).
set -euo pipefail
cd "$(dirname "$0")/../../.."

target="${CARGO_TARGET_DIR:-target}"
libraries=bindings/kotlin/android/waxwing/src/main/jniLibs

cargo xtask bindings --generate

# Android 15 runs on phones with pages of 16 KB: a library aligned to less is not loaded there.
export RUSTFLAGS="${RUSTFLAGS:-} -Clink-arg=-Wl,-z,max-page-size=16384"

while read -r abi triple; do
    cargo ndk --target "$abi" --platform 26 rustc \
        --package waxwing-ffi --lib --profile ffi --crate-type cdylib
    mkdir -p "$libraries/$abi"
    built="$target/$triple/ffi/libwaxwing_ffi.so"
    "${ANDROID_NDK_HOME:?}"/toolchains/llvm/prebuilt/*/bin/llvm-strip --strip-unneeded -o "$libraries/$abi/libwaxwing_ffi.so" "$built"
    for alignment in $(readelf -lW "$libraries/$abi/libwaxwing_ffi.so" | awk '$1 == "LOAD" { print $NF }'); do
        if ((alignment < 16384)); then
            echo "$abi: a segment is aligned to $alignment, less than 16 KB" >&2
            exit 1
        fi
    done
done <<'ABIS'
arm64-v8a aarch64-linux-android
armeabi-v7a armv7-linux-androideabi
x86_64 x86_64-linux-android
ABIS
