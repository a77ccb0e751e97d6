#!/usr/bin/env python3
"""Packs a package with other programs, in every way that a package must not be packed.

Takes the folder of a genuine package and writes a file for each way into another
folder; with a recipient and the package key, envelopes too, by the real age.

    tests/hostile/foreign.py out/p.exeat made --recipient age1… --key AGE-SECRET-KEY-1…
"""

import argparse
import gzip
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

Member = tuple[tarfile.TarInfo, bytes]


def run(*words: str | Path, cwd: Path | None = None, stdin: bytes = b"") -> bytes:
    """Runs a program that has to succeed; its output."""
    done = subprocess.run(words, cwd=cwd, input=stdin, check=True, stdout=subprocess.PIPE)
    return done.stdout


def members(package: Path) -> list[Member]:
    """The members of the package, as tarfile has them."""
    found = []
    for path in sorted(package.iterdir()):
        data = path.read_bytes()
        info = tarfile.TarInfo(path.name)
        info.size = len(data)
        found.append((info, data))
    return found


def tar(target: Path, items: list[Member], mode: str = "w", **options: object) -> None:
    """An archive of these, by tarfile."""
    with tarfile.open(target, mode, **options) as archive:
        for info, data in items:
            archive.addfile(info, io.BytesIO(data))


