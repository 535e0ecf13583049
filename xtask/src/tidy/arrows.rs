//! Which crate may name which, as `ARCHITECTURE.md` draws it.

use super::{File, Finding};

/// One crate: where it stands, and which of ours it may use; `tests` are allowed in its dev-dependencies too.
struct Arrows {
    folder: &'static str,
    package: &'static str,
    uses: &'static [&'static str],
    tests: &'static [&'static str],
}

const ARROWS: &[Arrows] = &[
    Arrows { folder: "crypto", package: "waxwing-crypto", uses: &[], tests: &[] },
    Arrows { folder: "wire", package: "waxwing-wire", uses: &[], tests: &[] },
    Arrows {
        folder: "sdk/engine",
        package: "waxwing-engine",
        uses: &["waxwing-crypto", "waxwing-wire"],
        tests: &[],
    },
    Arrows {
        folder: "sdk/client",
        package: "waxwing",
        uses: &["waxwing-crypto", "waxwing-engine", "waxwing-wire"],
        tests: &["waxwing-relay", "waxwing-simulation"],
    },
    Arrows { folder: "reference-server", package: "waxwing-relay", uses: &["waxwing-wire"], tests: &[] },
    Arrows {
        folder: "simulation",
        package: "waxwing-simulation",
        uses: &["waxwing-crypto", "waxwing-engine", "waxwing-relay", "waxwing-wire"],
        tests: &[],
    },
    Arrows { folder: "bindings", package: "waxwing-ffi", uses: &["waxwing"], tests: &[] },
    Arrows { folder: "bindings/uniffi-bindgen", package: "waxwing-uniffi-bindgen", uses: &[], tests: &[] },
    Arrows {
        folder: "examples/chat-cli",
        package: "waxwing-chat",
        uses: &["waxwing", "waxwing-relay"],
        tests: &["waxwing-wire"],
    },
    Arrows { folder: "bench", package: "waxwing-bench", uses: &[], tests: &[] },
    Arrows { folder: "bench/client", package: "waxwing-bench-client", uses: MEASURED, tests: &[] },
    Arrows { folder: "bench/crypto", package: "waxwing-bench-crypto", uses: MEASURED, tests: &[] },
    Arrows {
        folder: "bench/groups",
        package: "waxwing-bench-groups",
        uses: &[
            "waxwing",
            "waxwing-bench",
            "waxwing-crypto",
            "waxwing-engine",
            "waxwing-relay",
            "waxwing-simulation",
            "waxwing-wire",
        ],
        tests: &[],
    },
    Arrows { folder: "bench/mls", package: "waxwing-bench-mls", uses: &[], tests: &[] },
    Arrows { folder: "bench/relay", package: "waxwing-bench-relay", uses: MEASURED, tests: &[] },
    Arrows { folder: "bench/timing", package: "waxwing-bench-timing", uses: &["waxwing-crypto"], tests: &[] },
    Arrows {
        folder: "fuzz",
        package: "waxwing-fuzz",
        uses: &["waxwing-crypto", "waxwing-engine", "waxwing-wire"],
        tests: &[],
    },
    Arrows { folder: "xtask", package: "xtask", uses: &[], tests: &[] },
];

/// A bench may use whatever it measures; nothing uses a bench.
const MEASURED: &[&str] =
    &["waxwing", "waxwing-bench", "waxwing-crypto", "waxwing-engine", "waxwing-relay", "waxwing-wire"];

/// Runtimes, databases, clocks and random sources: below the shell nobody may even name them.
const SHELL_ONLY: &[&str] = &[
    "axum",
    "chrono",
    "futures-util",
    "getrandom",
    "rand",
    "reqwest",
    "rusqlite",
    "time",
    "tokio",
    "tokio-rustls",
    "tokio-tungstenite",
    "tracing",
];
const BELOW_THE_SHELL: &[&str] = &["crypto", "wire", "sdk/engine"];

/// What a manifest names, and in which kind of table.
#[derive(Debug, PartialEq, Eq)]
struct Dependency<'a> {
    line: usize,
    name: &'a str,
    only_for_tests: bool,
}

