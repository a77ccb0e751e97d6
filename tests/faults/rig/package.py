"""Packages, looked at without exeat: are all members there that the manifest names?"""

import hashlib
import json
import tarfile
from pathlib import Path
from typing import Any

REQUIRED = ("README.txt", "SHA256SUMS", "inventory.age", "key.age", "manifest.json", "manifest.json.sig")


class Package:
    """The members of a package that looks finished, by its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.faults: list[str] = []
        self.members = self.read()
        self.manifest = self.parse()

    def read(self) -> dict[str, bytes]:
        if self.path.is_dir():
            return {item.name: item.read_bytes() for item in self.path.iterdir()}
        try:
            with tarfile.open(self.path) as archive:
                files = ((one.name, archive.extractfile(one)) for one in archive)
                return {name: file.read() for name, file in files if file is not None}
        except (tarfile.TarError, OSError) as error:
            self.faults.append(f"is no archive: {error}")
            return {}

    def parse(self) -> dict[str, Any]:
        missing = [name for name in REQUIRED if name not in self.members]
        if missing:
            self.faults.append(f"has no {', '.join(missing)}")
        try:
            manifest: dict[str, Any] = json.loads(self.members.get("manifest.json", b""))
        except ValueError:
            self.faults.append("has no manifest that can be read")
            return {}
        self.compare(manifest)
        return manifest

    def compare(self, manifest: dict[str, Any]) -> None:
        """Holds every member against what was signed."""
        named = {one["name"]: one for one in manifest["payload"]["volumes"]}
        named["inventory.age"] = manifest["inventory"]
        named["README.txt"] = manifest["readme"]
        named["SHA256SUMS"] = manifest["sums"]
        for name, said in named.items():
            data = self.members.get(name)
            if data is None:
                self.faults.append(f"has no {name}")
            elif hashlib.sha256(data).hexdigest() != said["sha256"]:
                self.faults.append(f"{name} is not what was signed ({len(data)} bytes)")
        envelope = self.members.get("key.age", b"")
        if hashlib.sha256(envelope).hexdigest() != manifest["key"]["envelope_sha256"]:
            self.faults.append("key.age is not what was signed")

    @property
    def id(self) -> str | None:
        return self.manifest.get("id")

    @property
    def bases(self) -> list[str]:
        """The packages that this one needs."""
        series = self.manifest.get("series") or {}
        return list(series.get("base", []))

    @property
    def sequence(self) -> int:
        """Which night of its chain it is."""
        series = self.manifest.get("series") or {}
        return int(series.get("sequence", 0))

    def digest(self) -> str:
        """Stands for everything in it: what was judged once need not be judged again."""
        whole = hashlib.sha256()
        for name in sorted(self.members):
            whole.update(name.encode() + hashlib.sha256(self.members[name]).digest())
        return whole.hexdigest()


def looks_finished(path: Path) -> bool:
    """Whether whoever finds it takes it for a package: by its name alone."""
    return not path.name.startswith(".") and path.name.endswith((".exeat", ".exeat.tar"))


def finished(folder: Path) -> list[Path]:
    """What looks like a finished package below a folder."""
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and looks_finished(path):
            found.append(path)
    return found
