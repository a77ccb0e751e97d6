//! Postcodes of the United Kingdom, Guernsey, Jersey and the Isle of Man.
//!
//! The grammar is Royal Mail's (Programmers' Guide to the PAF, "Postcode
//! format", and BS 7666): the outward code is A9, A99, AA9, AA99, A9A or AA9A,
//! the inward code 9AA without C, I, K, M, O and V; areas are those that
//! exist, with BF (British Forces), BX and GIR 0AA.

/// A postcode in capitals: the outward code at the left of four places, the
/// inward code in the last three.
pub(crate) fn postcode(cell: &[u8]) -> Option<[u8; 7]> {
    let cell = cell.trim_ascii();
    let (outward, inward) = cell.split_last_chunk::<3>()?;
    let outward = match outward {
        [outward @ .., b' '] | [outward @ .., 0xC2, 0xA0] | [outward @ .., 0xA0] => outward,
        _ => outward,
    };
    if !(2..=4).contains(&outward.len()) {
        return None;
    }
    let mut code = [b' '; 7];
    code[..outward.len()].copy_from_slice(outward);
    code[4..].copy_from_slice(inward);
    code.make_ascii_uppercase();
    let good = code[4].is_ascii_digit()
        && is_inward(code[5])
        && is_inward(code[6])
        && is_outward(&code[..outward.len()], &code[4..]);
    good.then_some(code)
}

/// Reads a postcode in any case at `at`, with or without a blank in it, that
/// ends before a character that is neither letter nor digit.
pub(super) fn read(text: &[u8], at: usize) -> Option<([u8; 7], usize)> {
    let mut code = [b' '; 7];
    let mut outward = 0;
    let mut place = at;
    // The inward code starts at the last digit that two letters follow.
    loop {
        let byte = text.get(place)?.to_ascii_uppercase();
        if !byte.is_ascii_alphanumeric() {
            break;
        }
        let inward = outward >= 2
            && byte.is_ascii_digit()
            && matches!(text.get(place + 1..place + 3), Some([one, two]) if is_inward(*one) && is_inward(*two));
        if inward {
            break;
        }
        if outward == 4 {
            return None;
        }
        code[outward] = byte;
        outward += 1;
        place += 1;
    }
    if let Some((width, super::grouped::Join::Blank)) = super::grouped::separator(text, place) {
        place += width;
    }
    let inward = text.get(place..place + 3)?;
    if !(inward[0].is_ascii_digit() && is_inward(inward[1]) && is_inward(inward[2])) {
        return None;
    }
    place += 3;
    if text
        .get(place)
        .is_some_and(|&byte| byte.is_ascii_alphanumeric() || byte == b'_')
    {
        return None;
    }
    for (to, from) in code[4..].iter_mut().zip(inward) {
        *to = from.to_ascii_uppercase();
    }
    is_outward(&code[..outward], &code[4..]).then_some((code, place))
}

fn is_inward(byte: u8) -> bool {
    let byte = byte.to_ascii_uppercase();
    byte.is_ascii_uppercase() && !matches!(byte, b'C' | b'I' | b'K' | b'M' | b'O' | b'V')
}

fn is_outward(code: &[u8], inward: &[u8]) -> bool {
    const DIGIT: std::ops::RangeInclusive<u8> = b'0'..=b'9';
    let good = match code {
        b"GIR" => return inward == b"0AA",
        [_, d] => DIGIT.contains(d),
        [_, d, e] if DIGIT.contains(d) => DIGIT.contains(e) || b"ABCDEFGHJKPSTUW".contains(e),
        [_, _, d] => DIGIT.contains(d),
        [_, _, d, e] => DIGIT.contains(d) && (DIGIT.contains(e) || b"ABEHMNPRVWXY".contains(e)),
        _ => false,
    };
    let area = code
        .iter()
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    good && is_area(&code[..area])
}

