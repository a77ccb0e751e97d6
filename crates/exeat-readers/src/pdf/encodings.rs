//! The encodings that a font may name (ISO 32000-1, annex D), and how wide
//! the letters of the fonts are that need not be embedded.

/// Stands for a code that has no character.
const NONE: char = '␀';

/// Codes from 128 of StandardEncoding.
const STANDARD: &str = "\
␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀¡¢£⁄¥ƒ§¤'“«‹›ﬁﬂ␀–†‡·␀¶•‚„”»…‰␀¿\
␀`´ˆ˜¯˘˙¨␀˚¸␀˝˛ˇ—␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀Æ␀ª␀␀␀␀ŁØŒº␀␀␀␀␀æ␀␀␀ı␀␀łøœß␀␀␀␀\
";
/// Codes from 128 of WinAnsiEncoding.
const WIN: &str = "\
€•‚ƒ„…†‡ˆ‰Š‹Œ•Ž••‘’“”•–—˜™š›œ•žŸ ¡¢£¤¥¦§¨©ª«¬-®¯°±²³´µ¶·¸¹º»¼½¾¿\
ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ\
";
/// Codes from 128 of MacRomanEncoding.
const MAC: &str = "\
ÄÅÇÉÑÖÜáàâäãåçéèêëíìîïñóòôöõúùûü†°¢£§•¶ß®©™´¨≠ÆØ∞±≤≥¥µ∂∑∏π∫ªºΩæø\
¿¡¬√ƒ≈∆«»…\u{a0}ÀÃÕŒœ–—“”‘’÷◊ÿŸ⁄€‹›ﬁﬂ‡·‚„‰ÂÊÁËÈÍÎÏÌÓÔÒÚÛÙıˆ˜¯˘˙˚¸˝˛ˇ\
";
/// Codes from 128 of PDFDocEncoding.
const DOC: &str = "\
•†‡…—–ƒ⁄‹›−‰„“”‘’‚™ﬁﬂŁŒŠŸŽıłœšž␀€¡¢£¤¥¦§¨©ª«¬␀®¯°±²³´µ¶·¸¹º»¼½¾¿\
ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖ×ØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõö÷øùúûüýþÿ\
";
/// Codes from 32 of the font Symbol; a box is a piece of a large bracket.
const SYMBOL: &str = "\
\u{20}!∀#∃%&∋()∗+,−./0123456789:;<=>?≅ΑΒΧ∆ΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ[∴]⊥_\
□αβχδεφγηιϕκλµνοπθρστυϖωξψζ{|}∼␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀␀\
€ϒ′≤⁄∞ƒ♣♦♥♠↔←↑→↓°±″≥×∝∂•÷≠≡≈…□□↵ℵℑℜ℘⊗⊕∅∩∪⊃⊇⊄⊂⊆∈∉∠∇□□□∏√⋅¬∧∨⇔⇐⇑⇒⇓\
◊〈□□□∑□□□□□□□□□□␀〉∫⌠□⌡□□□□□□□□□␀\
";
/// Widths of the codes from 32 to 126 of Helvetica, in thousandths.
#[rustfmt::skip]
const HELVETICA: [u16; 95] = [
    278, 278, 355, 556, 556, 889, 667, 222, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556,
    556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667,
    611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667,
    667, 611, 278, 278, 278, 469, 556, 222, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500,
    222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];
/// Widths of the codes from 32 to 126 of Times-Roman, in thousandths.
#[rustfmt::skip]
const TIMES: [u16; 95] = [
    250, 333, 408, 500, 500, 833, 778, 333, 333, 333, 500, 564, 250, 333, 250, 278, 500, 500, 500,
    500, 500, 500, 500, 500, 500, 500, 278, 278, 564, 564, 564, 444, 921, 722, 667, 667, 722, 611,
    556, 722, 722, 333, 389, 722, 611, 889, 722, 722, 556, 722, 667, 556, 611, 722, 722, 944, 722,
    722, 611, 333, 278, 333, 469, 500, 333, 444, 500, 444, 500, 444, 333, 500, 500, 278, 278, 500,
    278, 778, 500, 500, 500, 500, 333, 389, 278, 500, 500, 722, 500, 500, 444, 480, 200, 480, 541,
];

/// An encoding of a simple font.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Standard,
    Win,
    Mac,
    Symbol,
}

impl Encoding {
    pub(super) fn of_name(name: &[u8]) -> Option<Self> {
        match name {
            b"StandardEncoding" => Some(Self::Standard),
            b"WinAnsiEncoding" => Some(Self::Win),
            b"MacRomanEncoding" => Some(Self::Mac),
            _ => None,
        }
    }

