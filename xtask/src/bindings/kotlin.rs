//! Kotlin on the JVM: Maven.

use super::Stage;
use crate::shell::{Call, Outcome};
use crate::test::apt_install;

/// Maven and a JDK, from Debian where that is possible.
pub(super) fn ready() -> Result<(), String> {
    let here = || Call::new("mvn --version").succeeds() && Call::new("javac --version").succeeds();
    if here() || (apt_install("maven default-jdk-headless") && here()) {
        return Ok(());
    }
    Err("needs Maven and a JDK (Debian: `apt-get install maven default-jdk-headless`)".to_owned())
}

/// Compiles the generated and the hand-written code together, and runs the tests.
pub(super) fn test(stage: &Stage) -> Outcome {
    let generated = stage.generated.join("kotlin").display().to_string();
    stage
        .call("mvn --batch-mode --quiet --file bindings/kotlin/pom.xml test")
        .arg(format!("-Dwaxwing.generated={generated}"))
        .arg(format!("-Dwaxwing.library={}", stage.library.display()))
        .run()
}