fn is_area(area: &[u8]) -> bool {
    let bit = |letter: u8| 1_u32 << (letter & 0x1F);
    match *area {
        [one] => ONE_LETTER & bit(one) != 0,
        [one, two] => TWO_LETTERS[usize::from(one & 0x1F)] & bit(two) != 0,
        _ => false,
    }
}

/// Wikipedia, "List of postcode areas in the United Kingdom", from Royal Mail.
const AREAS: &[u8] = b"AB AL B BA BB BD BF BH BL BN BR BS BT BX CA CB CF CH CM CO CR CT CV CW DA DD DE DG DH \
    DL DN DT DY E EC EH EN EX FK FY G GL GU GY HA HD HG HP HR HS HU HX IG IM IP IV JE KA KT KW KY L LA LD LE LL \
    LN LS LU M ME MK ML N NE NG NN NP NR NW OL OX PA PE PH PL PO PR RG RH RM S SA SE SG SK SL SM SN SO SP SR SS \
    ST SW SY TA TD TF TN TQ TR TS TW UB W WA WC WD WF WN WR WS WV YO ZE ";

const ONE_LETTER: u32 = areas().0;
static TWO_LETTERS: [u32; 32] = areas().1;

const fn areas() -> (u32, [u32; 32]) {
    let mut one = 0;
    let mut two = [0; 32];
    let mut at = 0;
    while at < AREAS.len() {
        if AREAS[at] == b' ' {
            at += 1;
        } else if AREAS[at + 1] == b' ' {
            one |= 1 << (AREAS[at] & 0x1F);
            at += 2;
        } else {
            two[(AREAS[at] & 0x1F) as usize] |= 1 << (AREAS[at + 1] & 0x1F);
            at += 3;
        }
    }
    (one, two)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn grammar_and_areas() {
        // The first six are Royal Mail's examples of the six formats.
        for (cell, code) in [
            ("M1 1AE", Some(b"M1  1AE")),
            ("B33 8TH", Some(b"B33 8TH")),
            ("CR2 6XH", Some(b"CR2 6XH")),
            ("DN55 1PT", Some(b"DN551PT")),
            ("W1A 0AX", Some(b"W1A 0AX")),
            ("EC1A 1BB", Some(b"EC1A1BB")),
            ("EC1A1BB", Some(b"EC1A1BB")),
            ("ec1a 1bb", Some(b"EC1A1BB")),
            ("M11AE", Some(b"M1  1AE")),
            ("EC1A\u{a0}1BB", Some(b"EC1A1BB")),
            ("GIR 0AA", Some(b"GIR 0AA")),
            ("BF1 2AA", Some(b"BF1 2AA")),
            ("JE2 3AB", Some(b"JE2 3AB")),
            ("ZZ99 3VZ", None),
            ("QX1 1AA", None),
            ("A1 1AA", None),
            ("SW1A 1CI", None),
            ("SW1A", None),
            ("1AA SW1", None),
            ("EC1A 1BBB", None),
            ("12345", None),
            ("", None),
        ] {
            assert_eq!(postcode(cell.as_bytes()).as_ref(), code, "{cell}");
        }
    }

    proptest! {
        #[test]
        fn every_area_in_any_form(area in 0_usize..130, district in 1_u8..100, unit in "[0-9][ABD-HJLNP-UW-Z]{2}", form in 0..3) {
            let areas: Vec<&[u8]> = AREAS.split(|byte| *byte == b' ').filter(|area| !area.is_empty()).collect();
            let area = std::str::from_utf8(areas[area % areas.len()]).expect("ASCII");
            let code = match form {
                0 => format!("{area}{district} {unit}"),
                1 => format!("{area}{district}{unit}"),
                _ => format!("{area}{district} {unit}").to_lowercase(),
            };
            let spaced = format!("{area}{district} {unit}");
            prop_assert_eq!(postcode(code.as_bytes()), postcode(spaced.as_bytes()));
            prop_assert!(postcode(code.as_bytes()).is_some());
        }

        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..20), at in 0_usize..20) {
            let _ = read(&bytes, at);
        }
    }
}
