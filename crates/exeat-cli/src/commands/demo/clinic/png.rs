//! Writes a greyscale PNG with nothing but the standard library, for the scans of the made-up
//! clinic.
//!
//! The image data goes into *stored* deflate blocks: noise does not compress, and a demonstration
//! does not earn the tool another dependency. Formats: PNG (W3C, third edition), zlib (RFC 1950),
//! deflate (RFC 1951).

/// The most a stored block holds: its length is a 16-bit field (RFC 1951, 3.2.4).
const BLOCK: usize = 0xffff;

/// A picture of 8-bit grey values, row by row from the top. `pixels` must be `width` times `height`
/// long.
pub(super) fn grey(width: u32, height: u32, pixels: &[u8]) -> Vec<u8> {
    let row = width as usize;
    assert_eq!(
        pixels.len(),
        row * height as usize,
        "one byte for each pixel"
    );

    let mut header = Vec::with_capacity(13);
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    // 8 bits, greyscale, deflate, adaptive filters, not interlaced.
    header.extend([8, 0, 0, 0, 0]);

    // Each row is led by its filter; 0 leaves the row as it is.
    let rows: Vec<u8> = pixels
        .chunks(row)
        .flat_map(|line| std::iter::once(0).chain(line.iter().copied()))
        .collect();

    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut png, *b"IHDR", &header);
    chunk(&mut png, *b"IDAT", &zlib_stored(&rows));
    chunk(&mut png, *b"IEND", &[]);
    png
}

fn chunk(png: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    let length = u32::try_from(data.len()).expect("the pictures here are far below 4 GiB");
    png.extend(length.to_be_bytes());
    let covered = png.len();
    png.extend(kind);
    png.extend(data);
    // The checksum covers the kind and the data, not the length.
    let sum = crc32(&png[covered..]);
    png.extend(sum.to_be_bytes());
}

fn zlib_stored(data: &[u8]) -> Vec<u8> {
    // 32 KiB window, no dictionary, fastest level; the pair is a multiple of 31 as RFC 1950
    // demands.
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(BLOCK).peekable();
    while let Some(block) = blocks.next() {
        let length = u16::try_from(block.len()).expect("a chunk is at most BLOCK long");
        out.push(u8::from(blocks.peek().is_none()));
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    out.extend(adler32(data).to_be_bytes());
    out
}

/// The CRC-32 of PNG, gzip and zip, a bit at a time: fast enough for a few hundred kilobytes, and
/// no table.
pub(super) fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |crc, &byte| {
        (0..8).fold(crc ^ u32::from(byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    })
}

/// The checksum that ends a zlib stream (RFC 1950, section 9).
fn adler32(data: &[u8]) -> u32 {
    let (low, high) = data.iter().fold((1_u32, 0_u32), |(low, high), &byte| {
        let low = (low + u32::from(byte)) % 65_521;
        (low, (high + low) % 65_521)
    });
    (high << 16) | low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_give_their_published_check_values() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc32(b""), 0);
        assert_eq!(adler32(b"Wikipedia"), 0x11e6_0398);
        assert_eq!(adler32(b""), 1);
    }

    #[test]
    fn blocks_carry_the_data_and_only_the_last_says_so() {
        let data = vec![7; BLOCK + 3];
        let out = zlib_stored(&data);
        assert_eq!(out[..7], [0x78, 0x01, 0, 0xff, 0xff, 0, 0]);
        let second = 7 + BLOCK;
        assert_eq!(out[second..second + 8], [1, 3, 0, 0xfc, 0xff, 7, 7, 7]);
        assert_eq!(out.len(), second + 8 + 4);
    }

    #[test]
    fn a_single_pixel_is_the_known_picture() {
        let expected: &[&[u8]] = &[
            b"\x89PNG\r\n\x1a\n",
            b"\0\0\0\x0dIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0\x3a\x7e\x9b\x55",
        ];
        assert!(grey(1, 1, &[255]).starts_with(&expected.concat()));
        assert!(grey(1, 1, &[255]).ends_with(b"\0\0\0\0IEND\xae\x42\x60\x82"));
    }
}
