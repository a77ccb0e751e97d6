"""Things broken by hand, for each of which the judge has to say what is wrong.

A judge that has never said no is worth nothing: here it is put to the test itself, in a
place where every operation has gone well.
"""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from . import ledger, package
from .judge import Judge
from .operations import Attempt, Operation, by_name
from .place import MARKER, Place, Ran

SECRET = b"AGE-SECRET-KEY-1" + b"Q" * 58 + b"\n"
LEFT = ".exeat-partial-0123456789abcdef"


@dataclass
class Scene:
    """A place, its judge, and the runs that went well in it."""

    place: Place
    judge: Judge
    done: dict[str, tuple[Attempt, Ran]]

    def begin(self) -> None:
        """Brings back what was there."""
        self.place.restore()
        self.judge.begin()

    def said(self, *attempts: tuple[Attempt, Ran]) -> list[str]:
        """What the judge says of all this."""
        return self.judge.judge(attempts) + self.still_there()

    def still_there(self) -> list[str]:
        """What the judge says of what was acknowledged."""
        return self.judge.still_there([one for one, _ in self.done.values()])

    def path(self, name: str) -> Path:
        """What an operation has made."""
        attempt, _ = self.done[name]
        found = attempt.operation.result(self.place, attempt)
        assert found is not None, f"{name} has made nothing"
        return found

    def run(self, name: str, tag: str) -> tuple[Attempt, Ran]:
        """Runs an operation undisturbed."""
        (operation,) = by_name([name])
        attempt = operation.attempt(self.place, tag)
        return attempt, self.place.run(operation.person, *operation.words(self.place, tag))


@dataclass(frozen=True)
class Break:
    """Something broken by hand, and what the judge has to say of it; nothing for what is allowed."""

    name: str
    says: str
    do: Callable[[Scene], list[str]]
    # Whether anything in the place is changed.
    changes: bool = True

    def missed(self, said: list[str]) -> bool:
        """Whether the judge has not said it, or has said something where all is well."""
        return not any(re.search(self.says, one) for one in said) if self.says else bool(said)


def lines_of(place: Place) -> list[bytes]:
    return place.ledger.read_bytes().splitlines(keepends=True)


