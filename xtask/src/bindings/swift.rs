//! Swift: SwiftPM, with the toolchain of the machine, or on Debian with one that is unpacked into a folder of its own.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::library::{shared_name, target_folder};
use super::{Stage, put, quickstart};
use crate::shell::{Call, Outcome, Trouble, root};
use crate::test::is_root;

/// The modules that apps see; their public declarations stand in the snapshot.
const MODULES: &[&str] = &["Waxwing", "WaxwingNotifications"];

/// Swift 6 on the path; else, as root on Debian, unpacked.
pub(super) fn ready() -> Result<(), String> {
    if on_path() {
        return Ok(());
    }
    let debian = cfg!(target_os = "linux") && is_root() && Call::new("apt-get --version").succeeds();
    if debian && toolchain().is_ok_and(|call| call.run().is_ok()) {
        return Ok(());
    }
    Err("needs Swift 6 (https://www.swift.org/install; as root on Debian it is brought along)".to_owned())
}

fn on_path() -> bool {
    let version = Call::new("swift --version").output().unwrap_or_default();
    let major = version.split("Swift version ").nth(1).and_then(|rest| rest.split('.').next());
    major.and_then(|major| major.parse::<u32>().ok()).is_some_and(|major| major >= 6)
}

fn toolchain() -> Result<Call, Trouble> {
    let root = root()?;
    let folder = target_folder(&root).join("swift-toolchain");
    Ok(Call::at(&root.join("bindings/swift/toolchain.sh")).arg(folder.display().to_string()))
}

/// Builds the package, runs its tests, compares its API, plays the quickstart.
pub(super) fn test(stage: &Stage) -> Outcome {
    lay_out(stage)?;
    let tools = tools(stage)?;
    let scratch = stage.generated.join("swift-build").display().to_string();
    swift(stage, &tools, "swift")
        .args(&["test", "--package-path", "bindings/swift", "--scratch-path"].map(str::to_owned))
        .arg(&scratch)
        .run()?;
    face(stage, &tools, &scratch)?;
    quickstart::play_with(stage, "docs/quickstart-swift.md", Some(&tools))
}

/// Puts what was generated, and the library, where `Package.swift` looks for them.
pub(super) fn lay_out(stage: &Stage) -> Outcome {
    let to = stage.root.join("bindings/swift/Generated");
    let from = stage.generated.join("swift");
    put(&from.join("WaxwingFFI.swift"), &to.join("WaxwingFFI/WaxwingFFI.swift"))?;
    put(&from.join("waxwing_ffiFFI.h"), &to.join("waxwing_ffiFFI/waxwing_ffiFFI.h"))?;
    put(&from.join("module.modulemap"), &to.join("waxwing_ffiFFI/module.modulemap"))?;
    put(&stage.library.join(shared_name()), &to.join("lib").join(shared_name()))
}

/// A folder for the front of the path, in which `swift` and `swiftc` are those of the toolchain; empty where the machine has its own.
fn tools(stage: &Stage) -> Result<PathBuf, Trouble> {
    let folder = stage.generated.join("swift-tools");
    let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", folder.display()));
    fs::create_dir_all(&folder).map_err(trouble)?;
    if on_path() {
        return Ok(folder);
    }
    let shared = format!("{}:{}", stage.root.display(), target_folder(&stage.root).display());
    for tool in ["swift", "swiftc"] {
        let script = format!(
            "#!/usr/bin/env bash\nexport WAXWING_SHARE='{shared}'\nexec {} \"$PWD\" {tool} \"$@\"\n",
            toolchain()?
        );
        let path = folder.join(tool);
        fs::write(&path, script).map_err(trouble)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).map_err(trouble)?;
    }
    Ok(folder)
}

fn swift(stage: &Stage, tools: &Path, tool: &str) -> Call {
    let ours = tools.join(tool);
    stage.dress(if ours.exists() { Call::at(&ours) } else { Call::new(tool) })
}

