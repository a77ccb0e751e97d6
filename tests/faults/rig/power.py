"""Power failures in one run of exeat: the run is written down, the disks that may be left are made and judged."""

import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import device, operations, table
from .images import Images, Record, crashes_of
from .operations import Attempt, Operation
from .place import Broken, Ran, empty, kill_session
from .stage import Layout, Stage
from .syncs import EVERY, Sync

COLUMNS = ("runs", "writes", "flushes", "states", "acknowledged", "torn", "violations")
MEBI = 1 << 20


@dataclass(frozen=True)
class Form:
    """A kind of disk, and what lies on it."""

    name: str
    kind: str = "ext4"
    size: int = 24 * MEBI
    make: tuple[str, ...] = ("-q", "-F", "-b", "4096", "-m", "0")
    options: str = ""
    check: tuple[str, ...] = ("e2fsck", "-f", "-n")
    layout: Layout = (("to", "state", "tmp"),)
    # Whether exeat dies with the disk, while what lies elsewhere lives on: of each run there is one moment.
    dies: bool = False
    # What makes it a file system again, where there is no journal that does.
    repair: tuple[str, ...] = ()


ALWAYS = [
    Form("ext4"),
    Form("ext4-writeback", options="data=writeback"),
    Form("ext4-nodelalloc", options="nodelalloc"),
    # The ledger on a disk of its own: each is synced when exeat syncs it, and not for the other's sake.
    Form("two-disks", size=16 * MEBI, layout=(("to",), ("state", "tmp"))),
    # Pulled out when exeat is done; the ledger lies elsewhere and lives on.
    Form("stick", layout=(("to",),)),
    # A machine fails that writes to another one, or to a disk with its own power.
    Form("host", layout=(("state", "tmp"),), dies=True),
]
ON_DEMAND = [
    Form(
        "btrfs", "btrfs", 64 * MEBI, ("-q", "--mixed"), "", ("btrfs", "check", "-q", "--readonly")
    ),
    Form("xfs", "xfs", 300 * MEBI, ("-q",), "", ("xfs_repair", "-n")),
    # No journal, as on a memory stick with FAT.
    Form("ext2", "ext2", repair=("e2fsck", "-f", "-y")),
    Form("ext2-stick", "ext2", layout=(("to",),), repair=("e2fsck", "-f", "-y")),
]
FORMS = {form.name: form for form in [*ALWAYS, *ON_DEMAND]}


@dataclass
class Bench:
    """What one worker has."""

    root: Path
    exeat: Path
    seed: int
    stages: dict[str, Stage] = field(default_factory=dict)
    seconds: dict[tuple[str, str], float] = field(default_factory=dict)

    def stage(self, form: Form) -> Stage:
        """The place on that kind of disk; made when it is first needed."""
        if form.name not in self.stages:
            stage = Stage(
                self.root / form.name, self.exeat, form.layout, form.kind, form.size, form.options
            )
            stage.prepare(*form.make)
            self.stages[form.name] = stage
        return self.stages[form.name]


@dataclass(frozen=True)
class Run:
    """One run that is written down, and how many power failures are made of it."""

    number: int
    operation: str
    form: str
    states: int
    busy: bool
    without: Sync | None = None
    """What is taken away from exeat: it has to be found out."""


@dataclass(frozen=True)
class Written:
    """What was written down of one run."""

    record: Record
    attempt: Attempt
    ran: Ran
    mode: int | None
    """Who may read the result, when exeat returned."""
    ledger: bytes
    """What stood in the ledger, when exeat returned."""


BENCH: Bench


def begin(root: Path, exeat: Path, seed: int) -> None:
    """Prepares a worker."""
    global BENCH
    BENCH = Bench(root / str(os.getpid()), exeat, seed)


def write_down(stage: Stage, operation: Operation, run: Run) -> Written:
    """Has exeat do something on a disk that remembers."""
    path = stage.root / "record"
    stage.place.writer = run.without.taken_from(BENCH.exeat) if run.without else None
    disk = device.Recorded(stage.reset(), path, stage.parts, stage.kind, stage.options)
    try:
        attempt = operation.attempt(stage.place, f"c{run.number}")
        words = operation.words(stage.place, attempt.tag)
        words = stage.place.words(operation.person, *words, control=True)
        with neighbours(stage.disks if run.busy else []):
            disk.mark("began")
            ran = die(stage, words, run) if FORMS[run.form].dies else stage.place.run_words(words)
            disk.mark("returned")
        mode = mode_of(operation.result(stage.place, attempt))
        book = stage.place.ledger.read_bytes()
        # Later, everything gets to the disk by itself.
        for folder in stage.disks:
            device.sync(folder)
        disk.mark("ended")
    finally:
        disk.end()
    if ran.code is not None and ran.code not in operation.ends_well:
        raise Broken(f"{attempt}: nothing failed, and yet\n{ran}")
    stage.keep(stage.root / "returned")
    record = Record.load(path, stage.size)
    if not run.without and not record.flushes():
        raise Broken("no flush gets to the disk: the loop device does not pass them on")
    return Written(record, attempt, ran, mode, book)


