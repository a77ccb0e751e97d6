"""The clinic as workbooks: XLSX, XLS, ODS."""

import io

import openpyxl
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from .files import Files
from .people import PERSON_COLUMNS, RESULT_COLUMNS, Clinic


def sheets(clinic: Clinic) -> list[tuple[str, list[list[str]]]]:
    return [
        ("Patients", [PERSON_COLUMNS, *clinic.person_rows()]),
        ("Results", [RESULT_COLUMNS, *clinic.result_rows()]),
    ]


def xlsx_bytes(clinic: Clinic, numeric: bool = False) -> bytes:
    """With `numeric`, NHS numbers are numbers, as a spreadsheet makes them
    where nobody stops it."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    number = PERSON_COLUMNS.index("nhs_number")
    for name, rows in sheets(clinic):
        sheet = book.create_sheet(name)
        for row in rows:
            if numeric and name == "Patients" and row is not rows[0]:
                row = [int(cell) if place == number else cell for place, cell in enumerate(row)]
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(clinic: Clinic) -> Files:
    return {
        "clinic.xlsx": xlsx_bytes(clinic),
        "clinic-numeric.xlsx": xlsx_bytes(clinic, numeric=True),
    }


def xls_bytes(clinic: Clinic) -> bytes:
    book = xlwt.Workbook()
    for name, rows in sheets(clinic):
        sheet = book.add_sheet(name)
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                sheet.write(at, column, cell)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xls(clinic: Clinic) -> Files:
    return {"clinic.xls": xls_bytes(clinic)}


def ods_bytes(clinic: Clinic) -> bytes:
    book = OpenDocumentSpreadsheet()
    for name, rows in sheets(clinic):
        sheet = Table(name=name)
        for cells in rows:
            row = TableRow()
            for cell in cells:
                at = TableCell(valuetype="string")
                at.addElement(P(text=cell))
                row.addElement(at)
            sheet.addElement(row)
        book.spreadsheet.addElement(sheet)
    out = io.BytesIO()
    book.write(out)
    return out.getvalue()


def ods(clinic: Clinic) -> Files:
    return {"clinic.ods": ods_bytes(clinic)}
