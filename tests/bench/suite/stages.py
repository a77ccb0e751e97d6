"""The stages of sealing, each alone on one thread, and whole commands beside their sum.

A command that kept every core busy with these stages, and did nothing else, would take
their sum divided by the number of cores. What it takes longer is waiting, what its
threads say to each other, and what is no stage: its start, the inventory, the signature;
and that the program overwrites memory before it gives it back, which the tests that hold
the stages do not.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .bench import OPEN, SEAL, SOME, VERIFY, Bench
from .data import MIB
from .measure import await_calm
from .place import ROOT
from .report import Row, roofline_row, stage_row

# How much longer than its stages a command may take.
FIGURE = 1.2
# The tests of the library hold the stages, which are no part of what it offers.
TESTS = ["cargo", "test", "--release", "--locked", "--package", "exeat-core", "--lib"]


@dataclass(frozen=True)
class Stage:
    """What one thread took for so many bytes: see crates/exeat-core/src/seal/stages.rs."""

    stage: str
    bytes: int
    seconds: float
    user: float
    system: float


def alone(bench: Bench) -> dict[str, Stage]:
    """Every stage on the data that there is."""
    bench.say("building the stages")
    subprocess.run([*TESTS, "--no-run", "--quiet"], cwd=ROOT, check=True)
    bench.say("each stage alone")
    out = bench.place / "out"
    out.mkdir(exist_ok=True)
    env = os.environ | {
        "EXEAT_STAGES_DATA": bench.env["src"],
        "EXEAT_STAGES_OUT": str(out),
        "EXEAT_STAGES_ROUNDS": str(bench.rounds),
    }
    await_calm(bench.patience)
    words = [*TESTS, "seal::stages::each_stage_alone", "--", "--ignored", "--exact", "--nocapture"]
    shown = subprocess.run(words, cwd=ROOT, env=env, check=True, text=True, stdout=subprocess.PIPE).stdout
    # What the test runner says stands around them, and before the first on its line.
    lines = re.findall(r'\{"stage".*\}', shown)
    return {stage.stage: stage for stage in (Stage(**json.loads(line)) for line in lines)}


def stages(bench: Bench) -> Iterator[Row]:
    """1 GiB of this and that: what each stage takes, and what the commands do."""
    # What the stages work on lies in memory: the stream, and the volumes made of it.
    plain = bench.data("mixed", 5)
    measured = alone(bench)
    for stage in measured.values():
        yield stage_row(stage.stage, stage.bytes, stage.seconds, stage.user, stage.system)

    bench.env["room"] = str(plain + 64 * MIB)
    stored, size = kept(bench, "stored", "none")
    _, packed = kept(bench, "packed", "zstd:1")
    framed = measured["encrypt"].bytes

    def sealing(sealed: int, *more: tuple[str, int]) -> list[tuple[str, int]]:
        source = [(name, plain) for name in ("list", "read", "hash", "tar")]
        package = [(name, sealed) for name in ("encrypt", "hash", "write")]
        return [*source, *more, *package, ("recheck", plain)]

    scan, compress = ("scan", plain), ("compress", framed)
    # Every volume is read twice: before it is decrypted, it is known to be whole.
    reading = [("read", size), ("hash", size), ("read", size), ("decrypt", size), ("tar", plain), ("hash", plain)]
    commands = [
        # No rule of this policy asks anything of the content, so that nothing is scanned.
        ("export, until decided", f"{SOME} --compress none", sealing(size), True),
        ("export, in full", f"{SEAL} --compress none", sealing(size, scan), True),
        ("export, until decided, zstd:1", f"{SOME} --compress zstd:1", sealing(packed, compress), True),
        ("export, in full, zstd:1", f"{SEAL} --compress zstd:1", sealing(packed, scan, compress), True),
        ("verify", stored + VERIFY, [("read", size), ("hash", size)], False),
        ("verify, with an identity", f"{stored}{VERIFY} -i $identity", reading, False),
        ("open", stored + OPEN, [*reading, ("write", plain)], True),
    ]
    cores = len(os.sched_getaffinity(0))
    for name, line, parts, writes in commands:
        [whole] = bench.turn(name, [bench.command(name, line, writes)])
        took = sum(measured[stage].seconds * bytes_ / measured[stage].bytes for stage, bytes_ in parts)
        yield roofline_row(name, [stage for stage, _ in parts], took, cores, whole, FIGURE)
    bench.forget()


def kept(bench: Bench, name: str, compress: str) -> tuple[str, int]:
    """A package for those who read: what sets $kept to it, and the bytes of its volumes."""
    line = bench.keep(name, f"{SOME} --compress {compress}")
    volumes = (bench.place / "kept" / name).glob("x.exeat/volume-*.age")
    return line, sum(path.stat().st_size for path in volumes)