def flip(path: Path, at: int = -20) -> None:
    """Changes one bit."""
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def put(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Leaves a file where none should be; `mode` is that of the folder, too, but for who may enter."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    if path.parent.name == LEFT:
        path.parent.chmod(mode | 0o100)


# Exit codes.


def lie(name: str, what: str, says: str, told: Callable[[Ran], Ran]) -> Break:
    """A run that says something else than it said."""

    def do(scene: Scene) -> list[str]:
        attempt, ran = scene.done[name]
        return scene.judge.truth(attempt, told(ran))

    return Break(f"{name} {what}", says, do, changes=False)


def lies() -> Iterator[Break]:
    for name in [operation.name for operation in by_name([]) if operation.makes]:
        failed = "it failed, and the result is there"
        yield lie(name, "did it, and says that it failed", failed, lambda ran: Ran(ran.line, 1, err="error: no"))
        yield lie(name, "did it, fails, and says nothing", failed, lambda ran: Ran(ran.line, 1))
    yield lie("open", "fails, and says nothing", "did not say why", lambda ran: Ran(ran.line, 1))
    yield lie("open", "panics", "a mistake in the program", lambda ran: Ran(ran.line, 101, err="panicked"))
    yield lie("open", "ends with 70", "a mistake in the program", lambda ran: Ran(ran.line, 70, err="error: no"))
    yield lie("open", "dies of SIGSEGV", "it crashed", lambda ran: Ran(ran.line, None, signal=11))
    yield lie("open", "hangs", "it hung", lambda ran: Ran(ran.line, None, hung=True, signal=9))
    yield lie("open", "is killed", "", lambda ran: Ran(ran.line, None, signal=9))
    yield lie("refuse", "accepts", "it accepted what has to be refused", lambda ran: Ran(ran.line, 0))
    damaged = "it calls a package damaged that is whole"
    yield lie("verify", "finds damage", damaged, lambda ran: Ran(ran.line, 4, err="error: a bad disk"))
    ledger_failed = "error: cannot write to the ledger x: full"
    yield lie("export", "speaks of the ledger", "and the result is there", lambda ran: Ran(ran.line, 1, err=ledger_failed))
    yield lie("receive", "speaks of the ledger", "and the result is there", lambda ran: Ran(ran.line, 1, err=ledger_failed))
    unsynced = "error: the ledger x could not be synced: its last entry might be gone after a power failure"
    yield lie("export", "speaks of the ledger's disk", "and the result is there", lambda ran: Ran(ran.line, 1, err=unsynced))
    yield lie("receive", "speaks of the ledger's disk", "", lambda ran: Ran(ran.line, 1, err=unsynced))
    back = "error: x is removed, and might come back after a power failure"
    yield lie("export", "speaks of what may come back", "and the result is there", lambda ran: Ran(ran.line, 1, err=back))
    doubt = "error: it might be gone after a power failure"
    yield lie("export", "says that it is not certain", "", lambda ran: Ran(ran.line, 1, err=doubt))


def never_run() -> Iterator[Break]:
    """For a place where nothing has been done yet."""

    def never(operation: Operation) -> Callable[[Scene], list[str]]:
        def do(scene: Scene) -> list[str]:
            return scene.judge.truth(operation.attempt(scene.place, "never"), Ran(operation.name, 0))

        return do

    for operation in [one for one in by_name([]) if one.makes]:
        says = "it said that it was done, and the result is not there"
        if operation.name.startswith("backup"):
            # A night in which nothing is new makes a package, too.
            says = "it said that it was done"
        yield Break(f"{operation.name} did nothing, and says that it is done", says, never(operation))


# The ledger.


def cut(count: int) -> Callable[[Scene], list[str]]:
    """Takes the last lines away."""

    def do(scene: Scene) -> list[str]:
        scene.place.ledger.write_bytes(b"".join(lines_of(scene.place)[:-count]))
        return scene.said()

    return do


def alter(scene: Scene) -> list[str]:
    lines = lines_of(scene.place)
    lines[2] = lines[2].replace(b"nights", b"nightS", 1)
    scene.place.ledger.write_bytes(b"".join(lines))
    return scene.said()


def rewrite(scene: Scene) -> list[str]:
    """Leaves out an entry and chains the others anew: only what has left the house tells."""
    previous, written = None, b""
    for number, line in enumerate([*lines_of(scene.place)[:2], *lines_of(scene.place)[4:]], 1):
        entry = json.loads(line) | {"sequence": number, "previous": previous}
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"
        previous = hashlib.sha256(line).hexdigest()
        written += line
    scene.place.ledger.write_bytes(written)
    # As if it had never been seen before.
    scene.judge.ledger = b""
    return scene.said()


def tear(scene: Scene) -> list[str]:
    with scene.place.ledger.open("ab") as file:
        file.write(b'{"version"\n{"version"\n')
    return scene.said()


def unrecorded(name: str, keep: int) -> Callable[[Scene], list[str]]:
    """A run of which so many entries of its own are left, the last ones never having been seen by the judge."""

    def do(scene: Scene) -> list[str]:
        before = len(lines_of(scene.place))
        ended = scene.run(name, "again")
        lines = lines_of(scene.place)
        assert len(lines) >= before + 2, f"{name} has {len(lines) - before} entries"
        scene.place.ledger.write_bytes(b"".join(lines[: before + keep]))
        return scene.said(ended)

    return do


def called_failed(scene: Scene) -> list[str]:
    """A package that is there, and of which the ledger says that it failed."""
    ended = scene.run("export", "again")
    *lines, last = lines_of(scene.place)
    lines.append(last.replace(b'"ending":"delivered"', b'"ending":"failed"'))
    scene.place.ledger.write_bytes(b"".join(lines))
    return scene.said(ended)


def books() -> Iterator[Break]:
    lost = "the ledger has lost what stood in it"
    yield Break("the last entry is gone", lost, cut(1))
    yield Break("the last three entries are gone", lost, cut(3))
    yield Break("the ledger is gone", lost, lambda scene: (scene.place.ledger.unlink(), scene.said())[1])
    yield Break("an entry is another", "does not follow the entry before", alter)
    yield Break("an entry is another, says exeat", "the ledger is not whole", alter)
    yield Break("the ledger is written anew without an entry", "a package contradicts the ledger", rewrite)
    yield Break("two torn lines follow each other", "follows a torn line, and is none", tear)
    for name in ("export", "archive", "plain", "rekey", "backup", "backup-full", "backup-command"):
        yield Break(f"{name} has no outcome", "does not say that it was delivered", unrecorded(name, 1))
        yield Break(f"{name} is not on record", "not on record|are on record", unrecorded(name, 0))
    yield Break("what is there is called failed", "is there, and on record as failed", called_failed)
    for name in ("plain", "rekey"):
        says = f"{name}: 2 were done, of which 1 are on record as delivered"
        yield Break(f"of two runs of {name} one is on record", says, twice(name))


def twice(name: str) -> Callable[[Scene], list[str]]:
    return lambda scene: scene.judge.still_there([scene.done[name][0]] * 2)


# What was made.


def gone(name: str) -> Break:
    """An acknowledged result that is not there any more."""

    def do(scene: Scene) -> list[str]:
        path = scene.path(name)
        if path == scene.place.ledger:
            return cut(1)(scene)
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return scene.still_there()

    return Break(f"{name} is gone", f"^{name} .*it was done, and is not there any more", do)


def broken(name: str, says: str, change: Callable[[Path], object], which: str, what: str = "") -> Break:
    """A change to what an operation has made, or to one file in it."""

    def do(scene: Scene) -> list[str]:
        change(scene.path(which) / what if what else scene.path(which))
        return scene.judge.finished()

    return Break(name, says, do)


def halve(path: Path) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])


