//! Files that are too long hide a second subject; modules that nobody names are not compiled.

use super::{File, Finding};

/// Lines of one source file.
const LINES_MAX: usize = 700;

/// No source file is longer than a reader can hold in mind.
pub(super) fn files_are_short(files: &[File]) -> Vec<Finding> {
    let rust = files.iter().filter(|file| file.is_rust());
    rust.filter_map(|file| {
        let lines = file.text.lines().count();
        let words = || format!("{lines} lines; past {LINES_MAX} a file hides a second subject");
        (lines > LINES_MAX).then(|| Finding::whole(&file.path, words()))
    })
    .collect()
}

/// Every module below a `src` folder is named by its parent.
pub(super) fn no_module_is_orphaned(files: &[File]) -> Vec<Finding> {
    let modules = files.iter().filter(|file| file.is_rust() && file.path.contains("/src/"));
    modules
        .filter(|file| {
            !is_root(&file.path) && !parents(&file.path).any(|parent| names(files, &parent, &file.path))
        })
        .map(|file| Finding::whole(&file.path, "no file says `mod` for it, so nothing compiles it"))
        .collect()
}

fn is_root(path: &str) -> bool {
    path.ends_with("/src/lib.rs") || path.ends_with("/src/main.rs") || path.contains("/src/bin/")
}

/// Where `mod name;` may stand for `a/src/b/name.rs`: in `a/src/b.rs`, or in a root when it lies in `src` itself.
fn parents(path: &str) -> impl Iterator<Item = String> {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let in_root = folder.ends_with("/src");
    let beside = (!in_root).then(|| format!("{folder}.rs"));
    let roots = in_root.then(|| [format!("{folder}/lib.rs"), format!("{folder}/main.rs")]);
    beside.into_iter().chain(roots.into_iter().flatten())
}

fn names(files: &[File], parent: &str, path: &str) -> bool {
    let stem = path.rsplit('/').next().and_then(|name| name.strip_suffix(".rs")).unwrap_or_default();
    let declaration = format!("mod {stem};");
    let parent = files.iter().find(|file| file.path == parent);
    parent.is_some_and(|parent| parent.lines().any(|(_, line)| line.trim_end().ends_with(&declaration)))
}

#[cfg(test)]
mod tests {
    use super::super::tests::one;
    use super::*;

    #[test]
    fn a_module_that_nobody_names_is_found() {
        let mut files = one("wire/src/lost.rs", "");
        files.extend(one("wire/src/lib.rs", "mod found;\n"));
        files.extend(one("wire/src/found.rs", "pub(crate) mod below;\n"));
        files.extend(one("wire/src/found/below.rs", ""));
        let findings = no_module_is_orphaned(&files);
        assert_eq!(findings.iter().map(|f| f.path.as_str()).collect::<Vec<_>>(), ["wire/src/lost.rs"]);
    }

    #[test]
    fn a_long_file_is_found() {
        assert!(files_are_short(&one("wire/src/a.rs", &"\n".repeat(LINES_MAX))).is_empty());
        assert_eq!(files_are_short(&one("wire/src/a.rs", &"\n".repeat(LINES_MAX + 1))).len(), 1);
    }
}
