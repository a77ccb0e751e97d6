"""Files in memory, and on the disk."""

from pathlib import Path

# Path within a folder to content.
Files = dict[str, bytes]


def write(files: Files, folder: Path) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def beneath(folder: str, files: Files) -> Files:
    """The same files, a folder deeper."""
    return {f"{folder}/{name}": content for name, content in files.items()}
