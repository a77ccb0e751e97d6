"""The clinic as Parquet and SQLite."""

import io
import sqlite3
import tempfile
from dataclasses import asdict
from pathlib import Path

import pyarrow
import pyarrow.parquet

from .files import Files
from .people import PERSON_COLUMNS, RESULT_COLUMNS, Clinic


def parquet_bytes(rows: list[dict], compression: str = "snappy", **options: object) -> bytes:
    out = io.BytesIO()
    table = pyarrow.Table.from_pylist(rows)
    pyarrow.parquet.write_table(table, out, compression=compression, **options)
    return out.getvalue()


def parquet(clinic: Clinic) -> Files:
    return {
        "patients.parquet": parquet_bytes([asdict(person) for person in clinic.people]),
        "results.parquet": parquet_bytes([asdict(result) for result in clinic.results]),
    }


def parquet_nested(clinic: Clinic) -> Files:
    """Results as lists of structures, numbers as integers, in small groups of
    rows, compressed the other way."""
    rows = []
    for person in clinic.people:
        results = [asdict(result) for result in clinic.results_of(person)]
        rows.append(asdict(person) | {"nhs_number": int(person.nhs_number), "results": results})
    options = {"row_group_size": 50, "data_page_version": "2.0"}
    return {"clinic.parquet": parquet_bytes(rows, "zstd", **options)}


def create(connection: sqlite3.Connection) -> None:
    for table, columns in (("patients", PERSON_COLUMNS), ("results", RESULT_COLUMNS)):
        connection.execute(f"CREATE TABLE {table} ({', '.join(columns)})")


def insert(connection: sqlite3.Connection, clinic: Clinic) -> None:
    tables = (
        ("patients", PERSON_COLUMNS, clinic.person_rows()),
        ("results", RESULT_COLUMNS, clinic.result_rows()),
    )
    for table, columns, rows in tables:
        marks = ", ".join("?" for _ in columns)
        connection.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
    connection.commit()


def sqlite_bytes(clinic: Clinic) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clinic.db")
        connection = sqlite3.connect(path)
        create(connection)
        insert(connection, clinic)
        connection.execute("CREATE INDEX by_number ON patients (nhs_number)")
        connection.close()
        return path.read_bytes()


def sqlite(clinic: Clinic) -> Files:
    return {"clinic.sqlite": sqlite_bytes(clinic)}


def sqlite_with_log(clinic: Clinic) -> Files:
    """A database in use: the last third stands in the write-ahead log alone.
    It is copied while the connection is open, for closing empties the log."""
    size = len(clinic.people)
    early, late = clinic.part(0, size * 2 // 3), clinic.part(size * 2 // 3, size)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "clinic.db")
        connection = sqlite3.connect(path)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        create(connection)
        insert(connection, early)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        insert(connection, late)
        files = {name: Path(folder, name).read_bytes() for name in ("clinic.db", "clinic.db-wal")}
        connection.close()
    return files
