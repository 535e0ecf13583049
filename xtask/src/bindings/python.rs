//! Python: a virtual environment of its own, and pytest.

use std::path::PathBuf;

use super::{Stage, library, put, quickstart};
use crate::shell::{Call, Outcome, Trouble, root};
use crate::test::apt_install;

/// What the tests need besides Python.
const TOOLS: &str = "pytest>=8,<9 mypy>=1.15";

/// Python 3.10 or newer with `venv`, and in an environment of its own what the tests need.
pub(super) fn ready() -> Result<(), String> {
    let new_enough = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))";
    let here = || Call::new("python3 -c").arg(new_enough).succeeds();
    let is_here = here() || (apt_install("python3 python3-venv") && here());
    if !is_here {
        return Err(
            "needs Python 3.10 or newer with venv (Debian: `apt-get install python3-venv`)".to_owned()
        );
    }
    tools().map_err(|_| "needs pytest and mypy, and pip cannot fetch them".to_owned())
}

fn tools() -> Outcome {
    let venv = venv()?;
    let python = venv.join("bin/python");
    if Call::at(&python).arg("-c").arg("import pytest, mypy").succeeds() {
        return Ok(());
    }
    Call::new("python3 -m venv --clear").arg(venv.display().to_string()).run()?;
    Call::at(&python).args(&words("-m pip --disable-pip-version-check install -q")).args(&words(TOOLS)).run()
}

fn venv() -> Result<PathBuf, Trouble> {
    Ok(library::target_folder(&root()?).join("bindings/python-venv"))
}

/// Checks the types, runs the tests on the folder as it stands, and plays the quickstart, which installs it as an app would.
pub(super) fn test(stage: &Stage) -> Outcome {
    let python = venv()?.join("bin/python");
    Call::at(&python)
        .args(&words("-m mypy --config-file bindings/python/pyproject.toml --cache-dir"))
        .arg(stage.generated.join("python-mypy").display().to_string())
        .arg("bindings/python/waxwing")
        .run()?;
    stage
        .dress(Call::at(&python))
        .args(&words("-m pytest -q bindings/python/tests"))
        .env("PYTHONPATH", &stage.root.join("bindings/python").display().to_string())
        .env("WAXWING_BLESS", &stage.bless.to_string())
        .run()?;
    quickstart::play(stage, "docs/quickstart-python.md")
}

/// Puts the generated module and the library beside what is written by hand: a folder that can be installed.
pub(super) fn lay_out(stage: &Stage) -> Outcome {
    let package = stage.root.join("bindings/python/waxwing");
    let name = library::shared_name();
    put(&stage.generated.join("python/waxwing_ffi.py"), &package.join("_ffi.py"))?;
    put(&stage.library.join(name), &package.join(name))
}

fn words(line: &str) -> Vec<String> {
    line.split_whitespace().map(str::to_owned).collect()
}
