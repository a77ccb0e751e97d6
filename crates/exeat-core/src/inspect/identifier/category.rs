//! Values of the special categories of Article 9 of the UK GDPR that are told
//! by words: ethnic group, religion, sexual orientation.
//!
//! The words are those of the NHS Data Dictionary (ETHNIC CATEGORY, RELIGIOUS
//! OR OTHER BELIEF SYSTEM AFFILIATION, PERSON STATED SEXUAL ORIENTATION) and
//! of the censuses of England and Wales of 2001 to 2021 (Office for National
//! Statistics). Words that more often mean something else, such as `White`
//! alone, are left out; one-letter codes say nothing without a header.

/// Which of the categories a value belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Category {
    Ethnicity,
    Religion,
    Orientation,
}

const LONGEST: usize = 80;

/// The category of a value, whatever its case, punctuation and `&`.
pub(super) fn category(cell: &[u8]) -> Option<Category> {
    let first = cell.first()?.to_ascii_lowercase();
    if !first.is_ascii_lowercase()
        || !(3..=LONGEST).contains(&cell.len())
        || !may_match(first, cell.len())
    {
        return None;
    }
    let second = cell[1].to_ascii_lowercase();
    if !SECONDS[usize::from(first - b'a')].contains(&second) {
        return None;
    }
    let mut buffer = [0; LONGEST];
    let words = normalised(cell, &mut buffer)?;
    if let Some(found) = find(words) {
        return Some(found);
    }
    // `White: Irish`, `Mixed - White and Asian`, `Asian or Asian British: Indian`.
    GROUPS
        .iter()
        .filter_map(|group| words.strip_prefix(*group)?.strip_prefix(b" "))
        .any(|rest| OF_A_GROUP.contains(&rest) || find(rest) == Some(Category::Ethnicity))
        .then_some(Category::Ethnicity)
}

/// The category of a value that is letters only.
pub(super) fn of_word(cell: &[u8]) -> Option<Category> {
    let first = usize::from((cell.first()? | 0x20).checked_sub(b'a')?);
    let (Some(&from), Some(&to)) = (LETTERS.get(first), LETTERS.get(first + 1)) else {
        return None;
    };
    if (WORD_LENGTHS[first] >> cell.len().min(31)) & 1 == 0 {
        return None;
    }
    VALUES[from..to]
        .iter()
        .find(|(value, _)| value.eq_ignore_ascii_case(cell))
        .map(|(_, category)| *category)
}

/// Whether a value of letters only may be a category, or a form of address:
/// hardly any other word says yes.
pub(super) fn may_be_known(cell: &[u8]) -> bool {
    let (Some(first), Some(last)) = (cell.first(), cell.last()) else {
        return false;
    };
    let middle = cell[cell.len() / 2];
    let bit = fingerprint(*first, middle, *last, cell.len());
    (KNOWN[bit / 64] >> (bit % 64)) & 1 != 0
}

/// A number below 2¹² from some letters of a word, whatever their case, and
/// its length.
const fn fingerprint(first: u8, middle: u8, last: u8, length: usize) -> usize {
    let letters = [
        (first & 31) as usize,
        (middle & 31) as usize,
        (last & 31) as usize,
    ];
    let length = if length < 31 { length } else { 31 };
    let mixed = letters[0] * 1_069 + letters[1] * 283 + letters[2] * 2_017 + length * 617;
    (mixed ^ (mixed >> 7)) & 4_095
}

/// The bits of all values and titles.
static KNOWN: [u64; 64] = {
    let mut table = [0; 64];
    let mut at = 0;
    while at < VALUES.len() + super::name::TITLES.len() {
        let word = if at < VALUES.len() {
            VALUES[at].0
        } else {
            super::name::TITLES[at - VALUES.len()]
        };
        let (middle, last) = (word[word.len() / 2], word[word.len() - 1]);
        let bit = fingerprint(word[0], middle, last, word.len());
        table[bit / 64] |= 1 << (bit % 64);
        at += 1;
    }
    table
};

