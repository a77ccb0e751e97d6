"""strace: which system calls a run makes, and one of them made to fail.

`when=K` counts for every thread on its own, so that a fault may be injected once in
each of several threads; the log says how often it was.
"""

import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from . import begun
from .place import Broken

# What can fail on a disk, a full one, or a busy machine.
# (umask and getrandom, which do not, are not among them; nor futex, without which nothing waits.)
CALLS = (
    "write", "writev", "pwrite64", "read", "pread64", "readv", "lseek",
    "fsync", "fdatasync", "syncfs", "ftruncate", "fallocate", "copy_file_range", "sendfile", "splice",
    "openat", "openat2", "open", "close", "dup", "dup3", "fcntl", "flock",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "symlinkat",
    "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat",
    "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat2",
    "readlink", "readlinkat", "getdents64", "getcwd", "ioctl",
    "pipe2", "socketpair", "poll", "clone3", "vfork", "execve", "wait4", "waitid",
    "getxattr", "lgetxattr", "fgetxattr", "listxattr", "llistxattr", "flistxattr",
    "setxattr", "lsetxattr", "fsetxattr", "chown", "lchown", "fchown", "fchownat",
    "prctl", "seccomp", "prlimit64", "setrlimit", "mmap", "mremap",
)  # fmt: skip
# By which a process gives up what it does not need, and where that may be refused.
CONFINING = ("prctl", "seccomp", "prlimit64", "setrlimit")
# By which it gets memory. Without any, Rust ends the process: that is like a kill.
MEMORY = ("mmap", "mremap")
# Owners and attributes, which not every file system takes.
OWNING = ("setxattr", "lsetxattr", "fsetxattr", "chown", "lchown", "fchown", "fchownat")

# With these a file that is to be sealed may look as if it could not be read.
READING = (
    "read", "pread64", "readv", "lseek", "openat", "openat2", "open", "dup", "dup3", "fcntl",
    "stat", "fstat", "lstat", "newfstatat", "statx", "access", "faccessat2", "readlink", "readlinkat", "getdents64",
)  # fmt: skip

# What removes.
REMOVING = ("unlinkat", "unlink", "rmdir")

# Where the program itself begins: it makes itself undumpable first.
BEGUN = "PR_SET_DUMPABLE"
LINE = re.compile(r"^(?P<process>\d+) +(?P<call>\w+)\(", re.MULTILINE)
# The file of a place that a process of its own reads.
READ_BY_A_READER = "clinic/letters/page.html ("
CONFINES = re.compile(
    r"^(?P<process>\d+) +(prctl\(PR_SET_(DUMPABLE|PDEATHSIG|NO_NEW_PRIVS|SECCOMP)"
    r"|prlimit64\([^,]*, \w+, \{|setrlimit\(|seccomp\().*\(INJECTED\)",
    re.MULTILINE,
)
MUTE = re.compile(r"\bwritev?\(2,.*\(INJECTED\)")
# Instead of an error: the process dies as the call begins.
DIES = "KILL"
ERRORS = ("EIO", "ENOSPC", "EINTR")
# The same from the nth call on, as where a disk breaks down; for calls with which
# nothing is taken back, and nobody is told anything.
LASTS = "EIO+"
LASTING = ("fsync", "fdatasync", "syncfs", "read", "pread64", "rename", "renameat", "renameat2", "getdents64", "flock")


@dataclass(frozen=True)
class Fault:
    """The nth call of a name, in any thread, fails so; or the process dies at it."""

    call: str
    nth: int
    kind: str
    # Whether it is counted from where the program itself begins (begun.py), which
    # reaches the first calls of threads and of reader processes.
    early: bool = False

    def __str__(self) -> str:
        return f"{self.call}:{self.kind}:{self.nth}{':early' * self.early}"

    @property
    def option(self) -> str:
        what = "signal=KILL" if self.kind == DIES else f"error={self.kind.rstrip('+')}"
        return f"inject={self.call}:{what}:when={self.nth}{'+' * self.kind.endswith('+')}"


def program() -> str:
    return shutil.which("strace") or "strace"


