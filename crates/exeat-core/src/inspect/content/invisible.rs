//! Characters that nobody sees, and that would part a number from itself: soft
//! hyphens, spaces without width, joiners, byte order marks within a text.

use memchr::memchr3;

/// From so many digits on both sides on, two numbers are parted.
const NUMBER: usize = 10;

/// Takes them out of what stands from `from` on. `text` is UTF-8.
pub(super) fn remove(text: &mut Vec<u8>, from: usize) {
    // Most text is ASCII.
    let fresh = text.get(from..).unwrap_or_default();
    if fresh.is_ascii() {
        return;
    }
    let Some(first) = next(text, from) else {
        return;
    };
    let mut kept = first;
    let mut at = first;
    while let Some(width) = text.get(at..).and_then(width) {
        at += width;
        let after = text.get(at..).unwrap_or_default();
        if digits(after.iter()) && digits(text[..kept].iter().rev()) {
            text[kept] = b' ';
            kept += 1;
        }
        let end = next(text, at).unwrap_or(text.len());
        text.copy_within(at..end, kept);
        kept += end - at;
        at = end;
    }
    text.truncate(kept);
}

/// The first of them from `from` on.
fn next(text: &[u8], mut from: usize) -> Option<usize> {
    loop {
        let rest = text.get(from..)?;
        let at = from + memchr3(0xC2, 0xE2, 0xEF, rest)?;
        if width(&text[at..]).is_some() {
            return Some(at);
        }
        from = at + 1;
    }
}

/// How many bytes the one at the start has, if it is one.
fn width(text: &[u8]) -> Option<usize> {
    match text {
        // U+00AD, soft hyphen.
        [0xC2, 0xAD, ..] => Some(2),
        // U+200B to U+200D; U+2060, word joiner; U+FEFF.
        [0xE2, 0x80, 0x8B..=0x8D, ..] | [0xE2, 0x81, 0xA0, ..] | [0xEF, 0xBB, 0xBF, ..] => Some(3),
        _ => None,
    }
}

/// Whether the next of these are a whole number.
fn digits<'t>(bytes: impl Iterator<Item = &'t u8>) -> bool {
    bytes
        .take(NUMBER)
        .take_while(|byte| byte.is_ascii_digit())
        .count()
        == NUMBER
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn removed(text: &str) -> String {
        let mut text = text.as_bytes().to_vec();
        remove(&mut text, 0);
        String::from_utf8(text).expect("whole characters were taken out")
    }

    #[test]
    fn numbers_are_whole_without_them() {
        for text in [
            "999\u{200b}000\u{200b}0018",
            "9990\u{ad}000018",
            "\u{feff}9\u{2060}9\u{200c}9\u{200d}0000018\u{ad}",
        ] {
            assert_eq!(removed(text), "9990000018");
        }
        let two = "9990000018\u{200b}9990000026 \u{e9}\u{200b}";
        assert_eq!(removed(two), "9990000018 9990000026 \u{e9}");
        let others = "\u{a3}5 \u{20ac}5 \u{2013} \u{ff21}";
        assert_eq!(removed(others), others);
    }

    proptest! {
        #[test]
        fn all_are_taken_out_and_nothing_else(text in "[a-z\u{e9}\u{ad}\u{200b}\u{2060}\u{feff}\u{2010}0-3]{0,60}", from in 0_usize..5) {
            let hidden = ['\u{ad}', '\u{200b}', '\u{2060}', '\u{feff}'];
            let expected: String = text.chars().filter(|one| !hidden.contains(one)).collect();
            let mut all = b"12345"[..from].to_vec();
            all.extend(text.as_bytes());
            remove(&mut all, from);
            let all = String::from_utf8(all).expect("whole characters");
            prop_assert_eq!(all[from..].replace(' ', ""), expected);
        }
    }
}
