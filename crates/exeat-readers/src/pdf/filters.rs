//! The filters of streams (ISO 32000-1, 7.4), but for those of images.

use std::io::Read as _;

use exeat_core::inspect::reader::Reason;

use super::lexer::{hex_digit, is_space};
use super::object::{Dict, Object};
use crate::output::Budget;
use crate::problem::Problem;

/// The most bytes that one stream may decode to, to be held in memory.
pub(super) const MOST: usize = 20 << 20;

/// What came out, and whether it is all there was.
pub(super) struct Decoded {
    pub(super) bytes: Vec<u8>,
    pub(super) is_whole: bool,
}

/// Whether a filter gives pixels, which are not decoded.
pub(super) fn is_image(filter: &[u8]) -> bool {
    matches!(
        filter,
        b"DCTDecode" | b"DCT" | b"JPXDecode" | b"CCITTFaxDecode" | b"CCF" | b"JBIG2Decode"
    )
}

/// Applies one filter.
pub(super) fn decode(
    filter: &[u8],
    parameters: Option<&Dict>,
    bytes: Vec<u8>,
    budget: &Budget,
) -> Result<Decoded, Problem> {
    let decoded = match filter {
        b"FlateDecode" | b"Fl" => predicted(parameters, flate(&bytes)?)?,
        b"LZWDecode" | b"LZW" => {
            let early = number(parameters, "EarlyChange").unwrap_or(1) != 0;
            predicted(parameters, lzw(&bytes, early)?)?
        }
        b"ASCIIHexDecode" | b"AHx" => ascii_hex(&bytes),
        b"ASCII85Decode" | b"A85" => ascii_85(&bytes),
        b"RunLengthDecode" | b"RL" => run_length(&bytes)?,
        b"Crypt" => {
            return Ok(Decoded {
                bytes,
                is_whole: true,
            });
        }
        _ => return Err(Reason::Unsupported.into()),
    };
    budget.take(decoded.bytes.len() as u64)?;
    Ok(decoded)
}

fn number(parameters: Option<&Dict>, key: &str) -> Option<u32> {
    parameters?.get(key).and_then(Object::whole)
}

fn flate(bytes: &[u8]) -> Result<Decoded, Problem> {
    let mut out = Vec::new();
    let decoder = flate2::read::ZlibDecoder::new(bytes);
    let result = decoder.take(MOST as u64 + 1).read_to_end(&mut out);
    if out.len() > MOST {
        return Err(Reason::PartTooLarge.into());
    }
    let mut is_whole = result.is_ok();
    if !is_whole && out.is_empty() && bytes.len() > 2 {
        // Some programs leave the header away.
        let decoder = flate2::read::DeflateDecoder::new(bytes);
        is_whole = decoder
            .take(MOST as u64)
            .read_to_end(&mut out)
            .is_ok_and(|_| !out.is_empty());
    }
    Ok(Decoded {
        bytes: out,
        is_whole,
    })
}

/// LZW as in PDF and TIFF: codes of 9 to 12 bits, the highest bit first.
fn lzw(bytes: &[u8], early: bool) -> Result<Decoded, Problem> {
    const CLEAR: usize = 256;
    const END: usize = 257;
    let mut out = Vec::new();
    // Where each code's bytes stand in what came out, and how many.
    let mut table: Vec<(usize, usize)> = Vec::with_capacity(4096);
    let mut previous: Option<(usize, usize)> = None;
    let (mut bits, mut count, mut width) = (0_u32, 0_u32, 9_u32);
    let mut is_whole = false;
    for &byte in bytes {
        bits = bits << 8 | u32::from(byte);
        count += 8;
        if count < width {
            continue;
        }
        count -= width;
        let code = usize::try_from(bits >> count & ((1 << width) - 1)).unwrap_or(END);
        bits &= (1 << count) - 1;
        if code == CLEAR {
            table.clear();
            previous = None;
            width = 9;
            continue;
        }
        if code == END {
            is_whole = true;
            break;
        }
        let start = out.len();
        if code < CLEAR {
            out.push(code.to_le_bytes()[0]);
        } else {
            let entry = table.get(code - 258).copied();
            let (from, length) = match (entry, previous) {
                (Some(entry), _) => entry,
                (None, Some((from, length))) if code - 258 == table.len() => (from, length + 1),
                _ => break,
            };
            for at in from..from + length {
                let byte = out[at];
                out.push(byte);
            }
        }
        if out.len() > MOST {
            return Err(Reason::PartTooLarge.into());
        }
        if let Some((from, length)) = previous
            && table.len() < 4096 - 258
        {
            // What stood before and the first byte of what came now follow
            // each other in the output.
            table.push((from, length + 1));
        }
        previous = Some((start, out.len() - start));
        let next = table.len() + 258 + usize::from(early);
        width = match next {
            ..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
    }
    Ok(Decoded {
        bytes: out,
        is_whole,
    })
}

fn ascii_hex(bytes: &[u8]) -> Decoded {
    let end = memchr::memchr(b'>', bytes);
    let digits: Vec<u8> = bytes[..end.unwrap_or(bytes.len())]
        .iter()
        .filter_map(|&byte| hex_digit(byte))
        .collect();
    let pairs = digits.chunks(2);
    Decoded {
        bytes: pairs
            .map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0))
            .collect(),
        is_whole: end.is_some(),
    }
}

