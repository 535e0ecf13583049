//! Swift: SwiftPM.

use super::Stage;
use crate::shell::{Call, Outcome};

/// A Swift toolchain on the path.
pub(super) fn ready() -> Result<(), String> {
    if Call::new("swift --version").succeeds() {
        return Ok(());
    }
    Err("needs a Swift 6 toolchain".to_owned())
}

/// Builds the package with the generated sources, and runs its tests.
pub(super) fn test(stage: &Stage) -> Outcome {
    let generated = stage.generated.join("swift").display().to_string();
    stage.call("swift test --package-path bindings/swift").env("WAXWING_GENERATED", &generated).run()
}
