"""Runs commands in turn, and says how long each took and what of the machine it used."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median


@dataclass(frozen=True)
class Run:
    """One run, with all the processes that it started and waited for."""

    wall: float
    cpu: float
    # The largest resident set of any one of them, in KiB.
    peak: int
    # What everybody else used of the CPU meanwhile, in seconds.
    others: float


@dataclass(frozen=True)
class Command:
    """What is measured: a line for bash, and what has to be done before and after
    each run that does not count."""

    name: str
    line: str
    before: str = ""
    after: str = ""


@dataclass
class Measured:
    """All the runs of one command."""

    command: Command
    runs: list[Run] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)

    def wall(self) -> float:
        return median(run.wall for run in self.runs)

    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    def peak(self) -> float:
        return max(run.peak for run in self.runs) / 1024

    def ratio(self) -> float:
        """Ours to this one, round by round."""
        return median(self.ratios)


def busy() -> float:
    """Seconds of CPU that this machine has spent so far, or its host has taken."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, soft, steal = map(int, fields[:8])
    return (user + nice + system + irq + soft + steal) / os.sysconf("SC_CLK_TCK")


def await_calm(patience: float) -> None:
    """Waits until nobody else uses the machine, for as long as that."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        before = busy()
        time.sleep(0.3)
        if busy() - before < 0.06:
            return


def shell(line: str, env: dict[str, str]) -> None:
    if line:
        subprocess.run(["bash", "-ec", line], env=env, check=True, stdout=subprocess.DEVNULL)


def run(command: Command, env: dict[str, str]) -> Run:
    """By way of GNU time: a process that this one starts itself would count with the
    memory that this one has."""
    shell(command.before, env)
    figures = Path(env["work"]) / "figures"
    line = ["/usr/bin/time", "-q", "-f", "%U %S %M", "-o", str(figures)]
    line += ["bash", "-c", f"set -eo pipefail; {command.line}"]
    others, begun = busy(), time.monotonic()
    done = subprocess.run(
        line, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    wall, others = time.monotonic() - begun, busy() - others
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")
        sys.exit(f"{command.name} ended with {done.returncode}:\n{said}")
    user, system, peak = figures.read_text().split()
    shell(command.after, env)
    cpu = float(user) + float(system)
    return Run(wall, cpu, int(peak), max(0.0, others - cpu))


def in_turn(
    commands: Sequence[Command],
    rounds: int,
    env: dict[str, str],
    patience: float,
    say: Callable[[str], None],
) -> list[Measured]:
    """One round that does not count, and then so many; the first command is ours."""
    all_of_them = [Measured(command) for command in commands]
    for number in range(rounds + 1):
        these = []
        for command in commands:
            await_calm(patience)
            these.append(run(command, env))
        if number:
            for measured, one in zip(all_of_them, these, strict=True):
                measured.runs.append(one)
                measured.ratios.append(these[0].wall / one.wall)
        times = ", ".join(
            f"{command.name} {one.wall:.2f} s" + (f" (others {one.others:.1f})" if one.others > 0.3 else "")
            for command, one in zip(commands, these, strict=True)
        )
        say(f"  round {number} of {rounds}: {times}")
    return all_of_them


def limit_files() -> None:
    """Some peers open many files at once."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 65536), hard), hard))
