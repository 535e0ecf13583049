//! Python: a virtual environment of its own, and pytest.

use std::fs;

use super::{Stage, library};
use crate::shell::{Call, Outcome, Trouble};
use crate::test::apt_install;

/// Python 3.10 or newer with `venv`.
pub(super) fn ready() -> Result<(), String> {
    let new_enough = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    let here = || Call::new("python3 -c").arg(new_enough).succeeds();
    if here() || (apt_install("python3 python3-venv") && here()) {
        return Ok(());
    }
    Err("needs Python 3.10 or newer with venv (Debian: `apt-get install python3-venv`)".to_owned())
}

/// Puts the package together as a wheel would carry it, and runs its tests.
pub(super) fn test(stage: &Stage) -> Outcome {
    let venv = stage.generated.join("python-venv");
    let python = venv.join("bin/python");
    if !Call::at(&python).args(&["-c".to_owned(), "import pytest".to_owned()]).succeeds() {
        Call::new("python3 -m venv").arg(venv.display().to_string()).run()?;
        Call::at(&python).args(&["-m", "pip", "install", "-q", "pytest>=8,<9"].map(str::to_owned)).run()?;
    }
    let package = assemble(stage)?;
    stage
        .dress(Call::at(&python))
        .args(&["-m", "pytest", "-q", "bindings/python/tests"].map(str::to_owned))
        .env("PYTHONPATH", &package)
        .run()
}

/// Hand-written files, generated module and library in one folder.
fn assemble(stage: &Stage) -> Result<String, Trouble> {
    let folder = stage.generated.join("python-package");
    let package = folder.join("waxwing");
    let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", package.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(trouble)?;
    }
    fs::create_dir_all(&package).map_err(trouble)?;
    for entry in fs::read_dir(stage.root.join("bindings/python/waxwing")).map_err(trouble)?.flatten() {
        if entry.path().is_file() {
            fs::copy(entry.path(), package.join(entry.file_name())).map_err(trouble)?;
        }
    }
    fs::copy(stage.generated.join("python/waxwing_ffi.py"), package.join("_ffi.py")).map_err(trouble)?;
    let name = library::shared_name();
    fs::copy(stage.library.join(name), package.join(name)).map_err(trouble)?;
    Ok(folder.display().to_string())
}
