//! A file with lists or maps in its records: a JSON object for each, a line
//! each, so that lists of people are seen as such.

use std::sync::Arc;

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Form;
use parquet::data_type::{ByteArray, Decimal};
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::FileReader as _;
use parquet::file::serialized_reader::{ReadOptionsBuilder, SerializedFileReader};
use parquet::record::reader::TreeBuilder;
use parquet::record::{Field, Row};

use super::column::Column;
use super::source::{Source, problem};
use super::style::{MICROS, MILLIS, big_endian};
use super::table::Rest;
use crate::cell::{
    Binary, of_bytes, push_date, push_decimal, push_float, push_hex, push_integer, push_time,
    push_timestamp, push_unsigned,
};
use crate::input::{Input, Window};
use crate::output::Output;
use crate::problem::Problem;

/// Records are passed on in pieces of about so many bytes.
const PIECE: usize = 256 << 10;
/// Records that are decoded at a time. They are large where they have lists.
const BATCH: usize = 64;
/// The most bytes of values that are files of their own.
const MAX_FILES: usize = 8 << 20;

/// Passes all records on, and then what is no part of one.
pub(super) fn read(
    window: &Window,
    source: &Arc<Source>,
    metadata: &ParquetMetaData,
    out: &mut Output,
) -> Result<(), Problem> {
    let mut writer = Writer::default();
    out.begin(Form::Content)?;
    let read = read_groups(window, &mut writer, out);
    out.end()?;
    read?;
    let mut rest = Rest::default();
    for (place, group) in metadata.row_groups().iter().enumerate() {
        for (column, chunk) in group.columns().iter().enumerate() {
            if chunk.dictionary_page_offset().is_none() {
                continue;
            }
            let mut part = Column::new(source, chunk);
            let count = usize::try_from(chunk.num_values()).map_err(|_| Reason::Damaged)?;
            part.mark(count)?;
            out.spend(part.take_decoded())?;
            part.has_files = false;
            rest.add(place, column, &mut part)?;
        }
    }
    rest.read(source, metadata, out)?;
    for bytes in std::mem::take(&mut writer.files) {
        out.member(b"value", Input::of_bytes(bytes))?;
    }
    match writer.is_left_out {
        true => Err(Reason::Foreign.into()),
        false => Ok(()),
    }
}

fn read_groups(window: &Window, writer: &mut Writer, out: &mut Output) -> Result<(), Problem> {
    let options = ReadOptionsBuilder::new().build();
    let source = Source::new_plain(window);
    let file = SerializedFileReader::new_with_options(source, options).map_err(problem)?;
    let schema = file.metadata().file_metadata().schema_descr_ptr();
    let mut line = Vec::new();
    for place in 0..file.num_row_groups() {
        let group = file.get_row_group(place).map_err(problem)?;
        let rows = TreeBuilder::new()
            .with_batch_size(BATCH)
            .as_iter(Arc::clone(&schema), &*group)
            .map_err(problem)?;
        let mut count = 0;
        for row in rows {
            writer.row(&row.map_err(problem)?, &mut line);
            line.push(b'\n');
            if line.len() >= PIECE {
                pass_on(&mut line, out)?;
            }
            count += 1;
        }
        pass_on(&mut line, out)?;
        if count != group.metadata().num_rows() {
            return Err(Reason::Damaged.into());
        }
    }
    Ok(())
}

fn pass_on(lines: &mut Vec<u8>, out: &mut Output) -> Result<(), Problem> {
    out.spend(lines.len() as u64)?;
    out.data(lines)?;
    lines.clear();
    Ok(())
}

/// Writes JSON, and keeps what cannot stand in it.
#[derive(Default)]
struct Writer {
    files: Vec<Vec<u8>>,
    held: usize,
    is_left_out: bool,
}

impl Writer {
    fn row(&mut self, row: &Row, out: &mut Vec<u8>) {
        out.push(b'{');
        for (place, (name, field)) in row.get_column_iter().enumerate() {
            if place > 0 {
                out.push(b',');
            }
            push_string(out, name);
            out.push(b':');
            self.field(field, out);
        }
        out.push(b'}');
    }

