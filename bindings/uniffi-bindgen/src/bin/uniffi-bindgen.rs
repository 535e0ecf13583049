//! Kotlin and Python. `cargo xtask bindings` calls it.

fn main() {
    uniffi::uniffi_bindgen_main();
}
