//! Words in free text: those that are findings, and those that say what a
//! number near them means.

use super::super::{Key, name, private_key};
use super::Scan;
use crate::inspect::facts::Class;

/// What a number nearby is, if words say so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Context {
    Patient,
    Chi,
    Gmc,
    Insurance,
    Card,
    Phone,
    SortCode,
    Account,
    Birth,
    Icd,
    Snomed,
    Isbn,
    Postcode,
}

impl Context {
    pub(super) const COUNT: usize = 13;
}

/// What to do where a word stands.
#[derive(Debug, Clone, Copy)]
enum Act {
    Is(Context),
    Health,
    /// A finding, and the context of a code after it.
    HealthCode(Context),
    Title,
    /// A label after which a name stands.
    NameLabel,
    /// What a letter begins with.
    Salutation,
    Street,
    Key,
}

/// A word or phrase in lower case. A blank in it stands for at most one
/// separator.
struct Word {
    text: &'static [u8],
    end: End,
    act: Act,
    /// The first four characters, in the byte order of memory, as far as they
    /// are certain, and which of them are.
    head: (u32, u32),
}

/// How a word ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// Letters may follow: `patients`, `nhsNumber`.
    Open,
    /// No letter follows.
    Whole,
    /// It stands alone, and not in the name of a variable.
    Spoken,
}

const fn word(text: &'static str, end: End, act: Act) -> Word {
    let text = text.as_bytes();
    let mut head = (0, 0);
    let mut at = 0;
    while at < 4 && at < text.len() && text[at] != b' ' {
        head.0 |= (text[at] as u32) << (8 * at);
        head.1 |= 0xFF << (8 * at);
        at += 1;
    }
    Word {
        text,
        end,
        act,
        head,
    }
}

const fn whole(text: &'static str, act: Act) -> Word {
    word(text, End::Whole, act)
}

const fn spoken(text: &'static str, act: Act) -> Word {
    word(text, End::Spoken, act)
}

const fn start(text: &'static str, act: Act) -> Word {
    word(text, End::Open, act)
}

/// Sorted by first letter.
#[rustfmt::skip]
static WORDS: &[Word] = {
    use Act::{Health, HealthCode, Is, Key, NameLabel, Salutation, Street, Title};
    use Context::*;
    &[
        spoken("a/c", Is(Account)), whole("acc no", Is(Account)), spoken("account", Is(Account)),
        spoken("acct", Is(Account)), start("admitted", Is(Patient)), whole("age secret key", Key),
        whole("amex", Is(Card)), start("appointment", Is(Patient)), whole("asthma", Health), whole("avenue", Street),

        whole("begin", Key), start("biopsy", Health), whole("birth date", Is(Birth)), whole("birthday", Is(Birth)),
        whole("bipolar disorder", Health), whole("blood pressure", Health), spoken("born", Is(Birth)), whole("breast cancer", Health), start("carcinoma", Health), whole("card", Is(Card)), whole("cards", Is(Card)),
        start("chemotherapy", Health), whole("chi", Is(Chi)), whole("client name", NameLabel),
        start("clinic", Is(Patient)), whole("close", Street), whole("comorbidities", Health), whole("copd", Health), whole("court", Street), whole("crescent", Street),

        whole("d.o.b", Is(Birth)), whole("dame", Title), whole("date of birth", Is(Birth)), whole("dear", Salutation), start("dementia", Health),
        start("diabet", Health), whole("diagnosed", Health), whole("diagnoses", Health), whole("diagnosis", Health),
        start("discharge", Is(Patient)), whole("dob", Is(Birth)), whole("dr", Title), whole("drive", Street),

        start("epilep", Health),

        spoken("fax", Is(Phone)), whole("forename", NameLabel), whole("forenames", NameLabel),
        whole("full name", NameLabel),

        whole("gardens", Street), whole("gmc", Is(Gmc)), spoken("gp", Is(Patient)), whole("grove", Street),

        whole("hba1c", Health), start("health number", Is(Patient)), whole("heart failure", Health), start("hepatitis", Health), whole("hill", Street), spoken("hiv", Health),
        start("hospital", Is(Patient)), start("hypertensi", Health),

        whole("insulin", Health), spoken("icd", Is(Icd)), whole("icd 10", Is(Icd)), whole("icd10", Is(Icd)), whole("isbn", Is(Isbn)),

        whole("kidney disease", Health),

        whole("lane", Street), whole("lung cancer", Health),

        start("maestro", Is(Card)), start("mastercard", Is(Card)), start("medical", Is(Patient)), whole("multiple sclerosis", Health),
        spoken("medication", Health), spoken("medications", Health), whole("metformin", Health), whole("miss", Title), spoken("mob", Is(Phone)),
        spoken("mobile", Is(Phone)), whole("mr", Title), whole("mrn", Is(Patient)), whole("mrs", Title),
        whole("ms", Title), whole("mx", Title),

        start("national insurance", Is(Insurance)), whole("next of kin", NameLabel), start("nhs", Is(Patient)),
        whole("ni no", Is(Insurance)), whole("ni number", Is(Insurance)), start("nino", Is(Insurance)),

        whole("park", Street), start("patient", Is(Patient)), spoken("pan", Is(Card)), whole("patient name", NameLabel),
        spoken("payment", Is(Card)), start("phone", Is(Phone)), whole("place", Street), start("post code", Is(Postcode)),
        whole("prescribed", Health), start("prescription", Health), whole("prof", Title), whole("professor", Title),
        whole("prognosis", Health), whole("prostate cancer", Health), spoken("pt", Is(Patient)), start("putty user key", Key),

        start("referr", Is(Patient)), whole("rev", Title), whole("revd", Title),
        whole("road", Street),

        start("schizophreni", Health), whole("sctid", Is(Snomed)), whole("sir", Title),
        start("snomed", HealthCode(Snomed)), whole("sort code", Is(SortCode)), whole("sortcode", Is(SortCode)),
        whole("square", Street), whole("street", Street), spoken("surgery", Is(Patient)), whole("surname", NameLabel),

        spoken("tel", Is(Phone)), start("telephone", Is(Phone)), whole("terrace", Street),
        start("tumour", Health), whole("type 2 diabetes", Health),

        spoken("visa", Is(Card)),

        spoken("ward", Is(Patient)), whole("way", Street), whole("whatsapp", Is(Phone)),
    ]
};

