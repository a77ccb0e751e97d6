//! Takes away from this process every right that reading does not need, and
//! limits its time and memory, before it looks at the first byte of the file.

use std::io;
use std::os::fd::RawFd;

use rustix::process::{DumpableBehavior, Resource, Rlimit, Signal};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, TargetArch,
};

/// The most memory that it may fill, in bytes. Two readers at once and the
/// process that asks them stay below 256 MiB.
const MEMORY: u64 = 88 << 20;
/// Seconds of processor time that every file gets; and one more for each MiB.
const SECONDS: u64 = 60;

/// System calls that are left beside reading the file and writing the answer:
/// memory, time and the end. None opens a file, makes a socket, starts a process
/// or sends a signal.
const CALLS: &[i64] = &[
    libc::SYS_close,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_restart_syscall,
    libc::SYS_clock_gettime,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_getpid,
    libc::SYS_gettid,
    libc::SYS_exit,
    libc::SYS_exit_group,
];
/// Memory may not be made executable; the third argument of both calls says.
const EXECUTABLE: u64 = 4;
/// Nor shared, where no limit counts it; the fourth argument of `mmap` says.
const SHARED: u64 = 1;

/// What is open, and stays of use.
pub(crate) struct Open {
    /// Descriptors to read from, by position.
    pub(crate) inputs: [RawFd; 2],
    /// The one to write to.
    pub(crate) output: RawFd,
}

/// Confines this process for good, to read a file of `bytes`. Whatever else it
/// has inherited open is of no use to it.
///
/// # Errors
/// What the system says; nothing may be read then.
pub(crate) fn confine(bytes: u64, open: &Open) -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let seconds = SECONDS.saturating_add(bytes >> 20);
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Data, MEMORY),
        (Resource::Cpu, seconds),
    ] {
        // Above the soft limit of time there must be room for its signal.
        let room = u64::from(matches!(resource, Resource::Cpu));
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most.saturating_add(room)),
        };
        rustix::process::setrlimit(resource, limit)?;
    }
    let filter = filter(open).map_err(io::Error::other)?;
    seccompiler::apply_filter(&filter).map_err(io::Error::other)
}

fn filter(open: &Open) -> Result<BpfProgram, seccompiler::BackendError> {
    let without = |argument, bits| {
        let none = SeccompCmpOp::MaskedEq(bits);
        SeccompCondition::new(argument, SeccompCmpArgLen::Qword, none, 0)
    };
    let on = |descriptor: RawFd| {
        let number = u64::from(descriptor.unsigned_abs());
        let same = SeccompCmpOp::Eq;
        let is_it = SeccompCondition::new(0, SeccompCmpArgLen::Dword, same, number)?;
        SeccompRule::new(vec![is_it])
    };
    let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().map(|&call| (call, Vec::new())).collect();
    let private = vec![without(2, EXECUTABLE)?, without(3, SHARED)?];
    rules.insert(libc::SYS_mmap, vec![SeccompRule::new(private)?]);
    let protect = vec![without(2, EXECUTABLE)?];
    rules.insert(libc::SYS_mprotect, vec![SeccompRule::new(protect)?]);
    let inputs: Result<Vec<_>, _> = open.inputs.iter().map(|&input| on(input)).collect();
    rules.insert(libc::SYS_pread64, inputs?);
    rules.insert(libc::SYS_write, vec![on(open.output)?]);
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    // What is not allowed fails, as it would on a system that has no such call.
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()
}

#[cfg(test)]
mod tests;
