//! Running other programs, and saying which.

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Why a recipe stopped, in words for the person at the terminal.
#[derive(Debug)]
pub(crate) struct Trouble(String);

impl Trouble {
    pub(crate) fn new(words: impl Into<String>) -> Trouble {
        Trouble(words.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a recipe comes to.
pub(crate) type Outcome = Result<(), Trouble>;

/// A program with its arguments and its surroundings.
pub(crate) struct Call {
    program: String,
    arguments: Vec<String>,
    variables: Vec<(String, String)>,
    folder: Option<PathBuf>,
}

impl Call {
    /// `words` is split at spaces; what may hold a space goes through [`Call::arg`].
    pub(crate) fn new(words: &str) -> Call {
        let mut words = words.split_whitespace().map(str::to_owned);
        let program = words.next().unwrap_or_default();
        Call { program, arguments: words.collect(), variables: Vec::new(), folder: None }
    }

    /// A program at a path, which may hold a space.
    pub(crate) fn at(program: &Path) -> Call {
        Call {
            program: program.to_string_lossy().into_owned(),
            arguments: Vec::new(),
            variables: Vec::new(),
            folder: None,
        }
    }

    pub(crate) fn arg(mut self, argument: impl Into<String>) -> Call {
        self.arguments.push(argument.into());
        self
    }

    pub(crate) fn args(mut self, arguments: &[String]) -> Call {
        self.arguments.extend_from_slice(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Call {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs in this folder instead of the workspace's root.
    pub(crate) fn within(mut self, folder: &Path) -> Call {
        self.folder = Some(folder.to_owned());
        self
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    /// Prints the call as it could be typed, and runs it with this terminal.
    pub(crate) fn run(&self) -> Outcome {
        println!("$ {self}");
        let status = self.command().status().map_err(|e| Trouble::new(format!("`{}`: {e}", self.program)))?;
        if status.success() { Ok(()) } else { Err(Trouble::new(format!("`{self}` failed: {status}"))) }
    }

    /// Runs beside others: what it says is kept, and shown only where it fails.
    pub(crate) fn run_quietly(&self) -> Outcome {
        println!("$ {self}");
        let output = self.command().stdin(Stdio::null()).output();
        let output = output.map_err(|e| Trouble::new(format!("`{}`: {e}", self.program)))?;
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        Err(Trouble::new(format!("{said}\n`{self}` failed: {}", output.status)))
    }

    /// Whether it runs and is content; says nothing.
    pub(crate) fn succeeds(&self) -> bool {
        let status = self.command().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    }

    /// What it prints, if it runs and is content.
    pub(crate) fn output(&self) -> Option<String> {
        let output = self.command().stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.variables {
            write!(f, "{name}={value} ")?;
        }
        f.write_str(&self.program)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// The root of the workspace.
pub(crate) fn root() -> Result<PathBuf, Trouble> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent();
    root.map(Path::to_owned).ok_or_else(|| Trouble::new("the workspace has no root"))
}

/// Goes to the root of the workspace: recipes work from any folder below it.
pub(crate) fn enter_workspace() -> Outcome {
    let root = root()?;
    std::env::set_current_dir(&root)
        .map_err(|e| Trouble::new(format!("cannot enter {}: {e}", root.display())))
}

/// Installs a cargo subcommand from its published source, unless it is there.
pub(crate) fn need_subcommand(subcommand: &str, package: &str) -> Outcome {
    if Call::new("cargo").arg(subcommand).arg("--version").succeeds() {
        return Ok(());
    }
    println!("cargo {subcommand} is not installed: installing {package}");
    Call::new("cargo install --locked").arg(package).run()
}

/// Refuses arguments that a recipe does not take.
pub(crate) fn no_arguments(arguments: &[String]) -> Outcome {
    match arguments.first() {
        None => Ok(()),
        Some(extra) => Err(Trouble::new(format!("this recipe takes no arguments, and got `{extra}`"))),
    }
}
