//! Swift, with its C header and module map. `cargo xtask bindings` calls it.

fn main() {
    uniffi::uniffi_bindgen_swift();
}
