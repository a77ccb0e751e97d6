"""The clinic, hidden in a web site of ten thousand harmless files.

It is cut into as many parts as there are places, each in another format, some
of them under a name that says something else.
"""

import random
from pathlib import Path

from . import archives, databases, letters, mail, scans, tables, workbooks
from .files import Files, write
from .harmless import harmless, page
from .people import Clinic


def old_site(clinic: Clinic) -> bytes:
    """A backup of the site, with a workbook that somebody left in it."""
    files: Files = {
        "htdocs/index.html": page(random.Random(1), 1),
        "htdocs/files/list.ods": workbooks.ods_bytes(clinic),
    }
    return archives.gzip_bytes(archives.tar_bytes(files))


# Each file that holds people, and what makes it of them.
PLACES = {
    "backup/2023/users.csv.bak": tables.people_csv,
    "wp-content/backup/dump.sql.gz": lambda part: archives.gzip_bytes(tables.sql_dump(part)),
    "assets/img/icons/spacer.png": lambda part: databases.parquet(part)["patients.parquet"],
    "var/cache/sessions.db": databases.sqlite_bytes,
    "downloads/booking-form.docx": letters.docx_of_all,
    "downloads/price-list.xlsx": workbooks.xlsx_bytes,
    "documents/minutes.pdf": lambda part: letters.pdf_pages(part)["letters.pdf"],
    "old/site.tar.gz": old_site,
    "api/cache/response.json": tables.json_document,
    "assets/js/vendor/chunk-7f3a.js": lambda part: tables.json_lines(part)["patients.jsonl"],
    "var/mail/inbox": mail.mbox_bytes,
    "intranet/list.html": tables.html_page,
    "images/gallery/view.jpg": lambda part: archives.nested(part)["clinic.zip"],
    "feeds/export.xml": tables.xml_list,
    "var/log/debug.log": lambda part: b"".join(letters.text(part).values()),
    "downloads/scans.zip": lambda part: archives.zip_bytes(scans.dicom(part)),
}


def website(clinic: Clinic, folder: Path) -> dict[str, int]:
    """Writes the site; where in it how many people are hidden."""
    files = harmless()
    found: dict[str, int] = {}
    parts = clinic.parts(len(PLACES))
    for part, (path, make) in zip(parts, PLACES.items()):
        if part.people:
            files[path] = make(part)
            found[path] = len(part.people)
    write(files, folder)
    return found
