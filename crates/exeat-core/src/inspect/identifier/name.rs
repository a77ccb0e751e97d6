//! Names of people, by their looks: capitalised words of letters. Whether a
//! column of them holds people is for its header, or its many values, to say.

/// What a value made of letters looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looks {
    /// Two to four capitalised words, or `SURNAME, Forename`.
    Person,
    /// One capitalised word.
    Single,
    /// Neither.
    Other,
}

/// Judges a value. A title and initials may be among the words, and particles
/// such as `van` between them.
pub(super) fn looks(cell: &[u8]) -> Looks {
    const LONGEST: usize = 70;
    if cell.len() > LONGEST || cell.len() < 2 {
        return Looks::Other;
    }
    if let Some(known) = plain_words(cell) {
        return known;
    }
    let mut names = 0_usize;
    let mut initials = 0_usize;
    let mut words = 0_usize;
    let mut commas = 0_usize;
    let mut last_is_name = false;
    for word in cell
        .split(|byte| *byte == b' ')
        .filter(|word| !word.is_empty())
    {
        words += 1;
        let (word, comma) = match word.strip_suffix(b",") {
            Some(word) => (word, true),
            None => (word, false),
        };
        commas += usize::from(comma);
        last_is_name = true;
        match part(word) {
            Part::Name => names += 1,
            Part::Initial => initials += 1,
            Part::Title if words == 1 && !comma => words -= 1,
            Part::Particle => last_is_name = false,
            Part::Title | Part::Other => return Looks::Other,
        }
    }
    match (names, names + initials) {
        (1, 1) if words == 1 && commas == 0 => Looks::Single,
        (1.., 2..=4) if commas <= 1 && last_is_name => Looks::Person,
        _ => Looks::Other,
    }
}

/// The form that most cells have: words with single blanks between, each
/// capitalised and longer than an initial. `None` if it takes a closer look.
fn plain_words(cell: &[u8]) -> Option<Looks> {
    let mut state = word_state::START;
    let mut blanks = 0_usize;
    for &byte in cell {
        state = word_state::NEXT[usize::from(byte)].wrapping_shr(state);
        blanks = blanks.wrapping_add(usize::from(byte == b' '));
    }
    // A title is as long as this, and stands first.
    let titled =
        memchr::memchr(b' ', &cell[..cell.len().min(10)]).is_some_and(|end| is_title(&cell[..end]));
    if state & 31 != word_state::WORD || titled {
        return None;
    }
    match blanks {
        0 => Some(Looks::Single),
        1..=3 => Some(Looks::Person),
        _ => Some(Looks::Other),
    }
}

/// An automaton over the characters of a name. For each character a word holds
/// the next state of every state, each at the bits that its number counts: a
/// step is one shift, and no branch on a letter.
mod word_state {
    pub(super) const START: u32 = 0;
    const CAPITAL: u32 = 5;
    pub(super) const WORD: u32 = 10;
    const MARK: u32 = 15;
    const BAD: u32 = 20;

    pub(super) static NEXT: [u32; 256] = {
        let mut table = [0; 256];
        let mut byte = 0_u8;
        loop {
            let (start, capital, word, mark) = match byte {
                b'A'..=b'Z' | 0xC3.. => (CAPITAL, WORD, WORD, WORD),
                b'a'..=b'z' | 0x80..=0xC2 => (BAD, WORD, WORD, WORD),
                b'\'' | b'-' => (BAD, MARK, MARK, BAD),
                b' ' => (BAD, BAD, START, BAD),
                _ => (BAD, BAD, BAD, BAD),
            };
            table[byte as usize] =
                start << START | capital << CAPITAL | word << WORD | mark << MARK | BAD << BAD;
            if byte == u8::MAX {
                break;
            }
            byte += 1;
        }
        table
    };
}

enum Part {
    Name,
    Initial,
    Title,
    Particle,
    Other,
}

fn part(word: &[u8]) -> Part {
    let bare = word.strip_suffix(b".").unwrap_or(word);
    let Some(&first) = bare.first() else {
        return Part::Other;
    };
    if is_title(bare) {
        return Part::Title;
    }
    if first.is_ascii_lowercase() {
        return if PARTICLES.contains(&bare) {
            Part::Particle
        } else {
            Part::Other
        };
    }
    if bare.len() == 1 && first.is_ascii_uppercase() {
        return Part::Initial;
    }
    if is_name_word(bare) && bare.len() == word.len() {
        Part::Name
    } else {
        Part::Other
    }
}