/// Lower case, runs of anything but letters as one blank, `&` as `and`.
fn normalised<'a>(cell: &[u8], buffer: &'a mut [u8; LONGEST]) -> Option<&'a [u8]> {
    let mut length = 0;
    let mut push = |byte: u8| {
        let free = buffer.get_mut(length)?;
        *free = byte;
        length += 1;
        Some(())
    };
    let mut gap = false;
    for &byte in cell {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' => {
                if std::mem::take(&mut gap) {
                    push(b' ')?;
                }
                push(byte.to_ascii_lowercase())?;
            }
            b'&' => {
                for byte in *b" and" {
                    push(byte)?;
                }
                gap = true;
            }
            b'\'' => {}
            _ => gap = true,
        }
    }
    Some(&buffer[..length])
}

fn find(words: &[u8]) -> Option<Category> {
    let letter = usize::from(words.first()?.checked_sub(b'a')?);
    VALUES[LETTERS[letter]..LETTERS[letter + 1]]
        .iter()
        .find(|(value, _)| *value == words)
        .map(|(_, category)| *category)
}

/// Whether any value starts with this letter and has about this length:
/// nearly all cells end here. Punctuation makes a cell longer than its words.
fn may_match(first: u8, length: usize) -> bool {
    let bits = LENGTHS[usize::from(first - b'a')];
    length >= 24 && bits & GROUPED != 0 || (bits >> length.min(62)) & 1 != 0
}

/// Where the values with each first letter start.
static LETTERS: [usize; 27] = {
    let mut letters = [VALUES.len(); 27];
    let mut at = VALUES.len();
    let mut letter = b'z' + 1;
    while letter > b'a' {
        letter -= 1;
        while at > 0 && VALUES[at - 1].0[0] >= letter {
            at -= 1;
        }
        letters[(letter - b'a') as usize] = at;
    }
    letters
};

/// For each first letter, the lengths of all values.
static WORD_LENGTHS: [u32; 26] = {
    let mut table = [0; 26];
    let mut at = 0;
    while at < VALUES.len() {
        let (value, _) = VALUES[at];
        let length = if value.len() < 31 { value.len() } else { 31 };
        table[(value[0] - b'a') as usize] |= 1 << length;
        at += 1;
    }
    table
};

/// For each first letter, the second letters of all values and groups.
static SECONDS: [[u8; 6]; 26] = {
    let mut table = [[0; 6]; 26];
    let mut at = 0;
    while at < VALUES.len() + GROUPS.len() {
        let word = if at < VALUES.len() {
            VALUES[at].0
        } else {
            GROUPS[at - VALUES.len()]
        };
        let row = (word[0] - b'a') as usize;
        let mut place = 0;
        while table[row][place] != 0 && table[row][place] != word[1] {
            place += 1;
        }
        table[row][place] = word[1];
        at += 1;
    }
    table
};

/// Marks letters with which the name of a group starts.
const GROUPED: u64 = 1 << 63;

static LENGTHS: [u64; 26] = lengths();

const fn lengths() -> [u64; 26] {
    let mut table = [0; 26];
    let mut at = 0;
    while at < VALUES.len() {
        let value = VALUES[at].0;
        // Three more for punctuation and a code before the words.
        let mut length = value.len();
        while length <= value.len() + 3 && length < 62 {
            table[(value[0] - b'a') as usize] |= 1 << length;
            length += 1;
        }
        at += 1;
    }
    let mut at = 0;
    while at < GROUPS.len() {
        let group = GROUPS[at];
        let letter = (group[0] - b'a') as usize;
        let mut length = group.len() + 4;
        while length < 62 {
            table[letter] |= 1 << length;
            length += 1;
        }
        table[letter] |= GROUPED | 1 << 62;
        at += 1;
    }
    table
}

const GROUPS: [&[u8]; 11] = [
    b"asian",
    b"asian or asian british",
    b"asian asian british",
    b"asian asian british or asian welsh",
    b"black",
    b"black or black british",
    b"black black british caribbean or african",
    b"black african caribbean or black british",
    b"mixed",
    b"mixed or multiple ethnic groups",
    b"white",
];

/// What is an ethnic group only after the name of a larger one.
const OF_A_GROUP: [&[u8]; 12] = [
    b"british",
    b"irish",
    b"english",
    b"scottish",
    b"welsh",
    b"other",
    b"english welsh scottish northern irish or british",
    b"english welsh scottish northern irish british",
    b"any other background",
    b"polish",
    b"gypsy",
    b"other mixed",
];

