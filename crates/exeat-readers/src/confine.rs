//! Takes away from this process every right that reading does not need, and
//! limits its time and memory, before it looks at the first byte of the file.

use std::io;

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

/// System calls that are left: reading and writing what is open, memory, time
/// and the end. None opens a file, makes a socket, starts a process or sends a
/// signal.
const CALLS: &[i64] = &[
    libc::SYS_read,
    libc::SYS_pread64,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_lseek,
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
/// Those that are left unless they make memory executable; the third argument
/// of both says.
const MAPPING: &[i64] = &[libc::SYS_mmap, libc::SYS_mprotect];
const EXECUTABLE: u64 = 4;

/// Confines this process for good, to read a file of `bytes`.
///
/// # Errors
/// What the system says; nothing may be read then.
pub(crate) fn confine(bytes: u64) -> io::Result<()> {
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
    let seconds = SECONDS.saturating_add(bytes >> 20);
    for (resource, most) in [
        (Resource::Core, 0),
        (Resource::Fsize, 0),
        (Resource::Data, MEMORY),
        (Resource::Cpu, seconds),
    ] {
        let limit = Rlimit {
            current: Some(most),
            maximum: Some(most),
        };
        rustix::process::setrlimit(resource, limit)?;
    }
    let filter = filter().map_err(io::Error::other)?;
    seccompiler::apply_filter(&filter).map_err(io::Error::other)
}

fn filter() -> Result<BpfProgram, seccompiler::BackendError> {
    let mapping = || {
        let none = SeccompCmpOp::MaskedEq(EXECUTABLE);
        let harmless = SeccompCondition::new(2, SeccompCmpArgLen::Qword, none, 0)?;
        Ok::<_, seccompiler::BackendError>(vec![SeccompRule::new(vec![harmless])?])
    };
    let mut rules: std::collections::BTreeMap<i64, Vec<SeccompRule>> =
        CALLS.iter().map(|&call| (call, Vec::new())).collect();
    for &call in MAPPING {
        rules.insert(call, mapping()?);
    }
    let arch = TargetArch::try_from(std::env::consts::ARCH)?;
    // What is not allowed fails, as it would on a system that has no such call.
    let denied = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()
}
