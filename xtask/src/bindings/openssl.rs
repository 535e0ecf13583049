//! The OpenSSL below SQLCipher, with what SQLCipher asks of it and no more.
//!
//! SQLCipher wants AES, HMAC, SHA-2, PBKDF2 and random bytes. Its library is linked statically, and OpenSSL looks its algorithms
//! up at run time, so no linker can leave out what nobody calls: it has to be left out here. That is a megabyte and a half of
//! each app. The source is the one that cargo has fetched and checked: that of the crate `openssl-src`.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Call, Outcome, Trouble};

/// What is left out. OpenSSL's names: `INSTALL.md`, "Enable and Disable Features".
const WITHOUT: &str = "shared module legacy engine dso async comp apps docs tests ui-console autoload-config thread-pool sock \
    tls dtls quic srp psk nextprotoneg tls-deprecated-ec ct ts cms cmp ocsp http rfc3779 \
    ec dh dsa sm2 ml-dsa ml-kem slh-dsa lms gost multiblock \
    aria bf blake2 camellia cast chacha cmac des idea md4 mdc2 ocb poly1305 rc2 rc4 rmd160 scrypt seed siphash siv sm3 sm4 \
    whirlpool argon2";

/// AES-GCM for processors with AVX-512 is two thirds of a megabyte by itself. SQLCipher uses CBC; what remains of GCM is slower there, and
/// never called. Which file, what stands there, and what makes it pass for an assembler too old to know such processors.
const WITHOUT_CODE: [&str; 3] = ["crypto/modes/asm/aes-gcm-avx512.pl", "if ($avx512vaes>0) {", "if (0) {"];

/// Small before fast, as the rest of the library; what counts for speed is written in assembler.
const FLAGS: &[&str] = &["-Os", "-fPIC", "-ffunction-sections", "-fdata-sections"];

/// Builds it, unless it is there; gives what the build of `openssl-sys` must be told. On a system that this recipe does not know,
/// nothing: cargo builds the whole of it then.
pub(super) fn variables(out: &Path) -> Result<Vec<(&'static str, String)>, Trouble> {
    let Some(system) = system() else { return Ok(Vec::new()) };
    let source = source()?;
    // Another name for each change of what is left out: cargo looks at the folder's name, and not at what is in it.
    let folder = out.join("openssl-without-gcm");
    let stamp = format!("{}\n{system}\n{WITHOUT}\n{}\n", source.display(), FLAGS.join(" "));
    if fs::read_to_string(folder.join("made-of")).ok().as_ref() != Some(&stamp) {
        build(&source, &folder, system)?;
        fs::write(folder.join("made-of"), stamp).map_err(|e| trouble(&folder, &e))?;
    }
    let installed = folder.join("installed").display().to_string();
    Ok(vec![
        ("OPENSSL_DIR", installed),
        ("OPENSSL_LIBS", "crypto".to_owned()),
        ("OPENSSL_STATIC", "1".to_owned()),
        ("OPENSSL_NO_VENDOR", "1".to_owned()),
    ])
}

fn system() -> Option<&'static str> {
    match (std::env::consts::OS, std::env::consts::ARCH) {
        ("linux", "x86_64") => Some("linux-x86_64"),
        ("linux", "aarch64") => Some("linux-aarch64"),
        ("macos", "x86_64") => Some("darwin64-x86_64-cc"),
        ("macos", "aarch64") => Some("darwin64-arm64-cc"),
        _ => None,
    }
}

/// Where cargo keeps the source of the crate that the lock file names.
fn source() -> Result<PathBuf, Trouble> {
    let metadata = Call::new("cargo metadata --format-version 1 --locked").output();
    let metadata = metadata.ok_or_else(|| Trouble::new("`cargo metadata` fails"))?;
    let manifest = metadata
        .split("\"manifest_path\":\"")
        .filter_map(|rest| rest.split_once('"').map(|(path, _)| path))
        .find(|path| path.contains("/openssl-src-"))
        .ok_or_else(|| Trouble::new("openssl-src is no dependency any more"))?;
    let folder = Path::new(manifest).parent().map(|folder| folder.join("openssl"));
    folder.ok_or_else(|| Trouble::new("openssl-src has no folder"))
}

fn build(source: &Path, folder: &Path, system: &str) -> Outcome {
    println!("building the OpenSSL that the library carries; this takes some minutes, once");
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|e| trouble(folder, &e))?;
    }
    fs::create_dir_all(folder.join("installed/lib")).map_err(|e| trouble(folder, &e))?;
    let (copy, installed) = (folder.join("source"), folder.join("installed"));
    Call::new("cp -R").arg(source.display().to_string()).arg(copy.display().to_string()).run()?;
    leave_out_code(&copy)?;
    let jobs = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let without: Vec<String> = WITHOUT.split_whitespace().map(|name| format!("no-{name}")).collect();
    Call::new("perl Configure")
        .arg(system)
        .arg(format!("--prefix={}", installed.display()))
        .args(&without)
        .args(&FLAGS.iter().map(|flag| (*flag).to_owned()).collect::<Vec<_>>())
        .within(&copy)
        .run_quietly()?;
    Call::new("make -s")
        .arg(format!("-j{jobs}"))
        .arg("build_generated")
        .arg("libcrypto.a")
        .within(&copy)
        .run_quietly()?;
    let from = |name: &str| copy.join(name).display().to_string();
    Call::new("cp").arg(from("libcrypto.a")).arg(installed.join("lib").display().to_string()).run()?;
    Call::new("cp -R").arg(from("include")).arg(installed.display().to_string()).run()?;
    fs::remove_dir_all(&copy).map_err(|e| trouble(&copy, &e))
}

fn leave_out_code(copy: &Path) -> Outcome {
    let [file, stands, instead] = WITHOUT_CODE;
    let path = copy.join(file);
    let text = fs::read_to_string(&path).map_err(|e| trouble(&path, &e))?;
    if !text.contains(stands) {
        return Err(Trouble::new(format!(
            "{file} is another one than before: look again what can be left out"
        )));
    }
    fs::write(&path, text.replace(stands, instead)).map_err(|e| trouble(&path, &e))
}

fn trouble(path: &Path, error: &std::io::Error) -> Trouble {
    Trouble::new(format!("{}: {error}", path.display()))
}
