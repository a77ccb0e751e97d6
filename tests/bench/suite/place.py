"""The program, and a place for what is made: keys, policies, and the environment of what runs."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from . import measure, peers

ROOT = Path(__file__).resolve().parents[3]
TOOLS = ROOT / "target/bench/tools"


def clock() -> Callable[[str], None]:
    """Says things with the seconds since now."""
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    return say


def built() -> Path:
    """The release binary, or the one that EXEAT names."""
    if named := os.environ.get("EXEAT"):
        return Path(named).resolve()
    words = ["cargo", "build", "--release", "--locked", "--package", "exeat-cli"]
    subprocess.run(words, cwd=ROOT, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve() / "release/exeat"


def version(env: dict[str, str]) -> str:
    words = [env["exeat"], "--version"]
    return subprocess.run(words, text=True, capture_output=True, check=True).stdout.strip()


def people(env: dict[str, str], work: Path) -> None:
    """Keys, and the policies that are compared."""
    exeat = [env["exeat"], "--quiet", "--config-dir", str(work / "config")]
    words = [*exeat, "init", "--name", "bench@example.org"]
    subprocess.run(words, env=env, check=True, stdout=subprocess.DEVNULL)
    env["identity"] = str(work / "config/identity.txt")
    words = ["age-keygen", "-y", env["identity"]]
    env["recipient"] = subprocess.run(words, check=True, text=True, capture_output=True).stdout.strip()
    (work / "until-decided.toml").write_text('[inspection]\nmode = "until-decided"\n')


@contextmanager
def prepared(base: Path, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
    """The environment of what runs; $work in it is a folder of its own, removed in the end."""
    exeat = built()
    TOOLS.mkdir(parents=True, exist_ok=True)
    measure.limit_files()
    peers.need("/usr/bin/time", "time", say)
    peers.need("age", "age", say)
    work = Path(tempfile.mkdtemp(prefix="exeat-bench-", dir=base))
    try:
        env = {
            "PATH": f"{TOOLS}/bin:{os.environ['PATH']}",
            "HOME": str(work / "home"),
            "GNUPGHOME": str(work / "gnupg"),
            "LC_ALL": "C.UTF-8",
            "RESTIC_PASSWORD": "password",
            "BORG_PASSPHRASE": "password",
            "exeat": str(exeat),
            "work": str(work),
            "out": str(work / "out"),
        }
        (work / "home").mkdir()
        people(env, work)
        yield env
    finally:
        shutil.rmtree(work, ignore_errors=True)


def count(text: str) -> int:
    """What is given on the command line as a number of rounds."""
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError("there is at least one round")
    return int(text)
