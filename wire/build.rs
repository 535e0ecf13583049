//! Compiles `proto/waxwing.proto` without any tool beside Rust.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=proto/waxwing.proto");
    let files = protox::compile(["proto/waxwing.proto"], ["proto"])?;
    prost_build::Config::new().bytes(["."]).compile_fds(files)?;
    Ok(())
}
