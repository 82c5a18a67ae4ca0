//! rolecall from outside: the real binary against the sandbox over HTTP, and the promises of the repository.

mod answers;
mod approvals;
mod apply;
mod architecture;
mod client;
mod consent;
mod examples;
mod exit_codes;
mod explain;
mod faults;
mod fetching;
mod guards;
mod interruption;
mod journals;
mod kills;
mod lockouts;
mod manifests;
mod model;
mod output;
mod people;
mod readme;
mod rollbacks;
mod staleness;
mod support;
mod together;
mod workflows;
