"""Runs a program, and has strace look on from where the program itself begins.

    python3 begun.py STRACE OPTION... -- PROGRAM WORD...

strace counts the calls of each process and thread on its own, from its first one on. To
make the first calls of a thread or of a reader process fail, those of the program's
loader, which have the same numbers, must not be counted: the program is stopped after
it has made itself undumpable, and strace is attached then. For that one must be root.

Ends as the program does.
"""

import ctypes
import os
import platform
import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
LIBC.ptrace.restype = ctypes.c_long

# sys/ptrace.h
TRACEME, DETACH, SYSCALL, SETOPTIONS, GET_SYSCALL_INFO = 0, 17, 24, 0x4200, 0x420E
TRACE_SYSGOOD, EXITKILL = 1, 1 << 20
ENTRY, EXIT = 1, 2
INFO = struct.Struct("=B3xIQQQQ")
# prctl(2), and what it is asked for.
PRCTL = {"x86_64": 157, "aarch64": 167}
SET_DUMPABLE = 4
# How it ends where strace cannot look on.
CANNOT = 125


def problem() -> str | None:
    """Why that is not possible here, if so."""
    if os.geteuid() != 0:
        return "only root may look at what has made itself undumpable"
    return None if platform.machine() in PRCTL else f"nobody knows prctl's number on {platform.machine()}"


def ptrace(request: int, process: int, address: object = None, data: object = None) -> None:
    """ptrace(2)"""
    if LIBC.ptrace(request, process, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request}: {os.strerror(number)}")


def started(words: Sequence[str]) -> int:
    """A new process that stops as the program is about to begin."""
    process = os.fork()
    if process == 0:
        try:
            ptrace(TRACEME, 0)
            os.execvp(words[0], words)
        finally:
            os._exit(CANNOT)
    return process


def call_of(process: int) -> tuple[int, int, int]:
    """What a stopped process is at: entry or exit, the number of the call, the first argument."""
    info = ctypes.create_string_buffer(128)
    ptrace(GET_SYSCALL_INFO, process, ctypes.c_void_p(len(info)), ctypes.cast(info, ctypes.c_void_p))
    operation, _, _, _, number, argument = INFO.unpack_from(info)
    return operation, number, argument


def begins(process: int) -> int | None:
    """Goes on until the program has begun; gives how it ended, if it does so before."""
    _, status = os.waitpid(process, 0)
    if not os.WIFSTOPPED(status):
        return status
    ptrace(SETOPTIONS, process, None, ctypes.c_void_p(TRACE_SYSGOOD | EXITKILL))
    wanted, passed = PRCTL[platform.machine()], 0
    is_there = False
    while True:
        ptrace(SYSCALL, process, None, ctypes.c_void_p(passed))
        _, status = os.waitpid(process, 0)
        if not os.WIFSTOPPED(status):
            return status
        passed = os.WSTOPSIG(status)
        if passed != signal.SIGTRAP | 0x80:
            continue
        passed = 0
        operation, number, argument = call_of(process)
        if operation == EXIT and is_there:
            return None
        is_there = operation == ENTRY and number == wanted and argument == SET_DUMPABLE


def is_watched(process: int) -> bool:
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return any(line.startswith("TracerPid:") and line.split()[1] != "0" for line in lines)


def run(options: Sequence[str], words: Sequence[str]) -> int:
    """Runs the program; gives how it ended, as wait(2) has it."""
    process = started(words)
    status = begins(process)
    if status is not None:
        return status
    os.kill(process, signal.SIGSTOP)
    ptrace(DETACH, process)
    watcher = subprocess.Popen([*options, "-p", str(process)], stdin=subprocess.DEVNULL)
    while not is_watched(process):
        if watcher.poll() is not None:
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)
            return CANNOT << 8
    os.kill(process, signal.SIGCONT)
    _, status = os.waitpid(process, 0)
    watcher.wait()
    return status


def main() -> None:
    """See above."""
    at = sys.argv.index("--")
    status = run(sys.argv[1:at], sys.argv[at + 1 :])
    if os.WIFSIGNALED(status):
        # As the program did; it has left a core file itself, if one is wanted.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        died = os.WTERMSIG(status)
        if died != signal.SIGKILL:
            signal.signal(died, signal.SIG_DFL)
        os.kill(os.getpid(), died)
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
