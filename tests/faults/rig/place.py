"""A hermetic place for one or many faults: a folder of its own, an empty environment,
made-up people and data.

Nothing outside the folder is read or written but the binary. What the runs write
lies in `to` and `state`, which may be on another file system: `Place.prepare` fills
them once, `snapshot` and `restore` bring that state back before each fault.
"""

import os
import random
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# In every file that is sealed or copied: where it is found, there is plaintext.
MARKER = b"ZQ-marker-of-nobody-999-000-0018-QZ"

# Nobody waits longer than that for one run: it hangs.
LIMIT = 20.0

NIGHTS = 3
# Twice a full one and two that rest on it: with the last two kept, the first three may go.
OLD_NIGHTS = 6


@dataclass
class Ran:
    """How a run ended. `code` is None where it was killed, or what it said is not known."""

    line: str
    code: int | None
    out: str = ""
    err: str = ""
    hung: bool = False
    # What it died of, if it did.
    signal: int | None = None

    @property
    def done(self) -> bool:
        return self.code == 0

    def __str__(self) -> str:
        said = "\n".join(part.rstrip() for part in (self.out, self.err) if part.strip())
        how = self.code if self.signal is None else f"signal {self.signal}"
        return f"$ {self.line}\n=> {how}\n{said}"


class Broken(Exception):
    """The place itself cannot be made or judged: no verdict on exeat."""


def repository() -> Path:
    """The project's folder."""
    return Path(__file__).resolve().parents[3]


def binary(given: str | None = None) -> Path:
    """The exeat that is put to the test: the one given, that of EXEAT, or a debug build."""
    named = given or os.environ.get("EXEAT")
    path = Path(named) if named else repository() / "target/debug/exeat"
    if not path.is_file():
        raise Broken(f"{path} is not there: build it with 'cargo build -p exeat-cli', or set EXEAT")
    return path.resolve()


def noise(count: int, seed: int) -> bytes:
    """Bytes that do not compress, the same at every run."""
    return random.Random(seed).randbytes(count)


