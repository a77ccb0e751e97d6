"""What became of each change, kept from run to run; and what is said of it."""

from __future__ import annotations

import json
import subprocess
import tomllib
from collections import Counter
from dataclasses import dataclass
from fnmatch import fnmatchcase as fnmatch
from pathlib import Path

from build import HERE, ROOT, WORK, left
from plan import Target

FOUND = WORK / "found"
EQUIVALENT = HERE / "equivalent.toml"
# A change, by the name that cargo-mutants has for it: the outcome, and how deep the
# tests went that gave it.
Known = dict[str, tuple[str, int]]


def text_of(target: Target) -> str:
    """Which text of a file something was found of."""
    words = ["git", "hash-object", str(ROOT / target.path)]
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout.strip()


def place(target: Target) -> Path:
    return FOUND / f"{target.slug}.json"


def load(target: Target) -> Known:
    """What was found before; of another text of the file, nothing."""
    try:
        data = json.loads(place(target).read_text())
    except FileNotFoundError:
        return {}
    return {n: tuple(v) for n, v in data["known"].items()} if data["of"] == text_of(target) else {}


def save(target: Target, known: Known) -> None:
    FOUND.mkdir(parents=True, exist_ok=True)
    new = place(target).with_suffix(".new")
    new.write_text(json.dumps({"of": text_of(target), "known": known}, indent=1) + "\n")
    new.replace(place(target))


def note_unswitched(target: Target, names: list[str]) -> None:
    """Those that do not compile, and those that nobody can switch."""
    known, gone = load(target), left()
    for name in names:
        known[name] = ("unviable" if name in gone else "apart", 0)
    save(target, known)


@dataclass
class Excuse:
    """Why survivors may survive: changes like this, in lines that hold this text."""

    file: str
    change: str
    line: str
    reason: str

    def fits(self, mutant: str) -> bool:
        path, number, _, change = mutant.split(":", 3)
        text = (ROOT / path).read_text().splitlines()[int(number) - 1]
        is_it = fnmatch(path, self.file) and fnmatch(change.strip(), self.change)
        return is_it and self.line in text


def excuses() -> list[Excuse]:
    return [Excuse(**entry) for entry in tomllib.loads(EQUIVALENT.read_text()).get("mutant", [])]


def report(chosen: list[Target]) -> int:
    """Prints a table, and the survivors that nobody has excused; 1 if there are any."""
    known_excuses, strangers, total = excuses(), [], Counter()
    columns = ("caught", "timeout", "unviable", "apart", "equivalent", "survived")
    print("| file | mutants | " + " | ".join(columns) + " |")
    print("|---" * (len(columns) + 2) + "|")
    for target in chosen:
        counts: Counter[str] = Counter()
        for mutant, (outcome, _) in sorted(load(target).items()):
            if outcome == "missed":
                is_excused = any(excuse.fits(mutant) for excuse in known_excuses)
                outcome = "equivalent" if is_excused else "survived"
                strangers += [] if is_excused else [mutant]
            counts[outcome] += 1
        total += counts
        row = [str(counts[column]) for column in columns]
        print(f"| {target.path} | {sum(counts.values())} | {' | '.join(row)} |")
    row = [str(total[column]) for column in columns]
    print(f"| in all | {sum(total.values())} | {' | '.join(row)} |")
    for mutant in strangers:
        print(f"survived: {mutant}")
    return 1 if strangers else 0
