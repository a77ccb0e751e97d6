"""Rows, and the tables that are made of them."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import asdict, dataclass
from pathlib import Path

from .measure import Measured, Run

HEADS = {
    "ratio": ("measured", "exeat", "beside", "theirs", "ratio", "least to most", "figure", "reached", "CPU", "peak memory"),
    "single": ("measured", "exeat", "figure", "reached"),
    "memory": ("measured", "peak", "allowed", "reached", "time"),
    "stage": ("stage, alone on one thread", "MB/s", "time", "CPU, user", "CPU, system"),
    "roofline": ("measured", "stages", "their sum", "on all cores", "exeat", "ratio", "figure", "reached", "CPU"),
}


@dataclass(frozen=True)
class Row:
    kind: str
    cells: tuple[str, ...]
    # For programs.
    numbers: dict[str, float | str | None]


def verdict(is_reached: bool | None) -> str:
    return "-" if is_reached is None else "yes" if is_reached else "**no**"


def ratio_row(what: str, ours: Measured, theirs: Measured, figure: float | None) -> Row:
    ratio = theirs.ratio()
    is_reached = None if figure is None else ratio <= figure
    cells = (
        what,
        f"{ours.wall():.2f} s",
        theirs.command.name.replace("|", "\\|"),
        f"{theirs.wall():.2f} s",
        f"{ratio:.2f}",
        f"{min(theirs.ratios):.2f} to {max(theirs.ratios):.2f}",
        "-" if figure is None else f"{figure:.2f}",
        verdict(is_reached),
        f"{ours.cpu():.1f} / {theirs.cpu():.1f} s",
        f"{ours.peak():.0f} / {theirs.peak():.0f} MiB",
    )
    numbers = {
        "what": what,
        "beside": theirs.command.name,
        "ours": ours.wall(),
        "theirs": theirs.wall(),
        "ratio": ratio,
        "figure": figure,
        "others": max(run.others for run in [*ours.runs, *theirs.runs]),
    }
    return Row("ratio", cells, numbers)


def single_row(what: str, value: str, figure: str, is_reached: bool) -> Row:
    cells = (what, value, figure, verdict(is_reached))
    return Row("single", cells, {"what": what, "value": value, "figure": figure})


def stage_row(stage: str, bytes_: int, seconds: float, user: float, system: float) -> Row:
    """One of so many bytes; they are those of the files where it reads none."""
    cells = (stage, f"{bytes_ / seconds / 1e6:.0f}", f"{seconds * 1000:.1f} ms", f"{user:.2f} s", f"{system:.2f} s")
    numbers = {"stage": stage, "bytes": bytes_, "seconds": seconds, "user": user, "system": system}
    return Row("stage", cells, numbers)


def roofline_row(what: str, stages: list[str], took: float, cores: int, whole: Measured, figure: float) -> Row:
    """A command beside what its stages take alone, shared by all cores."""
    least = took / cores
    ratio = whole.wall() / least
    cells = (
        what,
        " ".join(stages),
        f"{took:.2f} s",
        f"{least:.2f} s",
        f"{whole.wall():.2f} s",
        f"{ratio:.2f}",
        f"{figure:.2f}",
        verdict(ratio <= figure),
        f"{whole.cpu():.1f} s",
    )
    numbers = {"what": what, "sum": took, "cores": cores, "wall": whole.wall(), "ratio": ratio, "figure": figure}
    return Row("roofline", cells, numbers)


def allowed(entries: int) -> float:
    """The most memory, in KiB: 64 MiB and 200 bytes an entry."""
    return (64 << 10) + entries * 200 / 1024


def memory_row(what: str, run: Run, entries: int) -> Row:
    limit = allowed(entries)
    cells = (
        what,
        f"{run.peak / 1024:.1f} MiB",
        f"{limit / 1024:.1f} MiB",
        verdict(run.peak <= limit),
        f"{run.wall:.1f} s",
    )
    return Row("memory", cells, {"what": what, "peak": run.peak, "limit": limit})


def tables(rows: list[Row]) -> str:
    """Markdown, each kind for itself."""
    text = []
    for kind, heads in HEADS.items():
        these = [row.cells for row in rows if row.kind == kind]
        if these:
            lines = [heads, tuple("---" for _ in heads), *these]
            text.append("\n".join(f"| {' | '.join(cells)} |" for cells in lines))
    return "\n\n".join(text) + "\n"


def machine(place: Path) -> str:
    """What it was measured on."""
    model = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    flags = Path("/proc/cpuinfo").read_text()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    hashes = "with" if "sha_ni" in flags else "without"
    lines = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    at = max((line for line in lines if place.is_relative_to(line[1])), key=lambda line: len(line[1]))
    return (
        f"{os.cpu_count()} cores, {model[1] if model else platform.machine()}, {hashes} SHA instructions, "
        f"{memory:.0f} GiB, Linux {platform.release()}, {at[2]}"
    )


def as_json(rows: list[Row]) -> list[dict[str, object]]:
    return [asdict(row) for row in rows]
