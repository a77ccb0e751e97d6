"""Where harnesses work, and how: each worker process has a place of its own."""

import argparse
import itertools
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .judge import Judge
from .operations import by_name
from .place import Broken, Place, binary

# What the bad writer knows.
CONTROLLED = ("export", "archive", "plain", "open")
# What a harness may need for images, copies of them, and places.
ROOM = 1 << 30
BAD_WRITER = Path(__file__).resolve().parent / "bad-writer"


def options(parser: argparse.ArgumentParser) -> None:
    """What every harness understands."""
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    parser.add_argument("--jobs", "-j", type=int, default=1, help="so many at a time [default: 1]")
    parser.add_argument("--only", action="append", default=[], metavar="OPERATION")
    parser.add_argument("--dir", help="where all of it happens [default: /dev/shm, or TMPDIR]")
    parser.add_argument("--json-file", metavar="FILE", help="the figures, for programs")
    parser.add_argument("--minutes", type=float, metavar="M", help="stop after so long, whatever was reached by then")
    parser.add_argument("--keep", action="store_true", help="leave the folder behind")
    parser.add_argument("--exeat", help="the binary [default: EXEAT, or target/debug/exeat]")


def fast() -> str | None:
    """A folder in memory with room enough; None where there is none. In a container there often are
    64 MiB, and a harness that fills these would blame exeat."""
    memory = "/dev/shm"
    if not os.access(memory, os.W_OK):
        return None
    room = os.statvfs(memory)
    return memory if room.f_bavail * room.f_frsize >= ROOM else None


@contextmanager
def folder(args: argparse.Namespace) -> Iterator[Path]:
    """A folder for a run of a harness; on a file system in memory where there is one."""
    path = Path(tempfile.mkdtemp(prefix="exeat-faults-", dir=args.dir or fast()))
    try:
        yield path
    finally:
        if args.keep:
            print(f"left behind: {path}")
        else:
            shutil.rmtree(path, ignore_errors=True)


def bench(root: Path, exeat: str | None, control: bool) -> tuple[Place, Judge]:
    """A prepared place below `root` and its judge; with `control` a bad writer does the writing."""
    place = Place(Path(tempfile.mkdtemp(dir=root)), binary(exeat))
    place.prepare()
    place.environment |= {"EXEAT_REAL": str(place.exeat), "EXEAT_SCRATCH": str(place.scratch)}
    if control:
        place.writer = [str(BAD_WRITER)]
    judge = Judge(place)
    faults = judge.judge([])
    if faults:
        raise Broken("the place is not as it should be before any fault: " + "\n".join(faults))
    if control:
        check_control(place, judge)
    return place, judge


def check_control(place: Place, judge: Judge) -> None:
    """What the bad writer does is right as long as nothing goes wrong: otherwise any
    judge would find it out."""
    attempts = []
    for operation in by_name(list(CONTROLLED)):
        attempt = operation.attempt(place, "undisturbed")
        words = operation.words(place, attempt.tag)
        ran = place.run_words(place.words(operation.person, *words, control=True))
        attempts.append((attempt, ran))
    faults = judge.judge(attempts)
    if faults:
        raise Broken("the control is bad even where nothing goes wrong: " + "\n".join(faults))


def not_found_out(seen: Counter[str]) -> list[str]:
    """The operations in which the bad writer was not found out; `seen` counts what was found in each."""
    return [name for name in CONTROLLED if not seen[name]]


def verdict(missed: list[str], found: int, tried: str) -> bool:
    """Says whether the bad writer was found out, in each operation that it knows."""
    how = f"NOT FOUND OUT in {', '.join(missed)}: the harness sees nothing" if missed else "found out in each operation"
    print(f"control: {how}, {found} violations in {tried}")
    return not missed


def in_time(todo: Iterable[Any], minutes: float | None, wanted: Callable[[], bool]) -> Iterator[Any]:
    """What is to be done, for as long as more is wanted and there is time."""
    end = time.monotonic() + 60 * minutes if minutes else None
    for one in todo:
        if not wanted() or (end and time.monotonic() > end):
            return
        yield one


def spread(
    jobs: int,
    begin: Callable[..., None],
    begin_args: tuple[Any, ...],
    do: Callable[[Any], Any],
    todo: Iterable[Any],
    ahead: int = 16,
) -> Iterator[Any]:
    """Does things, in any order, in so many processes; `begin` prepares each of them.
    What is to be done is asked for a little ahead alone: it may depend on what was found."""
    if jobs == 1:
        begin(*begin_args)
        yield from map(do, todo)
        return
    context = multiprocessing.get_context("fork")
    with context.Pool(jobs, begin, begin_args) as pool:
        left = iter(todo)
        while some := list(itertools.islice(left, ahead * jobs)):
            yield from pool.imap_unordered(do, some)


def main(run: Callable[[], int]) -> None:
    """Runs a harness: 0 nothing was found, 1 something was, 2 it could not be tried."""
    # As Ctrl-C: what was begun is taken down.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(run())
    except Broken as error:
        print(f"cannot try it: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
