//! Tells cargo which files are compiled in that no `mod` names: the page and the migrations.

use std::{fs, io};

fn main() -> io::Result<()> {
    // A folder that is not there would count as changed at every build.
    fs::create_dir_all("web/dist")?;
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=migrations");
    Ok(())
}