def problem() -> str | None:
    """Why nothing can be traced here, if so: containers may forbid it."""
    if not shutil.which("strace"):
        return "strace is not installed"
    words = [program(), "-f", "--seccomp-bpf", "-qq", "-e", "trace=none", "true"]
    ran = subprocess.run(words, capture_output=True, text=True)
    return None if ran.returncode == 0 else f"strace cannot be used: {ran.stderr.strip()}"


def tracing(log: Path, options: Sequence[str], words: Sequence[str]) -> list[str]:
    """The command line that runs `words` under strace; nothing of any content is logged."""
    quiet = ["-f", "-qq", "-s", "0", "-o", str(log)]
    return [program(), *quiet, *options, "--", *words]


def counting(log: Path, words: Sequence[str]) -> list[str]:
    return tracing(log, ["--seccomp-bpf", "-e", "trace=" + ",".join(known())], words)


def injecting(log: Path, fault: Fault, words: Sequence[str]) -> list[str]:
    # A signal does not get through where the kernel filters the calls.
    quick = [] if fault.kind == DIES or fault.early else ["--seccomp-bpf"]
    # What is started says so: it is how a reader is told from the program itself.
    traced = tracing(log, [*quick, "-e", f"trace={fault.call},execve", "-e", fault.option], words)
    return [sys.executable, begun.__file__, *traced] if fault.early else traced


def known() -> list[str]:
    """With a question mark strace does not mind a call that this machine has not."""
    return [f"?{call}" for call in CALLS]


@dataclass(frozen=True)
class Sites:
    """Which numbers of a call can be made to fail."""

    # From where the program has begun in its first thread, counted from its loader on.
    later: range
    # In other threads and processes, those numbers that the loader has used up in the first one.
    early: range


def sites(log: Path, whole: bool = False) -> dict[str, Sites]:
    """For each call which of its numbers can fail: those after the program has begun,
    or with `whole` all of them."""
    before: Counter[tuple[str, str]] = Counter()
    most: Counter[str] = Counter()
    first: dict[str, int] = {}
    main = None
    for line in log.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        process, call = found["process"], found["call"]
        main = main or process
        before[process, call] += 1
        count = before[process, call]
        most[call] = max(most[call], count)
        if process == main and call == "prctl" and BEGUN in line and not first:
            # What the loader does may fail as the loader likes.
            first = {name: number for (who, name), number in before.items() if who == main}
    if whole:
        first = {}
    elif not first:
        raise Broken(f"the trace does not show where the program begins: {log}")
    others: Counter[str] = Counter()
    for (who, call), count in before.items():
        if who != main:
            others[call] = max(others[call], count)
    return {
        call: Sites(
            later=range(first.get(call, 0) + 1, count + 1),
            early=range(1, min(first.get(call, 0), others[call]) + 1),
        )
        for call, count in sorted(most.items())
    }


def injected(log: Path, fault: Fault) -> int:
    """How often the fault was really injected."""
    if not log.exists():
        return 0
    text = log.read_text(errors="replace")
    if fault.kind == DIES:
        # Every thread of a process says so: it is one death.
        return min(1, text.count("+++ killed by SIGKILL +++"))
    count = text.count("(INJECTED)")
    return min(1, count) if fault.kind.endswith("+") else count


def is_mute(log: Path) -> bool:
    """Whether what failed was to be said to whoever had called the program."""
    return log.exists() and MUTE.search(log.read_text(errors="replace")) is not None


def unconfined(log: Path, fault: Fault) -> bool | None:
    """Whether a process could not give up a right as it should: True the program itself, False
    one of its readers, None neither."""
    if not log.exists():
        return None
    text = log.read_text(errors="replace")
    found = CONFINES.search(text)
    if not found:
        return None
    started = [line["process"] for line in LINE.finditer(text) if line["call"] == "execve"]
    # The program itself has been started before, or first of all.
    return found["process"] not in (started if fault.early else started[1:])


def is_named(said: str) -> bool:
    """Whether the one file that needs a reader is called uninspected."""
    return "uninspected: " in said and READ_BY_A_READER in said


def kinds(call: str) -> tuple[str, ...]:
    """How a call can go wrong."""
    if call in CONFINING:
        return ("EPERM", "EINVAL", DIES)
    if call in MEMORY:
        return ("ENOMEM", DIES)
    if call in OWNING:
        return (*ERRORS, "EPERM", DIES)
    return (*ERRORS, *([LASTS] if call in LASTING else []), DIES)
