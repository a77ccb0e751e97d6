"""What a harness says: how far it is, what it found, and the figures, for people and as JSON."""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

SHOWN = 20


class Progress:
    """One line on a terminal that is written anew; in a log one line every so often."""

    def __init__(self, what: str, total: int) -> None:
        self.what, self.total = what, total
        self.begun = time.monotonic()
        self.said = 0.0

    def at(self, count: int, violations: int) -> None:
        now = time.monotonic()
        every = 0.2 if sys.stderr.isatty() else 30.0
        if now - self.said < every:
            return
        self.said = now
        line = f"{count} of {self.total} {self.what}, {now - self.begun:.0f} s, {violations} violations"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r\x1b[K{line}")
        else:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    def done(self) -> float:
        if sys.stderr.isatty():
            sys.stderr.write("\r\x1b[K")
        return time.monotonic() - self.begun


class Table:
    """Figures in rows and columns; rows and columns are in the order given."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = list(columns)
        self.rows: dict[str, Counter[str]] = {}

    def add(self, row: str, column: str, count: int = 1) -> None:
        self.rows.setdefault(row, Counter())[column] += count

    def merge(self, rows: dict[str, dict[str, int]]) -> None:
        for row, counts in rows.items():
            self.rows.setdefault(row, Counter()).update(counts)

    def total(self, column: str) -> int:
        return sum(counts[column] for counts in self.rows.values())

    def text(self, order: Sequence[str] = ()) -> str:
        names = [name for name in order if name in self.rows]
        names += sorted(name for name in self.rows if name not in names)
        lines = [["", *self.columns]]
        lines += [[name, *(str(self.rows[name][c]) for c in self.columns)] for name in names]
        lines.append(["all", *(str(self.total(c)) for c in self.columns)])
        widths = [max(len(line[n]) for line in lines) for n in range(len(self.columns) + 1)]
        return "\n".join(
            "  ".join(
                cell.ljust(width) if n == 0 else cell.rjust(width)
                for n, (cell, width) in enumerate(zip(line, widths))
            )
            for line in lines
        )


def show_violations(violations: Sequence[str]) -> None:
    """The first of them, in full."""
    for violation in violations[:SHOWN]:
        print(f"VIOLATION {violation}\n", flush=True)
    if len(violations) > SHOWN:
        print(f"… and {len(violations) - SHOWN} more", flush=True)


def found(violations: list[str], new: Sequence[str]) -> None:
    """Adds to what was found, and shows it at once: a long run may be stopped."""
    shown = max(0, SHOWN - len(violations))
    violations.extend(new)
    for violation in new[:shown]:
        print(f"VIOLATION {violation}\n", flush=True)


def write_json(path: str | None, document: dict[str, Any]) -> None:
    if path:
        Path(path).write_text(json.dumps(document, indent=2, sort_keys=True) + "\n")
