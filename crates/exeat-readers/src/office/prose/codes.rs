//! Headers and footers of sheets (ECMA-376, 18.3.1.46): text with codes in it,
//! which say where it stands and how it looks.

/// Whether an element holds such text.
pub(in crate::office) fn is_header(name: &str) -> bool {
    matches!(
        name,
        "oddHeader" | "oddFooter" | "evenHeader" | "evenFooter" | "firstHeader" | "firstFooter"
    )
}

/// The text without its codes.
pub(in crate::office) fn without_codes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, code) = rest.split_at(at);
        plain.push_str(before);
        let mut after = code.chars();
        after.next();
        match after.next() {
            Some('&') => plain.push('&'),
            // Left, in the middle, right.
            Some('L' | 'C' | 'R') => plain.push('\n'),
            // A font, which has a name.
            Some('"') => {
                let (font, behind) = after
                    .as_str()
                    .split_once('"')
                    .unwrap_or((after.as_str(), ""));
                plain.push(' ');
                plain.push_str(font);
                plain.push(' ');
                after = behind.chars();
            }
            // A colour, of six signs.
            Some('K') if after.as_str().get(..6).is_some_and(is_colour) => {
                plain.push(' ');
                after = after.as_str().get(6..).unwrap_or_default().chars();
            }
            // A size; digits that are text follow it after a blank.
            Some(digit @ '0'..='9') => {
                plain.push(' ');
                plain.push(digit);
            }
            _ => plain.push(' '),
        }
        rest = after.as_str();
    }
    plain.push_str(rest);
    plain
}

/// In hexadecimal, or by a number and a shade.
fn is_colour(signs: &str) -> bool {
    let is_sign = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b'+' | b'-');
    signs.bytes().all(is_sign)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_no_text() {
        for (text, plain) in [
            ("&C9990000018", "\n9990000018"),
            ("&LAmy &&co&RBen", "\nAmy &co\nBen"),
            (
                "&C&\"Arial,Bold\"&12 9990000018",
                "\n Arial,Bold  12 9990000018",
            ),
            ("&K01+0009990000018", " 9990000018"),
            ("&Kx&", " x "),
            ("&\"unclosed 999", " unclosed 999 "),
            ("&P of &N", "  of  "),
            ("", ""),
        ] {
            assert_eq!(without_codes(text), plain, "{text}");
        }
    }
}