/// Sorted.
#[rustfmt::skip]
const VALUES: [(&[u8], Category); 84] = {
    use Category::{Ethnicity as E, Orientation as O, Religion as R};
    [
        (b"african", E), (b"agnostic", R), (b"anglican", R), (b"any other asian background", E),
        (b"any other black african or caribbean background", E), (b"any other black background", E),
        (b"any other ethnic group", E), (b"any other mixed background", E),
        (b"any other mixed or multiple ethnic background", E), (b"any other white background", E), (b"arab", E),
        (b"asexual", O), (b"asian", E), (b"asian british", E), (b"asian or asian british", E), (b"atheist", R),
        (b"bangladeshi", E), (b"bangladeshi or british bangladeshi", E), (b"baptist", R), (b"bisexual", O),
        (b"black african", E), (b"black british", E), (b"black caribbean", E), (b"black or black british", E),
        (b"british indian", E), (b"british pakistani", E), (b"buddhism", R), (b"buddhist", R), (b"caribbean", E),
        (b"catholic", R), (b"chinese", E), (b"christian", R), (b"christianity", R), (b"church of england", R),
        (b"church of scotland", R), (b"gay", O), (b"gay or lesbian", O), (b"gypsy or irish traveller", E),
        (b"heterosexual", O), (b"heterosexual or straight", O), (b"hindu", R), (b"hinduism", R), (b"homosexual", O),
        (b"humanist", R), (b"indian", E), (b"indian or british indian", E), (b"islam", R), (b"jain", R),
        (b"jehovahs witness", R), (b"jewish", R), (b"judaism", R), (b"lesbian", O), (b"methodist", R),
        (b"mixed or multiple ethnic groups", E), (b"mixed white and asian", E), (b"mormon", R), (b"muslim", R),
        (b"no religion", R), (b"other asian", E), (b"other black", E), (b"other ethnic group", E),
        (b"other ethnic groups", E), (b"other mixed", E), (b"other religion", R), (b"other sexual orientation", O),
        (b"other white", E), (b"pagan", R), (b"pakistani", E), (b"pakistani or british pakistani", E),
        (b"protestant", R), (b"quaker", R), (b"rastafarian", R), (b"roma", E), (b"roman catholic", R), (b"sikh", R),
        (b"sikhism", R), (b"south asian", E), (b"straight or heterosexual", O), (b"white and asian", E),
        (b"white and black african", E), (b"white and black caribbean", E), (b"white british", E),
        (b"white irish", E), (b"white other", E),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_the_dictionaries() {
        use Category::{Ethnicity, Orientation, Religion};
        for (cell, expected) in [
            ("White British", Some(Ethnicity)),
            ("White - British", Some(Ethnicity)),
            ("White: Irish", Some(Ethnicity)),
            ("Mixed - White and Black Caribbean", Some(Ethnicity)),
            ("Mixed: White & Asian", Some(Ethnicity)),
            ("Asian or Asian British - Indian", Some(Ethnicity)),
            (
                "Asian or Asian British: Any other Asian background",
                Some(Ethnicity),
            ),
            ("Black or Black British - African", Some(Ethnicity)),
            (
                "Black, Black British, Caribbean or African: Caribbean",
                Some(Ethnicity),
            ),
            (
                "White: English, Welsh, Scottish, Northern Irish or British",
                Some(Ethnicity),
            ),
            ("Any other ethnic group", Some(Ethnicity)),
            ("PAKISTANI", Some(Ethnicity)),
            ("Christian", Some(Religion)),
            ("muslim", Some(Religion)),
            ("Jehovah's Witness", Some(Religion)),
            ("No religion", Some(Religion)),
            ("Heterosexual or Straight", Some(Orientation)),
            ("Gay or Lesbian", Some(Orientation)),
            ("White", None),
            ("Black", None),
            ("Other", None),
            ("A", None),
            ("Straight", None),
            ("White wine", None),
            ("Blackburn", None),
            ("", None),
        ] {
            assert_eq!(category(cell.as_bytes()), expected, "{cell}");
            if cell.bytes().all(|byte| byte.is_ascii_alphabetic()) {
                assert_eq!(of_word(cell.as_bytes()), expected, "{cell}");
            }
        }
    }

    #[test]
    fn every_value_passes_the_filter() {
        assert!(VALUES.is_sorted_by_key(|(value, _)| *value));
        for (value, expected) in VALUES {
            assert_eq!(
                category(value),
                Some(expected),
                "{}",
                String::from_utf8_lossy(value)
            );
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = (category(&bytes), of_word(&bytes));
        }
    }
}
