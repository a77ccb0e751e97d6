//! How the values of a column are written as text: what its physical and
//! logical types say together.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::push_cell;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type};
use parquet::schema::types::ColumnDescriptor;

use super::values::Raw;
use crate::cell::{
    Binary, of_bytes, of_text, push_date, push_decimal, push_float, push_hex, push_integer,
    push_time, push_timestamp, push_unsigned, push_uuid,
};

pub(super) const MILLIS: i64 = 1_000;
pub(super) const MICROS: i64 = 1_000_000;
const NANOS: i64 = 1_000_000_000;
/// 1970-01-01 as a Julian day.
const EPOCH: i64 = 2_440_588;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    Bool,
    Integer,
    Unsigned32,
    Unsigned64,
    Float,
    Half,
    Date,
    /// In units of which so many are a second.
    Time(i64),
    Timestamp(i64),
    /// Nanoseconds of a Julian day.
    Int96,
    /// So many digits after the point.
    Decimal(usize),
    Text,
    Bytes,
    Uuid,
    Interval,
}

impl Style {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        let physical = column.physical_type();
        let scale = || usize::try_from(column.type_scale()).unwrap_or(0);
        let by_logical = match column.logical_type_ref() {
            Some(LogicalType::Date) => Some(Self::Date),
            Some(LogicalType::Time(time)) => Some(Self::Time(per_second(&time.unit))),
            Some(LogicalType::Timestamp(time)) => Some(Self::Timestamp(per_second(&time.unit))),
            Some(LogicalType::Decimal(decimal)) => {
                Some(Self::Decimal(usize::try_from(decimal.scale).unwrap_or(0)))
            }
            Some(LogicalType::Uuid) => Some(Self::Uuid),
            Some(LogicalType::Float16) => Some(Self::Half),
            Some(LogicalType::String | LogicalType::Enum | LogicalType::Json) => Some(Self::Text),
            Some(LogicalType::Integer(integer)) if !integer.is_signed => Some(match physical {
                Type::INT64 => Self::Unsigned64,
                _ => Self::Unsigned32,
            }),
            _ => None,
        };
        let by_converted = || match column.converted_type() {
            ConvertedType::DATE => Some(Self::Date),
            ConvertedType::TIME_MILLIS => Some(Self::Time(MILLIS)),
            ConvertedType::TIME_MICROS => Some(Self::Time(MICROS)),
            ConvertedType::TIMESTAMP_MILLIS => Some(Self::Timestamp(MILLIS)),
            ConvertedType::TIMESTAMP_MICROS => Some(Self::Timestamp(MICROS)),
            ConvertedType::DECIMAL => Some(Self::Decimal(scale())),
            ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON => Some(Self::Text),
            ConvertedType::UINT_8 | ConvertedType::UINT_16 | ConvertedType::UINT_32 => {
                Some(Self::Unsigned32)
            }
            ConvertedType::UINT_64 => Some(Self::Unsigned64),
            ConvertedType::INTERVAL => Some(Self::Interval),
            _ => None,
        };
        let style = by_logical.or_else(by_converted);
        style
            .filter(|style| style.fits(physical))
            .unwrap_or(match physical {
                Type::BOOLEAN => Self::Bool,
                Type::INT32 | Type::INT64 => Self::Integer,
                Type::INT96 => Self::Int96,
                Type::FLOAT | Type::DOUBLE => Self::Float,
                Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY => Self::Bytes,
            })
    }

    /// Whether an annotation makes sense for values that are stored so.
    fn fits(self, physical: Type) -> bool {
        match self {
            Self::Decimal(_) => matches!(
                physical,
                Type::INT32 | Type::INT64 | Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY
            ),
            Self::Text => matches!(physical, Type::BYTE_ARRAY | Type::FIXED_LEN_BYTE_ARRAY),
            Self::Uuid | Self::Half | Self::Interval => physical == Type::FIXED_LEN_BYTE_ARRAY,
            _ => matches!(physical, Type::INT32 | Type::INT64),
        }
    }

    /// Adds a value as a field of a row. `false`: it is a file of its own, and
    /// the field is blank.
    pub(super) fn push(self, raw: Raw<'_>, out: &mut Vec<u8>) -> Result<bool, Reason> {
        match (self, raw) {
            (Self::Text | Self::Bytes, Raw::Bytes(bytes)) => return Ok(self.push_bytes(bytes, out)),
            (Self::Date, Raw::Integer(days)) => push_date(out, days),
            (Self::Time(per_second), Raw::Integer(units)) => push_time(out, units, per_second),
            (Self::Timestamp(per_second), Raw::Integer(units)) => {
                push_timestamp(out, units, per_second);
            }
            (Self::Decimal(scale), Raw::Integer(value)) => {
                push_decimal(out, i128::from(value), scale);
            }
            (Self::Decimal(scale), Raw::Bytes(bytes)) => match big_endian(bytes) {
                Some(value) => push_decimal(out, value, scale),
                None => push_hex(out, bytes),
            },
            (Self::Bool, Raw::Integer(value)) => {
                out.extend_from_slice(if value == 0 { b"false" } else { b"true" });
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            (Self::Unsigned32, Raw::Integer(value)) => push_unsigned(out, u64::from(value as u32)),
            #[expect(clippy::cast_sign_loss, reason = "the bits are those of the number")]
            (Self::Unsigned64, Raw::Integer(value)) => push_unsigned(out, value as u64),
            (_, Raw::Integer(value)) => push_integer(out, value),
            (_, Raw::Float(value)) => push_float(out, value),
            (Self::Half, Raw::Bytes(&[low, high])) => {
                push_float(out, half(u16::from_le_bytes([low, high])));
            }
            (Self::Int96, Raw::Bytes(bytes)) => push_int96(out, bytes)?,
            (Self::Uuid, Raw::Bytes(bytes)) => push_uuid(out, bytes),
            (Self::Interval, Raw::Bytes(bytes)) => push_hex(out, bytes),
            (_, Raw::Bytes(bytes)) => return Ok(self.push_bytes(bytes, out)),
        }
        Ok(true)
    }

    fn push_bytes(self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        match self.binary(bytes) {
            Binary::Cell(text) => {
                push_cell(out, &text);
                true
            }
            Binary::File => false,
        }
    }

    /// What bytes in a column of this style are.
    pub(super) fn binary(self, bytes: &[u8]) -> Binary<'_> {
        match self {
            Self::Text => of_text(bytes),
            _ => of_bytes(bytes),
        }
    }
}