def nights(which: int) -> Callable[[Scene], list[str]]:
    """Takes a package of the chain away."""

    def do(scene: Scene) -> list[str]:
        shutil.rmtree(package.finished(scene.place.to / "nights")[which])
        return scene.said()

    return do


def another(scene: Scene) -> list[str]:
    """A package that is whole, and holds something else than it should."""
    place = scene.place
    words = ("export", place.counts, "--to", place.to, "--name", "export-other", "-R", place.recipient())
    place.must("sender", *words)
    return scene.said()


def accepted(scene: Scene) -> list[str]:
    (scene.place.to / "refuse-x").mkdir()
    return scene.judge.finished()


def missing(named: str) -> Callable[[Scene], list[str]]:
    """A file is missing, and this is what was named as missing."""

    def do(scene: Scene) -> list[str]:
        judge, path = scene.judge, scene.path("backup")
        expected = dict(judge.expected["clinic"])
        judge.whole.clear()
        judge.expected["clinic"]["clinic/number2"] = ("file", b"")
        judge.incomplete[path] = f"{named}\n"
        try:
            return judge.opens(package.Package(path))
        finally:
            judge.expected["clinic"] = expected

    return do


def results() -> Iterator[Break]:
    for name in ("export", "archive", "plain", "open", "rekey", "receipt", "receive"):
        yield gone(name)
    signed = "looks finished: .* is not what was signed"
    yield broken("a bit of a volume", signed, flip, "export", "volume-00002.age")
    yield broken("a bit of the inventory", signed, flip, "export", "inventory.age")
    yield broken("a bit of a backup", signed, flip, "backup", "volume-00001.age")
    yield broken("half a volume", signed, halve, "backup-full", "volume-00001.age")
    yield broken("no volume", "has no volume-00001.age", Path.unlink, "backup-command", "volume-00001.age")
    yield broken("no envelope", "has no key.age", Path.unlink, "export", "key.age")
    yield broken("a bit of the signature", "it does not verify", flip, "export", "manifest.json.sig")
    yield broken("a bit of an archive", "archive.* looks finished", lambda path: flip(path, 1_000_000), "archive")
    yield broken("half an archive", "archive.* looks finished", halve, "archive")
    yield broken("half a record of a rekey", "passed on .* looks finished|passed.exeat looks finished", halve, "rekey")
    yield broken("half a receipt", "receipt.* looks finished: it is no receipt", halve, "receipt")
    yield broken("an empty receipt", "it is no receipt", lambda path: path.write_bytes(b""), "receipt")
    yield broken("half a file in a copy", "counts.csv has another content", halve, "plain", "counts/counts.csv")
    yield broken("no file in a copy", "main.c is missing", Path.unlink, "plain", "counts/src/main.c")
    yield broken("half a file, opened", "scan.raw has another content", halve, "open", "clinic/scan.raw")
    yield broken("a link less, opened", "latest is missing", Path.unlink, "open", "clinic/latest")
    yield broken("a file more, opened", "x is too much", lambda path: path.write_bytes(b""), "open", "clinic/x")
    yield Break("a damaged package was opened", "refuse-x looks finished: it was opened", accepted)
    yield Break("a package with other content", "export-other.* looks finished: .* is missing", another)
    yield Break("what was not named as left out", "clinic/number2 is missing", missing("clinic/number (it could not be read)"))
    yield Break("what lies in what was left out", "", missing("clinic (left out: input/output error)"))
    changed = missing("clinic (its attributes changed)")
    yield Break("what lies in what was not left out", "clinic/number2 is missing", changed)
    yield Break("the first of a chain is gone", "the chains are not whole|does not verify", nights(0))
    yield Break("the last of a chain is gone", "the chains are not whole", nights(-1))


