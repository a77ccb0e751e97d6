"""Runs programs one after another and measures each with wait4(2).

Reads a line of JSON for each run from standard input and answers with a line:

    {"argv": ["/bin/echo", "hello"], "stdin": "/dev/null"}
    {"code": 0, "out": "hello\\n", "err": "", "seconds": 0.001, "kib": 9000}

`code` is the exit code, or 1000 and the number of the signal that ended the program;
`kib` the most memory it had (of the two processes between which it was started, the
larger: a few MiB is this interpreter). A program that takes longer than a minute is
killed.
"""

import json
import os
import signal
import sys
import tempfile
import time

LIMIT_SECONDS = 60
MAX_SHOWN = 20_000
# In memory, where there is such a place.
FAST = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def run(argv: list[str], stdin: str) -> dict[str, object]:
    """Runs one program to its end."""
    with tempfile.TemporaryFile(dir=FAST) as out, tempfile.TemporaryFile(dir=FAST) as err:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
            (os.POSIX_SPAWN_DUP2, err.fileno(), 2),
        ]
        started = time.monotonic()
        pid = os.posix_spawn(argv[0], argv, os.environ, file_actions=actions)
        signal.signal(signal.SIGALRM, lambda *_: os.kill(pid, signal.SIGKILL))
        signal.alarm(LIMIT_SECONDS)
        _, status, usage = os.wait4(pid, 0)
        signal.alarm(0)
        return {
            "code": ended(status),
            "out": text(out),
            "err": text(err),
            "seconds": time.monotonic() - started,
            "kib": usage.ru_maxrss,
        }


def ended(status: int) -> int:
    """How it ended, as one number."""
    if os.WIFSIGNALED(status):
        return 1000 + os.WTERMSIG(status)
    return os.WEXITSTATUS(status)


def text(file) -> str:
    """What was written to it, as far as anybody wants to read it."""
    file.seek(0)
    return file.read(MAX_SHOWN).decode("utf-8", "replace")


def main() -> None:
    for line in sys.stdin:
        request = json.loads(line)
        answer = run(request["argv"], request["stdin"])
        print(json.dumps(answer), flush=True)


main()
