//! `interop`: the second implementation, in Python and written from the specification alone, talks with the crypto crate.

use std::fs;
use std::path::{Path, PathBuf};

use crate::shell::{Call, Outcome, Trouble};
use crate::test::{Tool, need};

/// Where the second implementation is, and its tests.
const FOLDER: &str = "crypto/tests/interop";

/// Python brings its own environment, but Debian packs the module that makes one apart.
const PYTHON: &[Tool] = &[Tool {
    name: "Python 3.11 or newer, with venv",
    probe: &["python3", "-c", "import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))"],
    package: "python3 python3-venv",
}];

/// Builds the Rust side, prepares Python in the build folder, and runs the tests. Arguments go to `unittest`.
pub(crate) fn interop(arguments: &[String]) -> Outcome {
    need_python()?;
    // With the features of the whole workspace, as the tests: nothing is built twice.
    Call::new("cargo build --workspace --example interop_peer").run()?;
    let profile = build_folder()?;
    let peer = profile.join("examples").join(format!("interop_peer{}", std::env::consts::EXE_SUFFIX));
    let python = environment(&profile.with_file_name("interop-python"))?;
    Call::at(&python)
        .args(&["-m", "unittest", "discover", "--start-directory", FOLDER].map(str::to_owned))
        .args(arguments)
        .env("WAXWING_INTEROP_PEER", &peer.to_string_lossy())
        .run()
}

/// Installs Python where that is possible, and says what is missing where it is not.
pub(crate) fn need_python() -> Outcome {
    need(PYTHON)
}

/// The folder of the profile that this program was built in, as the other programs of the workspace are.
fn build_folder() -> Result<PathBuf, Trouble> {
    let here = std::env::current_exe().map_err(|e| Trouble::new(format!("where is this program? {e}")))?;
    here.parent().map(Path::to_owned).ok_or_else(|| Trouble::new("this program is in no folder"))
}

/// A virtual environment with what `requirements.txt` names; made anew when that has changed. Returns its Python.
fn environment(folder: &Path) -> Result<PathBuf, Trouble> {
    let requirements = format!("{FOLDER}/requirements.txt");
    let wanted = fs::read_to_string(&requirements)
        .map_err(|e| Trouble::new(format!("cannot read {requirements}: {e}")))?;
    let (programs, python) = if cfg!(windows) { ("Scripts", "python.exe") } else { ("bin", "python") };
    let python = folder.join(programs).join(python);
    let stamp = folder.join("requirements.txt");
    let is_ready = fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted);
    if is_ready && Call::at(&python).arg("--version").succeeds() {
        return Ok(python);
    }
    Call::new("python3 -m venv --clear").arg(folder.to_string_lossy()).run()?;
    let pip = Call::at(&python).args(&["-m", "pip", "install", "--quiet"].map(str::to_owned));
    pip.arg("--disable-pip-version-check").arg("--requirement").arg(&requirements).run()?;
    fs::write(&stamp, wanted).map_err(|e| Trouble::new(format!("cannot write {}: {e}", stamp.display())))?;
    Ok(python)
}
