//! Plays a quickstart exactly as it is printed: writes its files, runs its commands, and compares what its program prints.
//!
//! A block of code that begins with a comment naming a file is written there. A block of `sh` is run in bash: those before the first
//! file in the root of the tree, as the page says, and later ones beside the files. A block of `text` is what the command before it
//! prints. The command that starts the relay is run at a free port, in the background.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::Stage;
use crate::shell::{Outcome, Trouble};

/// How a command that starts a relay begins.
const RELAY: &str = "cargo run --package waxwing-relay";

/// A fenced block of code.
#[derive(Debug, PartialEq, Eq)]
struct Block<'a> {
    language: &'a str,
    text: String,
}

/// Plays a page, in a folder of its own.
pub(super) fn play(stage: &Stage, page: &str) -> Outcome {
    play_with(stage, page, None)
}

/// The same, with a folder of tools before all others.
pub(super) fn play_with(stage: &Stage, page: &str, tools: Option<&Path>) -> Outcome {
    println!("playing {page}");
    let text = fs::read_to_string(page).map_err(|e| Trouble::new(format!("{page}: {e}")))?;
    let name = Path::new(page).file_stem().unwrap_or_default();
    let folder = stage.generated.join(name);
    let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", folder.display()));
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(trouble)?;
    }
    fs::create_dir_all(&folder).map_err(trouble)?;
    let tools = tools.map(Path::to_owned);
    let mut player = Player { stage, folder, tools, relay: None, has_files: false, printed: None };
    blocks(&text).iter().try_for_each(|block| player.play(block))
}

struct Player<'a> {
    stage: &'a Stage,
    folder: PathBuf,
    tools: Option<PathBuf>,
    relay: Option<(Child, String)>,
    has_files: bool,
    printed: Option<String>,
}

impl Drop for Player<'_> {
    fn drop(&mut self) {
        if let Some((relay, _)) = &mut self.relay {
            // It may have ended by itself.
            let _ = relay.kill();
            let _ = relay.wait();
        }
    }
}

impl Player<'_> {
    fn play(&mut self, block: &Block<'_>) -> Outcome {
        if let Some(path) = file_of(block) {
            self.has_files = true;
            let path = self.folder.join(path);
            let trouble = |e: std::io::Error| Trouble::new(format!("{}: {e}", path.display()));
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(trouble)?;
            }
            return fs::write(&path, &block.text).map_err(trouble);
        }
        match block.language {
            "sh" if block.text.starts_with(RELAY) => self.start_relay(&block.text),
            "sh" => self.run(&block.text),
            "text" => self.compare(&block.text),
            other => Err(Trouble::new(format!("a block of `{other}` that names no file:\n{}", block.text))),
        }
    }

    fn bash(&self, commands: &str, folder: &Path) -> Command {
        println!("$ {}", commands.trim_end().replace('\n', "\n$ "));
        let mut bash = Command::new("bash");
        bash.args(["-euo", "pipefail", "-c", commands])
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(tools) = &self.tools {
            let path = std::env::var("PATH").unwrap_or_default();
            bash.env("PATH", format!("{}:{path}", tools.display()));
        }
        bash
    }

    fn start_relay(&mut self, commands: &str) -> Outcome {
        // Without a shell between, so that it is the relay that is ended.
        let commands = format!("exec {commands}");
        let data = self.folder.join("relay");
        let mut relay = self
            .bash(&commands, &self.stage.root)
            .env("WAXWING_RELAY_LISTEN", "127.0.0.1:0")
            .env("WAXWING_RELAY_DATA", data)
            .env("WAXWING_RELAY_LOG", "warn")
            .spawn()
            .map_err(|e| Trouble::new(format!("bash: {e}")))?;
        let stdout = relay.stdout.take();
        let mut line = String::new();
        let read = stdout.map(|stdout| BufReader::new(stdout).read_line(&mut line));
        self.relay = Some((relay, line.trim().trim_start_matches("listening on ").to_owned()));
        match read {
            Some(Ok(_)) if line.starts_with("listening on ") => Ok(()),
            Some(_) | None => Err(Trouble::new(format!("the relay says `{}`", line.trim()))),
        }
    }

    fn run(&mut self, commands: &str) -> Outcome {
        let folder = if self.has_files { &self.folder } else { &self.stage.root };
        let mut bash = self.bash(commands, folder);
        bash.env("WAXWING", &self.stage.root);
        if let Some((_, address)) = &self.relay {
            bash.env("RELAY", address);
        }
        let output =
            bash.stderr(Stdio::inherit()).output().map_err(|e| Trouble::new(format!("bash: {e}")))?;
        let printed = without_colours(&String::from_utf8_lossy(&output.stdout));
        print!("{printed}");
        self.printed = Some(printed);
        if output.status.success() {
            Ok(())
        } else {
            Err(Trouble::new(format!("the command failed: {}", output.status)))
        }
    }

    fn compare(&mut self, expected: &str) -> Outcome {
        match self.printed.take() {
            Some(printed) if printed.trim() == expected.trim() => Ok(()),
            Some(_) => Err(Trouble::new(format!("the page promises other words:\n{expected}"))),
            None => Err(Trouble::new("words without a command that prints them")),
        }
    }
}

/// The fenced blocks of a page that name a language, in order.
fn blocks(page: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut open: Option<Block<'_>> = None;
    for line in page.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some(Block { language, text: String::new() }),
            (None, None) => {}
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (Some(block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
        }
    }
    blocks
}

/// Words without the codes for colours that some programs write even where nobody sees them.
fn without_colours(words: &str) -> String {
    let mut parts = words.split("\u{1b}[");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        plain.push_str(part.split_once('m').map_or("", |(_, rest)| rest));
    }
    plain
}

/// The file that a block's first line names, in a comment of its language.
fn file_of<'a>(block: &'a Block<'_>) -> Option<&'a str> {
    // SwiftPM wants its own line to be the first.
    let first = block.text.lines().find(|line| !line.starts_with("// swift-tools-version"))?;
    let named = first.strip_prefix("// ").or_else(|| first.strip_prefix("# "));
    let named = named.or_else(|| first.strip_prefix("<!-- ")?.strip_suffix(" -->"))?;
    let is_path =
        !named.contains(' ') && named.contains('.') && block.language != "sh" && block.language != "text";
    is_path.then_some(named)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_their_files_are_found() {
        let page = "# A\n\n```sh\nmake\n```\nand\n```kotlin\n// src/Main.kt\nfun main() {}\n```\n```xml\n<!-- pom.xml -->\n<a/>\n```\n";
        let found = blocks(page);
        assert_eq!(found.iter().map(|block| block.language).collect::<Vec<_>>(), ["sh", "kotlin", "xml"]);
        assert_eq!(found[0].text, "make\n");
        assert_eq!(
            found.iter().map(file_of).collect::<Vec<_>>(),
            [None, Some("src/Main.kt"), Some("pom.xml")]
        );
    }

    #[test]
    fn colours_are_left_out() {
        assert_eq!(without_colours("\u{1b}[1mbold\u{1b}[m\nplain\u{1b}[0m"), "bold\nplain");
        assert_eq!(without_colours("plain"), "plain");
    }

    #[test]
    fn a_comment_in_a_command_names_no_file() {
        assert_eq!(file_of(&Block { language: "sh", text: "# a.b\n".to_owned() }), None);
        assert_eq!(file_of(&Block { language: "swift", text: "// says a.b\n".to_owned() }), None);
    }
}
