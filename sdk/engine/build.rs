//! Compiles `proto/content.proto` without any tool beside Rust.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/content.proto");
    let files = protox::compile(["proto/content.proto"], ["proto"])?;
    prost_build::Config::new().compile_fds(files)?;
    Ok(())
}
