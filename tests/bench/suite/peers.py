"""The programs beside which exeat is measured: how to get them, and what to type.

Each seals the folder $src into $out, a fresh one; $work has keys and the like. What is
not durable when a program ends is made so by 'sync -f' where a disk is measured.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

Env = dict[str, str]
CLOSED = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}


@dataclass(frozen=True)
class Peer:
    name: str
    # A Debian package, a crate, or something of PyPI with what it needs.
    source: str
    # What says which one it is.
    version: str
    # Seals $src into $out.
    seal: str
    # Before each time that it seals, and not counted: an empty repository.
    before: str = ""
    # Makes keys; once.
    prepare: Callable[[Env], None] | None = None
    # Opens into $out what `seal` has put into $kept.
    open: str = ""
    # For one file alone.
    is_for_files: bool = False


def quietly(env: Env, *words: str, **options: object) -> None:
    subprocess.run(words, env=env, check=True, stderr=subprocess.PIPE, **(CLOSED | options))


def gnupg(env: Env) -> None:
    """A key without a passphrase, in a home of its own."""
    home = Path(env["GNUPGHOME"])
    if not home.exists():
        home.mkdir(mode=0o700)
        words = ("gpg", "--batch", "--passphrase", "", "--quick-generate-key")
        quietly(env, *words, "Bench <bench@example.org>", "rsa4096", "sign,cert")
        listed = ("gpg", "--batch", "--list-keys", "--with-colons")
        shown = subprocess.run(listed, env=env, check=True, text=True, capture_output=True).stdout
        key = next(line.split(":")[9] for line in shown.splitlines() if line.startswith("fpr"))
        quietly(env, *words[:4], "--quick-add-key", key, "rsa4096", "encrypt", "never")


def crypt4gh(env: Env) -> None:
    work = env["work"]
    words = ("crypt4gh-keygen", "--nocrypt", "-f", "--sk", f"{work}/c4gh.sec", "--pk", f"{work}/c4gh.pub")
    quietly(env, *words)


TAR = "tar -cf - -C $src/.. ${src##*/}"

PEERS = [
    Peer(
        "tar | age",
        "debian:age",
        "age --version",
        f"{TAR} | age -r $recipient -o $out/x",
        open="age -d -i $identity $kept/x | tar -xf - -C $out",
    ),
    Peer(
        "tar | zstd -T0 -1 | age",
        "debian:age",
        "age --version",
        f"{TAR} | zstd -q -T0 -1 | age -r $recipient -o $out/x",
        open="age -d -i $identity $kept/x | zstd -q -d | tar -xf - -C $out",
    ),
    Peer(
        "tar | rage",
        "crate:rage",
        "rage --version",
        f"{TAR} | rage -r $recipient -o $out/x",
        open="rage -d -i $identity $kept/x | tar -xf - -C $out",
    ),
    Peer(
        "restic",
        "debian:restic",
        "restic version",
        "cd $src/.. && restic -q -r $out/x backup ${src##*/}",
        before="restic -q -r $out/x init",
        open="restic -q -r $kept/x restore latest --target $out",
    ),
    Peer(
        "borg",
        "debian:borgbackup",
        "borg --version",
        "cd $src/.. && borg create $out/x::one ${src##*/}",
        before="borg init -e repokey-blake2 $out/x 2>/dev/null",
        open="cd $out && borg extract $kept/x::one",
    ),
    Peer(
        "tar | gpg",
        "debian:gnupg",
        "gpg --version | head -n 1",
        f"{TAR} | gpg --batch --trust-model always -q -e -s -r bench@example.org -o $out/x",
        prepare=gnupg,
        open="gpg --batch -q -d $kept/x | tar -xf - -C $out",
    ),
    Peer(
        "7zz",
        "debian:7zip",
        "7zz | head -n 2 | tail -n 1",
        "cd $src/.. && 7zz a -bso0 -bsp0 -mhe=on -ppassword $out/x.7z ${src##*/}",
        open="7zz x -bso0 -bsp0 -ppassword -o$out $kept/x.7z",
    ),
    Peer(
        "crypt4gh",
        "pypi:crypt4gh==1.8.6",
        "crypt4gh --version",
        "crypt4gh encrypt --recipient_pk $work/c4gh.pub < $src/large > $out/x",
        prepare=crypt4gh,
        open="crypt4gh decrypt --sk $work/c4gh.sec < $kept/x > $out/large",
        is_for_files=True,
    ),
]


def into_venv(place: Path, *packages: str) -> list[list[str]]:
    """What installs packages of PyPI into an environment of their own."""
    pip = [f"{place}/bin/pip", "install", "-q", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", str(place)], [*pip, *packages]]


def find(peer: Peer, tools: Path, env: Env, say: Callable[[str], None]) -> bool:
    """Whether a peer can be measured here; it is installed where it is missing."""
    program = peer.version.split()[0]
    if shutil.which(program, path=env["PATH"]):
        return True
    kind, _, name = peer.source.partition(":")
    say(f"installing {name}")
    match kind:
        case "debian" if os.geteuid() == 0:
            words = [["apt-get", "install", "-y", "-qq", name]]
        case "crate":
            words = [["cargo", "install", "--quiet", "--locked", "--root", str(tools), name]]
        case "pypi":
            words = into_venv(tools / program, *name.split())
        case _:
            words = []
    done = [subprocess.run(line, capture_output=True, text=True) for line in words]
    if kind == "pypi":
        (tools / "bin").mkdir(exist_ok=True)
        for one in (tools / program / "bin").glob(f"{program}*"):
            link = tools / "bin" / one.name
            link.unlink(missing_ok=True)
            link.symlink_to(one)
    if shutil.which(program, path=env["PATH"]):
        return True
    why = done[-1].stderr.strip().splitlines()[-1:] if done else ["it takes root on Debian"]
    say(f"SKIPPED: there is no {peer.name}: {' '.join(why)}")
    return False


def need(program: str, package: str, say: Callable[[str], None]) -> None:
    """What nothing can be measured without."""
    if shutil.which(program):
        return
    say(f"installing {package}")
    if os.geteuid() == 0:
        subprocess.run(["apt-get", "install", "-y", "-qq", package], capture_output=True)
    if not shutil.which(program):
        sys.exit(f"needs {program}: sudo apt-get install {package}")


def version(peer: Peer, env: Env) -> str:
    words = ["bash", "-c", peer.version]
    shown = subprocess.run(words, env=env, text=True, capture_output=True, stdin=subprocess.DEVNULL)
    text = (shown.stdout or shown.stderr).strip().splitlines()
    return text[0].strip() if text else "?"
