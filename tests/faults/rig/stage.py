"""A place whose written side lies on disks of its own, which can be had anew at any time.

The disks are made and filled once, as an image; every fault begins with a copy of that image, and the folders
that lie elsewhere are brought back, too.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import device
from .judge import Judge
from .place import Place, copy_tree, empty

Layout = tuple[tuple[str, ...], ...]
"""What lies on which disk: `to`, where results go; `state`, the ledger and what hosts remember; `tmp`."""


class Stage:
    """One place, with disks of the same kind and size."""

    def __init__(
        self, root: Path, exeat: Path, layout: Layout, kind: str, size: int, options: str = ""
    ) -> None:
        self.root, self.kind, self.size, self.options = root, kind, size, options
        # Apart from the images, in which everything lies in the clear.
        inside = root / "place"
        self.disks = [inside / f"disk-{number}" for number, _ in enumerate(layout, 1)]
        self.parts = {disk: (number * size, size) for number, disk in enumerate(self.disks)}
        for disk in self.disks:
            disk.mkdir(parents=True)
        self.image = root / "prepared.img"
        self.folders = {name: inside / name for name in ("to", "state", "tmp")}
        for disk, names in zip(self.disks, layout):
            self.folders |= {name: disk / name for name in names}
        on_disk = {name for names in layout for name in names}
        self.elsewhere = [name for name in ("to", "state") if name not in on_disk]
        self.place = Place(inside, exeat, self.folders["to"], self.folders["state"])
        self.place.environment |= {
            "EXEAT_REAL": str(exeat),
            "EXEAT_SCRATCH": str(self.place.scratch),
        }
        self.place.environment["TMPDIR"] = str(self.folders["tmp"])

    def prepare(self, *options: str) -> None:
        """Makes the image, and all that the place has before a fault."""
        with open(self.image, "wb") as file:
            file.truncate(self.size * len(self.disks))
        for part in self.parts.values():
            device.make(self.image, self.kind, part, *options)
        with self.mounted(self.image):
            for folder in self.folders.values():
                folder.mkdir(exist_ok=True)
            self.place.prepare()
            self.judge = Judge(self.place)

    def reset(self) -> Path:
        """A new copy of the image; what lies elsewhere is as it was."""
        copy = self.root / "disk.img"
        shutil.copyfile(self.image, copy)
        self.bring_back(self.place.kept)
        self.judge.begin()
        return copy

    def keep(self, folder: Path) -> None:
        """Keeps what lies elsewhere, as it is now."""
        for name in self.elsewhere:
            shutil.rmtree(folder / name, ignore_errors=True)
            copy_tree(self.folders[name], folder / name)

    def bring_back(self, folder: Path) -> None:
        """Makes what lies elsewhere as it was when it was kept."""
        for name in self.elsewhere:
            empty(self.folders[name])
            copy_tree(folder / name, self.folders[name])
        empty(self.place.scratch)
        if self.folders["tmp"].parent == self.place.root:
            empty(self.folders["tmp"])

    @contextmanager
    def mounted(self, image: Path) -> Iterator[None]:
        """The disks of an image, in their places."""
        with device.mounted(image, self.parts, self.kind, self.options):
            yield
