"""File systems of one's own: an image, a loop device over it, a mount.

They are seen by nobody else and cannot be left behind: the process moves into a mount namespace of its own
(`alone`), and its loop devices are of the kind that goes when the last user goes. However it ends, by Ctrl-C,
by an exception or by kill -9, the kernel takes down what is left.
"""

import ctypes
import errno
import fcntl
import os
import shutil
import socket
import stat
import struct
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)

# linux/loop.h, linux/sched.h, linux/mount.h
LOOP_CONFIGURE, LOOP_CTL_GET_FREE = 0x4C0A, 0x4C82
LO_AUTOCLEAR = 4
CLONE_NEWNS = 0x20000
MS_NOATIME, MS_REC, MS_PRIVATE = 1024, 16384, 1 << 18
MNT_DETACH = 2

Part = tuple[int, int]
"""Where a part of a file begins, and how long it is; 0: to the end."""
WHOLE: Part = (0, 0)

NAMESPACE = os.open("/proc/self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
"""Where the process came from."""


class Missing(Exception):
    """This machine cannot have file systems of one's own; why."""


def need(*programs: str, kinds: Iterable[str] = (), fuse: bool = False) -> None:
    """Raises `Missing` where something is: a program, a kind of file system in the kernel, FUSE."""
    if os.geteuid() != 0:
        raise Missing("only root can mount file systems")
    if not os.path.exists("/dev/loop-control"):
        raise Missing("there is no /dev/loop-control")
    if fuse and not os.path.exists("/dev/fuse"):
        raise Missing("there is no /dev/fuse")
    for program in [*programs, *(f"mkfs.{kind}" for kind in kinds)]:
        if not shutil.which(program):
            raise Missing(f"{program} is not installed")
    for kind in kinds:
        if not is_known(kind):
            raise Missing(f"the kernel has no {kind}")


def is_known(kind: str) -> bool:
    """Whether the kernel has a kind of file system, or can load what it needs for it."""

    def is_there() -> bool:
        return kind in Path("/proc/filesystems").read_text().split()

    if is_there():
        return True
    modprobe = shutil.which("modprobe", path=f"{os.environ.get('PATH', '')}:/sbin:/usr/sbin")
    if modprobe:
        subprocess.run([modprobe, "--quiet", kind], capture_output=True, stdin=subprocess.DEVNULL)
    return is_there()


@contextmanager
def permitted(what: str) -> Iterator[None]:
    """In a container, root may not be allowed to do this: then it cannot be tried."""
    try:
        yield
    except PermissionError as error:
        raise Missing(f"this root may not have {what}: {error}") from error


def or_skipped(run: Callable[[], int]) -> Callable[[], int]:
    """The same, but where something is missing it says so; that is a failure in CI alone."""

    def attempt() -> int:
        try:
            return run()
        except Missing as error:
            return skipped(str(error))

    return attempt


def skipped(why: str) -> int:
    """Says that something was not tried; how to end if it was all."""
    print(f"SKIPPED: {Path(sys.argv[0]).name}: {why}", file=sys.stderr)
    return 1 if os.environ.get("CI") == "true" else 0


def alone() -> None:
    """Moves this process, and all that it will start, into a mount namespace of its own."""
    with permitted("a mount namespace of its own"):
        check(LIBC.unshare(CLONE_NEWNS), "unshare")
        mount_call(b"none", "/", None, MS_REC | MS_PRIVATE, b"")


def check(result: int, what: str) -> None:
    """Raises what the C library says."""
    if result:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)


def mount_call(
    source: bytes, target: Path | str, kind: str | None, flags: int, options: bytes
) -> None:
    """mount(2)"""
    name = kind.encode() if kind else None
    check(
        LIBC.mount(source, os.fsencode(target), name, ctypes.c_ulong(flags), options), str(target)
    )


