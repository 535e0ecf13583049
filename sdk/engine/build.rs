//! Compiles what stands in `proto/` without any tool beside Rust.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/content.proto");
    println!("cargo::rerun-if-changed=proto/link.proto");
    let files = protox::compile(["proto/content.proto", "proto/link.proto"], ["proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    Ok(())
}
