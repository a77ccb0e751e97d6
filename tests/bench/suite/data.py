"""What is sealed: made anew each time, the same from the same seed, about nobody."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

MIB = 1 << 20
FIRST = "Amy Ben Cat Dee Eli Fay Gus Hal Ida Jon Kay Lee Mia Ned Oli Pam Rae Sam Tia Una Val".split()
LAST = "Example Sample Tester Placeholder Specimen Pattern Model Draft Proof Trial".split()
ROW = "nhs_number,name,date_of_birth,postcode,ward,admitted,temperature,pulse,note\n"


def nhs_number(number: int) -> str | None:
    """A number of the test range (999 …) with its check digit, where it has one."""
    digits = f"999{number % 1_000_000:06d}"
    check = -sum(int(digit) * (10 - place) for place, digit in enumerate(digits)) % 11
    return None if check == 10 else f"{digits}{check}"


def table(path: Path, size: int, seed: int) -> None:
    """Rows about people who do not exist, as a hospital would have them."""
    chance = random.Random(seed)
    numbers = [n for n in map(nhs_number, range(200_000)) if n]
    # Most of a row is one of so many beginnings: writing them all is slow enough.
    people = []
    for number in numbers:
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
        born = f"{chance.randint(1930, 2020)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02}"
        people.append(f"{number},{name},{born},ZZ{chance.randint(1, 9)} {chance.randint(1, 9)}ZZ")
    with path.open("w") as file:
        left = size - file.write(ROW)
        while left > 0:
            lines = []
            for _ in range(10_000):
                n = chance.getrandbits(40)
                lines.append(
                    f"{people[n % len(people)]},ward-{n % 40},2026-{n % 12 + 1:02}-{n % 28 + 1:02},"
                    f"{35 + n % 70 / 10},{n % 199},note {n}\n"
                )
            text = "".join(lines)[:left]
            left -= file.write(text)


def noise(path: Path, size: int) -> None:
    """What nothing compresses."""
    with path.open("wb") as file:
        for at in range(0, size, MIB):
            file.write(os.urandom(min(MIB, size - at)))


def mixed(folder: Path, scale: float) -> None:
    """Half of it tables; of the rest 2,000 small files, and scans."""
    total = int(1024 * MIB * scale)
    for name in ("tables", "scans", "letters"):
        (folder / name).mkdir(parents=True)
    for n in range(4):
        table(folder / f"tables/{n}.csv", total // 8, n)
    left = total // 2
    for n in range(max(2, int(2000 * scale))):
        size = n * 7919 % (128 << 10) + 1
        noise(folder / f"letters/{n}.bin", size)
        left -= size
    for n in range(1 + left // (64 * MIB)):
        noise(folder / f"scans/{n}.bin", min(64 * MIB, left - n * 64 * MIB))


def large(folder: Path, scale: float) -> None:
    """One file."""
    folder.mkdir(parents=True)
    noise(folder / "large", int(4096 * MIB * scale))


def letters(folder: Path, count: int, size: int) -> None:
    """So many small files, a thousand in a folder."""
    for first in range(0, count, 1000):
        place = folder / f"{first // 1000:03}"
        place.mkdir(parents=True)
        block = os.urandom(1000 * size)
        for n in range(min(1000, count - first)):
            (place / f"letter-{n:04}.txt").write_bytes(block[n * size : n * size + size])


def small(folder: Path, scale: float) -> None:
    """200,000 files of 2 KiB in 200 folders."""
    letters(folder, int(200_000 * scale), 2048)


def pages(folder: Path, scale: float) -> None:
    """10,000 files of 100 KiB: each somewhat smaller than what is read at once."""
    letters(folder, int(10_000 * scale), 100 << 10)


def csv(folder: Path, scale: float) -> None:
    """Tables alone."""
    folder.mkdir(parents=True)
    for n in range(4):
        table(folder / f"{n}.csv", int(256 * MIB * scale), 10 + n)


@dataclass(frozen=True)
class Set:
    name: str
    what: str
    make: Callable[[Path, float], None]
    bytes: int


SETS = {
    one.name: one
    for one in (
        Set("mixed", "1 GiB: half CSV, 2,000 small files, scans", mixed, 1024 * MIB),
        Set("large", "one file of 4 GiB", large, 4096 * MIB),
        Set("small", "200,000 files of 2 KiB", small, 400 * MIB),
        Set("pages", "10,000 files of 100 KiB", pages, 1000 * MIB),
        Set("csv", "1 GiB of CSV", csv, 1024 * MIB),
    )
}
