//! What a process that holds credentials asks of the system for itself.

/// Keeps what is in memory out of core dumps, and from other processes of the same user where the system can: a
/// credential would be in it. Where that cannot be had the run goes on.
pub(super) fn keep_memory_private() {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let _ = setrlimit(Resource::Core, none);
    }
    // The limit does not bind a program that the kernel pipes dumps to.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
