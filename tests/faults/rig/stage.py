"""A place whose written side lies on a disk of its own, which can be had anew at any time.

The disk is made and filled once, as an image; every fault begins with a copy of that image, and the folders
that lie elsewhere are brought back, too.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from . import device
from .judge import Judge
from .place import Place, copy_tree, empty

ON_DISK = ("to", "state", "tmp")
"""What can lie on the disk: where results go, the ledger and what hosts remember, temporary files."""


class Stage:
    """One place, of which `on_disk` lies on a file system of that kind."""

    def __init__(self, root: Path, exeat: Path, on_disk: tuple[str, ...], kind: str, options: str) -> None:
        self.root, self.on_disk, self.kind, self.options = root, on_disk, kind, options
        # Apart from the images, in which everything lies in the clear.
        inside = root / "place"
        self.disk = inside / "disk"
        self.disk.mkdir(parents=True)
        self.image = root / "prepared.img"
        folders = {name: (self.disk if name in on_disk else inside) / name for name in ON_DISK}
        self.place = Place(inside, exeat, folders["to"], folders["state"])
        self.place.environment |= {"EXEAT_REAL": str(exeat), "EXEAT_SCRATCH": str(self.place.scratch)}
        self.place.environment["TMPDIR"] = str(folders["tmp"])
        self.folders = folders

    def prepare(self, size: int, *options: str) -> None:
        """Makes the image, and all that the place has before a fault."""
        device.make(self.image, self.kind, size, *options)
        with device.mounted(self.image, self.disk, self.kind, self.options):
            for folder in self.folders.values():
                folder.mkdir(exist_ok=True)
            self.place.prepare()
            self.judge = Judge(self.place)

    def reset(self) -> Path:
        """A new copy of the image; what lies elsewhere is as it was."""
        copy = self.root / "disk.img"
        shutil.copyfile(self.image, copy)
        self.bring_back(self.place.kept)
        self.judge.was_killed = False
        return copy

    def keep(self, folder: Path) -> None:
        """Keeps what lies elsewhere, as it is now."""
        for name in self.elsewhere():
            shutil.rmtree(folder / name, ignore_errors=True)
            copy_tree(self.folders[name], folder / name)

    def bring_back(self, folder: Path) -> None:
        """Makes what lies elsewhere as it was when it was kept."""
        for name in self.elsewhere():
            empty(self.folders[name])
            copy_tree(folder / name, self.folders[name])
        empty(self.place.scratch)
        if "tmp" not in self.on_disk:
            empty(self.folders["tmp"])

    def elsewhere(self) -> list[str]:
        """What of that which lasts is not on the disk."""
        return [name for name in ("to", "state") if name not in self.on_disk]

    @contextmanager
    def mounted(self, image: Path) -> Iterator[None]:
        """An image in its place."""
        with device.mounted(image, self.disk, self.kind, self.options):
            yield