/// Compares the public declarations with `bindings/api/swift.txt`, or takes them as they are.
///
/// On Linux alone: on a Mac there are some more.
fn face(stage: &Stage, tools: &Path, scratch: &str) -> Outcome {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let mut now = String::new();
    for module in MODULES {
        now.push_str(&format!("// {module}\n\n{}\n", declarations(stage, tools, scratch, module)?));
    }
    let path = Path::new("bindings/api/swift.txt");
    let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", path.display()));
    if stage.bless {
        fs::create_dir_all("bindings/api").map_err(trouble)?;
        return fs::write(path, now).map_err(trouble);
    }
    let before = fs::read_to_string(path).unwrap_or_default();
    if before == now {
        return Ok(());
    }
    let first = now.lines().zip(before.lines()).find(|(now, before)| now != before);
    let (is, was) = first.unwrap_or(("(the number of lines)", "(the number of lines)"));
    let words = format!(
        "the public face of the Swift package is another one than in {}; first:\n- {was}\n+ {is}\n`cargo xtask bindings swift --bless` takes it",
        path.display()
    );
    Err(Trouble::new(words))
}

/// What the compiler says that others may use of a module.
fn declarations(stage: &Stage, tools: &Path, scratch: &str, module: &str) -> Result<String, Trouble> {
    let folder = format!("bindings/swift/Sources/{module}");
    let listed = fs::read_dir(&folder).map_err(|e| Trouble::new(format!("{folder}: {e}")))?;
    let paths = listed.flatten().map(|entry| entry.path());
    let mut sources: Vec<String> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "swift"))
        .map(|path| path.display().to_string())
        .collect();
    sources.sort();
    let interface = stage.generated.join(format!("{module}.swiftinterface"));
    let unused = stage.generated.join(format!("{module}.swiftmodule"));
    swift(stage, tools, "swiftc")
        .args(&["-emit-module", "-swift-version", "6", "-enable-library-evolution"].map(str::to_owned))
        .args(&["-suppress-warnings", "-module-name", module].map(str::to_owned))
        .args(
            &["-I", &format!("{scratch}/debug/Modules"), "-I", "bindings/swift/Generated/waxwing_ffiFFI"]
                .map(str::to_owned),
        )
        .args(&["-o", &unused.display().to_string()].map(str::to_owned))
        .args(&["-emit-module-interface-path", &interface.display().to_string()].map(str::to_owned))
        .args(&sources)
        .run()?;
    let text =
        fs::read_to_string(&interface).map_err(|e| Trouble::new(format!("{}: {e}", interface.display())))?;
    Ok(plain(&text, module))
}

/// The declarations alone, without what the compiler says to itself, and without what it makes of `Hashable`.
fn plain(interface: &str, module: &str) -> String {
    let is_noise = |line: &str| {
        line.starts_with("//")
            || line.starts_with("import ")
            || line == "deinit"
            || line.contains("__derived_")
            || line.starts_with("public func hash(into hasher: inout Hasher)")
            || line.starts_with("public static func == (a: ")
    };
    let own = format!("{module}.");
    let mut text = String::new();
    let mut lines = interface.lines();
    while let Some(line) = lines.next() {
        let mut line = line.replace("@_hasMissingDesignatedInitializers ", "");
        for prefix in ["FoundationEssentials.", "Foundation.", "Swift.", "_Concurrency.", own.as_str()] {
            line = line.replace(prefix, "");
        }
        match line.trim_start() {
            // With it goes its body: `get`, and the brace that closes it.
            "public var hashValue: Int {" => drop(lines.by_ref().take(2).count()),
            noise if is_noise(noise) => {}
            _ => {
                text.push_str(&line);
                text.push('\n');
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn declarations_are_plain() {
        let interface = "// swift-interface-format-version: 1.0\nimport Swift\npublic struct Id<S> : Swift.Hashable {\n  \
                         public let other: Waxwing.Id<Swift.Int>\n  deinit\n  public func hash(into hasher: inout Swift.Hasher)\n  \
                         public static func == (a: Waxwing.Id<S>, b: Waxwing.Id<S>) -> Swift.Bool\n  \
                         public var hashValue: Swift.Int {\n    get\n  }\n}\n";
        let expected = "public struct Id<S> : Hashable {\n  public let other: Id<Int>\n}\n";
        assert_eq!(plain(interface, "Waxwing"), expected);
    }
}
