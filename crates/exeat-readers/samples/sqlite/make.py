#!/usr/bin/env python3
"""Makes the SQLite databases of this folder, with Python's sqlite3.

All people are made up: NHS numbers are of the range for tests.
"""
import pathlib
import shutil
import sqlite3
from base64 import b64decode

HERE = pathlib.Path(__file__).parent
NUMBERS = []
body = 999000000
while len(NUMBERS) < 500:
    total = sum(int(d) * w for d, w in zip(str(body), range(10, 1, -1)))
    check = (11 - total % 11) % 11
    if check != 10:
        NUMBERS.append(body * 10 + check)
    body += 1
PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


def fresh(name):
    for suffix in ["", "-wal", "-shm", "-journal"]:
        (HERE / f"{name}.db{suffix}").unlink(missing_ok=True)
    db = sqlite3.connect(HERE / f"{name}.db", isolation_level=None)
    # Debian's library wipes what is deleted; that of Python's own builds does not.
    db.execute("PRAGMA secure_delete = OFF")
    return db


# Everything that a table can be.
db = fresh("people")
db.execute("PRAGMA page_size = 1024")
db.execute("PRAGMA foreign_keys = ON")
db.executescript(
    """
    CREATE TABLE patient(id INTEGER PRIMARY KEY, nhs_number INTEGER, name TEXT DEFAULT 'none',
        weight REAL, note, born DATE);
    CREATE INDEX by_name ON patient(name);
    CREATE TABLE "a table, with (odd) name"([first one] TEXT, 'second' BLOB);
    CREATE TABLE keyed(ward TEXT, bed INT, nhs_number INT, PRIMARY KEY (nhs_number, ward)) WITHOUT ROWID;
    CREATE TABLE computed(a, twice AS (a * 2), thrice AS (a * 3) STORED, b);
    CREATE TABLE by_number(name TEXT);
    CREATE TABLE empty(a, b);
    CREATE VIEW all_names AS SELECT name FROM patient;
    CREATE TRIGGER quiet AFTER DELETE ON patient BEGIN SELECT 'Trigger Person'; END;
    CREATE VIRTUAL TABLE search USING fts5(content);
    """
)
db.execute("BEGIN")
for n in range(200):
    name = [None, "Zoë Ford", 'Al "Bo", jr.', "Line\nbreak", "", "Tom Hill"][n % 6]
    note = [None, n, n / 4, f"letter {n} " * (n % 40), b"plain bytes"][n % 5]
    db.execute(
        "INSERT INTO patient(nhs_number, name, weight, note, born) VALUES (?, ?, ?, ?, ?)",
        (NUMBERS[n], name, float(NUMBERS[n]) if n % 2 else n / 10, note, f"1980-01-{n % 28 + 1:02}"),
    )
    db.execute("INSERT INTO keyed VALUES (?, ?, ?)", (f"Ward {n % 7}", n, NUMBERS[n]))
db.execute("COMMIT")
db.execute("INSERT INTO patient(nhs_number, note) VALUES (?, ?)", (NUMBERS[200], "long " * 2000 + "end"))
db.executemany(
    'INSERT INTO "a table, with (odd) name" VALUES (?, ?)',
    [("photo", PNG), ("digest", bytes(range(250, 256))), ("large", bytes(range(256)) * 20), ("text", b"as text")],
)
db.execute("INSERT INTO computed(a, b) VALUES (21, 'after')")
db.execute("INSERT INTO by_number(rowid, name) VALUES (?, 'Ann Lane')", (NUMBERS[300],))
db.execute("INSERT INTO search VALUES ('searched words of Amy')")
db.execute("ALTER TABLE by_number ADD COLUMN later TEXT DEFAULT 'added later'")
db.execute("ANALYZE")
db.close()

# Text of two bytes a character, either way round.
for name, encoding in [("utf16le", "UTF-16le"), ("utf16be", "UTF-16be")]:
    db = fresh(name)
    db.execute(f"PRAGMA encoding = '{encoding}'")
    db.execute("CREATE TABLE patient(nhs_number TEXT, name TEXT)")
    db.execute("INSERT INTO patient VALUES (?, 'Zoë 😀 Ford')", (str(NUMBERS[0]),))
    db.execute("INSERT INTO patient VALUES (?, 'Gone Withwind')", (str(NUMBERS[1]),))
    db.execute("DELETE FROM patient WHERE name LIKE 'Gone%'")
    db.close()

# Rows that were deleted: a table that was dropped, and rows between others.
db = fresh("deleted")
db.execute("CREATE TABLE kept(nhs_number INTEGER, name TEXT)")
db.execute("CREATE TABLE dropped(nhs_number INTEGER, name TEXT)")
for n in range(160):
    db.execute("INSERT INTO kept VALUES (?, ?)", (NUMBERS[n], f"Kept Person {n}"))
    db.execute("INSERT INTO dropped VALUES (?, ?)", (NUMBERS[n], f"Dropped Person {n}"))
db.execute("DROP TABLE dropped")
db.execute("DELETE FROM kept WHERE nhs_number = ?", (NUMBERS[42],))
db.close()

# The same, with a map of pages.
db = fresh("vacuum")
db.execute("PRAGMA auto_vacuum = INCREMENTAL")
db.execute("PRAGMA page_size = 512")
db.execute("CREATE TABLE patient(nhs_number INTEGER, name TEXT, note TEXT)")
for n in range(60):
    db.execute("INSERT INTO patient VALUES (?, ?, ?)", (NUMBERS[n], f"Person {n}", "x" * (n * 7)))
db.execute("DELETE FROM patient WHERE rowid > 40")
db.close()

# A log that holds rows which the file has not, and the other way round.
db = fresh("logged")
db.execute("PRAGMA journal_mode = WAL")
db.execute("PRAGMA wal_autocheckpoint = 0")
db.execute("CREATE TABLE patient(nhs_number INTEGER, name TEXT)")
db.execute("INSERT INTO patient VALUES (?, 'Only Infile')", (NUMBERS[0],))
db.execute("INSERT INTO patient VALUES (?, 'Both Places')", (NUMBERS[1],))
db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
db.execute("INSERT INTO patient VALUES (?, 'Only Inlog')", (NUMBERS[2],))
db.execute("CREATE TABLE later(name TEXT)")
db.execute("INSERT INTO later VALUES ('Newtable Row')")
db.execute("INSERT INTO later VALUES ('Shortlived Row')")
db.execute("PRAGMA secure_delete = ON")
db.execute("DELETE FROM later WHERE name LIKE 'Short%'")
db.execute("DELETE FROM patient WHERE name = 'Only Infile'")
# As it is on the disk while it is in use.
for suffix in ["", "-wal"]:
    shutil.copy(HERE / f"logged.db{suffix}", HERE / f"copied.db{suffix}")
db.close()
for suffix in ["", "-wal"]:
    shutil.move(HERE / f"copied.db{suffix}", HERE / f"logged.db{suffix}")

db = fresh("nothing")
db.execute("CREATE TABLE t(a)")
db.execute("DROP TABLE t")
db.close()
