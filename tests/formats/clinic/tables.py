"""The clinic as text: delimited, JSON, XML, HTML, SQL."""

import csv
import html
import io
import json
from dataclasses import asdict
from xml.etree import ElementTree

from .files import Files
from .people import PERSON_COLUMNS, RESULT_COLUMNS, Clinic


def delimited(columns: list[str], rows: list[list[str]], delimiter: str = ",") -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def people_csv(clinic: Clinic) -> bytes:
    return delimited(PERSON_COLUMNS, clinic.person_rows()).encode()


def results_csv(clinic: Clinic) -> bytes:
    return delimited(RESULT_COLUMNS, clinic.result_rows()).encode()


def csv_files(clinic: Clinic) -> Files:
    return {"patients.csv": people_csv(clinic), "results.csv": results_csv(clinic)}


def tsv_utf16(clinic: Clinic) -> Files:
    """As a spreadsheet saves "Unicode text"."""
    return {
        "patients.txt": delimited(PERSON_COLUMNS, clinic.person_rows(), "\t").encode("utf-16"),
        "results.txt": delimited(RESULT_COLUMNS, clinic.result_rows(), "\t").encode("utf-16"),
    }


def json_document(clinic: Clinic) -> bytes:
    """Patients with their results within."""
    patients = [
        asdict(person) | {"results": [asdict(result) for result in clinic.results_of(person)]}
        for person in clinic.people
    ]
    return json.dumps({"clinic": "Example", "patients": patients}, indent=1).encode()


def json_files(clinic: Clinic) -> Files:
    return {"clinic.json": json_document(clinic)}


def json_lines(clinic: Clinic) -> Files:
    def lines(items: list) -> bytes:
        return "".join(json.dumps(asdict(item)) + "\n" for item in items).encode()

    return {"patients.jsonl": lines(clinic.people), "results.jsonl": lines(clinic.results)}


def xml_list(clinic: Clinic) -> bytes:
    root = ElementTree.Element("clinic", name="Example")
    patients = ElementTree.SubElement(root, "patients")
    for person in clinic.people:
        patient = ElementTree.SubElement(patients, "patient", id=str(person.patient_id))
        for column, value in list(asdict(person).items())[1:]:
            ElementTree.SubElement(patient, column).text = value
        for result in clinic.results_of(person):
            attributes = {"test": result.test, "unit": result.unit, "taken": result.taken_on}
            ElementTree.SubElement(patient, "result", attributes).text = str(result.value)
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)


def xml_files(clinic: Clinic) -> Files:
    return {"clinic.xml": xml_list(clinic)}


def html_page(clinic: Clinic) -> bytes:
    def row(cells: list[str], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in cells) + "</tr>\n"

    def table(columns: list[str], rows: list[list[str]]) -> str:
        body = "".join(row(cells, "td") for cells in rows)
        return f"<table>\n<thead>{row(columns, 'th')}</thead>\n<tbody>\n{body}</tbody>\n</table>\n"

    page = (
        '<!DOCTYPE html>\n<html lang="en">\n'
        '<head><meta charset="utf-8"><title>Clinic list</title>\n'
        "<style>td { padding: 0 1em }</style></head>\n<body>\n<h1>Patients</h1>\n"
        + table(PERSON_COLUMNS, clinic.person_rows())
        + "<h2>Results</h2>\n"
        + table(RESULT_COLUMNS, clinic.result_rows())
        + "<script>window.print && console.log('ready');</script>\n</body>\n</html>\n"
    )
    return page.encode()


def html_files(clinic: Clinic) -> Files:
    return {"clinic.html": html_page(clinic)}


def sql_dump(clinic: Clinic) -> bytes:
    def table(name: str, columns: list[str], rows: list[list[str]]) -> str:
        definition = ",\n".join(f"  `{column}` varchar(64)" for column in columns)
        values = ",\n".join(
            "(" + ",".join("'" + cell.replace("'", "''") + "'" for cell in row) + ")"
            for row in rows
        )
        names = ", ".join(f"`{column}`" for column in columns)
        created = f"CREATE TABLE `{name}` (\n{definition}\n);\n\n"
        return f"{created}INSERT INTO `{name}` ({names}) VALUES\n{values};\n\n"

    dump = (
        "-- Dump of the clinic\n\n"
        + table("patients", PERSON_COLUMNS, clinic.person_rows())
        + table("results", RESULT_COLUMNS, clinic.result_rows())
    )
    return dump.encode()


def sql_files(clinic: Clinic) -> Files:
    return {"clinic.sql": sql_dump(clinic)}
