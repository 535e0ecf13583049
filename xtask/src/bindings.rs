//! `bindings`: the library for other languages, what is generated from it, and each language's tests.

mod face;
mod kotlin;
mod library;
mod memory;
mod openssl;
mod pages;
mod python;
mod quickstart;
mod scenarios;
mod swift;
mod wrong;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::shell::{Call, Outcome, Trouble, root};
use crate::test::need_build_tools;

/// One language: how its toolchain is found, and what is done with it.
struct Language {
    name: &'static str,
    /// Finds the toolchain, and installs it where that is possible; says in a line what is missing otherwise.
    ready: fn() -> Result<(), String>,
    /// Writes the generated code of this language, and runs its tests.
    test: fn(&Stage) -> Outcome,
}

const LANGUAGES: &[Language] = &[
    Language { name: "python", ready: python::ready, test: python::test },
    Language { name: "kotlin", ready: kotlin::ready, test: kotlin::test },
    Language { name: "swift", ready: swift::ready, test: swift::test },
];

/// Where everything is that a language's tests need. All paths are absolute.
pub(crate) struct Stage {
    /// The root of the tree.
    pub(crate) root: PathBuf,
    /// `libwaxwing_ffi.so` and `libwaxwing_ffi.a`, stripped: what apps carry.
    pub(crate) library: PathBuf,
    /// The same with one checksum changed.
    pub(crate) wrong_library: PathBuf,
    /// The relay's program.
    pub(crate) relay: PathBuf,
    /// Generated code: `kotlin`, `kotlin-android`, `swift`, `python`.
    pub(crate) generated: PathBuf,
    /// Takes the public face of each language as it is now, instead of comparing it with `bindings/api`.
    pub(crate) bless: bool,
}

impl Stage {
    /// A call with the variables that every language's tests read (bindings/SCENARIOS.md).
    pub(crate) fn call(&self, words: &str) -> Call {
        self.dress(Call::new(words))
    }

    /// The same for any call.
    pub(crate) fn dress(&self, call: Call) -> Call {
        let text = |path: &PathBuf| path.display().to_string();
        call.env("WAXWING_RELAY", &text(&self.relay))
            .env("WAXWING_LIBRARY", &text(&self.library))
            .env("WAXWING_WRONG_LIBRARY", &text(&self.wrong_library))
            .env("WAXWING_FIXTURES", &text(&self.root.join("bindings/tests/fixtures")))
    }
}

struct Wanted {
    languages: Vec<&'static Language>,
    require_all: bool,
    only_generate: bool,
    bless: bool,
}

impl Wanted {
    fn parse(arguments: &[String]) -> Result<Wanted, Trouble> {
        let (mut require_all, mut only_generate, mut bless) = (false, false, false);
        let mut languages = Vec::new();
        for argument in arguments {
            match argument.as_str() {
                "--require-all" => require_all = true,
                "--generate" => only_generate = true,
                "--bless" => bless = true,
                name => match LANGUAGES.iter().find(|language| language.name == name) {
                    Some(language) => languages.push(language),
                    None => {
                        let words = format!(
                            "`{name}` is no language here; there are kotlin, swift and python, and --generate, --bless and --require-all"
                        );
                        return Err(Trouble::new(words));
                    }
                },
            }
        }
        if languages.is_empty() {
            languages = LANGUAGES.iter().collect();
        }
        Ok(Wanted { languages, require_all, only_generate, bless })
    }
}

/// Builds once, gates what the library takes, generates, and runs what each language has. Says how long each part took.
pub(crate) fn bindings(arguments: &[String]) -> Outcome {
    let wanted = Wanted::parse(arguments)?;
    need_build_tools()?;
    let stage = timed("library", || {
        let stage = library::build(&root()?, wanted.bless)?;
        library::generate(&stage)?;
        swift::lay_out(&stage)?;
        python::lay_out(&stage)?;
        Ok(stage)
    })?;
    library::gate_size(&stage)?;
    pages::gate(&stage)?;
    if wanted.only_generate {
        return Ok(());
    }
    scenarios::every_language_has_each(&wanted.languages.iter().map(|l| l.name).collect::<Vec<_>>())?;
    timed("rust", || rust(&stage))?;
    let mut left_out = Vec::new();
    for language in wanted.languages {
        match (language.ready)() {
            Ok(()) => timed(language.name, || (language.test)(&stage))?,
            Err(missing) => {
                println!("{}: not run: {missing}", language.name);
                left_out.push(language.name);
            }
        }
    }
    if wanted.require_all && !left_out.is_empty() {
        return Err(Trouble::new(format!("not run: {}", left_out.join(", "))));
    }
    Ok(())
}

/// What `cargo xtask test` has not run already: what needs the finished library.
fn rust(stage: &Stage) -> Outcome {
    face::compare(stage)?;
    library::build_relay()?;
    stage.call("cargo test --quiet --workspace --test leaks wrong_checksum_is_refused_at_start").run()?;
    memory::gate(stage)
}

fn timed<T>(part: &str, work: impl FnOnce() -> Result<T, Trouble>) -> Result<T, Trouble> {
    let begun = Instant::now();
    let result = work()?;
    println!("{part}: took {} s", begun.elapsed().as_secs());
    Ok(result)
}

/// Copies a file, unless the same is there: what did not change is not built again.
fn put(from: &Path, to: &Path) -> Outcome {
    let trouble = |path: &Path, e: &std::io::Error| Trouble::new(format!("{}: {e}", path.display()));
    let bytes = fs::read(from).map_err(|e| trouble(from, &e))?;
    if fs::read(to).is_ok_and(|there| there == bytes) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(|e| trouble(folder, &e))?;
    }
    fs::write(to, bytes).map_err(|e| trouble(to, &e))
}
