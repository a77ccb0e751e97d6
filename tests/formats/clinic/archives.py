"""The clinic packed: archives, compressed files, archives within archives, and
a document within a text."""

import base64
import bz2
import gzip
import io
import json
import lzma
import subprocess
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pyarrow

from .databases import parquet_bytes
from .files import Files, write
from .letters import docx_letters, docx_of_all
from .people import Clinic
from .tables import csv_files, people_csv

# Zip knows no earlier day.
DAY = (1980, 1, 1, 0, 0, 0)


def members(clinic: Clinic) -> Files:
    """What is packed: half of the people in letters, half in a table."""
    first, second = clinic.parts(2)
    letters = {f"letters/{name}": content for name, content in docx_letters(first).items()}
    return csv_files(second) | letters


def zip_bytes(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in files.items():
            member = zipfile.ZipInfo(name, DAY)
            member.compress_type = method
            archive.writestr(member, content)
    return out.getvalue()


def tar_bytes(files: Files) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def gzip_bytes(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zstd_bytes(content: bytes) -> bytes:
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(content)
    return sink.getvalue().to_pybytes()


def seven_zip(files: Files, archive: str, *options: str) -> bytes:
    """What the program 7zz makes of them."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "source")
        write(files, source)
        command = ["7zz", "a", "-bso0", "-bsp0", *options, f"../{archive}", "."]
        subprocess.run(command, cwd=source, check=True)
        return Path(folder, archive).read_bytes()


def zip_files(clinic: Clinic) -> Files:
    return {"clinic.zip": zip_bytes(members(clinic))}


def tar_gz(clinic: Clinic) -> Files:
    return {"clinic.tar.gz": gzip_bytes(tar_bytes(members(clinic)))}


def tar_xz(clinic: Clinic) -> Files:
    return {"clinic.tar.xz": lzma.compress(tar_bytes(members(clinic)))}


def tar_zst(clinic: Clinic) -> Files:
    return {"clinic.tar.zst": zstd_bytes(tar_bytes(members(clinic)))}


def tar_bz2(clinic: Clinic) -> Files:
    return {"clinic.tar.bz2": bz2.compress(tar_bytes(members(clinic)))}


def seven_zip_files(clinic: Clinic) -> Files:
    return {"clinic.7z": seven_zip(members(clinic), "clinic.7z")}


def csv_gz(clinic: Clinic) -> Files:
    return {name + ".gz": gzip_bytes(content) for name, content in csv_files(clinic).items()}


def nested(clinic: Clinic) -> Files:
    """A zip in a tar.gz in a zip, with some of the people at every depth."""
    top, middle, bottom = clinic.parts(3)
    innermost = zip_bytes(members(bottom))
    rows = [vars(person) for person in middle.people]
    parquet = {"patients.parquet": parquet_bytes(rows)} if rows else {}
    within = gzip_bytes(tar_bytes({"old/backup.zip": innermost} | parquet))
    return {"clinic.zip": zip_bytes({"patients.csv": people_csv(top), "backup.tar.gz": within})}


def base64_json(clinic: Clinic) -> Files:
    """A document as an interface between programs passes it on."""
    content = base64.b64encode(docx_of_all(clinic)).decode()
    document = {"resourceType": "Binary", "contentType": "application/msword", "data": content}
    return {"document.json": json.dumps(document).encode()}
