"""strace: which system calls a run makes, and one of them made to fail.

`when=K` counts for every thread on its own, so that a fault may be injected once in
each of several threads; the log says how often it was.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .place import Broken

# What can fail on a disk, a full one, or a busy machine.
# (umask and getrandom, which do not, are not among them.)
CALLS = (
    "write", "writev", "pwrite64", "read", "pread64", "readv", "lseek",
    "fsync", "fdatasync", "syncfs", "ftruncate", "fallocate", "copy_file_range", "sendfile", "splice",
    "openat", "openat2", "open", "close", "dup", "dup3", "fcntl", "flock",
    "rename", "renameat", "renameat2", "link", "linkat", "unlink", "unlinkat", "symlinkat",
    "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat", "fchmodat2", "utimensat",
    "stat", "fstat", "lstat", "newfstatat", "statx", "statfs", "fstatfs", "access", "faccessat2",
    "readlink", "readlinkat", "getdents64", "getcwd", "ioctl",
    "pipe2", "socketpair", "poll", "clone3", "vfork", "execve", "wait4", "waitid", "prctl",
)  # fmt: skip

# With these a file that is to be sealed may look as if it could not be read.
READING = (
    "read", "pread64", "readv", "lseek", "openat", "openat2", "open", "dup", "dup3", "fcntl",
    "stat", "fstat", "lstat", "newfstatat", "statx", "access", "faccessat2", "readlink", "readlinkat", "getdents64",
)  # fmt: skip

# Where the program itself begins: it makes itself undumpable first.
BEGUN = "PR_SET_DUMPABLE"
LINE = re.compile(r"^(?P<process>\d+) +(?P<call>\w+)\(")
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

    def __str__(self) -> str:
        return f"{self.call}:{self.kind}:{self.nth}"

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
    quick = [] if fault.kind == DIES else ["--seccomp-bpf"]
    return tracing(log, [*quick, "-e", f"trace={fault.call}", "-e", fault.option], words)


def known() -> list[str]:
    """With a question mark strace does not mind a call that this machine has not."""
    return [f"?{call}" for call in CALLS]


def sites(log: Path, whole: bool = False) -> dict[str, range]:
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
    most.pop("prctl", None)
    return {call: range(first.get(call, 0) + 1, count + 1) for call, count in sorted(most.items())}


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


def kinds(call: str) -> tuple[str, ...]:
    """How a call can go wrong."""
    return (*ERRORS, *([LASTS] if call in LASTING else []), DIES)
