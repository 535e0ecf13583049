//! `test`: everything that must pass, on a machine that has Rust and perhaps nothing else.

use crate::bindings::bindings;
use crate::interop;
use crate::shell::{Call, Outcome, Trouble};

/// A tool that the build calls, how to see that it is there, and the Debian package that brings it.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    pub(crate) probe: &'static [&'static str],
    pub(crate) package: &'static str,
}

/// SQLCipher and the OpenSSL below it are built from source: that takes a C compiler, make and perl with its modules.
const TOOLS: &[Tool] = &[
    Tool { name: "a C compiler", probe: &["cc", "--version"], package: "gcc" },
    Tool { name: "make", probe: &["make", "--version"], package: "make" },
    Tool {
        name: "perl with its standard modules",
        probe: &["perl", "-MFindBin", "-MIPC::Cmd", "-MFile::Compare", "-MTime::Piece", "-e", "1"],
        package: "perl",
    },
];

/// As `--require-all` of `cargo xtask bindings`: a toolchain that is missing is a failure.
const REQUIRE_ALL: &str = "--require-all";

/// Builds once, in one profile, and runs every test, those of the packages for other languages too. With arguments: `cargo test`
/// with them.
pub(crate) fn test(arguments: &[String]) -> Outcome {
    need_build_tools()?;
    let is_whole = arguments.iter().all(|argument| argument == REQUIRE_ALL);
    if !is_whole {
        return Call::new("cargo test").args(arguments).run();
    }
    interop::need_python()?; // said at once, not after the tests
    // Some tests start the programs of other packages: they must be there first. The same profile and the same features
    // as the tests, so nothing is built twice.
    Call::new("cargo build --workspace --bins --tests").run()?;
    Call::new("cargo test --workspace").run()?;
    interop::interop(&[])?;
    bindings(arguments)
}

/// Installs what the build calls, where that is possible, and says what is missing where it is not.
pub(crate) fn need_build_tools() -> Outcome {
    need(TOOLS)
}

/// The same for any tools.
pub(crate) fn need(tools: &[Tool]) -> Outcome {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !is_there(tool)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|tool| tool.name).collect();
    let packages: Vec<&str> = missing.iter().map(|tool| tool.package).collect();
    let (names, packages) = (names.join(", "), packages.join(" "));
    install(&names, &packages)?;
    match tools.iter().find(|tool| !is_there(tool)) {
        None => Ok(()),
        Some(tool) => Err(Trouble::new(format!("{} is still missing", tool.name))),
    }
}

/// Installs Debian packages, as root on Debian. Elsewhere it says what to install.
pub(crate) fn install(names: &str, packages: &str) -> Outcome {
    println!("missing: {names}");
    if !apt_install(packages) {
        return Err(Trouble::new(format!("please install {names} (Debian: `apt-get install {packages}`)")));
    }
    Ok(())
}

/// Installs Debian packages, as root on Debian. False: it could not.
pub(crate) fn apt_install(packages: &str) -> bool {
    if !(is_root() && Call::new("apt-get --version").succeeds()) {
        return false;
    }
    let quiet = |words: &str| Call::new(words).env("DEBIAN_FRONTEND", "noninteractive");
    quiet("apt-get update -q").run().is_ok()
        && quiet("apt-get install -y -q --no-install-recommends").args(&split(packages)).run().is_ok()
}

fn is_there(tool: &Tool) -> bool {
    let Some((program, arguments)) = tool.probe.split_first() else { return true };
    arguments.iter().fold(Call::new(program), |call, argument| call.arg(*argument)).succeeds()
}

pub(crate) fn is_root() -> bool {
    Call::new("id -u").output().is_some_and(|id| id.trim() == "0")
}

fn split(words: &str) -> Vec<String> {
    words.split_whitespace().map(str::to_owned).collect()
}
