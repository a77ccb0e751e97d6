"""Where plaintext lies that should not: every byte below a folder is looked at."""

import os
from collections.abc import Iterable
from pathlib import Path

from .place import MARKER


def places(root: Path, except_for: Iterable[Path]) -> list[Path]:
    """The files below `root` that hold plaintext, but for those below `except_for`."""
    allowed = {os.fspath(path) for path in except_for}
    found: list[Path] = []
    # os.walk follows no links, and says nothing of what vanishes meanwhile.
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if os.path.join(folder, name) not in allowed]
        for name in files:
            path = os.path.join(folder, name)
            if path not in allowed and not os.path.islink(path) and holds(path):
                found.append(Path(path))
    return found


def holds(path: str) -> bool:
    """Whether a regular file has the marker in it, wherever."""
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return MARKER in file.read()
