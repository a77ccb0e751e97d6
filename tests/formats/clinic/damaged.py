"""Files that are damaged, hostile, protected, or not what they seem.

Of each the test expects one thing:

    read         the clinic is found, as if nothing were odd
    uninspected  it is said, with a reason, that something was not read
    weak         that its protection is weak
    media        that it is a picture which nobody reviewed
    noticed      any of these
"""

import bz2
import gzip
import io
import random
import struct
import subprocess
import tempfile
from pathlib import Path

import msoffcrypto
import pypdf

from . import archives, databases, letters, mail, pictures, scans, tables, workbooks
from .files import Files, write
from .people import Clinic

ZEROS = 64 << 20
PASSWORD = "not a secret"

Bad = dict[str, tuple[str, bytes]]


def damaged(clinic: Clinic, folder: Path) -> list[dict]:
    """Writes them; what is expected of each."""
    kinds = (
        mislabelled(clinic) | cut(clinic) | corrupt(clinic) | protected(clinic) | hostile(clinic)
    )
    write({name: content for name, (_, content) in kinds.items()}, folder)
    return [{"file": name, "expect": expect} for name, (expect, _) in kinds.items()]


def mislabelled(clinic: Clinic) -> Bad:
    """Whole, under a name that says something else."""
    return {
        "workbook.txt": ("read", workbooks.xlsx_bytes(clinic)),
        "parquet.jpg": ("read", databases.parquet(clinic)["patients.parquet"]),
        "database.css": ("read", databases.sqlite_bytes(clinic)),
        "archive.html": ("read", archives.zip_bytes(tables.csv_files(clinic))),
        "table.pdf": ("read", tables.people_csv(clinic)),
    }


