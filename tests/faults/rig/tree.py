"""What a tree of files holds, and whether another one holds the same."""

import os
import re
from pathlib import Path

from .place import MARKER

Picture = dict[str, tuple[str, bytes]]

NUMBER = re.compile(re.escape(MARKER) + rb" \d+\n")


def picture(root: Path) -> Picture:
    """For each path below `root` its kind and content; the number of the night stands for all."""
    seen: Picture = {}
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            below = os.path.relpath(path, root)
            if os.path.islink(path):
                seen[below] = ("link", os.fsencode(os.readlink(path)))
            elif os.path.isdir(path):
                seen[below] = ("folder", b"")
            else:
                with open(path, "rb") as file:
                    content = file.read()
                is_number = name == "number" and NUMBER.fullmatch(content)
                seen[below] = ("file", b"the number" if is_number else content)
    return seen


def differences(expected: Picture, found: Picture) -> list[str]:
    """What is missing, too much, or another; in words."""
    said = [f"{path} is missing" for path in expected.keys() - found.keys()]
    said += [f"{path} is too much" for path in found.keys() - expected.keys()]
    both = expected.keys() & found.keys()
    said += [f"{path} has another content" for path in both if expected[path] != found[path]]
    return sorted(said)
