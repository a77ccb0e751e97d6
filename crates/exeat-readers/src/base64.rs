//! base64 (RFC 4648) as it stands in mail and markup: in lines, with the
//! digits of either alphabet, now and then ended early or begun again.

use std::io::{self, Read};

/// What a digit stands for.
fn digit(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    })
}

/// Whether this is base64 and nothing else, of so many digits at least.
pub(crate) fn is_base64(text: &[u8], least: usize) -> bool {
    let digits = text.iter().filter(|byte| digit(**byte).is_some()).count();
    let others = text
        .iter()
        .filter(|byte| !byte.is_ascii_whitespace() && **byte != b'=')
        .count();
    let padding = text.iter().filter(|byte| **byte == b'=').count();
    digits >= least && digits == others && padding <= 2 && (digits + padding) % 4 != 1
}

/// Decodes what another reader gives.
pub(crate) struct Base64<R> {
    inner: R,
    raw: Box<[u8]>,
    from: usize,
    to: usize,
    bits: u32,
    /// How many of `bits` are there: six for each digit.
    count: u32,
    /// Something that is neither a digit nor white space nor padding.
    strange: bool,
    /// Digits after padding.
    padded: bool,
    ended: bool,
}

impl<R: Read> Base64<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            raw: vec![0; 16 << 10].into(),
            from: 0,
            to: 0,
            bits: 0,
            count: 0,
            strange: false,
            padded: false,
            ended: false,
        }
    }

    /// Whether there was what base64 does not have, or too little.
    pub(crate) fn is_damaged(&self) -> bool {
        self.strange || (self.ended && self.count == 6)
    }
}

impl<R: Read> Read for Base64<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut written = 0;
        while written < buffer.len() {
            if self.from == self.to {
                self.from = 0;
                self.to = self.inner.read(&mut self.raw)?;
                if self.to == 0 {
                    self.ended = true;
                    return Ok(written);
                }
            }
            while self.from < self.to && written < buffer.len() {
                let byte = self.raw[self.from];
                self.from += 1;
                let Some(value) = digit(byte) else {
                    match byte {
                        b'=' => self.padded = true,
                        b' ' | b'\t' | b'\r' | b'\n' | 0x0C => {}
                        _ => self.strange = true,
                    }
                    continue;
                };
                if std::mem::take(&mut self.padded) {
                    // Another run begins.
                    self.count = 0;
                }
                self.bits = (self.bits << 6) | u32::from(value);
                self.count += 6;
                if self.count >= 8 {
                    self.count -= 8;
                    buffer[written] = (self.bits >> self.count).to_le_bytes()[0];
                    written += 1;
                }
            }
        }
        Ok(written)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &[u8]) -> (Vec<u8>, bool) {
        let mut decoder = Base64::new(text);
        let mut bytes = Vec::new();
        decoder.read_to_end(&mut bytes).expect("from memory");
        let damaged = decoder.is_damaged();
        (bytes, damaged)
    }

    #[test]
    fn base64_is_decoded_as_mail_has_it() {
        assert_eq!(decode(b"QW15IFNtaXRo"), (b"Amy Smith".to_vec(), false));
        assert_eq!(
            decode(b"QW15\r\nIFNt\r\naXRo\r\n"),
            (b"Amy Smith".to_vec(), false)
        );
        assert_eq!(decode(b"QQ==QQ=="), (b"AA".to_vec(), false));
        assert_eq!(decode(b"QUI"), (b"AB".to_vec(), false));
        assert_eq!(decode(b"QW15!"), (b"Amy".to_vec(), true));
        assert_eq!(decode(b"QW15Q"), (b"Amy".to_vec(), true));
        assert_eq!(decode(b""), (Vec::new(), false));
    }

    #[test]
    fn prose_is_no_base64() {
        assert!(is_base64(b"QW15IFNtaXRo\nQW15IFNtaXRo", 20));
        assert!(is_base64(b"QUI=", 2));
        assert!(!is_base64(b"QW15IFNtaXRo, and more", 10));
        assert!(!is_base64(b"QUI=", 20));
    }
}