fn ascii_85(bytes: &[u8]) -> Decoded {
    let mut out = Vec::with_capacity(bytes.len() / 5 * 4);
    let mut group = [0_u32; 5];
    let mut filled = 0;
    let mut is_whole = false;
    let bytes = bytes.strip_prefix(b"<~").unwrap_or(bytes);
    for &byte in bytes {
        match byte {
            b'~' => {
                is_whole = true;
                break;
            }
            b'z' if filled == 0 => out.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => {
                group[filled] = u32::from(byte - b'!');
                filled += 1;
                if filled == 5 {
                    out.extend_from_slice(&word_85(group));
                    filled = 0;
                }
            }
            _ if is_space(byte) => {}
            _ => break,
        }
    }
    if filled > 1 {
        group[filled..].fill(84);
        out.extend_from_slice(&word_85(group)[..filled - 1]);
    }
    Decoded {
        bytes: out,
        is_whole,
    }
}

fn word_85(group: [u32; 5]) -> [u8; 4] {
    let word = group.iter().fold(0_u32, |word, digit| {
        word.wrapping_mul(85).wrapping_add(*digit)
    });
    word.to_be_bytes()
}

fn run_length(bytes: &[u8]) -> Result<Decoded, Problem> {
    let mut out = Vec::new();
    let mut rest = bytes;
    let mut is_whole = false;
    while let Some((&length, after)) = rest.split_first() {
        match length {
            128 => {
                is_whole = true;
                break;
            }
            0..=127 => {
                let count = usize::from(length) + 1;
                let Some((literal, after)) = after.split_at_checked(count) else {
                    break;
                };
                out.extend_from_slice(literal);
                rest = after;
            }
            129.. => {
                let Some((&byte, after)) = after.split_first() else {
                    break;
                };
                out.resize(out.len() + 257 - usize::from(length), byte);
                rest = after;
            }
        }
        if out.len() > MOST {
            return Err(Reason::PartTooLarge.into());
        }
    }
    Ok(Decoded {
        bytes: out,
        is_whole,
    })
}

/// Undoes the prediction of rows (7.4.4.4).
fn predicted(parameters: Option<&Dict>, decoded: Decoded) -> Result<Decoded, Problem> {
    let predictor = number(parameters, "Predictor").unwrap_or(1);
    if predictor < 2 {
        return Ok(decoded);
    }
    let colors = number(parameters, "Colors").unwrap_or(1).min(64);
    let depth = number(parameters, "BitsPerComponent").unwrap_or(8).min(16);
    let columns = number(parameters, "Columns").unwrap_or(1);
    let bits = u64::from(columns) * u64::from(colors) * u64::from(depth);
    let row = usize::try_from(bits.div_ceil(8)).map_err(|_| Reason::Damaged)?;
    if row == 0 || row > MOST {
        return Err(Reason::Damaged.into());
    }
    let pixel = usize::try_from((colors * depth).div_ceil(8)).map_err(|_| Reason::Damaged)?;
    if predictor == 2 {
        // Differences of bytes; others are of images alone.
        if depth != 8 {
            return Err(Reason::Unsupported.into());
        }
        let mut bytes = decoded.bytes;
        for row in bytes.chunks_mut(row) {
            for at in pixel..row.len() {
                row[at] = row[at].wrapping_add(row[at - pixel]);
            }
        }
        return Ok(Decoded { bytes, ..decoded });
    }
    let mut out: Vec<u8> = Vec::with_capacity(decoded.bytes.len());
    let mut above = vec![0; row];
    for coded in decoded.bytes.chunks(row + 1) {
        let mut line = coded[1..].to_vec();
        for at in 0..line.len() {
            let left = if at >= pixel { line[at - pixel] } else { 0 };
            let up = above[at];
            let corner = if at >= pixel { above[at - pixel] } else { 0 };
            let guess = match coded[0] {
                1 => left,
                2 => up,
                3 => u16::midpoint(u16::from(left), u16::from(up)).to_le_bytes()[0],
                4 => paeth(left, up, corner),
                _ => 0,
            };
            line[at] = line[at].wrapping_add(guess);
        }
        out.extend_from_slice(&line);
        line.resize(row, 0);
        above = line;
    }
    Ok(Decoded {
        bytes: out,
        ..decoded
    })
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(corner));
    let guess = a + b - c;
    let (da, db, dc) = ((guess - a).abs(), (guess - b).abs(), (guess - c).abs());
    if da <= db && da <= dc {
        left
    } else if db <= dc {
        up
    } else {
        corner
    }
}
