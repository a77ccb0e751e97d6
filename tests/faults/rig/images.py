"""The disks that a power failure might have left, made from what a recording disk wrote down.

What had been flushed is there. Of what was written after the last flush anything may be there: a disk with a
cache takes writes in any order, and can be cut off in the middle of one.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .fuse import ENTRY, KIND_FLUSH, KIND_MARK, KIND_WRITE

SECTOR, BLOCK = 512, 4096

SUPERBLOCKS = (0, 64 << 10)
"""Where file systems describe themselves (ext4 and xfs, btrfs), with one checksum over several sectors: none
of them survives a disk that tears that."""

MANNERS = ("none", "all", "some", "some", "torn", "torn")
"""What becomes of writes that were not flushed; the more there is to draw, the more often."""


@dataclass
class Entry:
    """One line of the record."""

    kind: int
    disk: int
    at: int
    data: bytes


@dataclass
class Record:
    """All that happened to one disk."""

    entries: list[Entry]
    part: int
    """How long each of the disks is; they follow one another."""
    marks: dict[str, int] = field(default_factory=dict)
    """Where in `entries` something began or ended."""

    @classmethod
    def load(cls, path: Path, part: int) -> "Record":
        """Reads what `fuse` wrote."""
        data = path.read_bytes()
        record, at = cls([], part), 0
        while at < len(data):
            kind, disk, offset, length = ENTRY.unpack_from(data, at)
            at += ENTRY.size + length
            content = data[at - length : at]
            if kind == KIND_MARK:
                record.marks[content.decode()] = len(record.entries)
            else:
                record.entries.append(Entry(kind, disk, offset, content))
        return record

    def disks(self) -> range:
        """Their numbers."""
        return range(1 + max(entry.disk for entry in self.entries))

    def flushes(self) -> int:
        """How often the cache was emptied."""
        return sum(entry.kind == KIND_FLUSH for entry in self.entries)

    def writes(self) -> int:
        """How many writes there were."""
        return sum(entry.kind == KIND_WRITE for entry in self.entries)


@dataclass(frozen=True)
class Crash:
    """When the power failed, and what became of the writes that were in a disk's cache."""

    point: int
    """How many entries of the record the disks had seen."""
    flushed: int
    """How many of them are surely there."""
    kept: tuple[tuple[int, int, int], ...]
    """Of those after that: which entry, and from where to where in it."""
    manner: str


def last_flush(record: Record, point: int, disk: int) -> int:
    """How many of the first `point` entries are surely on that disk, if they are its own."""
    while point and (record.entries[point - 1].kind, record.entries[point - 1].disk) != (
        KIND_FLUSH,
        disk,
    ):
        point -= 1
    return point


def draw(record: Record, point: int, dice: random.Random) -> Crash:
    """What may have become of the disks if the power failed just after `point` entries."""
    flushed = [last_flush(record, point, disk) for disk in record.disks()]
    manner = dice.choice(MANNERS)
    likely = {"none": 0.0, "all": 1.0}.get(manner, dice.choice((0.1, 0.3, 0.5, 0.7, 0.9)))
    kept: list[tuple[int, int, int]] = []
    for number in range(min(flushed), point):
        entry = record.entries[number]
        if entry.kind != KIND_WRITE:
            continue
        is_flushed = number < flushed[entry.disk]
        pieces = (
            torn(entry, record.part, dice)
            if manner == "torn" and not is_flushed
            else [(0, len(entry.data))]
        )
        kept += [
            (number, start, end) for start, end in pieces if is_flushed or dice.random() < likely
        ]
    return Crash(point, min(flushed), tuple(kept), manner)


def torn(entry: Entry, part: int, dice: random.Random) -> list[tuple[int, int]]:
    """A write cut into pieces at sectors: now at every one, now at a few of them.

    What the file system depends on stays whole.
    """
    length, at = len(entry.data), entry.at % part
    if any(at < start + BLOCK and start < at + length for start in SUPERBLOCKS):
        return [(0, length)]
    sectors = range(SECTOR, length, SECTOR)
    wanted = len(sectors) if length <= BLOCK else min(len(sectors), dice.choice((1, 3, 16)))
    cuts = sorted(dice.sample(sectors, wanted))
    return list(zip([0, *cuts], [*cuts, length]))


class Images:
    """Makes the images of one record; crashes have to come in the order of what is flushed."""

    def __init__(self, base: Path, record: Record) -> None:
        self.durable = bytearray(base.read_bytes())
        self.record = record
        self.flushed = 0

    def write(self, crash: Crash, path: Path) -> None:
        """The disks after `crash`, as one file."""
        if crash.flushed < self.flushed:
            raise ValueError("the crashes are not in order")
        for entry in self.record.entries[self.flushed : crash.flushed]:
            if entry.kind == KIND_WRITE:
                self.durable[entry.at : entry.at + len(entry.data)] = entry.data
        self.flushed = crash.flushed
        path.write_bytes(self.durable)
        with open(path, "r+b") as file:
            for number, start, end in crash.kept:
                entry = self.record.entries[number]
                os.pwrite(file.fileno(), entry.data[start:end], entry.at + start)


def crashes_of(
    record: Record, first: str, last: str, count: int, dice: random.Random
) -> Iterator[Crash]:
    """Different crashes between two marks, in order; fewer where there are not so many.

    A third of them strike at the moment of the mark `returned`, which is when the program's word counts; most
    of the others before.
    """
    began, returned, end = (record.marks[name] for name in (first, "returned", last))
    found: dict[tuple[object, ...], Crash] = {}
    for _ in range(count * 20):
        if len(found) == count:
            break
        chance = dice.random()
        if chance < 0.33:
            point = returned
        elif chance < 0.85:
            point = dice.randint(began, returned)
        else:
            point = dice.randint(returned, end)
        crash = draw(record, point, dice)
        found.setdefault((crash.flushed, crash.kept, point >= returned), crash)
    yield from sorted(found.values(), key=lambda crash: (crash.flushed, crash.point, crash.kept))
