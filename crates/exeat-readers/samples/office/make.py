"""Makes the samples of office files. Needs openpyxl, xlsxwriter, xlwt, odfpy,
python-docx, python-pptx and msoffcrypto-tool, and soffice for the files of
LibreOffice. Run in this folder. People are made up: NHS numbers are of the
test range, telephone numbers of the range for fiction."""

import datetime
import io
import os
import subprocess
import sys

import msoffcrypto.format.ooxml
import openpyxl
import openpyxl.comments
import xlsxwriter
import xlwt
import docx
import docx.shared
import pptx
import pptx.util
from odf import opendocument, table, text

HEADER = ["nhs_number", "surname", "dob", "phone", "balance", "active"]
ROWS = [
    (9990000018, "Smith", datetime.date(1980, 1, 2), "07700900123", 12.5, True),
    (9990000026, "Jones, \"Al\"", datetime.date(1975, 12, 31), "07700900456", 0.1, False),
    (9990000034, "Żak", datetime.date(2001, 2, 28), "07700900789", -3, True),
    (9990000042, "O'Brien", datetime.date(1999, 6, 15), "07700900321", 1000000, True),
]
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f64540"
    "0000000049454e44ae426082"
)


def openpyxl_book():
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Patients"
    sheet.append(HEADER)
    for row in ROWS:
        sheet.append(row)
        sheet.cell(sheet.max_row, 3).number_format = "dd/mm/yyyy"
    sheet["A2"].comment = openpyxl.comments.Comment("call her daughter Beth Example", "Dr Nott")
    hidden = book.create_sheet("Hidden")
    hidden["B3"] = "hidden sheet of Carl Example"
    hidden.sheet_state = "veryHidden"
    sheet.oddHeader.left.text = "Ward 7 of Dora Example"
    book.properties.creator = "Erin Example"
    book.defined_names["who"] = openpyxl.workbook.defined_name.DefinedName(
        "who", attr_text='"Fred Example"'
    )
    sheet.protection.sheet = True
    sheet.protection.password = "secret"
    book.save("openpyxl.xlsx")


def xlsxwriter_book():
    book = xlsxwriter.Workbook("xlsxwriter.xlsx")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    bold = book.add_format({"bold": True})
    sheet = book.add_worksheet("Patients")
    sheet.write_row(0, 0, HEADER)
    for at, (nhs, name, born, phone, balance, active) in enumerate(ROWS, 1):
        sheet.write_number(at, 0, nhs)
        sheet.write_string(at, 1, name)
        sheet.write_datetime(at, 2, datetime.datetime.combine(born, datetime.time()), day)
        sheet.write_string(at, 3, phone)
        sheet.write_number(at, 4, balance)
        sheet.write_boolean(at, 5, active)
    other = book.add_worksheet("More")
    other.hide()
    other.write_rich_string("A1", bold, "Gina", " Example")
    other.write_formula("A2", '="Hal "&"Example"', None, "Hal Example")
    other.write_url("A3", "mailto:ida@example.org", string="write to her")
    other.write_number("A4", 7700900123, book.add_format({"num_format": "00000000000"}))
    other.insert_textbox("C1", "a box about Jack Example")
    other.insert_image("C9", "dot.png", {"image_data": io.BytesIO(PNG)})
    other.data_validation("A9", {"validate": "list", "source": ["Kim Example", "Lee Example"]})
    chart = book.add_chart({"type": "column"})
    chart.add_series({"name": "=Patients!$E$1", "values": "=Patients!$E$2:$E$5"})
    other.insert_chart("E1", chart)
    book.close()


def xlwt_book():
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("Patients")
    style = xlwt.easyxf(num_format_str="dd/mm/yyyy")
    for column, name in enumerate(HEADER):
        sheet.write(0, column, name)
    for at, row in enumerate(ROWS, 1):
        for column, value in enumerate(row):
            if column == 2:
                sheet.write(at, column, value, style)
            else:
                sheet.write(at, column, value)
    other = book.add_sheet("More")
    other.visibility = 2
    other.write(0, 0, "hidden sheet of Carl Example")
    other.write(1, 0, xlwt.Formula('"Hal "&"Example"'))
    book.save("xlwt.xls")