def mode_of(path: Path | None) -> int | None:
    """Who may read a result that is there."""
    return path.stat().st_mode if path else None


def die(stage: Stage, words: list[str], run: Run) -> Ran:
    """Kills exeat at some moment; the first run of its kind goes to its end, to see how long that takes."""
    key, begun = (run.form, run.operation), time.monotonic()
    child = stage.place.start(words)
    if key in BENCH.seconds:
        end = begun + BENCH.seconds[key] * random.Random(f"{BENCH.seed}/{run.number}/dies").uniform(
            0, 1.05
        )
        while child.poll() is None and time.monotonic() < end:
            time.sleep(0.0002)
        if child.poll() is None:
            kill_session(child.pid)
    ran = stage.place.finish(child)
    BENCH.seconds.setdefault(key, time.monotonic() - begun)
    return ran


@contextmanager
def neighbours(folders: list[Path]) -> Iterator[None]:
    """Somebody else who works on each of these disks, and syncs all the time."""
    over = threading.Event()

    def work_there(folder: Path) -> None:
        with open(folder / "neighbour", "wb", buffering=0) as file:
            # A load, not a wait: as often as to fall between any two steps of exeat.
            while not over.wait(0.002):
                file.write(b"something else\n")
                os.fsync(file)

    threads = [threading.Thread(target=work_there, args=(folder,)) for folder in folders]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def one_run(run: Run) -> dict[str, Any]:
    """Some power failures during one run, and what there is to say of them."""
    form, operation = FORMS[run.form], operations.by_name([run.operation])[0]
    stage = BENCH.stage(form)
    written = write_down(stage, operation, run)
    record = written.record
    figures, said = table.Table(COLUMNS), []
    figures.add(run.operation, "runs")
    figures.add(run.operation, "writes", record.writes())
    figures.add(run.operation, "flushes", record.flushes())
    images, image = Images(stage.image, record), stage.root / "crashed.img"
    chance = random.Random(f"{BENCH.seed}/{run.number}")
    # What lies elsewhere is known for the end alone; and there the control has to be found out.
    first = "returned" if stage.elsewhere or run.without == EVERY else "began"
    last = "returned" if run.without or form.dies else "ended"
    for crash in crashes_of(record, first, last, run.states, chance):
        images.write(crash, image)
        acknowledged = written.ran.code is not None and crash.point >= record.marks["returned"]
        faults = judge(form, stage, written, acknowledged, not run.without)
        figures.add(run.operation, "states")
        figures.add(run.operation, "acknowledged", acknowledged)
        figures.add(run.operation, "torn", crash.manner == "torn")
        figures.add(run.operation, "violations", len(faults))
        where = (
            f"seed {BENCH.seed}, run {run.number} on {form.name}, {crash.manner} at {crash.point}"
        )
        said += [f"({where} of {record.marks}) {fault}" for fault in faults]
        if said and run.without:
            # It has been found out.
            break
    return {
        "rows": figures.rows,
        "violations": said,
        "states": figures.total("states"),
        "form": form.name,
    }


def revive(form: Form, stage: Stage, image: Path) -> None:
    """Does what is done to a disk after a power failure; what does not help is no fault of exeat's."""
    if form.repair:
        for part in stage.parts.values():
            with device.device(image, part) as path:
                # It ends with 1 where it had something to do.
                device.on_device(*form.repair, path, well=(0, 1))
    with stage.mounted(image):
        # A journal is replayed. Without one, files whose folder was not on the disk yet are put aside
        # by the repair, whatever is in them, where root alone sees them.
        for disk in stage.disks:
            empty(disk / "lost+found")
    for part in stage.parts.values():
        with device.device(image, part) as path:
            device.on_device(*form.check, path)


def judge(form: Form, stage: Stage, written: Written, acknowledged: bool, go_on: bool) -> list[str]:
    """What is wrong with the disk that a power failure left; and with what comes next, if it shall go on."""
    image, attempt = stage.root / "crashed.img", written.attempt
    stage.bring_back(stage.root / "returned")
    revive(form, stage, image)
    with stage.mounted(image):
        stage.judge.begin()
        if acknowledged:
            stage.judge.ledger = written.ledger
        # What had been removed may be there again: as after kill -9.
        stage.judge.was_killed = True
        said = stage.judge.judge(
            [(attempt, written.ran if acknowledged else Ran(written.ran.line, None))]
        )
        if acknowledged and mode_of(attempt.operation.result(stage.place, attempt)) != written.mode:
            said.append(f"{attempt}: it was done, and its mode is lost")
        if go_on:
            said += stage.judge.next_runs([attempt.operation], f"{attempt.tag}-after")
    return said