/// Tells of nearly every place in a text that none of the words starts there,
/// by the three characters it starts with.
#[derive(Debug)]
pub(super) struct WordFilter {
    starts: Box<[u64; 512]>,
}

impl WordFilter {
    pub(super) fn new() -> Self {
        let mut starts = Box::new([0; 512]);
        for word in WORDS {
            for third in 0..32 {
                let known = word.text.get(2).filter(|third| third.is_ascii_alphabetic());
                if known.is_none_or(|known| known & 31 == third) {
                    let place = index(word.text[0], word.text[1], third);
                    starts[place / 64] |= 1 << (place % 64);
                }
            }
        }
        Self { starts }
    }

    #[inline]
    pub(super) fn may_start(&self, text: &[u8], at: usize) -> bool {
        let place = match text.get(at..at + 3) {
            Some(&[one, two, three]) => index(one, two, three),
            // Too short for any word that counts at the end of a text.
            _ => return false,
        };
        self.starts[place / 64] >> (place % 64) & 1 != 0
    }
}

#[inline]
fn index(one: u8, two: u8, three: u8) -> usize {
    usize::from(one & 31) << 10 | usize::from(two & 31) << 5 | usize::from(three & 31)
}

/// Where the words with each letter start among all words.
static LETTERS: [usize; 27] = {
    let mut letters = [WORDS.len(); 27];
    let mut at = WORDS.len();
    let mut letter = b'z' + 1;
    while letter > b'a' {
        letter -= 1;
        while at > 0 && WORDS[at - 1].text[0] >= letter {
            at -= 1;
        }
        letters[(letter - b'a') as usize] = at;
    }
    letters
};

fn words_with(first: u8) -> &'static [Word] {
    let letter = usize::from(first & 31).clamp(1, 26);
    &WORDS[LETTERS[letter - 1]..LETTERS[letter]]
}

/// The end of `word` at `at`, in any case.
fn match_word(text: &[u8], at: usize, word: &Word) -> Option<usize> {
    let mut place = at;
    for &byte in word.text {
        let here = text.get(place);
        if byte == b' ' {
            let separates = here.is_some_and(|here| {
                matches!(here, b' ' | b'_' | b'-' | b'\n' | b'\t' | b'.' | 0xA0)
            });
            place += usize::from(separates);
            // A no-break space in UTF-8.
            if here == Some(&0xC2) && text.get(place + 1) == Some(&0xA0) {
                place += 2;
            }
        } else if here?.to_ascii_lowercase() == byte {
            place += 1;
        } else {
            return None;
        }
    }
    let next = text.get(place).copied().unwrap_or(b' ');
    let goes_on = match word.end {
        End::Open => false,
        End::Whole => next.is_ascii_alphabetic() || is_letter_at(text, place),
        End::Spoken => {
            let before = at.checked_sub(1).map_or(b' ', |before| text[before]);
            next.is_ascii_alphanumeric()
                || next == b'_'
                || before == b'_'
                || is_letter_at(text, place)
        }
    };
    (!goes_on).then_some(place)
}

