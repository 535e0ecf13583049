//! Compiles `proto/*.proto` without any tool beside Rust.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = ["proto/content.proto", "proto/link.proto", "proto/past.proto", "proto/record.proto"];
    let files = protox::compile(files, ["proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    Ok(())
}
