"""Draws what tests/bench/scale has measured; the same figures give the same bytes."""

from __future__ import annotations

import io
import json
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Point = dict[str, object]

MIB = 1 << 20
GIB = 1 << 30
# Told apart by those who see no red or no green, and by their marks.
COLOURS = {"export": "#0060a8", "verify": "#c04e00"}
MARKS = {"export": "o", "verify": "s"}
NAMES = {"export": "export", "verify": "verify, with an identity"}
# Text stays text, and ids are not drawn by lot.
SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "exeat",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#dddddd",
    "legend.frameon": False,
    "legend.fontsize": 8,
}


def size_name(bytes_: float) -> str:
    return f"{bytes_ / GIB:.0f} GiB" if bytes_ >= GIB else f"{bytes_ / MIB:.0f} MiB"


def throughput(point: Point) -> float:
    return point["bytes"] / point["wall"] / 1e6


def peak(point: Point) -> float:
    return point["peak"] / 1024


def threads_name(number: int) -> str:
    return "1 thread" if number == 1 else f"{number} threads"


Value = Callable[[Point], float]


def line(axes: Axes, command: str, points: list[Point], key: str, value: Value, **look: object) -> None:
    points = sorted(points, key=lambda point: point[key])
    places, values = [point[key] for point in points], [value(point) for point in points]
    axes.plot(places, values, color=COLOURS[command], marker=MARKS[command], markersize=4, linewidth=1.4, **look)


def along(axes: Axes, places: list[float], names: list[str], label: str, base: int) -> None:
    """An axis on which equal steps are equal factors, with the places that were measured."""
    axes.set_xscale("log", base=base)
    axes.set_xticks(places, names, rotation=40, ha="right", rotation_mode="anchor", fontsize=8)
    axes.minorticks_off()
    axes.set_xlabel(label)


def figure(title: str, machine: str) -> tuple[Figure, list[Axes]]:
    drawn = Figure(figsize=(8.8, 4.1), facecolor="white")
    axes = drawn.subplots(1, 2)
    drawn.subplots_adjust(left=0.075, right=0.985, top=0.78, bottom=0.26, wspace=0.22)
    drawn.suptitle(title, x=0.01, ha="left", fontsize=11)
    drawn.text(0.01, 0.02, textwrap.fill(machine, 150), fontsize=6.5, color="#555555")
    return drawn, list(axes)


def legend(axes: Axes) -> None:
    """Above, where no line is."""
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=2, columnspacing=1.2, borderaxespad=0.2)


def of_threads(points: list[Point]) -> tuple[list[Point], list[int]]:
    """Those of the size with which most numbers of threads were measured."""
    numbers: dict[int, set[int]] = {}
    for point in points:
        numbers.setdefault(point["bytes"], set()).add(point["threads"])
    most = max(numbers, key=lambda size: (len(numbers[size]), size <= GIB, size))
    return [point for point in points if point["bytes"] == most], sorted(numbers[most])


def draw_throughput(points: list[Point], machine: str) -> Figure:
    sizes = [point for point in points if point["series"] == "size"]
    drawn, (left, right) = figure("Throughput of whole commands", machine)
    most = max(point["threads"] for point in sizes)
    for command, name in NAMES.items():
        for threads in sorted({1, most}):
            these = [point for point in sizes if (point["command"], point["threads"]) == (command, threads)]
            style = "-" if threads == most else ":"
            line(left, command, these, "bytes", throughput, linestyle=style, label=f"{name}, {threads_name(threads)}")
    places = sorted({point["bytes"] for point in sizes})
    along(left, places, [size_name(size) for size in places], "size of one file of noise", 2)
    left.set_ylabel("MB/s (1 MB = 1,000,000 bytes)")
    legend(left)
    these, numbers = of_threads(sizes)
    for command, name in NAMES.items():
        ours = [point for point in these if point["command"] == command]
        line(right, command, ours, "threads", throughput, label=name)
        one = next(throughput(point) for point in ours if point["threads"] == 1)
        ideal = [one * number for number in numbers]
        label = "in proportion to threads" if command == "verify" else None
        right.plot(numbers, ideal, color="#555555", linestyle="--", linewidth=0.8, label=label)
    right.set_xticks(numbers, [str(number) for number in numbers])
    right.set_xlabel(f"threads, on as many cores, with {size_name(these[0]['bytes'])}")
    right.set_ylabel("MB/s")
    legend(right)
    for axes in (left, right):
        axes.set_ylim(bottom=0)
    return drawn


def draw_memory(points: list[Point], machine: str) -> Figure:
    most = max(point["threads"] for point in points)
    title = f"Peak memory of whole commands, with {threads_name(most)}; allowed are 64 MiB and 200 bytes an entry"
    drawn, panels = figure(title, machine)
    labels = {"size": "size of one file of noise", "files": "files of 1 KiB"}
    for axes, series, key in zip(panels, labels, ("bytes", "files"), strict=True):
        these = [point for point in points if (point["series"], point["threads"]) == (series, most)]
        if not these:
            # Measuring was stopped before it came to them.
            continue
        for command, name in NAMES.items():
            line(axes, command, [point for point in these if point["command"] == command], key, peak, label=name)
        limits = sorted({(point[key], point["allowed"] / 1024) for point in these})
        axes.plot(*between(limits), color="#555555", linestyle="--", linewidth=1, label="allowed")
        places = [place for place, _ in limits]
        name = size_name if series == "size" else "{:,}".format
        along(axes, places, [name(place) for place in places], labels[series], 2 if series == "size" else 10)
        axes.set_ylabel("largest resident set, MiB")
        axes.set_ylim(bottom=0)
        legend(axes)
    return drawn


def between(limits: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Straight lines from each to the next, in steps: on a logarithmic axis they are curves."""
    places, values = [limits[0][0]], [limits[0][1]]
    for (here, low), (there, high) in zip(limits, limits[1:]):
        for step in range(1, 9):
            place = here * (there / here) ** (step / 8)
            places.append(place)
            values.append(low + (high - low) * (place - here) / (there - here))
    return places, values


def main(figures: Path) -> None:
    read = json.loads(figures.read_text())
    matplotlib.rcParams.update(SETTINGS)
    for name, draw in (("throughput", draw_throughput), ("memory", draw_memory)):
        text = io.StringIO()
        draw(read["points"], read["machine"]).savefig(text, format="svg", metadata={"Date": None, "Creator": None})
        # Without the blanks that it puts at the ends of lines.
        lines = [line.rstrip() for line in text.getvalue().splitlines()]
        figures.with_name(f"{name}.svg").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
