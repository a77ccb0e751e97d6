"""Pictures: small ones, as web sites have them by the hundred, and one that is
as large as a photograph."""

import functools
import io
import random
import struct
import zlib

from PIL import Image

# Icons that are different; more files hold the same ones again.
DIFFERENT = 50


def png(width: int, height: int) -> bytes:
    """A picture of noise."""
    chance = random.Random(width)
    lines = b"".join(b"\0" + chance.randbytes(3 * width) for _ in range(height))
    chunks = [
        (b"IHDR", struct.pack(">2L5B", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L4s", len(data), kind) + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )


@functools.cache
def icon(which: int, kind: str) -> bytes:
    side = (16, 24, 32, 48, 64)[which % 5]
    colour = random.Random(which).randrange(1 << 24)
    picture = Image.new("RGB", (side, side), f"#{colour:06x}")
    for at in range(side):
        picture.putpixel((at, at), (255, 255, 255))
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def icon_png(_: random.Random, n: int) -> bytes:
    return icon(n % DIFFERENT, "PNG")


def icon_gif(_: random.Random, n: int) -> bytes:
    return icon(n % DIFFERENT, "GIF")


def icon_ico(_: random.Random, n: int) -> bytes:
    return icon(n % DIFFERENT, "ICO")


def icon_svg(chance: random.Random, n: int) -> bytes:
    points = [(chance.randint(0, 24), chance.randint(0, 24)) for _ in range(6)]
    path = "M" + "L".join(f"{x} {y}" for x, y in points) + "Z"
    size = 16 + 8 * (n % 3)
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" '
        f'width="{size}" height="{size}">'
        f'<path fill="none" stroke="currentColor" d="{path}"/></svg>\n'
    ).encode()
