"""What was put to the test: figures are worth something only for a program that is named."""

import hashlib
import subprocess
from pathlib import Path

from .place import binary, repository


def tested(given: str | None) -> dict[str, str]:
    """The binary's digest and version, and the revision of the checkout with the harness, if it is one."""
    path = binary(given)
    return {
        "binary": hashlib.sha256(path.read_bytes()).hexdigest()[:12],
        "version": said_by([str(path), "--version"]) or "unknown",
        "revision": said_by(["git", "describe", "--always", "--dirty"], repository()) or "no checkout",
    }


def said_by(words: list[str], folder: Path | None = None) -> str | None:
    """The one line that a program says; None where there is none, or it fails."""
    try:
        ran = subprocess.run(words, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return ran.stdout.strip() if ran.returncode == 0 else None


def line(what: dict[str, str]) -> str:
    """For people, behind the figures."""
    return f"tested: {what['version']}, SHA-256 {what['binary']}…, harness at {what['revision']}"
