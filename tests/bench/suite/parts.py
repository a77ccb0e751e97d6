"""What is measured: each part makes its data, runs everybody in turn, and gives rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from . import peers
from .bench import EXEAT, OPEN, SEAL, SOME, VERIFY, Bench
from .data import MIB, SETS
from .measure import run
from .report import Row, memory_row, ratio_row, single_row
from .stages import stages


def mixed(bench: Bench) -> Iterator[Row]:
    """1 GiB of this and that, by everybody."""
    bytes_ = bench.data("mixed")
    bench.env["room"] = str(bytes_ + 64 * MIB)
    stored = {"tar | age": 0.95, "tar | rage": 0.6, "tar | gpg": 0.6}
    yield from bench.sealing("seal, inspected until decided", f"{SOME} --compress none", stored)
    yield from bench.sealing("seal, inspected in full", f"{SEAL} --compress none", {"tar | age": 1.5})
    packed = {"tar | zstd -T0 -1 | age": 1.0, "restic": 0.6, "borg": 0.6}
    yield from bench.sealing("seal, zstd, until decided", f"{SOME} --compress zstd:1", packed)
    yield from bench.sealing("seal, zstd, in full", f"{SEAL} --compress zstd:1", {"restic": 0.6, "borg": 0.6})
    slow = {"7zz": 0.6}
    yield from bench.sealing("seal, zstd, until decided", f"{SOME} --compress zstd:1", slow)
    yield from reading(bench)
    bench.forget()


def reading(bench: Bench) -> Iterator[Row]:
    """What was sealed without compression, read by everybody."""
    ours = bench.keep("exeat", f"{SOME} --compress none")
    commands = [bench.command("exeat", ours + OPEN)]
    for number, peer in enumerate(bench.chosen("tar | age", "tar | rage", "tar | gpg")):
        theirs = bench.keep(f"theirs-{number}", peer.seal)
        commands.append(bench.command(peer.name, theirs + peer.open))
    measured = bench.turn("open", commands)
    for theirs_measured in measured[1:]:
        figure = 1.0 if theirs_measured.command.name == "tar | age" else None
        yield ratio_row("open", measured[0], theirs_measured, figure)
    hashes = "cd $kept/x.exeat && printf '%s\\0' *.age | xargs -0 -P2 -n1 openssl dgst -sha256"
    commands = [
        bench.command("exeat", ours + VERIFY, writes=False),
        bench.command("openssl dgst -sha256, two at once", ours + hashes, writes=False),
    ]
    measured = bench.turn("verify, without a key", commands)
    yield ratio_row("verify, without a key", measured[0], measured[1], 1.15)
    theirs = bench.keep("theirs", f"{peers.TAR} | age -r $recipient -o $out/x")
    commands = [
        bench.command("exeat", f"{ours}{VERIFY} -i $identity", writes=False),
        bench.command("age -d >/dev/null", f"{theirs}age -d -i $identity $kept/x", writes=False),
    ]
    measured = bench.turn("verify, with a key", commands)
    yield ratio_row("verify, with a key", measured[0], measured[1], 1.5)


def large(bench: Bench) -> Iterator[Row]:
    """One file of 4 GiB."""
    bench.env["room"] = str(bench.data("large") + 64 * MIB)
    figures = {"tar | age": 0.95, "tar | rage": 0.6, "crypt4gh": None}
    yield from bench.sealing("seal one file of 4 GiB", f"{SOME} --compress none", figures)
    bench.forget()


def small(bench: Bench) -> Iterator[Row]:
    """200,000 files."""
    bench.env["room"] = str(2 * bench.data("small") + 64 * MIB)
    figures = {"tar | age": 1.3, "restic": None, "borg": None}
    yield from bench.sealing("seal 200,000 files", f"{SOME} --compress none", figures)
    ours = bench.keep("exeat", f"{SOME} --compress none")
    theirs = bench.keep("theirs", f"{peers.TAR} | age -r $recipient -o $out/x")
    age = "age -d -i $identity $kept/x | tar -xf - -C $out"
    commands = [bench.command("exeat", ours + OPEN), bench.command("tar | age", theirs + age)]
    measured = bench.turn("open 200,000 files", commands)
    yield ratio_row("open 200,000 files", measured[0], measured[1], None)
    bench.forget()


def csv(bench: Bench) -> Iterator[Row]:
    """Inspection: how many bytes a second, and a core."""
    bytes_ = bench.data("csv")
    bench.env["room"] = str(bytes_ + 64 * MIB)
    alone = bench.command("exeat check", f"{EXEAT} check --exact $src || [[ $? == 3 ]]", writes=False)
    [measured] = bench.turn("inspect 1 GiB of CSV", [alone])
    speed = bytes_ / measured.cpu() / 1e6
    yield single_row("inspect CSV, MB/s a core", f"{speed:.0f}", "300", speed >= 300)
    yield from bench.sealing("seal 1 GiB of CSV, in full", f"{SEAL} --compress none", {"tar | age": None})
    bench.forget()


def start(bench: Bench) -> Iterator[Row]:
    """How long until it has begun."""
    src = bench.place / "data" / "one"
    src.mkdir(parents=True, exist_ok=True)
    (src / "letter.txt").write_text("Dear Dr Example\n")
    bench.env["src"] = str(src)
    for what, line in (("--version", "$exeat --version"), ("check of one file", f"{EXEAT} check $src/letter.txt")):
        [measured] = bench.turn(f"start: {what}", [bench.command("exeat", line, writes=False)])
        wall = measured.wall() * 1000
        yield single_row(f"exeat {what}, with bash", f"{wall:.0f} ms", "20 ms", wall <= 20)
    bench.forget()


def memory(bench: Bench) -> Iterator[Row]:
    """The largest resident set, by size and by number."""
    for name in ("large", "small", "pages", "csv"):
        bytes_ = bench.data(name)
        bench.env["room"] = str(int(1.2 * bytes_) + 64 * MIB)
        entries = sum(1 for _ in Path(bench.env["src"]).rglob("*")) + 1
        commands = [
            ("seal", f"{SEAL} --compress none", True),
            ("seal in one volume", f"{SEAL} --compress none --volume-size 8G", True),
            ("verify", VERIFY, False),
            ("verify -i", f"{VERIFY} -i $identity", False),
            ("open", OPEN, True),
        ]
        ours = bench.keep("exeat", f"{SEAL} --compress none")
        for what, line, writes in commands:
            one = run(bench.command("exeat", ours + line, writes), bench.env)
            yield memory_row(f"{what}: {SETS[name].what}", one, entries)
        bench.forget()


PARTS = {part.__name__: part for part in (start, mixed, large, small, csv, memory, stages)}
# With nobody beside exeat.
ALONE = {"start", "memory", "stages"}