    fn field(&mut self, field: &Field, out: &mut Vec<u8>) {
        match field {
            Field::Null => out.extend_from_slice(b"null"),
            Field::Bool(value) => out.extend_from_slice(if *value { b"true" } else { b"false" }),
            Field::Byte(value) => push_integer(out, i64::from(*value)),
            Field::Short(value) => push_integer(out, i64::from(*value)),
            Field::Int(value) => push_integer(out, i64::from(*value)),
            Field::Long(value) => push_integer(out, *value),
            Field::UByte(value) => push_unsigned(out, u64::from(*value)),
            Field::UShort(value) => push_unsigned(out, u64::from(*value)),
            Field::UInt(value) => push_unsigned(out, u64::from(*value)),
            Field::ULong(value) => push_unsigned(out, *value),
            Field::Float16(value) => number(out, f64::from(*value)),
            Field::Float(value) => number(out, f64::from(*value)),
            Field::Double(value) => number(out, *value),
            Field::Decimal(decimal) => push_decimal_of(out, decimal),
            Field::Str(text) => push_string(out, text),
            Field::Bytes(bytes) => self.bytes(bytes, out),
            Field::Date(days) => quoted(out, |out| push_date(out, i64::from(*days))),
            Field::TimeMillis(units) => {
                quoted(out, |out| push_time(out, i64::from(*units), MILLIS));
            }
            Field::TimeMicros(units) => quoted(out, |out| push_time(out, *units, MICROS)),
            Field::TimestampMillis(units) => {
                quoted(out, |out| push_timestamp(out, *units, MILLIS));
            }
            Field::TimestampMicros(units) => {
                quoted(out, |out| push_timestamp(out, *units, MICROS));
            }
            Field::Group(row) => self.row(row, out),
            Field::ListInternal(list) => {
                out.push(b'[');
                for (place, element) in list.elements().iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    self.field(element, out);
                }
                out.push(b']');
            }
            Field::MapInternal(map) => {
                out.push(b'{');
                let mut key = Vec::new();
                for (place, (name, value)) in map.entries().iter().enumerate() {
                    if place > 0 {
                        out.push(b',');
                    }
                    key.clear();
                    self.field(name, &mut key);
                    match key.first() {
                        Some(b'"') => out.extend_from_slice(&key),
                        _ => push_string(out, &String::from_utf8_lossy(&key)),
                    }
                    out.push(b':');
                    self.field(value, out);
                }
                out.push(b'}');
            }
        }
    }

    fn bytes(&mut self, bytes: &ByteArray, out: &mut Vec<u8>) {
        let bytes = bytes.data();
        match of_bytes(bytes) {
            Binary::Cell(text) => push_string(out, &String::from_utf8_lossy(&text)),
            Binary::File => {
                out.extend_from_slice(b"null");
                if self.held.saturating_add(bytes.len()) > MAX_FILES {
                    self.is_left_out = true;
                    return;
                }
                self.held += bytes.len();
                self.files.push(bytes.to_vec());
            }
        }
    }
}

fn quoted(out: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(b'"');
    write(out);
    out.push(b'"');
}

fn number(out: &mut Vec<u8>, value: f64) {
    match value.is_finite() {
        true => push_float(out, value),
        false => out.extend_from_slice(b"null"),
    }
}

fn push_decimal_of(out: &mut Vec<u8>, decimal: &Decimal) {
    let scale = usize::try_from(decimal.scale()).unwrap_or(0);
    match big_endian(decimal.data()) {
        Some(value) => push_decimal(out, value, scale),
        None => quoted(out, |out| push_hex(out, decimal.data())),
    }
}

/// Adds a JSON string.
fn push_string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..32 => {
                out.extend_from_slice(b"\\u00");
                push_hex(out, &[byte]);
            }
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}
