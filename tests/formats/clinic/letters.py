"""Letters about the people of the clinic: text, DOCX, ODT, RTF, PDF."""

import functools
import io
from collections.abc import Callable

import docx
from odf.opendocument import OpenDocumentText
from odf.text import H, P
from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from .files import Files
from .people import PERSON_COLUMNS, Clinic, Person


def letter(clinic: Clinic, person: Person) -> list[str]:
    """Its lines. The patient stands in one block, as letters have it, and is
    not written to: in text a telephone number, an address or a name that
    stands elsewhere counts as somebody else's for the upper bound."""
    results = [
        f"{result.taken_on}: {result.test} {result.value} {result.unit}"
        for result in clinic.results_of(person)
    ]
    return [
        "Outpatient letter",
        "",
        f"Patient: {person.name}",
        f"NHS number: {person.spaced_number}",
        f"Date of birth: {person.date_of_birth}",
        f"Postcode: {person.postcode}",
        "",
        f"Diagnosis: {person.diagnosis} ({person.diagnosis_code})",
        "",
        "Dear colleague,",
        "",
        "thank you for the referral. There was no change since the last visit,",
        "and the next one is in spring. These are the results:",
        *results,
        "",
        "With kind regards, the Example Clinic",
    ]


def each(clinic: Clinic, ending: str, one: Callable[[list[str]], bytes]) -> Files:
    """A letter for each patient."""
    return {
        f"letter-{person.patient_id:04}.{ending}": one(letter(clinic, person))
        for person in clinic.people
    }


def text(clinic: Clinic) -> Files:
    return each(clinic, "txt", lambda lines: "".join(f"{line}\n" for line in lines).encode())


def docx_bytes(letters: list[list[str]]) -> bytes:
    document = docx.Document()
    for number, (title, *lines) in enumerate(letters):
        if number:
            document.add_page_break()
        document.add_heading(title, 1)
        for line in lines:
            document.add_paragraph(line)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


@functools.cache
def docx_letter(lines: tuple[str, ...]) -> bytes:
    """Many forms hold the same letters, and they are slow to make."""
    return docx_bytes([list(lines)])


def docx_letters(clinic: Clinic) -> Files:
    return each(clinic, "docx", lambda lines: docx_letter(tuple(lines)))


def docx_of_all(clinic: Clinic) -> bytes:
    return docx_bytes([letter(clinic, person) for person in clinic.people])


def docx_table(clinic: Clinic) -> Files:
    """A document with one table of all patients."""
    document = docx.Document()
    document.add_heading("Patients of the clinic", 1)
    rows = [PERSON_COLUMNS, *clinic.person_rows()]
    table = document.add_table(rows=len(rows), cols=len(PERSON_COLUMNS))
    cells = iter(table._cells)
    for row in rows:
        for value in row:
            next(cells).text = value
    document.add_paragraph("End of the list.")
    out = io.BytesIO()
    document.save(out)
    return {"patients.docx": out.getvalue()}


def odt_bytes(lines: list[str]) -> bytes:
    document = OpenDocumentText()
    title, *lines = lines
    document.text.addElement(H(outlinelevel=1, text=title))
    for line in lines:
        document.text.addElement(P(text=line))
    out = io.BytesIO()
    document.write(out)
    return out.getvalue()


def odt_letters(clinic: Clinic) -> Files:
    return each(clinic, "odt", odt_bytes)


def rtf_bytes(lines: list[str]) -> bytes:
    def escaped(line: str) -> str:
        plain = line.replace("\\", "\\\\").replace("{", "\\{").replace("}", "\\}")
        return "".join(one if one.isascii() else f"\\u{ord(one)}?" for one in plain)

    head = "{\\rtf1\\ansi\\ansicpg1252\\deff0{\\fonttbl{\\f0\\fswiss Helvetica;}}\n\\f0\\fs22 "
    # As word processors do it, formatting stands within words.
    body = "\\par\n".join(
        escaped(line).replace("NHS number", "{\\b NHS} num{\\i ber}") for line in lines
    )
    return f"{head}{body}\\par\n}}\n".encode("ascii")


def rtf_letters(clinic: Clinic) -> Files:
    return each(clinic, "rtf", rtf_bytes)


def pdf_bytes(letters: list[list[str]], font: str = "Helvetica") -> bytes:
    """A page for each letter."""
    if font == "Vera":
        # Comes with reportlab; embedded, its glyphs have numbers of their own.
        pdfmetrics.registerFont(TTFont("Vera", "Vera.ttf"))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=True)
    for lines in letters:
        at = canvas.beginText(72, 760)
        at.setFont(font, 11)
        at.textLines(lines)
        canvas.drawText(at)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def pdf_letters(clinic: Clinic) -> Files:
    return each(clinic, "pdf", lambda lines: pdf_bytes([lines]))


def pdf_pages(clinic: Clinic) -> Files:
    """All letters in one document, in an embedded font."""
    letters = [letter(clinic, person) for person in clinic.people]
    return {"letters.pdf": pdf_bytes(letters, "Vera")}
