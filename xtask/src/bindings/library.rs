//! The library that apps carry: built once, measured, stripped; and the code that is generated from it.

use std::fs;
use std::path::{Path, PathBuf};

use super::{Stage, kotlin, openssl, wrong};
use crate::shell::{Call, Outcome, Trouble};

/// Largest stripped library with SQLCipher, in bytes: 8.5 MB.
const SIZE_MAX_BYTES: u64 = 8_500_000;

/// Android 15 runs on phones whose memory comes in pages of 16 KB. The library for Linux is linked as the one for Android, so that the
/// gate on it means something.
const LARGE_PAGES: &str = "-Clink-arg=-Wl,-z,max-page-size=16384";

/// Builds library and generator, and strips the library.
pub(super) fn build(root: &Path, bless: bool) -> Result<Stage, Trouble> {
    let target = target_folder(root);
    let out = target.join("bindings");
    let mut library =
        cargo("rustc --package waxwing-ffi --lib --profile ffi --crate-type cdylib,staticlib", &out)?;
    if cfg!(target_os = "linux") {
        library = library.arg("--").arg(LARGE_PAGES);
    }
    library.run()?;
    Call::new("cargo build --locked --manifest-path bindings/uniffi-bindgen/Cargo.toml --target-dir")
        .arg(generator_folder(&target).display().to_string())
        .run()?;
    let stage = Stage {
        root: root.to_owned(),
        library: out.join("library"),
        wrong_library: out.join("wrong-library"),
        relay: target.join("debug/waxwing-relay"),
        generated: out,
        bless,
    };
    for folder in [&stage.library, &stage.wrong_library] {
        fs::create_dir_all(folder).map_err(|e| trouble(folder, &e))?;
    }
    let built = target.join("ffi");
    strip("--strip-unneeded", &built, &stage.library, shared_name())?;
    strip("--strip-debug", &built, &stage.library, "libwaxwing_ffi.a")?;
    wrong::make(&stage.library.join(shared_name()), &stage.wrong_library)?;
    Ok(stage)
}

/// Builds the relay, and the test in Rust that needs the library.
///
/// Of the whole workspace and with a test, so that features are those of `cargo xtask test`, and nothing is built twice.
pub(super) fn build_relay() -> Outcome {
    Call::new("cargo build --workspace --bin waxwing-relay --test leaks").run()
}

/// Cargo, with the OpenSSL that the library carries.
pub(super) fn cargo(words: &str, out: &Path) -> Result<Call, Trouble> {
    let variables = openssl::variables(out)?;
    let call = Call::new("cargo").args(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
    Ok(variables.iter().fold(call, |call, (name, value)| call.env(name, value)))
}

/// The name of a shared library here.
pub(super) fn shared_name() -> &'static str {
    if cfg!(target_os = "macos") { "libwaxwing_ffi.dylib" } else { "libwaxwing_ffi.so" }
}

/// A folder of its own: another workspace with another profile.
fn generator_folder(target: &Path) -> PathBuf {
    target.join("bindings/generator")
}

pub(super) fn target_folder(root: &Path) -> PathBuf {
    let named = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    root.join(named)
}

fn strip(how: &str, from: &Path, to: &Path, name: &str) -> Outcome {
    let (from, to) = (from.join(name), to.join(name));
    fs::copy(&from, &to).map_err(|e| trouble(&from, &e))?;
    let how = if cfg!(target_os = "macos") { "-x" } else { how };
    Call::new("strip").arg(how).arg(to.display().to_string()).run()
}

/// No larger than promised.
pub(super) fn gate_size(stage: &Stage) -> Outcome {
    let library = stage.library.join(shared_name());
    let bytes = fs::metadata(&library).map_err(|e| trouble(&library, &e))?.len();
    let mb = |bytes: u64| format!("{}.{:02} MB", bytes / 1_000_000, bytes % 1_000_000 / 10_000);
    println!("library: {} stripped, with SQLCipher (at most {})", mb(bytes), mb(SIZE_MAX_BYTES));
    if bytes > SIZE_MAX_BYTES {
        return Err(Trouble::new("the library is larger than it may be"));
    }
    Ok(())
}

/// Writes the generated code of all languages. It takes the library before stripping, which still has its metadata.
pub(super) fn generate(stage: &Stage) -> Outcome {
    let target = target_folder(&stage.root);
    let library = target.join("ffi").join(shared_name()).display().to_string();
    let generator = |name: &str| generator_folder(&target).join("debug").join(name);
    let bindgen = generator("uniffi-bindgen");
    let folder = |name: &str| -> Result<String, Trouble> {
        let folder = stage.generated.join(name);
        // What is not generated any more must not stay.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| trouble(&folder, &e))?;
        }
        fs::create_dir_all(&folder).map_err(|e| trouble(&folder, &e))?;
        Ok(folder.display().to_string())
    };
    let write = |language: &str, folder: String| {
        Call::at(&bindgen)
            .arg("generate")
            .arg(&library)
            .arg("--no-format")
            .arg("--language")
            .arg(language)
            .arg("--out-dir")
            .arg(folder)
    };
    write("kotlin", folder("kotlin")?).run()?;
    let android = stage.root.join("bindings/uniffi-android.toml").display().to_string();
    write("kotlin", folder("kotlin-android")?).arg("--config").arg(android).run()?;
    for folder in ["kotlin", "kotlin-android"] {
        kotlin::hide(&stage.generated.join(folder))?;
    }
    write("python", folder("python")?).run()?;
    Call::at(&generator("uniffi-bindgen-swift"))
        .arg(&library)
        .arg(folder("swift")?)
        .args(&["--swift-sources", "--headers", "--modulemap"].map(str::to_owned))
        .args(
            &["--module-name", "waxwing_ffiFFI", "--modulemap-filename", "module.modulemap"]
                .map(str::to_owned),
        )
        .run()
}

fn trouble(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(format!("{}: {error}", path.display()))
}