class Place:
    """The folders of one place, and the commands that run in it."""

    def __init__(
        self,
        root: Path,
        exeat: Path | None = None,
        to: Path | None = None,
        state: Path | None = None,
    ) -> None:
        self.root = root
        self.exeat = exeat or binary()
        # What stands in its place where the harness itself is put to the test.
        self.writer: Sequence[str] | None = None
        self.here = root / "here"
        self.people = root / "people"
        self.source = root / "source"
        self.given = root / "given"
        self.scratch = root / "scratch"
        self.kept = root / "kept"
        self.to = to or root / "to"
        self.state = state or root / "state"
        self.environment = {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "HOME": str(root / "home"),
            "XDG_CONFIG_HOME": str(root / "home/.config"),
            "XDG_STATE_HOME": str(self.state),
            "TMPDIR": str(root / "tmp"),
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
        }

    # Paths that several modules speak of.

    @property
    def ledger(self) -> Path:
        return self.state / "exeat/ledger.jsonl"

    @property
    def clinic(self) -> Path:
        return self.source / "clinic"

    @property
    def counts(self) -> Path:
        return self.source / "counts"

    @property
    def package(self) -> Path:
        """A finished package, for those who receive one; it lies where nothing fails."""
        return self.given / "given.exeat"

    @property
    def damaged(self) -> Path:
        """The same with another bit in it, which nobody may accept."""
        return self.given / "given.damaged.exeat"

    @property
    def receipt(self) -> Path:
        return self.given / "given.receipt.json"

    def recipient(self, person: str = "recipient") -> Path:
        return self.people / person / "recipient.txt"

    # Commands.

    def words(self, person: str, *words: str | Path, control: bool = False) -> list[str]:
        """The whole command line; with `control`, that of whatever stands in exeat's place."""
        program = self.writer if control and self.writer else [str(self.exeat)]
        return [*program, "--config-dir", str(self.people / person), *map(str, words)]

    def run(self, person: str, *words: str | Path, limit: float = 120.0) -> Ran:
        """Runs exeat to its end, undisturbed."""
        return self.run_words(self.words(person, *words), limit=limit)

    def run_words(self, words: Sequence[str], limit: float = LIMIT) -> Ran:
        """Runs a command line; one that hangs is killed, with all that it started."""
        child = self.start(words)
        return self.finish(child, limit)

    def start(self, words: Sequence[str], keep_output: bool = True) -> subprocess.Popen[bytes]:
        """Starts a command line in a session of its own, so that all of it can be found."""
        stream = subprocess.PIPE if keep_output else subprocess.DEVNULL
        return subprocess.Popen(
            words,
            cwd=self.here,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )

    def finish(self, child: subprocess.Popen[bytes], limit: float = LIMIT) -> Ran:
        """Waits for a run; who hangs is killed."""
        line = shlex.join(map(str, child.args))
        hung = False
        try:
            out, err = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            hung = True
            kill_session(child.pid)
            out, err = child.communicate()
        died = -child.returncode if child.returncode < 0 else None
        code = None if died else child.returncode
        return Ran(line, code, text(out), text(err), hung, died)

    def must(self, person: str, *words: str | Path) -> Ran:
        """Runs what has to succeed for the place to be what it should be."""
        ran = self.run(person, *words)
        if not ran.done:
            raise Broken(str(ran))
        return ran

    # Making it.

    def prepare(self) -> None:
        """Makes people, data, a package, its receipt, a chain of backups, and a snapshot."""
        for folder in (self.here, self.people, self.source, self.given, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        for folder in ("home", "tmp"):
            (self.root / folder).mkdir(exist_ok=True)
        for folder in (self.to, self.state, self.to / "nights", self.to / "dumps", self.to / "old"):
            folder.mkdir(parents=True, exist_ok=True)
        self.make_sources()
        self.make_people()
        self.make_packages()
        self.make_chains()
        self.snapshot()

    def make_sources(self) -> None:
        """A small tree with a file for a reader process, and one that takes several volumes."""
        clinic = self.clinic
        (clinic / "empty folder").mkdir(parents=True)
        (clinic / "letters").mkdir()
        self.write(clinic / "letters/Zoë.txt", b"Dear Dr Example,\n" + MARKER + b"\n")
        self.write(clinic / "patients.csv", b"nhs_number\n9990000018\n" + MARKER + b"\n")
        page = b"<html><body><p>%s</p></body></html>\n" % MARKER
        self.write(clinic / "letters/page.html", page)
        # A marker every so often, so that each of the volumes has some.
        scan = b"".join(MARKER + noise(50_000, seed) for seed in range(24))
        self.write(clinic / "scan.raw", scan)
        self.write(clinic / "number", MARKER + b" 0\n")
        os.symlink("letters/Zoë.txt", clinic / "latest")
        counts = self.counts
        (counts / "src").mkdir(parents=True)
        table = b"ward,month,admissions\nNorth,2026-01,104\nSouth,2026-01,99\n"
        self.write(counts / "counts.csv", table)
        self.write(counts / "README.md", b"# Counts\n\n" + MARKER + b"\n")
        code = b"/* %s */\nint main(void) { return 0; }\n" % MARKER
        self.write(counts / "src/main.c", code * 400)

    def write(self, path: Path, content: bytes) -> None:
        """Writes a file that looks as if nobody had touched it for long."""
        path.write_bytes(content)
        os.utime(path, (1_000_000_000, 1_000_000_000))

    def set_number(self, number: int) -> None:
        """What changes from one night to the next."""
        (self.clinic / "number").write_bytes(MARKER + b" %d\n" % number)

    def make_people(self) -> None:
        """A sender, those who receive, and a host that makes backups; they trust each other."""
        for person in ("sender", "recipient", "second", "host"):
            self.must(person, "init", "--name", f"{person}@clinic.example")
        for who, whom in (
            ("recipient", "sender"),
            ("recipient", "host"),
            ("second", "sender"),
            ("second", "recipient"),
            ("second", "host"),
            ("sender", "recipient"),
        ):
            self.must(who, "trust", self.people / whom / "signer.txt")
        (self.people / "host/identity.txt").unlink()
        self.write_profiles()

    def write_profiles(self) -> None:
        """Profiles: a chain that prunes itself, one that only `prune` shortens, a command."""
        profiles = [
            ("nights", f'sources = ["{self.clinic}"]\nsettled = "0m"\nfull_every = 3\nkeep = {{ last = 2 }}'),
            ("old", f'sources = ["{self.counts}"]\nsettled = "0m"\nfull_every = 3\nverify = "none"\nkeep = {{ last = 2 }}'),
            ("dumps", f'source = {{ command = ["cat", "{self.clinic}/patients.csv"], name = "dump.csv" }}'),
        ]
        path = self.people / "host/config.toml"
        lines = path.read_text() if path.exists() else ""
        for name, body in profiles:
            lines += f'\n[backup.{name}]\nto = "{self.to / name}"\n'
            lines += f'recipients_file = "{self.recipient()}"\n{body}\nvolume_size = "1M"\n'
        path.write_text(lines)

    def make_packages(self) -> None:
        """A package to receive, its receipt, a copy that can be passed on, and one that is damaged."""
        export = ("export", self.clinic, "--to", self.given, "-R", self.recipient())
        self.must("sender", *export, "--name", "given", "--volume-size", "1M", "--label", "Q3")
        self.must("recipient", "receipt", self.package, "-o", self.receipt)
        shutil.copytree(self.package, self.to / "passed.exeat")
        shutil.copytree(self.package, self.damaged)
        volume = self.damaged / "volume-00003.age"
        data = bytearray(volume.read_bytes())
        data[-100] ^= 1
        volume.write_bytes(data)

    def make_chains(self) -> None:
        """Some nights of each profile."""
        for night in range(NIGHTS):
            self.set_number(night)
            self.must("host", "backup", "run", "nights")
        for _ in range(OLD_NIGHTS):
            self.must("host", "backup", "run", "old")
        self.must("host", "backup", "run", "dumps")
        self.set_number(NIGHTS)

    # What was there before a fault.

    def snapshot(self) -> None:
        """Keeps what is in `to` and `state` now."""
        for name, folder in (("to", self.to), ("state", self.state)):
            copy = self.kept / name
            shutil.rmtree(copy, ignore_errors=True)
            copy_tree(folder, copy)

    def restore(self) -> None:
        """Brings back what was in `to` and `state`, and leaves nothing else there."""
        for name, folder in (("to", self.to), ("state", self.state)):
            empty(folder)
            copy_tree(self.kept / name, folder)
        empty(self.scratch)
        empty(self.root / "tmp")
        for item in self.given.iterdir():
            if item.name.startswith("given."):
                continue
            shutil.rmtree(item) if item.is_dir() else item.unlink()


def text(data: bytes | None) -> str:
    return (data or b"").decode("utf-8", "replace")


def copy_tree(source: Path, target: Path) -> None:
    """Copies a tree with its times and modes; the folder itself may be there."""
    shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)


