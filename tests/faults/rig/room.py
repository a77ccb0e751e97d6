"""Takes the room of a file system away until exactly so much of it is left."""

import errno
import os
import subprocess
from pathlib import Path

NAME = "ballast"
PAGE = 4096


class Ballast:
    """Files that are of no use but to fill the disk they lie on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / NAME
        self.folder.mkdir()
        self.block = os.statvfs(root).f_frsize

    def free(self) -> int:
        """How many blocks programs can still have."""
        return os.statvfs(self.root).f_bavail

    def leave_blocks(self, wanted: int) -> None:
        """Leaves so many blocks. What a big file needs beside its content shows only when it is there."""
        file = os.open(self.folder / "big", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = 0
            for _ in range(64):
                much = self.free() - wanted
                if much == 0:
                    break
                size = max(0, size + much * self.block)
                self.resize(file, size)
            # What is not on the disk yet is settled only when it is.
            os.fsync(file)
        finally:
            os.close(file)
        if self.free() != wanted:
            raise OSError(errno.EIO, f"{self.free()} blocks are free, where {wanted} should be")

    @staticmethod
    def resize(file: int, size: int) -> None:
        """Makes the file so long, with all its blocks, or as long as it can be."""
        os.ftruncate(file, min(size, os.fstat(file).st_size))
        try:
            if size:
                os.posix_fallocate(file, 0, size)
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise

    def leave_inodes(self, wanted: int) -> None:
        """Leaves so many files that can be made."""
        for number in range(os.statvfs(self.root).f_favail - wanted):
            os.close(
                os.open(self.folder / str(number), os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            )

    def remove(self) -> None:
        """Gives everything back."""
        for item in self.folder.iterdir():
            item.unlink()
        self.folder.rmdir()


class Quota:
    """How much of a btrfs file system its top folder may take."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def btrfs(self, *words: str) -> str:
        """Has the file system's own program do something."""
        ran = subprocess.run(["btrfs", *words, self.root], capture_output=True, text=True)
        if ran.returncode:
            raise OSError(errno.EIO, f"btrfs {' '.join(words)}: {ran.stderr}")
        return ran.stdout

    def begin(self) -> None:
        """Has it counted from now on; for a new file system, once."""
        self.btrfs("quota", "enable")
        self.btrfs("quota", "rescan", "-w")

    def taken(self) -> int:
        """How many bytes are taken, of what has got to the disk."""
        lines = self.btrfs("qgroup", "show", "--raw", "-r").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("0/5"))

    def leave(self, pages: int) -> None:
        """Leaves so many times 4 KiB."""
        self.btrfs("qgroup", "limit", str(self.taken() + pages * PAGE), "0/5")

    def remove(self) -> None:
        """Gives everything back. Another limit would itself be over the limit."""
        self.btrfs("quota", "disable")
