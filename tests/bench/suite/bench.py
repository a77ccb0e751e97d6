"""One place, the data in it, and how commands are measured there."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .data import MIB, SETS
from .measure import Command, Measured, in_turn, run
from .peers import Peer
from .report import Row, ratio_row

EXEAT = "$exeat --quiet --config-dir $work/config"
SEAL = f"{EXEAT} export $src --to $out --name x -r $recipient"
# Only as far as the rules go that ask for it.
SOME = f"{SEAL} --policy $work/until-decided.toml"
# Of a package in $kept.
OPEN = f"{EXEAT} open $kept/x.exeat -i $identity --to $out/opened"
VERIFY = f"{EXEAT} verify $kept/x.exeat"


@dataclass
class Bench:
    """One place, and how to measure in it."""

    env: dict[str, str]
    place: Path
    rounds: int
    patience: float
    scale: float
    # Whether it is a disk, and 'sync -f' counts for all.
    is_disk: bool
    peers: list[Peer]
    say: Callable[[str], None]

    def data(self, name: str, times: float = 3.5) -> int:
        """Makes what is sealed, where there is room for so many times as much; gives its bytes."""
        one = SETS[name]
        room = int(one.bytes * self.scale * times)
        if (free := self.free()) < room:
            sys.exit(f"{self.place} has room for {free // MIB} MiB, and {name} takes {room // MIB}")
        self.say(f"making {one.what}")
        src = self.place / "data" / name
        shutil.rmtree(src.parent, ignore_errors=True)
        one.make(src, self.scale)
        self.env["src"] = str(src)
        return sum(path.stat().st_size for path in src.rglob("*") if path.is_file())

    def free(self) -> int:
        """The bytes that can still be written there: a tmpfs has no more than the memory."""
        free = shutil.disk_usage(self.place).free
        if self.is_disk:
            return free
        available = re.search(r"^MemAvailable: *(\d+)", Path("/proc/meminfo").read_text(), re.MULTILINE)
        return min(free, int(available[1]) << 10) if available else free

    def forget(self) -> None:
        for name in ("data", "out", "kept"):
            shutil.rmtree(self.place / name, ignore_errors=True)

    def command(self, name: str, line: str, writes: bool = True, before: str = "") -> Command:
        """Into a fresh folder whose room has been asked for before: memory that a virtual
        machine has to get from its host would count for whoever comes first. Nor does a
        disk have anything left to do then for whoever came before."""
        if not writes:
            return Command(name, line)
        fresh = "rm -rf $out; mkdir -p $out; head -c ${room} /dev/zero > $out/room; rm $out/room"
        sync = ["sync -f $out"] if self.is_disk else []
        first = [fresh, *filter(None, [before]), *sync]
        return Command(name, "; ".join([line, *sync]), before="; ".join(first))

    def turn(self, what: str, commands: list[Command]) -> list[Measured]:
        self.say(what)
        return in_turn(commands, self.rounds, self.env, self.patience, self.say)

    def keep(self, name: str, line: str) -> str:
        """Seals into a folder of its own, for those who read; gives what sets $kept to it."""
        kept = str(self.place / "kept" / name)
        run(self.command(name, line), self.env | {"out": kept})
        return f"kept='{kept}'; "

    def chosen(self, *names: str) -> list[Peer]:
        return [peer for peer in self.peers if peer.name in names]

    def sealing(self, what: str, ours: str, figures: dict[str, float | None]) -> Iterator[Row]:
        """Ours beside all peers of these names, each with the figure to reach."""
        them = self.chosen(*figures)
        if not them:
            return
        commands = [self.command("exeat", ours)]
        commands += [self.command(peer.name, peer.seal, before=peer.before) for peer in them]
        measured = self.turn(what, commands)
        for theirs in measured[1:]:
            yield ratio_row(what, measured[0], theirs, figures[theirs.command.name])
