//! The peer: OpenMLS in a program of its own, because its dependencies and ours cannot stand in one.

use std::process::Command;

use serde_json::Value;

use crate::Outcome;

/// What OpenMLS took, where its program was built.
pub(crate) struct Peer(Option<Value>);

impl Peer {
    /// Runs the program beside this one.
    pub(crate) fn measure(leaves: usize) -> Outcome<Peer> {
        let program = std::env::current_exe()?.with_file_name("waxwing-bench-mls");
        if !program.exists() {
            return Ok(Peer(None));
        }
        let output = Command::new(program).arg(leaves.to_string()).output()?;
        if !output.status.success() {
            return Err(format!("OpenMLS: {}", String::from_utf8_lossy(&output.stderr)).into());
        }
        Ok(Peer(Some(serde_json::from_slice(&output.stdout)?)))
    }

    pub(crate) fn figure(&self, what: &str, name: &str) -> Option<f64> {
        self.0.as_ref()?.get(format!("{what}_{name}"))?.as_f64()
    }

    /// Bytes of what is sent or got. A message is the same for all.
    pub(crate) fn bytes(&self, what: &str, name: &str) -> Option<f64> {
        self.figure(what, name).or_else(|| self.figure(what, "bytes"))
    }
}
