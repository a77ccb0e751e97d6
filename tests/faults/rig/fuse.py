"""A disk that remembers: one file, served through FUSE, that writes down every write and every flush.

A loop device over that file is a disk of which it is known what had been written, in which order, and what
had been flushed when; so that `images` can make the disks that a power failure might have left. Two loop devices
over parts of it are two disks with one clock: whoever opens the file has a number of their own in the record.

It speaks the kernel's protocol itself (linux/fuse.h), with the standard library alone. A binding would need
libfuse on every machine and would still be the smaller half of this: one file has a dozen operations. What
matters here is under our hand, too: no page cache (FOPEN_DIRECT_IO) and no write-back cache between the loop
device and the record, and one thread, so that the record has the order in which the disk took things in.

    python3 fuse.py FD SOCKET NAMESPACE IMAGE RECORD

is the serving process; `device.Recorded` starts it. It is a process of its own because whoever waits for the
disk must not be the one who has to answer, and it lives outside of the mount namespace of its user, so that it
still answers while the kernel takes that down.
"""

import ctypes
import errno
import mmap
import os
import select
import signal
import socket
import struct
import sys

# Operations, linux/fuse.h.
FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE = 2, 3, 4, 14, 15, 16, 17, 18
FSYNC, FLUSH, INIT, ACCESS, INTERRUPT, DESTROY, BATCH_FORGET = 20, 25, 26, 34, 36, 38, 42

HEADER = struct.Struct("<IIQQIIII")
"""length, operation, unique, node, uid, gid, pid, padding"""

BIG_WRITES, MAX_PAGES = 1 << 5, 1 << 22
DIRECT_IO = 1
LARGEST = 1 << 20
"""The most that one write brings."""

# What the record consists of: the kind, by whom, where, how long, and then the bytes.
ENTRY = struct.Struct("<BBQI")
KIND_WRITE, KIND_FLUSH, KIND_MARK = 1, 2, 3


class Disk:
    """The file itself: its content, and the record of what was done to it."""

    def __init__(self, image: str, record: str) -> None:
        file = os.open(image, os.O_RDWR)
        self.size = os.fstat(file).st_size
        self.content = mmap.mmap(file, self.size)
        os.close(file)
        self.record = open(record, "wb", buffering=0)
        self.opened = 0

    def note(self, kind: int, by: int, at: int, data: bytes) -> None:
        """Adds to the record."""
        self.record.write(ENTRY.pack(kind, by, at, len(data)) + data)

    def answer(self, operation: int, body: memoryview) -> bytes | int | None:
        """What the kernel is told: bytes, the number of an error, or nothing at all."""
        if operation == READ:
            _, at, length = struct.unpack_from("<QQI", body)
            return self.content[at : at + length]
        if operation == WRITE:
            by, at, length = struct.unpack_from("<QQI", body)
            data = bytes(body[40 : 40 + length])
            if at + length > self.size:
                return errno.ENOSPC
            self.content[at : at + length] = data
            self.note(KIND_WRITE, by, at, data)
            return struct.pack("<II", length, 0)
        if operation == FSYNC:
            self.note(KIND_FLUSH, struct.unpack_from("<Q", body)[0], 0, b"")
            return b""
        if operation in (GETATTR, SETATTR):
            return struct.pack("<QII", 3600, 0, 0) + self.attributes()
        if operation == OPEN:
            self.opened += 1
            return struct.pack("<QII", self.opened - 1, DIRECT_IO, 0)
        if operation == INIT:
            return self.greeting(body)
        if operation == STATFS:
            return struct.pack("<QQQQQIII28x", 0, 0, 0, 0, 0, 512, 255, 512)
        if operation in (RELEASE, FLUSH, ACCESS, DESTROY):
            return b""
        if operation in (FORGET, BATCH_FORGET, INTERRUPT):
            return None
        return errno.ENOSYS

    def attributes(self) -> bytes:
        """A regular file of root's."""
        return struct.pack(
            "<QQQQQQIIIIIIIIII",
            1,
            self.size,
            self.size // 512,
            *([0] * 6),
            0o100600,
            1,
            0,
            0,
            0,
            512,
            0,
        )

    def greeting(self, body: memoryview) -> bytes:
        """The version of 2018, which every kernel of today still speaks; no cache of any kind."""
        _, _, ahead, offered = struct.unpack_from("<IIII", body)
        flags = offered & (BIG_WRITES | MAX_PAGES)
        return struct.pack(
            "<IIIIHHIIHH32x", 7, 31, ahead, flags, 16, 12, LARGEST, 1, LARGEST // 4096, 0
        )


def serve(fuse: int, control: socket.socket, disk: Disk) -> None:
    """Answers the kernel until the mount is gone; puts the marks that come by `control` into the record."""
    listening: list[int | socket.socket] = [fuse, control]
    buffer = bytearray(LARGEST + 4096)
    while True:
        ready, _, _ = select.select(listening, [], [])
        if control in ready:
            label = control.recv(4096)
            if label:
                disk.note(KIND_MARK, 0, 0, label)
                control.send(b"noted")
            else:
                # Nobody is left who asks; the kernel may still be taking down what was mounted.
                listening.remove(control)
                signal.alarm(60)
        if fuse in ready and not one(fuse, buffer, disk):
            return


def one(fuse: int, buffer: bytearray, disk: Disk) -> bool:
    """Answers one request; says whether there is still a mount."""
    try:
        count = os.readv(fuse, [buffer])
        length, operation, unique, *_ = HEADER.unpack_from(buffer)
        answer = disk.answer(operation, memoryview(buffer)[HEADER.size : min(count, length)])
        if answer is None:
            return True
        error, data = (-answer, b"") if isinstance(answer, int) else (0, answer)
        os.write(fuse, struct.pack("<IiQ", 16 + len(data), error, unique) + data)
    except OSError as error:
        if error.errno == errno.ENODEV:
            return False
        # The one who asked has been interrupted, and does not wait any more.
        if error.errno not in (errno.ENOENT, errno.EINTR, errno.EAGAIN):
            raise
    return True


def main() -> None:
    """See above."""
    fuse, control, namespace = (int(word) for word in sys.argv[1:4])
    if ctypes.CDLL(None, use_errno=True).setns(namespace, 0):
        sys.exit(os.strerror(ctypes.get_errno()))
    os.close(namespace)
    # Ctrl-C is for the one who uses the disk: it takes the mounts down, and they need an answer.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(fuse, socket.socket(fileno=control), Disk(*sys.argv[4:6]))


if __name__ == "__main__":
    main()
