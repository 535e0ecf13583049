//! Kotlin on the JVM: Maven. And what can be compiled for Android without its SDK.

use std::fs;
use std::path::Path;

use super::{Stage, library, quickstart};
use crate::shell::{Call, Outcome, Trouble};
use crate::test::apt_install;

/// Maven and a JDK, from Debian where that is possible.
pub(super) fn ready() -> Result<(), String> {
    let here = || Call::new("mvn --version").succeeds() && Call::new("javac --version").succeeds();
    if here() || (apt_install("maven default-jdk-headless") && here()) {
        return Ok(());
    }
    Err("needs Maven and a JDK (Debian: `apt-get install maven default-jdk-headless`)".to_owned())
}

/// Compiles the generated and the hand-written code together, runs the tests, makes the jar, and plays the quickstart with it.
pub(super) fn test(stage: &Stage) -> Outcome {
    forget_carried(stage)?;
    maven(stage, "bindings/kotlin/pom.xml", "test").run()?;
    let costs = stage.generated.join("kotlin-costs.txt");
    print!("{}", fs::read_to_string(&costs).map_err(|e| Trouble::new(format!("{}: {e}", costs.display())))?);
    maven(stage, "bindings/kotlin/android/check/pom.xml", "compile").run()?;
    quickstart::play(stage, "docs/quickstart-kotlin.md")
}

/// Removes the library that an earlier quickstart had the jar carry: tests say themselves which one they load.
fn forget_carried(stage: &Stage) -> Outcome {
    let classes = stage.generated.join("kotlin-build/classes");
    let Ok(entries) = fs::read_dir(&classes) else { return Ok(()) };
    for carried in entries.flatten().map(|entry| entry.path().join(library::shared_name())) {
        if carried.exists() {
            fs::remove_file(&carried).map_err(|e| Trouble::new(format!("{}: {e}", carried.display())))?;
        }
    }
    Ok(())
}

fn maven(stage: &Stage, project: &str, what: &str) -> Call {
    let bless = if stage.bless { "-Dwaxwing.bless=true" } else { "-Dwaxwing.bless=false" };
    stage
        .call("mvn --batch-mode --quiet --no-transfer-progress --file")
        .arg(project)
        .args(&what.split(' ').map(str::to_owned).collect::<Vec<_>>())
        .arg(format!("-Dwaxwing.out={}", stage.generated.display()))
        .arg(bless)
}

// ---- generated code is ours alone ----

/// What begins a declaration in generated code.
const DECLARATIONS: &[&str] = &[
    "abstract class ",
    "class ",
    "const val ",
    "data class ",
    "enum class ",
    "fun ",
    "fun interface ",
    "inline fun ",
    "interface ",
    "object ",
    "open class ",
    "sealed class ",
    "sealed interface ",
    "suspend fun ",
    "typealias ",
    "val ",
    "var ",
];

/// Makes everything in a folder of generated Kotlin `internal`: apps see what is written by hand, and nothing else.
pub(super) fn hide(folder: &Path) -> Outcome {
    let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", folder.display()));
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(trouble)? {
            let path = entry.map_err(trouble)?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "kt") {
                let public = fs::read_to_string(&path).map_err(trouble)?;
                fs::write(&path, hidden(&public)).map_err(trouble)?;
            }
        }
    }
    Ok(())
}

/// The same source with its outermost declarations internal.
fn hidden(source: &str) -> String {
    let mut hidden = String::with_capacity(source.len() + source.len() / 32);
    let mut depth = 0_usize;
    for line in source.lines() {
        let is_comment = line.trim_start().starts_with(['*', '/']);
        // A declaration may follow on the line where its comment ends.
        let comment_end = if is_comment { line.rfind("*/").map_or(line.len(), |at| at + 2) } else { 0 };
        let (comment, code) = line.split_at(comment_end);
        // So may one behind its annotation.
        let annotation_end =
            if code.trim_start().starts_with('@') { code.find(") ").map_or(0, |at| at + 2) } else { 0 };
        let (annotation, declaration) = code.split_at(annotation_end);
        let declaration = declaration.trim_start();
        let declaration = declaration.strip_prefix("public ").unwrap_or(declaration);
        hidden.push_str(comment);
        if depth == 0 && DECLARATIONS.iter().any(|start| declaration.starts_with(start)) {
            hidden.push_str(annotation);
            hidden.push_str("internal ");
            hidden.push_str(declaration);
        } else {
            hidden.push_str(code);
        }
        hidden.push('\n');
        for char in code.chars() {
            match char {
                '{' | '(' => depth += 1,
                '}' | ')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outermost_declarations_become_internal() {
        let source = "package a\n\npublic object A {\n    public fun b() {}\nfun callback(\n) {}\n}\nprivate class P\n@X\nsuspend fun `c`(\n  d: E\n)\n = f\n";
        let expected = "package a\n\ninternal object A {\n    public fun b() {}\nfun callback(\n) {}\n}\nprivate class P\n@X\ninternal suspend fun `c`(\n  d: E\n)\n = f\n";
        assert_eq!(hidden(source), expected);
    }

    #[test]
    fn a_declaration_behind_a_comment_or_indented_is_found() {
        assert_eq!(
            hidden("/** {\n */ fun `a`() {\n  fun b()\n}\n"),
            "/** {\n */internal fun `a`() {\n  fun b()\n}\n"
        );
        assert_eq!(hidden("  @X\n   suspend fun a() = f\n"), "  @X\ninternal suspend fun a() = f\n");
        assert_eq!(hidden("  @X(B::class) fun a() = f\n"), "  @X(B::class) internal fun a() = f\n");
    }

    #[test]
    fn a_brace_in_a_comment_is_none() {
        assert_eq!(
            hidden("/**\n * {\n */\nclass A\n// (\nclass B\n"),
            "/**\n * {\n */\ninternal class A\n// (\ninternal class B\n"
        );
    }
}
