#!/usr/bin/env python3
"""Makes the Parquet files of this folder, with pyarrow and pandas.

All people are made up: NHS numbers are of the range for tests.
"""
import datetime
import decimal
import pathlib
import struct
import uuid

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pyarrow.parquet.encryption as pe
from base64 import b64decode, b64encode

HERE = pathlib.Path(__file__).parent
FORENAMES = ["Amy", "Zoë", "Tom, jr.", 'Al "Bo"', "Line\nbreak", ""]


NUMBERS = []
body = 999000000
while len(NUMBERS) < 500:
    total = sum(int(d) * w for d, w in zip(str(body), range(10, 1, -1)))
    check = (11 - total % 11) % 11
    if check != 10:
        NUMBERS.append(body * 10 + check)
    body += 1

COUNT = 300
table = pa.table(
    {
        "nhs_number": pa.array(NUMBERS[:COUNT], pa.int64()),
        "old_number": pa.array(
            [None if n % 3 == 0 else float(NUMBERS[n]) for n in range(COUNT)], pa.float64()
        ),
        "forename": pa.array(
            [None if n % 7 == 6 else FORENAMES[n % 6] for n in range(COUNT)], pa.string()
        ),
        "note": pa.array([f"letter {n} of {n * n}" for n in range(COUNT)], pa.string()),
        "born": pa.array(
            [datetime.date(1950, 1, 1) + datetime.timedelta(days=37 * n) for n in range(COUNT)],
            pa.date32(),
        ),
        "seen": pa.array(
            [datetime.datetime(2024, 2, 29, 12, 0, n % 60, 500) for n in range(COUNT)],
            pa.timestamp("us"),
        ),
        "cost": pa.array([decimal.Decimal(n * 5) / 100 for n in range(COUNT)], pa.decimal128(9, 2)),
        "alive": pa.array([None if n % 11 == 10 else n % 5 != 0 for n in range(COUNT)], pa.bool_()),
        "small": pa.array([n % 200 for n in range(COUNT)], pa.uint8()),
        "weight": pa.array([n / 10 for n in range(COUNT)], pa.float32()),
        "place": pa.array(
            [{"city": "Leeds", "postcode": None if n % 2 else "ZZ99 3VZ"} for n in range(COUNT)],
            pa.struct([("city", pa.string()), ("postcode", pa.string())]),
        ),
    }
)


def cell(value):
    """A value as the reader writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(round(value, 4))
    if isinstance(value, decimal.Decimal):
        return f"{value:f}" if value % 1 else str(int(value))
    text = str(value)
    if any(sign in text for sign in ',"\n\r'):
        return '"' + text.replace('"', '""') + '"'
    return text


rows = []
for row in table.to_pylist():
    place = row.pop("place")
    rows.append(",".join(map(cell, [*row.values(), place["city"], place["postcode"]])) + "\n")
(HERE / "people.csv").write_text("".join(rows))


def write(name, data, **options):
    pq.write_table(data, HERE / f"{name}.parquet", **options)


for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    write(f"people-{codec}", table, compression=codec, row_group_size=170)
write("people-plain", table, use_dictionary=False, compression="zstd", data_page_size=500)
write("people-v2", table, data_page_version="2.0", version="2.6", compression="zstd")
write(
    "people-delta",
    table,
    use_dictionary=False,
    compression="zstd",
    column_encoding={
        "nhs_number": "DELTA_BINARY_PACKED",
        "old_number": "BYTE_STREAM_SPLIT",
        "forename": "DELTA_LENGTH_BYTE_ARRAY",
        "note": "DELTA_BYTE_ARRAY",
        "born": "DELTA_BINARY_PACKED",
        "weight": "BYTE_STREAM_SPLIT",
        "alive": "RLE",
    },
    data_page_version="2.0",
)
write(
    "people-index",
    table,
    compression="zstd",
    write_page_index=True,
    bloom_filter_options={"forename": True, "nhs_number": True},
)
write("people-int96", table.select(["seen", "born"]), use_deprecated_int96_timestamps=True)

# As pandas does it: numbers with gaps become floating point, and what was
# filtered out stays among the categories.
frame = pd.DataFrame({"nhs_number": NUMBERS[:40], "name": [f"Person {n}" for n in range(40)]})
frame.loc[3, "nhs_number"] = None
frame["name"] = frame["name"].astype("category")
frame[frame.index < 5].to_parquet(HERE / "pandas-filtered.parquet")

write(
    "nested",
    pa.table(
        {
            "ward": ["A", "B", "C"],
            "patients": pa.array(
                [
                    [
                        {"nhs_number": NUMBERS[0], "name": "Amy Ford"},
                        {"nhs_number": NUMBERS[1], "name": None},
                    ],
                    [],
                    None,
                ],
                pa.list_(pa.struct([("nhs_number", pa.int64()), ("name", pa.string())])),
            ),
            "tags": pa.array([["x", 'y"z'], [None], []], pa.list_(pa.string())),
            "scores": pa.array(
                [[("first", decimal.Decimal("1.50"))], [], []],
                pa.map_(pa.string(), pa.decimal128(6, 2)),
            ),
            "born": pa.array([[datetime.date(1980, 1, 2)], [], []], pa.list_(pa.date32())),
        }
    ),
)

PNG = b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
write(
    "binary",
    pa.table(
        {
            "nhs_number": NUMBERS[:4],
            "photo": pa.array([PNG, b"plain text", None, PNG], pa.binary()),
            "key": pa.array([uuid.UUID(int=n).bytes for n in range(4)], pa.uuid()),
            "digest": pa.array([struct.pack("<q", -n - 1) for n in range(4)], pa.binary(8)),
        }
    ),
)
write("empty", table.slice(0, 0))

class Kms(pe.KmsClient):
    """Keeps a key of a test beside the file; no way to keep one."""

    def wrap_key(self, key_bytes, master_key_identifier):
        return b64encode(key_bytes)

    def unwrap_key(self, wrapped_key, master_key_identifier):
        return b64decode(wrapped_key)


def encrypted(name, **options):
    factory = pe.CryptoFactory(lambda config: Kms())
    properties = factory.file_encryption_properties(
        pe.KmsConnectionConfig(),
        pe.EncryptionConfiguration(
            footer_key="footer", column_keys={"column": ["nhs_number"]}, **options
        ),
    )
    with pq.ParquetWriter(
        HERE / f"{name}.parquet",
        table.schema,
        encryption_properties=properties,
    ) as writer:
        writer.write_table(table.slice(0, 20))


encrypted("encrypted")
encrypted("encrypted-columns", plaintext_footer=True)