def extra(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> Member:
    """One more member, of nothing."""
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info, b""


def by_python(package: Path, to: Path) -> None:
    """What Python's own libraries make."""
    for name, how in (("python-zip", zipfile.ZIP_DEFLATED), ("python-zip-stored", zipfile.ZIP_STORED)):
        with zipfile.ZipFile(to / f"{name}.exeat.tar", "w", how) as archive:
            for path in sorted(package.iterdir()):
                archive.write(path, path.name)
    for how in ("gz", "xz", "bz2"):
        tar(to / f"python-tar-{how}.exeat.tar", members(package), f"w:{how}")
    items = members(package)
    items[-1][0].pax_headers = {"comment": "more"}
    tar(to / "python-tar-pax-comment.exeat.tar", items, format=tarfile.PAX_FORMAT)
    tar(
        to / "python-tar-pax-global.exeat.tar",
        members(package),
        format=tarfile.PAX_FORMAT,
        pax_headers={"comment": "more"},
    )
    items = members(package)
    items[0][0].mtime = 1.5
    tar(to / "python-tar-pax-float-mtime.exeat.tar", items, format=tarfile.PAX_FORMAT)
    items = members(package) + [extra("volume-" + "0" * 150 + "1.age")]
    tar(to / "python-tar-gnu-long-name.exeat.tar", items, format=tarfile.GNU_FORMAT)
    more: dict[str, Member] = {
        "hard-link": extra("key-2.age", tarfile.LNKTYPE, "key.age"),
        "fifo": extra("key-2.age", tarfile.FIFOTYPE),
        "device": extra("key-2.age", tarfile.CHRTYPE),
        "duplicate": members(package)[0],
        "traversal": extra("../../outside"),
    }
    for name, item in more.items():
        tar(to / f"python-tar-{name}.exeat.tar", members(package) + [item])


def by_gnu_tar(package: Path, to: Path, scratch: Path) -> None:
    """What GNU tar makes."""
    names = sorted(os.listdir(package))
    flat = ["-C", str(package), *names]
    run("tar", "-cf", to / "gnu-tar-folder.exeat.tar", "-C", package.parent, package.name)
    run("tar", "-cf", to / "gnu-tar-dot.exeat.tar", "-C", package, ".")
    run("tar", "-cf", to / "gnu-tar-label.exeat.tar", "-V", "backup", *flat)
    run(
        "tar", "-cf", to / "gnu-tar-incremental.exeat.tar", "-g", scratch / "snapshot",
        "-C", package.parent, package.name,
    )
    sparse = scratch / "sparse"
    shutil.copytree(package, sparse)
    with open(sparse / "key-2.age", "wb") as file:
        file.truncate(1 << 20)
        file.seek(1 << 19)
        file.write(b"x")
    sparse_names = sorted(os.listdir(sparse))
    run("tar", "-S", "--format=gnu", "-cf", to / "gnu-tar-sparse.exeat.tar", "-C", sparse, *sparse_names)
    run("tar", "-S", "--format=pax", "-cf", to / "gnu-tar-pax-sparse.exeat.tar", "-C", sparse, *sparse_names)
    first = to / "gnu-tar-multi-volume.exeat.tar"
    # Of ten kibibytes each, in files of which the first is kept.
    big = scratch / "big"
    shutil.copytree(package, big)
    with open(big / "volume-00001.age", "ab") as file:
        file.write(os.urandom(40_000))
    rest = [flag for number in range(9) for flag in ("-f", str(scratch / f"rest-{number}"))]
    run("tar", "-cM", "-L", "10", "-f", first, *rest, "-C", big, *sorted(os.listdir(big)))
    one, two = scratch / "one.tar", scratch / "two.tar"
    for path in (one, two):
        run("tar", "-cf", path, *flat)
    run("tar", "-Af", one, two)
    shutil.copy(one, to / "gnu-tar-concatenated.exeat.tar")
    (scratch / "key-2.age").symlink_to("/etc/passwd")
    run("tar", "-rf", two, "-C", scratch, "key-2.age")
    shutil.copy(two, to / "gnu-tar-appended-link.exeat.tar")
    write_cpio(package, to / "gnu-cpio.exeat.tar")


def write_cpio(package: Path, target: Path) -> None:
    """A cpio archive in the new ASCII format; the program is seldom installed."""
    out = bytearray()
    entries = [(path.name, path.read_bytes()) for path in sorted(package.iterdir())]
    for name, data in [*entries, ("TRAILER!!!", b"")]:
        encoded = name.encode() + b"\0"
        fields = [0, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0]
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + encoded
        out += b"\0" * (-len(out) % 4) + data
        out += b"\0" * (-len(out) % 4)
    target.write_bytes(out)


def by_others(package: Path, to: Path, scratch: Path, recipient: str) -> None:
    """What is no tar at all, or a tar inside of something else."""
    plain = scratch / "plain.tar"
    tar(plain, members(package), format=tarfile.USTAR_FORMAT)
    data = plain.read_bytes()
    names = sorted(os.listdir(package))
    run("zip", "-q", to / "zip.exeat.tar.zip", *names, cwd=package)
    os.rename(to / "zip.exeat.tar.zip", to / "zip.exeat.tar")
    sevenzip(package, to / "7z.exeat.tar", names)
    (to / "zstd.exeat.tar").write_bytes(run("zstd", "-q", "-c", stdin=data))
    (to / "age.exeat.tar").write_bytes(run("age", "-r", recipient, stdin=data))
    (to / "age-armoured.exeat.tar").write_bytes(run("age", "-a", "-r", recipient, stdin=data))
    archive = b"!<arch>\n"
    for info, member in members(package):
        archive += f"{info.name[:15] + '/':16}0           0     0     100644  {len(member):<10}`\n".encode()
        archive += member + b"\n" * (len(member) % 2)
    (to / "ar.exeat.tar").write_bytes(archive)
    (to / "pdf.exeat.tar").write_bytes(b"%PDF-1.7\n" + data)
    (to / "shell.exeat.tar").write_bytes(b"#!/bin/sh\nexec tar -xf \"$0\"\n" + data)
    (to / "iso.exeat.tar").write_bytes(b"\0" * 32_768 + b"\x01CD001\x01\0" + b"\0" * 2040)


def sevenzip(package: Path, target: Path, names: list[str]) -> None:
    """By 7-Zip where it is installed; the beginning of such a file where it is not."""
    program = shutil.which("7zz") or shutil.which("7z")
    if program is None:
        target.write_bytes(b"7z\xbc\xaf\x27\x1c\0\x04" + gzip.compress(b"x" * 500))
        return
    run(program, "a", "-t7z", "-bso0", "-bsp0", target.resolve(), *names, cwd=package)


def envelopes(to: Path, recipient: str, key: str) -> None:
    """Envelopes that hold, or are, something else."""

    def age(*options: str) -> Callable[[bytes], bytes]:
        return lambda data: run("age", *options, "-r", recipient, stdin=data)

    line = key.encode() + b"\n"
    (to / "age-armour.age").write_bytes(age("-a")(line))
    (to / "age-two-keys.age").write_bytes(age()(line + line))
    (to / "age-identity-file.age").write_bytes(age()(b"# created: 2026-11-29\n" + line))
    (to / "age-of-age.age").write_bytes(age()(age()(line)))
    stranger = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"
    (to / "age-stranger.age").write_bytes(run("age", "-r", stranger, stdin=line))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, help="the folder of a genuine package")
    parser.add_argument("to", type=Path, help="a new folder for what is made")
    parser.add_argument("--recipient", required=True, help="for whom envelopes are made")
    parser.add_argument("--key", required=True, help="the package key, which they hold")
    args = parser.parse_args()
    args.package, args.to = args.package.resolve(), args.to.resolve()
    args.to.mkdir()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        by_python(args.package, args.to)
        by_gnu_tar(args.package, args.to, scratch)
        by_others(args.package, args.to, scratch, args.recipient)
        envelopes(args.to, args.recipient, args.key)


if __name__ == "__main__":
    main()