# What lies about.


def left(name: str, says: str, where: str, data: bytes, killed: bool = False, mode: int = 0o600) -> Break:
    """A file that somebody has left."""

    def do(scene: Scene) -> list[str]:
        place = scene.place
        base, _, below = where.partition("/")
        folder = {"to": place.to, "state": place.state, "tmp": place.root / "tmp", "scratch": place.scratch}[base]
        put(folder / below, data, mode)
        scene.judge.was_killed = killed
        try:
            return scene.judge.plain()
        finally:
            shutil.rmtree(folder / below) if (folder / below).is_dir() else (folder / below).unlink()

    return Break(name, says, do)


def compressed(scene: Scene) -> list[str]:
    """The clinic, compressed and in the clear."""
    words = ["tar", "--zstd", "-cf", str(scene.place.to / "x"), "-C", str(scene.place.source), "clinic"]
    subprocess.run(words, check=True)
    return scene.said()


def litter() -> Iterator[Break]:
    text = b"x" * 70_000 + MARKER + b"x"
    for where in ("to/x", "to/nights/x", "state/exeat/x", "tmp/x"):
        yield left(f"plaintext in {where}", f"plaintext is left in .*{where.partition('/')[2]}", where, text)
    yield Break("plaintext in to/x, compressed", "plaintext is left in to/x", compressed)
    here = f"to/{LEFT}/x"
    yield left("a leftover, and nobody was killed", f"{LEFT} is left, and nobody was killed", here, b"")
    yield left("a leftover that others may read", "plaintext is left in to/", here, text, killed=True, mode=0o755)
    yield left("a leftover of one who was killed", "", here, text, killed=True)
    for where in ("to/x", "state/exeat/x", "tmp/x", "scratch/x", here):
        says = f"a secret key lies in .*{where.rpartition('/')[2]}"
        yield left(f"a secret key in {where}", says, where, b"\0\xff" * 9_000 + SECRET, killed=True)
    yield left("a secret key in small letters", "a secret key lies in", "to/x", SECRET.lower())


# The next run.


def stale(scene: Scene) -> list[str]:
    put(scene.place.state / "exeat/backup/nights/chain.json.new", b"")
    return scene.judge.good("nights")


def no_next(scene: Scene) -> list[str]:
    """What an operation needs is gone for good."""
    person = scene.place.people / "sender"
    hidden = person.rename(person.with_name("nobody"))
    try:
        return scene.judge.next_runs(by_name(["export"]), "x")
    finally:
        hidden.rename(person)


def nexts() -> Iterator[Break]:
    yield Break("half a state of a chain is left", "chain.json.new is still there", stale)
    yield Break("the next run fails", "export: the next run does not go well", no_next)
    yield Break("nothing, and a next run", "", lambda scene: scene.judge.next_runs(by_name(["export", "backup"]), "y"))


def everything() -> list[Break]:
    """All that is broken in a place where everything has gone well."""
    untouched = Break("nothing", "", lambda scene: scene.said(*scene.done.values()))
    return [untouched, *lies(), *books(), *results(), *litter(), *nexts()]
