"""The entries of the ledger, read without exeat: what is on record of each release."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Book:
    """What the ledger says. `faults` names what no crash may leave."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def intents(self) -> set[str]:
        """The ids of what was about to leave."""
        return {one["export"]["id"] for one in self.entries if one["kind"] == "intent"}

    def endings(self, ending: str) -> set[str]:
        """The ids of releases of which it is on record that they ended so."""
        outcomes = (one["outcome"] for one in self.entries if one["kind"] == "outcome")
        return {one["id"] for one in outcomes if one["ending"] == ending}

    @property
    def failed(self) -> set[str]:
        """Those of which nothing was ever there, and nothing later says otherwise."""
        worse = self.endings("delivered") | self.endings("interrupted")
        return self.endings("failed") - worse

    @property
    def received(self) -> set[str]:
        """The packages whose receipts are on record."""
        return {one["receipt"]["package"] for one in self.entries if one["kind"] == "receipt"}


def read(path: Path) -> Book:
    """Reads all lines; each has to have the digest of the entry before it."""
    book = Book()
    data = path.read_bytes() if path.exists() else b""
    lines = data.split(b"\n")
    # The beginning of a line is what a crash may leave; nothing depends on it.
    unfinished = lines.pop()
    torn: bytes | None = None
    previous = None
    for number, line in enumerate(lines, 1):
        try:
            entry = json.loads(line)
        except ValueError:
            if torn is not None:
                book.faults.append(f"ledger: line {number} follows a torn line, and is none")
            torn = line
            continue
        if torn is not None and entry["kind"] != "torn":
            book.faults.append(f"ledger: line {number} does not say that the line before is torn")
        torn = None
        if entry["previous"] != previous:
            book.faults.append(f"ledger: line {number} does not follow the entry before")
        previous = hashlib.sha256(line + b"\n").hexdigest()
        book.entries.append(entry)
    if torn is not None and unfinished:
        book.faults.append("ledger: two unfinished lines at the end")
    return book
