"""All forms of the clinic that have to give the same head count."""

from collections.abc import Callable
from dataclasses import dataclass

from . import archives, databases, letters, mail, scans, tables, workbooks
from .files import Files, beneath
from .people import Clinic

# What has to be found in every form, beside the people.
CLASSES = ["health", "name", "nhs-number"]


@dataclass(frozen=True)
class Form:
    make: Callable[[Clinic], Files]
    # People beside the patients, who may count or not.
    others: int = 0


def mixture(clinic: Clinic) -> Files:
    """Every seventh in another format, and most of them once more in yet
    another: together they are the clinic."""
    writers = [
        tables.csv_files,
        letters.docx_letters,
        databases.sqlite,
        archives.nested,
        letters.pdf_pages,
        workbooks.xlsx,
        scans.dicom,
    ]
    files: Files = {}
    for number, (part, write) in enumerate(zip(clinic.parts(len(writers)), writers)):
        if part.people:
            files |= beneath(f"part-{number}", write(part))
    again = clinic.part(0, len(clinic.people) * 2 // 3)
    if again.people:
        files |= beneath("again", databases.parquet(again))
        files |= beneath("again", letters.rtf_letters(again))
        files |= beneath("again", tables.xml_files(again))
    return files


FORMS: dict[str, Form] = {
    "csv": Form(tables.csv_files),
    "tsv-utf16": Form(tables.tsv_utf16),
    "json": Form(tables.json_files),
    "jsonl": Form(tables.json_lines),
    "xml": Form(tables.xml_files),
    "html": Form(tables.html_files),
    "sql": Form(tables.sql_files),
    "parquet": Form(databases.parquet),
    "parquet-nested": Form(databases.parquet_nested),
    "sqlite": Form(databases.sqlite),
    "sqlite-with-log": Form(databases.sqlite_with_log),
    "xlsx": Form(workbooks.xlsx),
    "xls": Form(workbooks.xls),
    "ods": Form(workbooks.ods),
    "text": Form(letters.text),
    "docx-letters": Form(letters.docx_letters),
    "docx-table": Form(letters.docx_table),
    "odt-letters": Form(letters.odt_letters),
    "rtf-letters": Form(letters.rtf_letters),
    "pdf-letters": Form(letters.pdf_letters),
    "pdf-pages": Form(letters.pdf_pages),
    "eml": Form(mail.eml, others=mail.CORRESPONDENTS),
    "eml-attachment": Form(mail.eml_attachment, others=mail.CORRESPONDENTS),
    "mbox": Form(mail.mbox, others=mail.CORRESPONDENTS),
    "dicom": Form(scans.dicom),
    "zip": Form(archives.zip_files),
    "tar-gz": Form(archives.tar_gz),
    "tar-xz": Form(archives.tar_xz),
    "tar-zst": Form(archives.tar_zst),
    "tar-bz2": Form(archives.tar_bz2),
    "7z": Form(archives.seven_zip_files),
    "nested": Form(archives.nested),
    "csv-gz": Form(archives.csv_gz),
    "base64-json": Form(archives.base64_json),
    "mixture": Form(mixture),
}