/// Reads the dependency tables of a manifest. Cargo has parsed it before us, so the usual spelling is all there is.
fn dependencies(manifest: &File) -> Vec<Dependency<'_>> {
    let mut table = "";
    let mut found = Vec::new();
    for (line, text) in manifest.lines() {
        let text = text.trim();
        if let Some(name) = text.strip_prefix('[') {
            table = name.trim_end_matches(']');
            // `[dependencies.name]` is a dependency in itself.
            if let Some((kind, name)) = table.rsplit_once("dependencies.") {
                found.push(Dependency { line, name, only_for_tests: kind.ends_with("dev-") });
            }
            continue;
        }
        let in_table = table.ends_with("dependencies") && !table.starts_with("workspace.");
        if in_table
            && !text.starts_with('#')
            && let Some((name, _)) = text.split_once(['=', '.'])
        {
            let only_for_tests = table.ends_with("dev-dependencies");
            found.push(Dependency { line, name: name.trim(), only_for_tests });
        }
    }
    found
}

fn manifest_of<'a>(files: &'a [File], folder: &str) -> Option<&'a File> {
    files.iter().find(|file| file.path.strip_suffix("/Cargo.toml") == Some(folder))
}

/// Arrows point down and never back.
pub(super) fn crates_point_down(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for arrows in ARROWS {
        let Some(manifest) = manifest_of(files, arrows.folder) else { continue };
        for dependency in dependencies(manifest) {
            let Dependency { line, name, only_for_tests } = dependency;
            let ours = ARROWS.iter().any(|other| other.package == name);
            let allowed = arrows.uses.contains(&name) || (only_for_tests && arrows.tests.contains(&name));
            if ours && !allowed {
                let words = format!("{} may not depend on {name} (ARCHITECTURE.md)", arrows.package);
                findings.push(Finding::new(manifest, line, words));
            }
            if arrows.package == "xtask" && !ours {
                findings.push(Finding::new(manifest, line, "xtask needs nothing but Rust"));
            }
            let below = BELOW_THE_SHELL.contains(&arrows.folder) && !only_for_tests;
            if below && SHELL_ONLY.contains(&name) {
                findings.push(Finding::new(manifest, line, format!("{name} belongs to the shell")));
            }
        }
    }
    findings
}

/// Every crate stands in the picture.
pub(super) fn nobody_stands_outside(files: &[File]) -> Vec<Finding> {
    let manifests = files.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml"));
    manifests
        .filter(|folder| !ARROWS.iter().any(|arrows| arrows.folder == *folder))
        .map(|folder| {
            Finding::whole(
                folder,
                "a crate without arrows: draw it in ARCHITECTURE.md and in xtask/src/tidy/arrows.rs",
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn an_arrow_that_points_back_is_found() {
        let files = one("crypto/Cargo.toml", "[dependencies]\nwaxwing-wire.workspace = true\n");
        assert_eq!(crates_point_down(&files).len(), 1);
        let files = one("sdk/engine/Cargo.toml", "[dependencies]\nwaxwing-wire.workspace = true\n");
        assert!(crates_point_down(&files).is_empty());
    }

    #[test]
    fn what_tests_may_use_the_crate_may_not() {
        let files = one("sdk/client/Cargo.toml", "[dev-dependencies]\nwaxwing-simulation.workspace = true\n");
        assert!(crates_point_down(&files).is_empty());
        let files = one("sdk/client/Cargo.toml", "[dependencies]\nwaxwing-simulation.workspace = true\n");
        assert_eq!(crates_point_down(&files).len(), 1);
    }

    #[test]
    fn a_runtime_below_the_shell_is_found() {
        let files = one("sdk/engine/Cargo.toml", "[dependencies]\ntokio = { workspace = true }\n");
        assert_eq!(crates_point_down(&files).len(), 1);
        let files = one("reference-server/Cargo.toml", "[dependencies.tokio]\nworkspace = true\n");
        assert!(crates_point_down(&files).is_empty());
    }

    #[test]
    fn a_crate_outside_the_picture_is_found() {
        assert_eq!(nobody_stands_outside(&one("sdk/extra/Cargo.toml", "")).len(), 1);
        assert!(nobody_stands_outside(&one("wire/Cargo.toml", "")).is_empty());
    }
}