/// Whether a letter beyond ASCII starts at `at`: nearly all of them are
/// written with other first bytes than the blanks and marks of U+0080 to
/// U+00BF and U+2000 to U+2FFF.
fn is_letter_at(text: &[u8], at: usize) -> bool {
    matches!(text.get(at), Some(byte) if *byte >= 0xC3 && *byte != 0xE2)
}

/// Whether a letter beyond ASCII ends before `at`.
fn is_letter_before(text: &[u8], at: usize) -> bool {
    (1..=3)
        .map_while(|back| at.checked_sub(back))
        .take_while(|&place| text[place] >= 0x80)
        .find(|&place| text[place] >= 0xC0)
        .is_some_and(|place| is_letter_at(text, place))
}

impl Scan<'_> {
    /// A letter after something that is none, where a word may start.
    pub(super) fn word(&mut self, at: usize) {
        let text = self.text;
        let head = match text.get(at..at + 4) {
            Some(&[one, two, three, four]) => u32::from_le_bytes([one, two, three, four]),
            _ => text[at..]
                .iter()
                .rev()
                .fold(0, |head, &byte| head << 8 | u32::from(byte)),
        } | 0x2020_2020;
        for word in words_with(text[at]) {
            if head & word.head.1 != word.head.0 {
                continue;
            }
            let Some(end) = match_word(text, at, word) else {
                continue;
            };
            if is_letter_before(text, at) {
                return;
            }
            match word.act {
                Act::Is(context) => self.last[context as usize] = Some(end),
                Act::Health => self.health(at, end),
                Act::HealthCode(context) => {
                    self.last[context as usize] = Some(end);
                    self.health(at, end);
                }
                Act::Title => self.titled_name(at, end),
                Act::NameLabel => self.labelled_name(at, end),
                Act::Salutation => self.greeted_name(at, end),
                Act::Street => self.address(at, end),
                Act::Key => self.private_key(at),
            }
            if at < self.resume {
                return;
            }
        }
    }

    fn health(&mut self, at: usize, end: usize) {
        // Standards prescribe, too.
        let formal = self.text[at..end].eq_ignore_ascii_case(b"prescribed")
            && [&b" by"[..], b" in", b" for th", b" order"]
                .iter()
                .any(|after| self.text[end..].starts_with(after));
        if !formal {
            let resume = self.resume;
            self.hit(Class::Health, at, end, Key::None);
            // `Type 2 diabetes` may hold other words of note.
            self.resume = resume;
        }
    }

    /// `Mr John Smith`: a form of address in its usual case, and capitalised
    /// words.
    fn titled_name(&mut self, at: usize, end: usize) {
        let title = &self.text[at..end];
        let capitals = title.len() > 2 || title == b"MR";
        let usual = title[0].is_ascii_uppercase()
            && (title[1..].iter().all(u8::is_ascii_lowercase)
                || capitals && title.iter().all(u8::is_ascii_uppercase));
        if !usual
            || self
                .before(at)
                .is_some_and(|byte| byte == b'_' || byte.is_ascii_digit() || byte == b'\\')
        {
            return;
        }
        let place = end + usize::from(self.text.get(end) == Some(&b'.'));
        if let Some((start, end, _)) = names(self.text, place) {
            self.hit(Class::Name, start, end, Key::None);
        }
    }

    /// `Dear John Smith`; a form of address after it is found by itself.
    fn greeted_name(&mut self, at: usize, end: usize) {
        const NOBODY: [&[u8]; 12] = [
            b"All",
            b"Colleague",
            b"Colleagues",
            b"Customer",
            b"Editor",
            b"Friend",
            b"Friends",
            b"Hiring",
            b"Madam",
            b"Reader",
            b"Sirs",
            b"Team",
        ];
        if !self.text[at].is_ascii_uppercase() {
            return;
        }
        let Some((start, end, _)) = names(self.text, end) else {
            return;
        };
        // What follows a comma is the letter.
        let comma = memchr::memchr(b',', &self.text[start..end]);
        let end = comma.map_or(end, |comma| start + comma);
        let name = &self.text[start..end];
        let first = name.split(|byte| *byte == b' ').next().unwrap_or_default();
        if first.len() < name.len() && !name::is_title(first) && !NOBODY.contains(&first) {
            self.hit(Class::Name, start, end, Key::None);
        }
    }

    /// `Patient name: John Smith`.
    fn labelled_name(&mut self, at: usize, end: usize) {
        let capital = self.text[at].is_ascii_uppercase();
        let mark = self.text[end..]
            .iter()
            .take(3)
            .position(|byte| matches!(byte, b':' | b'='));
        let Some(mark) = mark else {
            return;
        };
        let Some((start, end, words)) = names(self.text, end + mark + 1) else {
            return;
        };
        const TYPES: [&[u8]; 9] = [
            b"String",
            b"Text",
            b"Str",
            b"Option",
            b"None",
            b"Null",
            b"True",
            b"False",
            b"Required",
        ];
        let first = self.text[start..end]
            .split(|byte| *byte == b' ')
            .next()
            .unwrap_or_default();
        if words >= 2 || capital && !TYPES.contains(&first) {
            self.hit(Class::Name, start, end, Key::None);
        }
    }

    /// `12 High Street`: a number and capitalised words before the street.
    fn address(&mut self, at: usize, end: usize) {
        if !self.text[at].is_ascii_uppercase() {
            return;
        }
        let text = self.text;
        let mut start = at;
        for _ in 0..4 {
            // One word back.
            if self.before(start) != Some(b' ') {
                return;
            }
            let word_end = start - 1;
            let word_start = text[..word_end]
                .iter()
                .rev()
                .take(20)
                .position(|byte| {
                    !(byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'-') || *byte >= 0x80)
                })
                .map_or(word_end.saturating_sub(20), |back| word_end - back);
            let word = &text[word_start..word_end];
            match word.first() {
                Some(first) if first.is_ascii_digit() => {
                    let digits = word.iter().take_while(|byte| byte.is_ascii_digit()).count();
                    let number = digits <= 4
                        && (digits == word.len()
                            || digits + 1 == word.len() && word[digits].is_ascii_alphabetic()
                            || word[digits] == b'-'
                                && word[digits + 1..].iter().all(u8::is_ascii_digit));
                    let bounded = !self
                        .before(word_start)
                        .is_some_and(|byte| matches!(byte, b'.' | b'_' | b'$' | b'#'));
                    if number && bounded && start < at {
                        self.hit(Class::Address, word_start, end, Key::None);
                    }
                    return;
                }
                Some(first) if first.is_ascii_uppercase() => start = word_start,
                _ => return,
            }
        }
    }

    fn private_key(&mut self, at: usize) {
        let text = self.text;
        let found = match text[at] {
            b'A' | b'a' => private_key::age_end(text, at).map(|end| (at, end)),
            b'B' => memchr::memmem::find(&text[at..text.len().min(at + 40)], b"PRIVATE KEY")
                .and_then(|label| private_key::pem_end(text, at + label))
                .map(|end| (at.saturating_sub(5), end)),
            _ => private_key::putty_end(text, at).map(|end| (at, end)),
        };
        if let Some((start, end)) = found {
            self.hit(Class::PrivateKey, start, end, Key::None);
        }
    }
}

