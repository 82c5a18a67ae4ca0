//! The program: arguments in, text and an exit code out. Everything else is in the library.

use std::process::ExitCode;

mod cli;

fn main() -> ExitCode {
    cli::main()
}