def ods_book():
    book = opendocument.OpenDocumentSpreadsheet()
    sheet = table.Table(name="Patients")
    def row(cells):
        line = table.TableRow()
        for attributes, shown in cells:
            cell = table.TableCell(**attributes)
            cell.addElement(text.P(text=shown))
            line.addElement(cell)
        sheet.addElement(line)
    row([({"valuetype": "string"}, name) for name in HEADER])
    for nhs, name, born, phone, balance, active in ROWS:
        row([
            ({"valuetype": "float", "value": str(float(nhs))}, "9.99E+09"),
            ({"valuetype": "string"}, name),
            ({"valuetype": "date", "datevalue": born.isoformat()}, born.strftime("%d/%m/%y")),
            ({"valuetype": "string"}, phone),
            ({"valuetype": "float", "value": str(balance)}, str(balance)),
            ({"valuetype": "boolean", "booleanvalue": str(active).lower()}, str(active)),
        ])
    book.spreadsheet.addElement(sheet)
    book.save("odfpy.ods")


def word():
    document = docx.Document()
    document.add_heading("Letter")
    document.add_paragraph("Dear Amy Example, your number is 999 000 0018.")
    grid = document.add_table(rows=0, cols=3)
    for row in [HEADER[:3]] + [[str(cell) for cell in row[:3]] for row in ROWS]:
        for cell, value in zip(grid.add_row().cells, row):
            cell.text = value
    document.sections[0].header.paragraphs[0].text = "Header of Ben Example"
    document.sections[0].footer.paragraphs[0].text = "Footer of Cy Example"
    document.core_properties.author = "Dee Example"
    picture = document.add_picture(io.BytesIO(PNG))
    picture._inline.docPr.set("descr", "portrait of Eve Example")
    frame = document.add_table(rows=1, cols=1)
    frame.cell(0, 0).text = "framed: Flo Example"
    document.save("python-docx.docx")


def slides():
    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "Case of Amy Example"
    frame = slide.shapes.add_table(3, 2, 0, 0, pptx.util.Inches(3), pptx.util.Inches(1))
    for at, row in enumerate([("nhs_number", "surname"), ("9990000018", "Smith"), ("9990000026", "Jones")]):
        for column, value in enumerate(row):
            frame.table.cell(at, column).text = value
    slide.notes_slide.notes_text_frame.text = "notes about Ben Example"
    show.core_properties.author = "Cy Example"
    show.save("python-pptx.pptx")


def encrypted():
    with open("xlsxwriter.xlsx", "rb") as plain, open("agile.xlsx", "wb") as sealed:
        msoffcrypto.format.ooxml.OOXMLFile(plain).encrypt("secret", sealed)


def libreoffice():
    """The same in the formats that only LibreOffice writes here."""
    for source, kind, target in [
        ("xlwt.xls", "ods", "libreoffice.ods"),
        ("openpyxl.xlsx", "xls:MS Excel 97", "libreoffice.xls"),
        ("openpyxl.xlsx", "xlsx", "libreoffice.xlsx"),
        ("python-docx.docx", "odt", "libreoffice.odt"),
        ("python-docx.docx", "doc:MS Word 97", "libreoffice.doc"),
        ("python-docx.docx", "rtf", "libreoffice.rtf"),
        ("python-docx.docx", "docx", "libreoffice.docx"),
        ("python-pptx.pptx", "odp", "libreoffice.odp"),
    ]:
        subprocess.run(
            ["soffice", "--headless", "--convert-to", kind, "--outdir", "/tmp/office-samples", source],
            check=True,
        )
        made = os.path.splitext(source)[0] + "." + kind.split(":")[0]
        os.replace("/tmp/office-samples/" + made, "/tmp/office-samples/" + target)
        with open("/tmp/office-samples/" + target, "rb") as file:
            open(target, "wb").write(file.read())


for make in [openpyxl_book, xlsxwriter_book, xlwt_book, ods_book, word, slides, encrypted]:
    make()
if "libreoffice" in sys.argv:
    libreoffice()
