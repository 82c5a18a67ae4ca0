//! rolecall from outside: the real binary against the sandbox over HTTP, and the promises of the repository.

mod answers;
mod apply;
mod architecture;
mod client;
mod consent;
mod examples;
mod exit_codes;
mod faults;
mod fetching;
mod interruption;
mod manifests;
mod output;
mod people;
mod readme;
mod support;
mod workflows;