def loop(file: int, part: Part) -> tuple[str, int]:
    """A loop device over an open file, which goes with its last user: its path, and a descriptor that holds it."""
    info = struct.pack(
        "<QQQQQIIII64s64s32sQQ", 0, 0, 0, *part, 0, 0, 0, LO_AUTOCLEAR, b"", b"", b"", 0, 0
    )
    config = struct.pack("<II", file, 0) + info + bytes(64)
    control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    try:
        for _ in range(100):
            number = fcntl.ioctl(control, LOOP_CTL_GET_FREE)
            path = f"/dev/loop{number}"
            if not os.path.exists(path):
                # Where no udev or devtmpfs makes them, as in a container.
                os.mknod(path, 0o600 | stat.S_IFBLK, os.makedev(7, number))
            device = os.open(path, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(device, LOOP_CONFIGURE, config)
                return path, device
            except OSError as error:
                os.close(device)
                # Another process was quicker.
                if error.errno != errno.EBUSY:
                    raise
        raise Missing("no loop device is free")
    finally:
        os.close(control)


def make(image: Path, kind: str, part: Part, *options: str) -> None:
    """Makes a file system in a part of a file."""
    with device(image, part) as path:
        on_device(f"mkfs.{kind}", *options, path)


def on_device(*words: str, well: tuple[int, ...] = (0,)) -> None:
    """Runs a program that has to succeed."""
    ran = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if ran.returncode not in well:
        raise OSError(f"{' '.join(words)}: {ran.stdout}{ran.stderr}")


@contextmanager
def device(image: Path, part: Part) -> Iterator[str]:
    """A part of a file as a device, for a while."""
    file = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        with permitted("loop devices"):
            path, held = loop(file, part)
    finally:
        os.close(file)
    try:
        yield path
    finally:
        os.close(held)


def attach(image: Path, target: Path, kind: str, options: str = "", part: Part = WHOLE) -> None:
    """Mounts an image, or a part of it."""
    with device(image, part) as path:
        with permitted("mounts"):
            mount_call(path.encode(), target, kind, MS_NOATIME, options.encode())


def sync(target: Path) -> None:
    """Brings everything on one file system to its disk."""
    folder = os.open(target, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        check(LIBC.syncfs(folder), str(target))
    finally:
        os.close(folder)


def detach(target: Path, *, lazily: bool = False) -> None:
    """Unmounts."""
    check(LIBC.umount2(os.fsencode(target), MNT_DETACH if lazily else 0), str(target))


@contextmanager
def mounted(image: Path, parts: dict[Path, Part], kind: str, options: str) -> Iterator[None]:
    """Parts of an image that are mounted for a while, each in its folder."""
    done: list[Path] = []
    try:
        for target, part in parts.items():
            attach(image, target, kind, options, part)
            done.append(target)
        yield
    finally:
        for target in done:
            detach(target, lazily=sys.exc_info()[0] is not None)


class Recorded:
    """File systems on a disk that remembers (`fuse`), one in each part of it, each with its folder.

    `image` is changed, `record` has how; who is who in it is the order of `parts`.
    """

    def __init__(
        self, image: Path, record: Path, parts: dict[Path, Part], kind: str, options: str = ""
    ) -> None:
        self.targets: list[Path] = []
        self.disk = image.with_name(image.name + ".disk")
        self.disk.touch()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fuse = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        with theirs:
            try:
                options_of_disk = f"fd={fuse},rootmode=100000,user_id=0,group_id=0".encode()
                with permitted("FUSE"):
                    mount_call(b"exeat-faults", self.disk, "fuse", 0, options_of_disk)
                self.server = self.start(fuse, theirs.fileno(), image, record)
            finally:
                os.close(fuse)
        self.control = ours
        try:
            for target, part in parts.items():
                attach(self.disk, target, kind, options, part)
                self.targets.append(target)
        except BaseException:
            self.end()
            raise

    @staticmethod
    def start(fuse: int, control: int, image: Path, record: Path) -> subprocess.Popen[bytes]:
        """The process that is the disk."""
        serving = Path(__file__).with_name("fuse.py")
        words = [sys.executable, str(serving), str(fuse), str(control), str(NAMESPACE), str(image), str(record)]
        return subprocess.Popen(
            words, pass_fds=(fuse, control, NAMESPACE), stdin=subprocess.DEVNULL
        )

    def mark(self, label: str) -> None:
        """Puts a label into the record, at this moment."""
        self.control.send(label.encode())
        if self.control.recv(16) != b"noted":
            raise OSError("the recording disk has ended")

    def end(self) -> None:
        """Unmounts and waits until everything is written down."""
        for target in self.targets:
            detach(target, lazily=sys.exc_info()[0] is not None)
        # The loop devices let go of the file a moment after the last user has gone.
        detach(self.disk, lazily=True)
        self.control.close()
        self.server.wait(timeout=60)
        self.disk.unlink()