def cut(clinic: Clinic) -> Bad:
    """Without its end."""
    whole = {
        "parquet.parquet": databases.parquet(clinic)["patients.parquet"],
        "sqlite.sqlite": databases.sqlite_bytes(clinic),
        "workbook.xlsx": workbooks.xlsx_bytes(clinic),
        "book.xls": workbooks.xls_bytes(clinic),
        "page.pdf": letters.pdf_pages(clinic)["letters.pdf"],
        "scan.dcm": scans.dicom_bytes(clinic.people[0]),
        "archive.tar": archives.tar_bytes(archives.members(clinic)),
        "table.csv.gz": archives.gzip_bytes(tables.people_csv(clinic)),
        "table.csv.zst": archives.zstd_bytes(tables.people_csv(clinic)),
        "table.csv.bz2": bz2.compress(tables.people_csv(clinic)),
        "archive.7z": archives.seven_zip_files(clinic)["clinic.7z"],
        "letter.rtf": letters.rtf_bytes(letters.letter(clinic, clinic.people[0])),
        "list.eml": mail.attachment_mail(clinic),
    }
    return {
        f"cut-{name}": ("uninspected", content[: len(content) * 3 // 5])
        for name, content in whole.items()
    }


def corrupt(clinic: Clinic) -> Bad:
    """Whole in length, with something else in the middle."""
    chance = random.Random(4)

    def spoil(content: bytes, begin: float, end: float) -> bytes:
        first, last = int(len(content) * begin), int(len(content) * end)
        return content[:first] + chance.randbytes(last - first) + content[last:]

    book = workbooks.xlsx_bytes(clinic)
    lines = letters.letter(clinic, clinic.people[0])
    return {
        "corrupt.xlsx": ("uninspected", spoil(book, 0.3, 0.6)),
        "corrupt.parquet": (
            "uninspected",
            spoil(databases.parquet(clinic)["patients.parquet"], 0.2, 0.9),
        ),
        "corrupt.docx": ("uninspected", spoil(letters.docx_of_all(clinic), 0.1, 0.9)),
        "noise.pdf": ("uninspected", b"%PDF-1.7\n" + chance.randbytes(20_000)),
        "noise.png": ("noticed", b"\x89PNG\r\n\x1a\n" + chance.randbytes(2_000)),
        "spoiled.pdf": ("uninspected", spoil(letters.pdf_bytes([lines] * 20), 0.2, 0.7)),
    }


def protected(clinic: Clinic) -> Bad:
    """Behind a password; some of them behind none worth the name."""
    files = tables.csv_files(clinic)
    page = letters.pdf_pages(clinic)["letters.pdf"]
    return {
        "encrypted.xlsx": ("uninspected", encrypted_office(workbooks.xlsx_bytes(clinic))),
        "zipcrypto.zip": ("weak", zip_crypto(files)),
        "aes.zip": (
            "uninspected",
            archives.seven_zip(files, "a.zip", "-mem=AES256", f"-p{PASSWORD}"),
        ),
        "encrypted.7z": ("uninspected", archives.seven_zip(files, "a.7z", f"-p{PASSWORD}")),
        "names-too.7z": (
            "uninspected",
            archives.seven_zip(files, "a.7z", "-mhe=on", f"-p{PASSWORD}"),
        ),
        "rc4.pdf": ("weak", encrypted_pdf(page, PASSWORD, "RC4-128")),
        "rc4-open.pdf": ("read", encrypted_pdf(page, "", "RC4-128")),
        "aes.pdf": ("uninspected", encrypted_pdf(page, PASSWORD, "AES-256")),
        "aes-open.pdf": ("noticed", encrypted_pdf(page, "", "AES-256")),
    }


def encrypted_office(content: bytes) -> bytes:
    out = io.BytesIO()
    msoffcrypto.OfficeFile(io.BytesIO(content)).encrypt(PASSWORD, out)
    return out.getvalue()


def encrypted_pdf(content: bytes, password: str, algorithm: str) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(content))
    writer.encrypt(password, "owner", algorithm=algorithm)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def zip_crypto(files: Files) -> bytes:
    """What the program zip makes of a password."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        write(files, source)
        command = ["zip", "-q", "-r", "-P", PASSWORD, "../a.zip", "."]
        subprocess.run(command, cwd=source, check=True)
        return Path(folder, "a.zip").read_bytes()


def hostile(clinic: Clinic) -> Bad:
    """Made to exhaust, mislead or hide."""
    deep = archives.zip_bytes(tables.csv_files(clinic))
    for _ in range(9):
        deep = archives.zip_bytes({"more.zip": deep})
    zeros = bytes(ZEROS)
    layer = archives.zip_bytes({"zeros": zeros})
    hidden = archives.zip_bytes(tables.csv_files(clinic))
    return {
        "deep.zip": ("uninspected", deep),
        # Of a few KiB to MiB each; they expand to 2.5 GiB and more.
        "bomb.zip": ("uninspected", archives.zip_bytes({f"{at}.zip": layer for at in range(40)})),
        "bomb.gz": ("uninspected", gzip.compress(zeros, mtime=0) * 40),
        "bomb.bz2": ("uninspected", bz2.compress(zeros) * 400),
        "laughs.xml": ("uninspected", laughs()),
        "outside.xml": ("uninspected", outside()),
        "photo.png": ("media", pictures.png(400, 300)),
        "icon-and-archive.png": ("noticed", pictures.png(16, 16) + hidden),
        "archive-and-more.zip": ("noticed", hidden + tables.people_csv(clinic)),
        "more-and-archive.zip": ("noticed", b"MZ" + bytes(500) + hidden),
        "two-archives.zip": ("noticed", hidden + archives.zip_bytes({"a.txt": b"nothing\n"})),
        "unlisted.zip": ("noticed", unlisted(tables.people_csv(clinic))),
        "nested-json.json": ("uninspected", b"[" * 100_000),
        "bare-log.db-wal": ("uninspected", databases.sqlite_with_log(clinic)["clinic.db-wal"]),
    }


def laughs() -> bytes:
    """Entities of entities: a billion words, were they expanded."""
    entities = '<!ENTITY e0 "ha">' + "".join(
        f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, 10)
    )
    return f'<?xml version="1.0"?><!DOCTYPE list [{entities}]><list>&e9;</list>'.encode()


def outside() -> bytes:
    """An entity that is a file of the machine."""
    return b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'


def unlisted(content: bytes) -> bytes:
    """An archive whose directory leaves a member out."""
    archive = archives.zip_bytes({"a.txt": b"nothing\n", "patients.csv": content})
    directory = archive.index(b"PK\x01\x02")
    second = archive.index(b"PK\x01\x02", directory + 4)
    listed = archive[directory:second]
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(listed), directory, 0)
    return archive[:directory] + listed + end