/// A capital and at least one more letter; apostrophes and hyphens inside.
pub(super) fn is_name_word(word: &[u8]) -> bool {
    let [first, inner @ .., last] = word else {
        return false;
    };
    (first.is_ascii_uppercase() || *first >= 0xC3)
        && is_letter(*last)
        && inner
            .iter()
            .all(|&byte| is_letter(byte) || matches!(byte, b'\'' | b'-'))
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// Forms of address, by length.
pub(super) const TITLES: [&[u8]; 13] = [
    b"mr",
    b"ms",
    b"mx",
    b"dr",
    b"mrs",
    b"rev",
    b"sir",
    b"miss",
    b"prof",
    b"revd",
    b"dame",
    b"professor",
    b"reverend",
];

/// A form of address, in any case.
pub(super) fn is_title(word: &[u8]) -> bool {
    let titles = match word.len() {
        2 => &TITLES[..4],
        3 => &TITLES[4..7],
        4 => &TITLES[7..11],
        9 => &TITLES[11..],
        _ => return false,
    };
    matches!(word[0] | 0x20, b'm' | b'd' | b'p' | b'r' | b's')
        && titles.iter().any(|title| title.eq_ignore_ascii_case(word))
}

const PARTICLES: [&[u8]; 22] = [
    b"de", b"van", b"der", b"den", b"von", b"al", b"el", b"bin", b"ibn", b"bint", b"la", b"le",
    b"di", b"da", b"du", b"dos", b"del", b"ap", b"ab", b"y", b"ter", b"ten",
];

/// Letters only, lower case, words sorted with one blank between, titles left
/// out; so that `SMITH, John`, `Mr John Smith` and the cells `John` and
/// `Smith` are the same. Replaces what is in `out`.
pub(crate) fn name_key(parts: &[&[u8]], out: &mut Vec<u8>) {
    const MOST_WORDS: usize = 16;
    out.clear();
    let mut words = [(0_usize, 0_usize); MOST_WORDS];
    let mut count = 0;
    for part in parts {
        for word in part.split(|&byte| !is_letter(byte) && byte != b'\'' && byte != b'.') {
            if count == MOST_WORDS {
                break;
            }
            let start = out.len();
            lower_letters(word, out);
            if out.len() == start || is_title(&out[start..]) {
                out.truncate(start);
                continue;
            }
            words[count] = (start, out.len());
            count += 1;
        }
    }
    let words = &mut words[..count];
    words.sort_unstable_by(|one, other| out[one.0..one.1].cmp(&out[other.0..other.1]));
    let unsorted = out.len();
    for (at, &(start, end)) in words.iter().enumerate() {
        if at > 0 {
            out.push(b' ');
        }
        out.extend_from_within(start..end);
    }
    out.drain(..unsorted);
}

/// Appends the letters of `word` in lower case; accented ones too, where the
/// word is UTF-8.
fn lower_letters(word: &[u8], out: &mut Vec<u8>) {
    if word.is_ascii() {
        out.extend(
            word.iter()
                .filter(|byte| byte.is_ascii_alphabetic())
                .map(u8::to_ascii_lowercase),
        );
    } else if let Ok(word) = std::str::from_utf8(word) {
        let mut buffer = [0; 4];
        for letter in word
            .chars()
            .filter(|c| c.is_alphabetic())
            .flat_map(char::to_lowercase)
        {
            out.extend_from_slice(letter.encode_utf8(&mut buffer).as_bytes());
        }
    } else {
        out.extend(
            word.iter()
                .filter(|&&byte| is_letter(byte))
                .map(u8::to_ascii_lowercase),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn looks_of_values() {
        for (cell, expected) in [
            ("John Smith", Looks::Person),
            ("JOHN SMITH", Looks::Person),
            ("SMITH, John", Looks::Person),
            ("Smith, John A.", Looks::Person),
            ("Mr John Smith", Looks::Person),
            ("Dr. Anna-Marie O'Brien", Looks::Person),
            ("Ludwig van Beethoven", Looks::Person),
            ("J. Smith", Looks::Person),
            ("José García", Looks::Person),
            ("Zoë Müller", Looks::Person),
            ("Smith", Looks::Single),
            ("O'Brien", Looks::Single),
            ("SMITH", Looks::Single),
            ("john smith", Looks::Other),
            ("John 2", Looks::Other),
            ("A B", Looks::Other),
            ("John van", Looks::Other),
            ("One Two Three Four Five", Looks::Other),
            ("Smith, John, Jones", Looks::Other),
            ("Low-", Looks::Other),
            ("A", Looks::Other),
            ("", Looks::Other),
        ] {
            assert_eq!(looks(cell.as_bytes()), expected, "{cell}");
        }
    }

    fn key(parts: &[&str]) -> String {
        let mut out = b"left over".to_vec();
        let parts: Vec<&[u8]> = parts.iter().map(|part| part.as_bytes()).collect();
        name_key(&parts, &mut out);
        String::from_utf8(out).expect("UTF-8 went in")
    }

    #[test]
    fn one_person_has_one_key() {
        for parts in [
            &["John Smith"][..],
            &["SMITH, John"],
            &["Mr John Smith"],
            &["John", "Smith"],
            &["smith", "JOHN"],
            &["  John   Smith "],
            &["Smith", "Mr. John"],
        ] {
            assert_eq!(key(parts), "john smith", "{parts:?}");
        }
        assert_eq!(key(&["Anne-Marie O'Brien"]), key(&["OBRIEN, Anne Marie"]));
        assert_eq!(key(&["JOSÉ"]), key(&["José"]));
        assert_eq!(key(&[]), "");
        assert_eq!(key(&["123", "-"]), "");
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..30), 0..20)) {
            let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let mut out = Vec::new();
            name_key(&parts, &mut out);
            for part in parts {
                let _ = looks(part);
            }
        }

        #[test]
        fn order_and_case_do_not_matter(one in "[A-Z][a-z]{1,10}", other in "[A-Z][a-z]{1,10}") {
            let written = key(&[&one, &other]);
            prop_assert_eq!(&key(&[&format!("{}, {one}", other.to_uppercase())]), &written);
            prop_assert_eq!(&key(&[&other, &one]), &written);
        }
    }
}