def empty(folder: Path) -> None:
    """Removes what is in a folder."""
    if not folder.is_dir():
        return
    for item in folder.iterdir():
        # What belongs to the file system itself stays.
        if item.name == "lost+found":
            continue
        if item.is_dir() and not item.is_symlink():
            shutil.rmtree(item)
        else:
            item.unlink()


def members_of_session(session: int) -> list[int]:
    """The processes of a session that still run."""
    found = []
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit():
            continue
        try:
            with open(f"/proc/{entry.name}/stat", "rb") as file:
                fields = file.read().rpartition(b") ")[2].split()
        except OSError:
            continue
        # State, parent, group, session.
        if int(fields[3]) == session and fields[0] not in (b"Z", b"X"):
            found.append(int(entry.name))
    return found


def kill_session(session: int) -> None:
    """Kills every process of a session that this program started."""
    for process in members_of_session(session):
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass


def orphans(session: int, patience: float = 5.0) -> list[int]:
    """What of a run still lives some time after its main process has been killed."""
    end = time.monotonic() + patience
    while True:
        left = members_of_session(session)
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.002)


def backdate(folder: Path, prefix: str = ".exeat-partial-") -> None:
    """Makes leftovers look old enough to be cleared away by the next run."""
    for path in folder.rglob(f"{prefix}*"):
        os.utime(path, (1_000_000_000, 1_000_000_000), follow_symlinks=False)