    /// All 256 characters.
    pub(super) fn characters(self) -> Vec<Option<char>> {
        let (first, upper) = match self {
            Self::Standard => (128, STANDARD),
            Self::Win => (128, WIN),
            Self::Mac => (128, MAC),
            Self::Symbol => (32, SYMBOL),
        };
        let mut characters: Vec<Option<char>> = (0..first)
            .map(|code| char::from_u32(code).filter(|&c| (' '..='~').contains(&c)))
            .collect();
        characters.extend(upper.chars().map(|c| (c != NONE).then_some(c)));
        characters.resize(256, None);
        if self == Self::Standard {
            characters[39] = Some('’');
            characters[96] = Some('‘');
        }
        characters
    }
}

/// A string outside of pages: UTF-16 or UTF-8 with a mark, else
/// PDFDocEncoding.
pub(super) fn text_of(bytes: &[u8]) -> String {
    let utf16 = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = bytes
            .chunks_exact(2)
            .map(|pair| unit([pair[0], pair[1]]))
            .collect();
        String::from_utf16_lossy(&units)
    };
    match bytes {
        [0xFE, 0xFF, rest @ ..] => utf16(rest, u16::from_be_bytes),
        [0xFF, 0xFE, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xEF, 0xBB, 0xBF, rest @ ..] => String::from_utf8_lossy(rest).into_owned(),
        // Some programs forget the mark.
        _ if is_wide(bytes, 0) => utf16(bytes, u16::from_be_bytes),
        _ if is_wide(bytes, 1) => utf16(bytes, u16::from_le_bytes),
        _ if bytes.is_ascii() => String::from_utf8_lossy(bytes).into_owned(),
        _ => {
            let upper: Vec<char> = DOC.chars().collect();
            let letters = bytes.iter().map(|&byte| match byte.checked_sub(128) {
                Some(place) => upper.get(usize::from(place)).copied().unwrap_or(NONE),
                None => char::from(byte),
            });
            letters.collect()
        }
    }
}

/// Whether this is UTF-16 for the most part of letters with a zero in the
/// first or the second byte.
fn is_wide(bytes: &[u8], zero: usize) -> bool {
    let pairs = bytes.chunks_exact(2);
    let wide = pairs
        .clone()
        .filter(|pair| pair[zero] == 0 && pair[1 - zero] >= b' ');
    bytes.len() >= 4 && bytes.len().is_multiple_of(2) && wide.count() * 4 >= pairs.len() * 3
}

/// The width of a letter in a font that need not be embedded, in thousandths.
pub(super) fn standard_width(font: &[u8], code: u32) -> f64 {
    let says = |word: &[u8]| memchr::memmem::find(font, word).is_some();
    if says(b"Courier") || says(b"Mono") {
        return 600.0;
    }
    let widths = if says(b"Times") || says(b"Serif") {
        &TIMES
    } else {
        &HELVETICA
    };
    let place = code.checked_sub(32).and_then(|at| usize::try_from(at).ok());
    let width = place.and_then(|at| widths.get(at)).copied().unwrap_or(556);
    f64::from(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodings_have_a_place_for_every_code() {
        for (encoding, code, character) in [
            (Encoding::Win, 0x80, '€'),
            (Encoding::Win, 0xFF, 'ÿ'),
            (Encoding::Win, 0xB7, '·'),
            (Encoding::Mac, 0x8E, 'é'),
            (Encoding::Mac, 0xFF, 'ˇ'),
            (Encoding::Standard, 0xFB, 'ß'),
            (Encoding::Standard, 0x27, '’'),
            (Encoding::Symbol, 0x61, 'α'),
            (Encoding::Symbol, 0xB7, '•'),
        ] {
            let characters = encoding.characters();
            assert_eq!(characters.len(), 256);
            assert_eq!(characters[code], Some(character), "{encoding:?} {code}");
        }
        assert_eq!(DOC.chars().count(), 128);
        assert_eq!(text_of(b"caf\xE9"), "café");
        assert_eq!(text_of(b"\xFE\xFF\0A\x20\xAC"), "A€");
        assert_eq!(text_of(b"\0A\0m\0y\x20\xAC"), "Amy€");
        assert_eq!(text_of(b"A\0m\0y\0"), "Amy");
        assert_eq!(text_of(b"\0\0\0\0"), "\0\0\0\0");
        assert_eq!(text_of(b"Amy"), "Amy");
    }
}