fn per_second(unit: &TimeUnit) -> i64 {
    match unit {
        TimeUnit::MILLIS => MILLIS,
        TimeUnit::MICROS => MICROS,
        TimeUnit::NANOS => NANOS,
    }
}

/// A number in two's complement, if it has at most sixteen bytes that matter.
pub(super) fn big_endian(bytes: &[u8]) -> Option<i128> {
    let is_negative = bytes.first().is_some_and(|&first| first >= 0x80);
    let filling = if is_negative { 0xFF } else { 0 };
    let (extension, tail) = bytes.split_at(bytes.len().saturating_sub(16));
    let is_extended = extension.iter().all(|&byte| byte == filling);
    let keeps_sign = extension.is_empty() || (tail[0] >= 0x80) == is_negative;
    let mut value = [filling; 16];
    value[16 - tail.len()..].copy_from_slice(tail);
    (is_extended && keeps_sign).then(|| i128::from_be_bytes(value))
}

fn push_int96(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Reason> {
    let (nanos, day) = bytes.split_first_chunk::<8>().ok_or(Reason::Damaged)?;
    let day = day.try_into().map_err(|_| Reason::Damaged)?;
    let day = i64::from(u32::from_le_bytes(day)) - EPOCH;
    push_date(out, day);
    match i64::from_le_bytes(*nanos) {
        0 => {}
        nanos => {
            out.push(b' ');
            push_time(out, nanos, NANOS);
        }
    }
    Ok(())
}

/// A number of half precision (IEEE 754).
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3FF) / 1024.0;
    let exponent = i32::from(bits >> 10 & 0x1F);
    let size = match exponent {
        0 => fraction * 2f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2f64.powi(exponent - 15),
    };
    if bits >> 15 == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_decimals_and_halves_are_exact() {
        assert_eq!(big_endian(&[0xFF; 20]), Some(-1));
        assert_eq!(big_endian(&[0, 200]), Some(200));
        assert_eq!(big_endian(&[200]), Some(-56));
        assert_eq!(big_endian(&[]), Some(0));
        assert_eq!(big_endian(&[1; 17]), None);
        let wide = [&[0][..], &[0xFF; 16]].concat();
        assert_eq!(big_endian(&wide), None);
        assert_eq!(half(0x3C00), 1.0);
        assert_eq!(half(0xC500), -5.0);
        assert_eq!(half(1), 2f64.powi(-24));
    }
}
