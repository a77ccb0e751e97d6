"""What exeat is asked to do, and what has to be there when it says that it is done."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import ledger, package, tree
from .place import Place, Ran

# What it says where a host could not write down what it has done; its next run goes by what is there.
FORGOT = r"cannot read or write \S*/chain\.json"
# What exeat says where the result is there, and something about it is not certain.
UNCERTAIN = re.compile(
    # Of the result; of an entry in the ledger alone it says nothing.
    r"(?<!its last entry )might be gone after a power failure"
    r"|is in place, but the ledger could not be told"
    r"|is in the package, but the ledger could not be told"
    r"|what was done stands"
    r"|the package was read back, and is not whole"
    r"|the package cannot be read back"
)


@dataclass
class Attempt:
    """One time that something is asked for, under a name of its own."""

    operation: "Operation"
    tag: str
    # What looked finished before it began.
    before: frozenset[Path] = frozenset()
    # What was on record as delivered before it began.
    delivered: frozenset[str] = frozenset()
    # Whether its result was there before it began.
    had: bool = False

    def __str__(self) -> str:
        return f"{self.operation.name} {self.tag}"


class Operation:
    """Something to ask exeat for. The methods say what holds for the kind of it."""

    name = ""
    person = "sender"
    # How it may end where nothing was disturbed.
    ends_well: frozenset[int] = frozenset({0})
    # What `kill -9` may leave has plaintext in it, until the next run.
    stages_plaintext = False
    # Whether several at once make sense.
    at_once = True
    # Whether it makes something.
    makes = True
    # Whether it reads what other processes write.
    has_pipes = False
    # What it alone says where the result may be there, and is not certain.
    doubts: re.Pattern[str] | None = None
    # Whether what it has made stays, whatever is done later.
    lasts = False

    def words(self, place: Place, tag: str) -> list[str]:
        """What follows the person on the command line."""
        raise NotImplementedError

    def arrange(self, place: Place, tag: str) -> None:
        """Sees to it that there is something to do, where earlier runs have done it all."""

    def attempt(self, place: Place, tag: str) -> Attempt:
        """Notes what is there before it begins."""
        attempt = Attempt(self, tag, frozenset(self.results(place)), frozenset(delivered(place)))
        attempt.had = self.result(place, attempt) is not None
        return attempt

    def results(self, place: Place) -> list[Path]:
        """What of this kind looks finished, of whichever run."""
        return []

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        """What this attempt has made, if that is there."""
        raise NotImplementedError

    def faults(self, place: Place, path: Path) -> list[str]:
        """What is wrong with something that looks finished."""
        return []

    def missing(self, place: Place, attempt: Attempt, ran: Ran) -> list[str]:
        """What is not there although the run ended well, but for the result itself."""
        return []

    def is_uncertain(self, ran: Ran) -> bool:
        """Whether a run said that something about its result is not certain."""
        own = self.doubts is not None and self.doubts.search(ran.err) is not None
        return own or UNCERTAIN.search(ran.err) is not None

    def slander(self, ran: Ran) -> list[str]:
        """What a run says that cannot be so, whatever has failed."""
        if ran.code == 0 and 0 not in self.ends_well:
            return ["it accepted what has to be refused"]
        return []

    def intents(self, place: Place) -> set[str]:
        """The ids on record of what only this operation makes, where its results do not say them themselves."""
        return set()

    def unrecorded(self, place: Place) -> list[str]:
        """What is there without having been put on record before; packages say themselves which they are."""
        return []


class Named(Operation):
    """One whose result has a name that we choose."""

    lasts = True
    ending = ""

    def path(self, place: Place, tag: str) -> Path:
        return place.to / f"{self.name}-{tag}{self.ending}"

    def results(self, place: Place) -> list[Path]:
        return sorted(place.to.glob(f"{self.name}-*{self.ending}"))

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        path = self.path(place, attempt.tag)
        return path if path.exists() else None


class Export(Named):
    """A folder, sealed."""

    has_pipes = True
    name = "export"
    ending = ".exeat"
    form: tuple[str, ...] = ("--volume-size", "1M")

    def words(self, place: Place, tag: str) -> list[str]:
        name = f"{self.name}-{tag}"
        words = ("export", place.clinic, "--to", place.to, "--name", name, "-R", place.recipient())
        return [*map(str, words), *self.form]

    def missing(self, place: Place, attempt: Attempt, ran: Ran) -> list[str]:
        path = self.path(place, attempt.tag)
        if path.exists() and package.Package(path).id not in delivered(place):
            return ["the ledger does not say that it was delivered"]
        return []


class Archive(Export):
    """The same as one file."""

    name = "archive"
    ending = ".exeat.tar"
    form = ("--volume-size", "1M", "--archive")


class Plain(Named):
    """Harmless data, copied in the clear."""

    has_pipes = True
    name = "plain"
    stages_plaintext = True

    def words(self, place: Place, tag: str) -> list[str]:
        words = ("export", place.counts, "--to", place.to, "--name", f"plain-{tag}", "--plain")
        return list(map(str, words))

    def faults(self, place: Place, path: Path) -> list[str]:
        return tree.differences({"counts": ("folder", b""), **below(place.counts)}, tree.picture(path))

    def missing(self, place: Place, attempt: Attempt, ran: Ran) -> list[str]:
        """A copy does not say which one on record it is: there has to be one more."""
        if not self.intents(place) & delivered(place) - attempt.delivered:
            return ["the ledger does not say that it was delivered"]
        return []

    def intents(self, place: Place) -> set[str]:
        """The ids of the copies that are on record."""
        intents = (one["export"] for one in ledger.read(place.ledger).entries if one["kind"] == "intent")
        return {one["id"] for one in intents if one["form"] == "plaintext"}

    def unrecorded(self, place: Place) -> list[str]:
        there, intents = len(self.results(place)), len(self.intents(place))
        return [f"there are {there} copies, of which {intents} are on record"] if there > intents else []


class Open(Named):
    """A package that was received, opened."""

    name = "open"
    person = "recipient"
    stages_plaintext = True

    def words(self, place: Place, tag: str) -> list[str]:
        return ["open", str(place.package), "--to", str(self.path(place, tag))]

    def faults(self, place: Place, path: Path) -> list[str]:
        return tree.differences({"clinic": ("folder", b""), **below(place.clinic)}, tree.picture(path))


class Verify(Operation):
    """A package that was received, verified."""

    name = "verify"
    person = "recipient"
    makes = False

    def words(self, place: Place, tag: str) -> list[str]:
        return ["verify", str(place.package)]

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        return place.package

    def slander(self, ran: Ran) -> list[str]:
        """What cannot be read may be whole."""
        return ["it calls a package damaged that is whole"] if ran.code == 4 else []


class Refuse(Operation):
    """A package that is damaged, opened: nothing that fails may make it pass."""

    name = "refuse"
    person = "recipient"
    ends_well = frozenset({4})
    makes = False

    def words(self, place: Place, tag: str) -> list[str]:
        return ["open", str(place.damaged), "--to", str(place.to / f"refuse-{tag}")]

    def results(self, place: Place) -> list[Path]:
        return sorted(place.to.glob("refuse-*"))

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        return place.damaged

    def faults(self, place: Place, path: Path) -> list[str]:
        return ["it was opened, and should have been refused"]


class Rekey(Operation):
    """A package, passed on to a second recipient."""

    name = "rekey"
    person = "recipient"
    lasts = True

    def words(self, place: Place, tag: str) -> list[str]:
        passed = place.to / "passed.exeat"
        return ["rekey", str(passed), "-R", str(place.recipient("second"))]

    def results(self, place: Place) -> list[Path]:
        found = place.to.glob("passed.exeat/key-*.json.sig")
        return sorted(path for path in found if path.stat().st_size > 0)

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        new = [path for path in self.results(place) if path not in attempt.before]
        return new[0] if new else None

    def missing(self, place: Place, attempt: Attempt, ran: Ran) -> list[str]:
        target = place.scratch / f"passed-on-{attempt.tag}"
        shutil.rmtree(target, ignore_errors=True)
        opened = place.run("second", "open", place.to / "passed.exeat", "--to", target)
        said = [] if opened.done else [f"the second recipient cannot open it\n{opened}"]
        if not self.intents(place) & delivered(place) - attempt.delivered:
            said.append("the ledger does not say that it was delivered")
        return said

    def intents(self, place: Place) -> set[str]:
        """The ids under which envelopes for the second recipient are on record; nothing else is for them."""
        second = place.recipient("second").read_text().split()[-1]
        intents = (one["export"] for one in ledger.read(place.ledger).entries if one["kind"] == "intent")
        return {one["id"] for one in intents if any(key["key"] == second for key in one["recipients"])}

    def unrecorded(self, place: Place) -> list[str]:
        there, intents = len(self.results(place)), len(self.intents(place))
        return [f"passed on {there} times, of which {intents} are on record"] if there > intents else []


class Backup(Operation):
    """A night of a profile."""

    has_pipes = True
    person = "host"
    # 7: there is a package, and something has to be looked at.
    ends_well = frozenset({0, 7})
    at_once = False
    options: tuple[str, ...] = ()

    def __init__(self, name: str, profile: str, *options: str) -> None:
        self.name, self.profile, self.options = name, profile, options

    def words(self, place: Place, tag: str) -> list[str]:
        return ["backup", "run", self.profile, *self.options]

    def results(self, place: Place) -> list[Path]:
        return package.finished(place.to / self.profile)

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        new = [path for path in self.results(place) if path not in attempt.before]
        return new[-1] if new else None

    def missing(self, place: Place, attempt: Attempt, ran: Ran) -> list[str]:
        path = self.result(place, attempt)
        if path and package.Package(path).id not in delivered(place):
            return ["the ledger does not say that it was delivered"]
        return []


class Prune(Operation):
    """What no rule keeps, removed from a chain."""

    name = "prune"
    person = "host"
    at_once = False
    # What it cannot remember it has removed all the same; and what is removed may come back.
    doubts = re.compile(FORGOT + r"|might come back after a power failure")

    def arrange(self, place: Place, tag: str) -> None:
        while not self.removable(place):
            place.must("host", "backup", "run", "old")

    def words(self, place: Place, tag: str) -> list[str]:
        return ["backup", "prune", "old"]

    def results(self, place: Place) -> list[Path]:
        return []

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        """The record of what was removed, once nothing is left that should go."""
        old = place.to / "old"
        records, half_gone = list(old.glob(".exeat-pruned-*.json")), list(old.glob(".exeat-removed-*"))
        return records[0] if records and not half_gone and not self.removable(place) else None

    def removable(self, place: Place) -> set[str]:
        """What is not one of the last two, and nothing that these rest on."""
        packages = [package.Package(path) for path in package.finished(place.to / "old")]
        there = {one.id: one for one in packages if one.id}
        kept = {one.id for one in sorted(there.values(), key=lambda one: one.sequence)[-2:] if one.id}
        needed, wanted = set[str](), list(kept)
        while wanted:
            one = wanted.pop()
            if one not in needed:
                needed.add(one)
                wanted += there[one].bases if one in there else []
        return set(there) - needed


class Receipt(Named):
    """That a package has arrived, signed."""

    name = "receipt"
    person = "recipient"
    ending = ".json"

    def words(self, place: Place, tag: str) -> list[str]:
        return ["receipt", str(place.package), "-o", str(self.path(place, tag))]

    def faults(self, place: Place, path: Path) -> list[str]:
        checked = place.run("sender", "ledger", "verify", "--checkpoint", path)
        return [] if checked.done else [f"it is no receipt\n{checked}"]


class Receive(Operation):
    """A receipt that came back, recorded."""

    name = "receive"
    lasts = True
    # The entry is the result.
    doubts = re.compile(r"the ledger \S+ could not be synced: its last entry might be gone")

    def arrange(self, place: Place, tag: str) -> None:
        """Has a package of its own acknowledged: what is known already is not written again."""
        words = ("export", place.counts, "--to", place.given, "--name", tag, "-R", place.recipient())
        place.must("sender", *words)
        place.must("recipient", "receipt", self.sent(place, tag), "-o", self.receipt(place, tag))

    def sent(self, place: Place, tag: str) -> Path:
        return place.given / f"{tag}.exeat"

    def receipt(self, place: Place, tag: str) -> Path:
        return place.given / f"{tag}.receipt.json"

    def words(self, place: Place, tag: str) -> list[str]:
        own = self.receipt(place, tag)
        return ["ledger", "receive", str(own if own.exists() else place.receipt)]

    def result(self, place: Place, attempt: Attempt) -> Path | None:
        own = self.sent(place, attempt.tag)
        sent = package.Package(own if own.exists() else place.package)
        return place.ledger if sent.id in ledger.read(place.ledger).received else None


def delivered(place: Place) -> set[str]:
    return ledger.read(place.ledger).endings("delivered")


def below(root: Path) -> tree.Picture:
    """The picture of a source, as it is in a package: below its own name."""
    return {f"{root.name}/{path}": what for path, what in tree.picture(root).items()}


def all_operations() -> list[Operation]:
    """Everything that is put to the test, in the order of the tables."""
    return [
        Export(),
        Archive(),
        Plain(),
        Open(),
        Verify(),
        Refuse(),
        Rekey(),
        Backup("backup", "nights"),
        Backup("backup-full", "nights", "--full"),
        Backup("backup-command", "dumps"),
        Prune(),
        Receipt(),
        Receive(),
    ]


def by_name(names: list[str]) -> list[Operation]:
    """Those of these names; all for none."""
    every = {one.name: one for one in all_operations()}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise SystemExit(f"no operation {', '.join(unknown)}; there are {', '.join(every)}")
    return [every[name] for name in names] or list(every.values())
