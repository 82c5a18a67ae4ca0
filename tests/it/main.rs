//! rolecall from outside: the real binary against the sandbox over HTTP, and the promises of the repository.

mod architecture;
mod readme;
mod support;
