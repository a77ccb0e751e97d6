"""Where plaintext or a secret key lies that should not: every byte below a folder is looked at.

Content that was compressed and not encrypted is found, too: the markers stand between
bytes that do not compress, so that the first of each block stays as it is.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from .place import MARKER

MARKED = (MARKER,)
# Identities of every kind; a package key that was written out would be one of the first kind.
SECRET = (b"AGE-SECRET-KEY-", b"age-secret-key-", b"AGE-PLUGIN-", b"PRIVATE KEY-----")


def places(root: Path, except_for: Iterable[Path], what: Sequence[bytes] = MARKED) -> list[Path]:
    """The files below `root` that hold plaintext, or one of `what`, but for those below `except_for`."""
    allowed = {os.fspath(path) for path in except_for}
    found: list[Path] = []
    # os.walk follows no links, and says nothing of what vanishes meanwhile.
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in allowed]
        for name in files:
            path = os.path.join(folder, name)
            if path not in allowed and not os.path.islink(path) and holds(path, what):
                found.append(Path(path))
    return found


def holds(path: str, what: Sequence[bytes]) -> bool:
    """Whether a regular file has one of these in it, wherever."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        data = file.read()
    return any(one in data for one in what)
