//! Failures as people and scripts see them: a stable code, what happened, what to do, and an exit code.

use std::process::ExitCode;

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{out, safe_text};

/// How the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Exit {
    /// Nobody reads the output any more: end quietly.
    Quiet,
    /// It did not work.
    Failure,
    /// The command line makes no sense.
    Usage,
    /// Time ran out or the relay is out of reach; nothing is lost.
    Unfinished,
}

impl Exit {
    /// The number the shell sees.
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Exit::Quiet => 0,
            Exit::Failure => 1,
            Exit::Usage => 2,
            Exit::Unfinished => 3,
        })
    }
}

/// One failure, ready to be told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Fail {
    /// How the process ends.
    pub(crate) exit: Exit,
    /// The stable name of what happened.
    pub(crate) code: String,
    /// What kind of thing it is, by what can be done.
    pub(crate) kind: String,
    /// What happened, in a sentence.
    pub(crate) message: String,
    /// What to do, in a sentence.
    pub(crate) advice: String,
}

impl Fail {
    /// A failure with exit code 1 and no advice yet.
    pub(crate) fn new(code: &str, kind: &str, message: impl Into<String>) -> Fail {
        Fail {
            exit: Exit::Failure,
            code: code.to_owned(),
            kind: kind.to_owned(),
            message: message.into(),
            advice: String::from("see docs/chat.md"),
        }
    }

    /// A command line that makes no sense.
    pub(crate) fn usage(code: &str, message: impl Into<String>) -> Fail {
        Fail { exit: Exit::Usage, ..Fail::new(code, "misuse", message) }
    }

    /// Time ran out, and nothing is lost.
    pub(crate) fn unfinished(code: &str, message: impl Into<String>) -> Fail {
        Fail { exit: Exit::Unfinished, ..Fail::new(code, "offline", message) }
    }

    /// Nobody reads the output any more.
    pub(crate) fn broken_pipe() -> Fail {
        Fail {
            exit: Exit::Quiet,
            ..Fail::new("output_closed", "cancelled", "nobody reads the output any more")
        }
    }

    /// Says what to do.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Fail {
        self.advice = advice.into();
        self
    }

    /// Tells the failure on standard error: for people, and with `as_json` in a further line for scripts.
    pub(crate) fn tell(&self, as_json: bool) {
        if self.exit == Exit::Quiet {
            return;
        }
        out::remark(&format!("error[{}]: {}", self.code, safe_text::one_line(&self.message)));
        out::remark(&format!("  do: {}", safe_text::one_line(&self.advice)));
        if as_json {
            out::remark(&out::json_text(&json!({ "error": {
                "code": self.code, "kind": self.kind, "message": self.message, "advice": self.advice,
            }})));
        }
    }
}
