"""What has to hold after a fault, whatever it was.

1. What looks finished is finished: every package verifies, opens and holds what was
   sealed; every other result is what it should be.
2. The exit code told the truth.
3. No plaintext lies about, and no secret key.
4. The ledger is whole and has only grown, nothing is there that is not on record, nothing acknowledged
   is missing from it, and nothing that is there is recorded as failed.
5. The chains of backups are whole.
6. The next run goes well, and clears away what was left.

Whether it says so where one of these is broken, `judge-test` tries (breaks.py).
"""

import os
import re
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from . import ledger, package, plaintext, tree
from .operations import (
    Attempt,
    Backup,
    Operation,
    Prune,
    all_operations,
    below,
    delivered,
)
from .place import Place, Ran, backdate

# What Rust says where it ends a process for want of memory, or of a thread's guard page.
NO_MEMORY = re.compile(r"memory allocation of \d+ bytes failed|std/src/sys/pal/unix/stack_overflow\.rs")
# How a run may end that nobody has interrupted; 70 is a mistake in the program.
CODES = range(10)


STUCK = "may not all be gone"
"""What a run says that could not clear away what it had begun."""


class Judge:
    """Judges one place again and again; remembers what it has found to be whole."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.operations = all_operations()
        self.whole: set[str] = set()
        # Packages of which their makers said that something is not as it was, and what.
        self.incomplete: dict[Path, str] = {}
        self.scratch = 0
        # Whether something may have been killed since the place was made anew: what
        # that leaves is there until the next run.
        self.was_killed = False
        self.ledger = b""
        # Whether what it says may be what was made to fail.
        self.is_mute = False
        # Whether reading was made to fail: only then may a package lack what its maker names.
        self.is_blind = False
        # Whether a run has said that it could not clear away all that it had begun: what is left
        # then is there for its owner alone until the next run.
        self.is_stuck = False
        # Whether removing was made to fail: an empty folder may be left then, and is of no harm.
        self.is_clumsy = False
        # Whether memory was refused: where there is none, Rust ends the process.
        self.is_starved = False
        # Whether something may have stayed open that no kernel leaves open.
        self.is_unclosed = False
        self.expected = {
            "clinic": {"clinic": ("folder", b""), **below(place.clinic)},
            "counts": {"counts": ("folder", b""), **below(place.counts)},
            "dump": {"dump.csv": ("file", (place.clinic / "patients.csv").read_bytes())},
        }

    def begin(self) -> None:
        """The place has been made anew: what stands in the ledger now has to stay there."""
        self.was_killed = self.is_mute = self.is_blind = self.is_starved = False
        self.is_stuck = self.is_clumsy = self.is_unclosed = False
        self.incomplete.clear()
        self.ledger = (self.place.kept / self.place.ledger.relative_to(self.place.state.parent)).read_bytes()

    def judge(self, attempts: Sequence[tuple[Attempt, Ran]]) -> list[str]:
        """Everything but the next run. A run without an exit code may have been killed."""
        self.was_killed = self.was_killed or any(ran.code is None for _, ran in attempts)
        self.is_stuck = self.is_stuck or any(STUCK in ran.err for _, ran in attempts)
        said: list[str] = []
        for attempt, ran in attempts:
            said += [f"{attempt}: {fault}" for fault in self.truth(attempt, ran)]
        said += self.finished()
        said += self.plain()
        said += self.grew()
        said += self.book()
        said += self.chains()
        return said

    # The exit code.

    def truth(self, attempt: Attempt, ran: Ran) -> list[str]:
        """Whether a run said what is so."""
        operation, place = attempt.operation, self.place
        if ran.hung and not self.is_unclosed:
            return [f"it hung\n{ran}"]
        if self.is_starved and ran.signal == signal.SIGABRT and NO_MEMORY.search(ran.err):
            return []
        if ran.signal not in (None, signal.SIGKILL):
            return [f"it crashed\n{ran}"]
        if ran.code is None:
            return []
        if ran.code not in CODES or "a fault in the program" in ran.err or "panicked" in ran.err:
            return [f"a mistake in the program\n{ran}"]
        if slander := operation.slander(ran):
            return [f"{fault}\n{ran}" for fault in slander]
        result = operation.result(place, attempt)
        if ran.code == 7 and result is not None and self.is_blind:
            # It names what is not in it as it was; the rest has to be right.
            self.incomplete[result] = ran.err
        if ran.code in operation.ends_well:
            if result is None:
                return [f"it said that it was done, and the result is not there\n{ran}"]
            missing = operation.missing(place, attempt, ran)
            return [f"it said that it was done: {fault}\n{ran}" for fault in missing]
        said = []
        if not ran.err.strip() and not self.is_mute:
            said.append(f"it failed and did not say why\n{ran}")
        is_told = self.is_mute or operation.is_uncertain(ran)
        if result is not None and not is_told and not attempt.had:
            said.append(f"it failed, and the result is there: {result.name}\n{ran}")
        return said

    def still_there(self, attempts: Sequence[Attempt]) -> list[str]:
        """Of runs that ended well, what they made stays; and each has a delivery of its own on record."""
        lasting = [one for one in attempts if one.operation.lasts]
        gone = [one for one in lasting if one.operation.result(self.place, one) is None]
        said = [f"{one}: it was done, and is not there any more" for one in gone]
        for name in sorted({one.operation.name for one in lasting}):
            said += self.each_delivered([one for one in lasting if one.operation.name == name])
        return said

    def each_delivered(self, attempts: Sequence[Attempt]) -> list[str]:
        """Whether as many deliveries are on record as runs of one operation ended well: where several ran
        at once, one's could have passed for another's."""
        operation = attempts[0].operation
        intents = operation.intents(self.place)
        if not intents:
            return []
        before = frozenset.intersection(*(one.delivered for one in attempts))
        new = len(intents & delivered(self.place) - before)
        said = f"{operation.name}: {len(attempts)} were done, of which {new} are on record as delivered"
        return [said] if new < len(attempts) else []

    # What looks finished.

    def finished(self) -> list[str]:
        said: list[str] = []
        packages = [package.Package(path) for path in package.finished(self.place.to)]
        digests = {one.id: one.digest() for one in packages}
        for one in packages:
            # What it rests on decides whether it can be restored, too.
            bases = [digests.get(base, "missing") for base in one.bases]
            key = " ".join([str(one.path), one.digest(), *bases])
            if key in self.whole:
                continue
            faults = one.faults or self.opens(one)
            said += [f"{self.name(one.path)} looks finished: {fault}" for fault in faults]
            if not faults:
                self.whole.add(key)
        for operation in self.operations:
            for path in operation.results(self.place):
                if not package.looks_finished(path) and path.parent == self.place.to:
                    faults = operation.faults(self.place, path)
                    said += [f"{path.name} looks finished: {fault}" for fault in faults]
        return said

    def opens(self, one: package.Package) -> list[str]:
        """What exeat says of a package, and whether it holds what was sealed."""
        verified = self.place.run("recipient", "verify", one.path)
        if not verified.done:
            return [f"it does not verify\n{verified}"]
        target = self.fresh("opened")
        opened = self.place.run("recipient", "open", one.path, "--to", target)
        if not opened.done:
            return [f"it does not open\n{opened}"]
        kind = {"old": "counts", "dumps": "dump"}.get(one.path.parent.name, "clinic")
        found = tree.picture(target)
        shutil.rmtree(target)
        said = tree.differences(self.expected[kind], found)
        lines = self.incomplete.get(one.path, "").splitlines()
        # The source itself, or something in it.
        lines = [line for line in lines if line.startswith((f"{kind}/", f"{kind} ("))]
        named = [(path, reason) for path, _, reason in (line.partition(" (") for line in lines)]
        excused = tuple(f"{path} {word} " for path, _ in named for word in ("is", "has"))
        # A folder that is left out is named, and what lies in it is not.
        excused += tuple(f"{path}/" for path, reason in named if reason.startswith("left out"))
        return [fault for fault in said if not fault.startswith(excused)]

    # Plaintext.

    def plain(self) -> list[str]:
        """Where the marker lies outside of sources and finished results."""
        place = self.place
        allowed = [place.source, place.kept, place.scratch]
        for operation in self.operations:
            if operation.stages_plaintext:
                allowed += operation.results(place)
        found = [path for root in self.roots() for path in plaintext.places(root, allowed)]
        if self.was_killed or self.is_stuck:
            # Documented: it stays, for its owner alone, until the next run.
            found = [path for path in found if not self.is_private_leftover(path)]
        said = [f"plaintext is left in {self.name(path)}" for path in found]
        if not self.was_killed and not self.is_stuck:
            left = sorted(place.to.rglob(".exeat-partial-*"))
            left = [path for path in left if not self.is_clumsy or any(path.iterdir())]
            said += [f"{self.name(path)} is left, and nobody was killed" for path in left]
        return said + self.secrets()

    def secrets(self) -> list[str]:
        """Where a secret key lies outside of what belongs to people; nothing excuses that, nor that one
        was killed."""
        place = self.place
        # No run writes where the sources lie, nor where a copy of all this is kept.
        allowed = [place.people, place.root / "home", place.source, place.kept]
        found = [path for root in self.roots() for path in plaintext.places(root, allowed, plaintext.SECRET)]
        return [f"a secret key lies in {self.name(path)}" for path in found]

    def roots(self) -> list[Path]:
        """All folders in which runs write."""
        place = self.place
        written = [path for path in (place.to, place.state) if not path.is_relative_to(place.root)]
        return [place.root, *written]

    def is_private_leftover(self, path: Path) -> bool:
        for parent in path.parents:
            if parent.name.startswith(".exeat-partial-"):
                return parent.stat().st_mode & 0o077 == 0
        return False

    # The ledger.

    def grew(self) -> list[str]:
        """Whether all that stood in the ledger when this was last asked stands there still."""
        ledger = self.place.ledger
        now = ledger.read_bytes() if ledger.exists() else b""
        before, self.ledger = self.ledger, now
        return [] if now.startswith(before) else ["the ledger has lost what stood in it"]

    def book(self) -> list[str]:
        place = self.place
        book = ledger.read(place.ledger)
        said = list(book.faults)
        verified = place.run("sender", "ledger", "verify")
        if not verified.done:
            said.append(f"the ledger is not whole\n{verified}")
        said += self.witnesses()
        for path in package.finished(place.to):
            one = package.Package(path).id
            if one is None or path.name == "passed.exeat":
                continue
            if one not in book.intents:
                said.append(f"{self.name(path)} is there, and not on record")
            if one in book.failed:
                said.append(f"{self.name(path)} is there, and on record as failed")
        return said + [fault for operation in self.operations for fault in operation.unrecorded(place)]

    def witnesses(self) -> list[str]:
        """Holds the ledger against the checkpoints that the packages took along."""
        words: list[str | Path] = ["ledger", "verify", "--ledger", self.place.ledger]
        for path in package.finished(self.place.to):
            # One that is not whole has been named already.
            if path.parent == self.place.to and not package.Package(path).faults:
                words += ["--checkpoint", path]
        checked = self.place.run("recipient", *words)
        return [] if checked.done else [f"a package contradicts the ledger\n{checked}"]

    # The chains.

    def chains(self) -> list[str]:
        """Whether the host calls its chains whole: 4 says that something is missing, 9
        that the last run failed, or that nobody has read the newest one back."""
        status = self.place.run("host", "backup", "status")
        return [] if status.code in (0, 9) else [f"the chains are not whole\n{status}"]

    def good(self, profile: str) -> list[str]:
        """After an undisturbed night all is well, and nothing lies about."""
        status = self.place.run("host", "backup", "status", profile)
        said = [] if status.done else [f"{profile} is not well after a good run\n{status}"]
        for pattern in (".exeat-removed-*", "*.new"):
            for folder in (self.place.to / profile, self.place.state):
                said += [f"{self.name(path)} is still there" for path in folder.rglob(pattern)]
        return said

    # The next run.

    def next_runs(self, operations: Sequence[Operation], tag: str) -> list[str]:
        """Runs each of them undisturbed, some time later; nothing is left afterwards."""
        place = self.place
        backdate(place.to)
        backdate(place.root / "tmp")
        said: list[str] = []
        attempts = []
        for operation in operations:
            attempt = operation.attempt(place, f"{tag}-next")
            ran = place.run(operation.person, *operation.words(place, attempt.tag))
            attempts.append((attempt, ran))
            if ran.code not in operation.ends_well:
                said.append(f"{operation.name}: the next run does not go well\n{ran}")
            elif isinstance(operation, Backup) and ran.code != 0:
                said += self.once_more(operation, ran)
        self.was_killed = self.is_stuck = self.is_clumsy = False
        said += self.judge(attempts)
        for operation in operations:
            said += self.good(operation.profile) if isinstance(operation, Backup) else []
            said += self.good("old") if isinstance(operation, Prune) else []
        return said

    def once_more(self, operation: Operation, ran: Ran) -> list[str]:
        """What a night warned of is over in the one after it."""
        again = self.place.run(operation.person, *operation.words(self.place, ""))
        if again.code == 0:
            return []
        return [f"{operation.name}: the run after the next still warns\n{ran}\n{again}"]

    # Small things.

    def fresh(self, name: str) -> Path:
        self.scratch += 1
        return self.place.scratch / f"{name}-{self.scratch}"

    def name(self, path: Path) -> str:
        for root in (self.place.to, self.place.state, self.place.root):
            if path.is_relative_to(root):
                return os.fspath(path.relative_to(root.parent))
        return os.fspath(path)
