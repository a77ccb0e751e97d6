//! What options are given, as text: read, and bounded.

use exeat_core::Level;
use exeat_core::seal::Compress;

/// Reads how to compress.
pub(crate) fn compress(text: &str) -> Result<Compress, String> {
    let level = |level: u8| Level::new(level).map(Compress::Zstd);
    let found = match text {
        "auto" => Some(Compress::Auto),
        "none" => Some(Compress::None),
        "zstd" => level(3),
        _ => text
            .strip_prefix("zstd:")
            .and_then(|digits| digits.parse().ok())
            .and_then(level),
    };
    found.ok_or_else(|| "use auto, none, zstd, or zstd:1 to zstd:9".to_owned())
}

/// Reads a size: digits and K, M, G or T, in powers of 1024.
pub(crate) fn size(text: &str) -> Result<u64, String> {
    let error = || "use a number and K, M, G or T, such as 64M".to_owned();
    let upper = text.to_ascii_uppercase();
    let upper = upper.strip_suffix("IB").unwrap_or(&upper);
    let upper = upper.strip_suffix('B').unwrap_or(upper);
    let (digits, shift) = match upper.as_bytes().last() {
        Some(b'K') => (&upper[..upper.len() - 1], 10),
        Some(b'M') => (&upper[..upper.len() - 1], 20),
        Some(b'G') => (&upper[..upper.len() - 1], 30),
        Some(b'T') => (&upper[..upper.len() - 1], 40),
        _ => (upper, 0),
    };
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(error());
    }
    digits
        .parse::<u64>()
        .ok()
        .filter(|&count| count > 0)
        .and_then(|count| count.checked_mul(1 << shift))
        .filter(|&bytes| bytes < 1 << 60)
        .ok_or_else(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        for (text, bytes) in [
            ("1", 1),
            ("64M", 64 << 20),
            ("64MiB", 64 << 20),
            ("64mb", 64 << 20),
            ("2G", 2 << 30),
            ("1K", 1024),
        ] {
            assert_eq!(size(text), Ok(bytes), "{text}");
        }
        for bad in [
            "",
            "0",
            "M",
            "-1",
            "+1",
            "1.5G",
            "1E",
            "99999999T",
            "1 M",
            "é",
        ] {
            assert!(size(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn compressions() {
        assert_eq!(compress("auto"), Ok(Compress::Auto));
        assert_eq!(
            compress("zstd:9"),
            Ok(Compress::Zstd(Level::new(9).expect("a level")))
        );
        for bad in ["", "gzip", "zstd:0", "zstd:10", "zstd:", "zstd:+1x"] {
            assert!(compress(bad).is_err(), "{bad}");
        }
    }
}