/// One to four capitalised words or initials after at most three blanks,
/// commas apart: where they start and end, and how many.
fn names(text: &[u8], at: usize) -> Option<(usize, usize, usize)> {
    let blanks = |from: usize| {
        text.get(from..)
            .unwrap_or_default()
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b' ' | b'\t'))
            .count()
    };
    let start = at + blanks(at);
    let mut end = start;
    let mut place = start;
    let mut words = 0;
    let mut names = 0;
    while words < 4 {
        let width = name_width(text.get(place..)?);
        let word = &text[place..place + width];
        let initial = width == 1 && word[0].is_ascii_uppercase();
        if !initial && !name::is_name_word(word) {
            break;
        }
        // An identifier of a program goes on after its letters.
        if text
            .get(place + width)
            .is_some_and(|&byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'('))
        {
            break;
        }
        words += 1;
        names += usize::from(!initial);
        end = place + width;
        place = end + usize::from(initial && text.get(end) == Some(&b'.'));
        place += usize::from(text.get(place) == Some(&b',') && words == 1);
        let gap = blanks(place);
        if gap == 0 {
            break;
        }
        place += gap;
    }
    (names > 0).then_some((start, end, words))
}

/// How many bytes at the start can be a word of a name: letters, hyphens and
/// apostrophes, also curly ones.
fn name_width(text: &[u8]) -> usize {
    const LONGEST: usize = 30;
    let mut width = 0;
    while width < LONGEST {
        width += match &text[width..] {
            [byte, ..] if byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-') => 1,
            [0xE2, 0x80, 0x99, next, ..] if next.is_ascii_alphabetic() => 3,
            [0xC2 | 0xE2, ..] | [] => break,
            [byte, ..] if *byte >= 0x80 => 1,
            _ => break,
        };
    }
    width
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_by_first_letter_and_pass_the_filter() {
        assert!(WORDS.is_sorted_by_key(|word| word.text[0]));
        let filter = WordFilter::new();
        for word in WORDS {
            let text = [word.text, b" "].concat();
            assert!(
                filter.may_start(&text, 0),
                "{}",
                String::from_utf8_lossy(word.text)
            );
            assert!(match_word(word.text, 0, word).is_some());
        }
    }
}
