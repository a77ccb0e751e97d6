"""The calls by which a program makes durable what it wrote; each of them can be taken away from it.

It is what mutation testing is for code: where nobody notices that a sync is missing, either it is not needed
or the one who should have noticed is blind.
"""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

CALLS = ("fsync", "fdatasync", "syncfs", "sync_file_range")
LINE = re.compile(r"^(?P<process>\d+) +(?P<call>\w+)\(\d+<(?P<path>[^>]*)>")
# What is different in every run.
VARIES = re.compile(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}T\d+Z?|[0-9a-f]{16,}")


@dataclass(frozen=True)
class Sync:
    """The nth call of that name, in every thread that makes so many; or all calls."""

    call: str
    nth: int
    what: str = ""

    def __str__(self) -> str:
        return f"{self.call}:{self.nth} {self.what}".strip() if self.nth else "every sync"

    def taken_from(self, program: Path) -> list[str]:
        """The beginning of a command line: the program, which believes that it has synced."""
        calls = self.call if self.nth else ",".join(CALLS)
        when = f":when={self.nth}" if self.nth else ""
        quiet = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", "/dev/null"]
        return [
            *quiet,
            "-e",
            f"trace={calls}",
            "-e",
            f"inject={calls}:retval=0{when}",
            str(program),
        ]


EVERY = Sync("", 0)


def watched(log: Path, program: Path) -> list[str]:
    """The beginning of a command line: the program, whose syncs are written down."""
    return [
        "strace",
        "-f",
        "-y",
        "-qq",
        "-o",
        str(log),
        "-e",
        f"trace={','.join(CALLS)}",
        str(program),
    ]


def found(log: Path, root: Path) -> list[Sync]:
    """What was written down; paths are shown from `root`."""
    counts: Counter[tuple[str, str]] = Counter()
    whats: dict[tuple[str, int], list[str]] = {}
    for line in log.read_text(errors="replace").splitlines():
        seen = LINE.match(line)
        if not seen:
            continue
        thread = seen["process"], seen["call"]
        counts[thread] += 1
        path = VARIES.sub("…", seen["path"].removeprefix(f"{root}/"))
        what = whats.setdefault((seen["call"], counts[thread]), [])
        if path not in what:
            what.append(path)
    return [Sync(call, nth, ", ".join(what)) for (call, nth), what in whats.items()]
