//! Numbers in free text: what a run of digits belongs to, by its form, its
//! check digits, and the words around it.

use super::super::card::{self, Verdict};
use super::super::grouped::{Grouped, Join, separator};
use super::super::{Key, bank, clinical, date, email, iban, ip, nhs, nino, phone, postcode};
use super::Scan;
use super::word::Context;
use crate::inspect::facts::Class;

/// How far context reaches, in bytes.
const REACH: usize = 60;
const SHORT_REACH: usize = 30;
const PHONE_REACH: usize = 16;

impl Scan<'_> {
    /// A digit after something that is none.
    pub(super) fn number(&mut self, at: usize) {
        let text = self.text;
        let length = text[at..]
            .iter()
            .take(40)
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        let next = text.get(at + length).copied().unwrap_or(b' ');
        let before = self.before(at).unwrap_or(b' ');
        if before.is_ascii_alphabetic() {
            return self.after_letters(at, length, next);
        }
        if before == b'%' && text[at..].starts_with(&email::ENCODED[1..]) {
            return self.encoded_at_sign(at - 1);
        }
        // A part of a decimal number, or of digits grouped with hyphens.
        if matches!(before, b'.' | b',' | b'-')
            && at >= 2
            && text[at - 2].is_ascii_digit()
            && !(matches!(before, b'-' | b',') && length >= 10)
        {
            return;
        }
        if length <= 3
            && next == b'.'
            && let Some(end) = ip::v4_end(text, at)
        {
            if !ip::is_nobodys(&text[at..end]) && !self.is_section(at) {
                self.hit(Class::IpAddress, at, end, Key::None);
            }
            return;
        }
        if length <= 8 && self.near(Context::Birth, at, SHORT_REACH) && self.birth_date(at) {
            return;
        }
        if (length == 2 || length == 6)
            && matches!(before, b' ' | b'-' | 0x80..)
            && self.spaced_nino(at)
        {
            return;
        }
        if length > 19 {
            return;
        }
        let marked = matches!(before, b'+' | b'(');
        if length < 3 && !marked && next != b'-' && !self.near(Context::SortCode, at, SHORT_REACH) {
            return;
        }
        if length < 6
            && !marked
            && !matches!(
                next,
                b' ' | b'-' | b'.' | b')' | b'\t' | b'\r' | b'\n' | 0x80..
            )
        {
            return;
        }
        // A number alone is of use in few lengths, and most text has others.
        let alone = length < 10
            && !marked
            && text[at + length..]
                .iter()
                .skip(1)
                .take(3)
                .all(|&byte| !byte.is_ascii_digit() && byte < 0x80);
        if alone && !(6..=8).contains(&length) && !self.near(Context::Phone, at, PHONE_REACH) {
            return;
        }
        self.digits(at, length, before);
    }

    fn digits(&mut self, at: usize, length: usize, before: u8) {
        let text = self.text;
        let grouped = Grouped::read(text, at);
        let groups = grouped.lengths().len();
        if groups == 0 {
            return;
        }
        if self.patient_number(at, &grouped)
            || self.card(at, &grouped, before)
            || self.bank_account(at, &grouped)
        {
            return;
        }
        if length == 7 && self.near(Context::Gmc, at, SHORT_REACH) && self.ends(grouped.end(0)) {
            return self.hit(Class::GmcNumber, at, at + 7, Key::None);
        }
        if (6..=18).contains(&length)
            && self.near(Context::Snomed, at, REACH)
            && self.ends(grouped.end(0))
            && clinical::is_snomed(grouped.digits(1))
        {
            return self.hit(Class::Health, at, at + length, Key::None);
        }
        let told = self.told_of_phone(at);
        if matches!(before, b'+' | b'(') || text[at] == b'0' || told {
            self.telephone(at, told);
        }
    }

    /// A valid NHS number with words nearby that tell of one; a CHI number.
    fn patient_number(&mut self, at: usize, grouped: &Grouped) -> bool {
        let Some(groups) = nhs::ten_digit_groups(grouped) else {
            return false;
        };
        let end = grouped.end(groups - 1);
        let Ok(digits) = <&[u8; 10]>::try_from(grouped.digits(groups)) else {
            return false;
        };
        if !nhs::is_valid(digits)
            || !self.ends(end)
            || nhs::runs_on(grouped, groups)
            || self.near(Context::Isbn, at, 20)
        {
            return false;
        }
        if self.near(Context::Chi, at, SHORT_REACH) && nhs::starts_with_date(digits) {
            self.hit(Class::ChiNumber, at, end, Key::None);
            return true;
        }
        if !self.near(Context::Patient, at, REACH) && !self.told_after(end) {
            return false;
        }
        self.hit(
            Class::NhsNumber,
            at,
            end,
            Key::NhsNumber(nhs::value(digits)),
        );
        // In a list of numbers the words stand before the first one only.
        self.last[Context::Patient as usize] = Some(end);
        true
    }

    /// Whether words after a number say that it is a patient's:
    /// `999 … (NHS number)`.
    fn told_after(&self, end: usize) -> bool {
        const AFTER: usize = 24;
        const TELLING: [&[u8]; 4] = [b"nhs", b"patient", b"hospital", b"dob"];
        let after = &self.text[end..self.text.len().min(end + AFTER)];
        (0..after.len()).any(|at| {
            TELLING.iter().any(|word| {
                after[at..].len() >= word.len()
                    && after[at..at + word.len()].eq_ignore_ascii_case(word)
            })
        })
    }

    fn card(&mut self, at: usize, grouped: &Grouped, before: u8) -> bool {
        let told = self.near(Context::Card, at, SHORT_REACH);
        let text = self.text;
        // The last part of a UUID, and one of many groups of four.
        let tail = at >= 2 && before == b'-' && text[at - 2].is_ascii_alphanumeric();
        let listed = at >= 5
            && matches!(before, b' ' | b'-' | b'\t')
            && text[at - 5..at - 1].iter().all(u8::is_ascii_digit)
            && grouped.lengths()[0] == 4;
        if !told && (tail || listed) {
            return false;
        }
        let is_constant = || {
            grouped.lengths()[0] >= 12
                && (self.is_operand(at) || self.is_among_other_numbers(at, grouped.end(0)))
        };
        for groups in card::groupings(grouped) {
            let end = grouped.end(groups - 1);
            let goes_on = match grouped.join(groups - 1) {
                Join::Dot | Join::Hyphen => true,
                Join::Blank => groups > 1 && grouped.lengths().get(groups) == Some(&4),
                _ => false,
            };
            if !self.ends(end)
                || goes_on && !told
                || goes_on && grouped.join(groups - 1) == Join::Dot
            {
                continue;
            }
            let good = match card::judge(grouped.digits(groups)) {
                Verdict::Card => true,
                Verdict::Luhn => told,
                Verdict::No => false,
            };
            if good {
                let is_card = told || !is_constant();
                if is_card {
                    self.hit(Class::Card, at, end, Key::None);
                }
                return is_card;
            }
        }
        false
    }

    /// Whether a number stands in program text: after an operator, or as the
    /// first argument of a call.
    fn is_operand(&self, at: usize) -> bool {
        let blanks = self.text[..at]
            .iter()
            .rev()
            .take(4)
            .take_while(|byte| **byte == b' ')
            .count();
        let operator = at - blanks;
        match self.before(operator) {
            // What ends a tag is no operator: `<td>4000…`.
            Some(b'>') if blanks == 0 => !self
                .before(operator - 1)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'"'),
            Some(b'<' | b'>' | b'*' | b'/' | b'+' | b'-' | b'%' | b'^' | b'&') => true,
            Some(b'=') => blanks > 0,
            Some(b'(') => self
                .before(operator - 1)
                .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'!')),
            _ => false,
        }
    }

    /// Whether the word right before says that dotted numbers are no address.
    fn is_section(&self, at: usize) -> bool {
        const WORDS: [&[u8]; 9] = [
            b"section",
            b"sections",
            b"version",
            b"oid",
            b"clause",
            b"chapter",
            b"release",
            b"rule",
            b"unwrap",
        ];
        let text = self.text;
        let marks = text[..at]
            .iter()
            .rev()
            .take(3)
            .take_while(|byte| matches!(byte, b' ' | b'-' | b'(' | b'"' | b'.' | b':'))
            .count();
        let end = at - marks;
        let letters = text[..end]
            .iter()
            .rev()
            .take(10)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        WORDS
            .iter()
            .any(|word| word.eq_ignore_ascii_case(&text[end - letters..end]))
    }

    /// Whether a long number stands right beside this one that is no card: in
    /// tables of constants one number in a hundred looks like a card.
    fn is_among_other_numbers(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        let between = |byte: &&u8| {
            matches!(
                **byte,
                b' ' | b',' | b'\n' | b'\r' | b'\t' | b'[' | b']' | b'(' | b')'
            )
        };
        let digits = |byte: &&u8| byte.is_ascii_digit();
        let gap = text[end..].iter().take(40).take_while(between).count();
        let after = end + gap;
        let length = text[after..].iter().take(24).take_while(digits).count();
        if gap > 0 && length >= 12 && card::judge(&text[after..after + length]) != Verdict::Card {
            return true;
        }
        let gap = text[..start]
            .iter()
            .rev()
            .take(40)
            .take_while(between)
            .count();
        let before = start - gap;
        let length = text[..before]
            .iter()
            .rev()
            .take(24)
            .take_while(digits)
            .count();
        gap > 0 && length >= 12 && card::judge(&text[before - length..before]) != Verdict::Card
    }

    /// A sort code with an account number beside it, or both with words that
    /// name them.
    fn bank_account(&mut self, at: usize, grouped: &Grouped) -> bool {
        const PAIR: usize = 80;
        let text = self.text;
        let named_sort = self.near(Context::SortCode, at, SHORT_REACH);
        let named_account = self.near(Context::Account, at, SHORT_REACH);
        let sort_end = if bank::starts_with_sort_code(grouped) {
            Some(grouped.end(2))
        } else if named_sort && grouped.lengths()[0] == 6 && self.ends(grouped.end(0)) {
            Some(grouped.end(0))
        } else {
            None
        };
        if let Some(end) = sort_end {
            if let Some(account) = bank::account_after(text, end)
                && (named_sort || named_account || !bank::are_dates(text, at, account - 8))
                && (named_sort || grouped.join(0) != Join::Blank)
            {
                self.hit(Class::BankAccount, at, account, Key::None);
                return true;
            }
            if named_sort && self.ends(end) {
                if let Some((start, account)) = self.account.take()
                    && at.saturating_sub(account) <= PAIR
                {
                    self.hit(Class::BankAccount, start, end, Key::None);
                } else {
                    self.sort_code = Some((at, end));
                    self.resume = end;
                }
                return true;
            }
        }
        if grouped.lengths()[0] == 8 && named_account && self.ends(grouped.end(0)) {
            let end = grouped.end(0);
            if let Some((start, sort_code)) = self.sort_code.take()
                && at.saturating_sub(sort_code) <= PAIR
            {
                self.hit(Class::BankAccount, start, end, Key::None);
            } else {
                self.account = Some((at, end));
            }
            return true;
        }
        false
    }

    /// Whether the words right before say that this is a telephone number:
    /// `Tel. no. is`, not `phone: u64 =`.
    fn told_of_phone(&self, at: usize) -> bool {
        const LINKS: [&[u8]; 8] = [
            b"", b"no", b"num", b"number", b"is", b"on", b"home", b"work",
        ];
        self.near(Context::Phone, at, PHONE_REACH)
            && self.last[Context::Phone as usize].is_some_and(|end| {
                end <= at
                    && self.text[end..at]
                        .split(|byte| !byte.is_ascii_alphanumeric())
                        .all(|word| LINKS.iter().any(|link| link.eq_ignore_ascii_case(word)))
            })
    }

    fn telephone(&mut self, at: usize, told: bool) {
        if let Some(phone) = phone::read(self.text, at, told)
            && phone.start >= self.resume
        {
            let key = (self.hash)(phone.normalised());
            self.hit(Class::Phone, phone.start, phone.end, Key::Hash(key));
        }
    }

    fn birth_date(&mut self, at: usize) -> bool {
        let text = self.text;
        // January 31, 1980: the month stands before the day.
        let month = at.checked_sub(1).map_or(at, |blank| {
            let letters = text[..blank]
                .iter()
                .rev()
                .take(9)
                .take_while(|byte| byte.is_ascii_alphabetic())
                .count();
            blank - letters
        });
        let read = date::read(text, at)
            .map(|(_, end)| (at, end))
            .or_else(|| date::read(text, month).map(|(_, end)| (month, end)));
        if let Some((start, end)) = read {
            self.hit(Class::BirthDate, start, end, Key::None);
            // One date for each mention.
            self.last[Context::Birth as usize] = None;
            return true;
        }
        false
    }

    /// `AB 12 34 56 C`: the letters of the prefix stand before the blank.
    fn spaced_nino(&mut self, at: usize) -> bool {
        let text = self.text;
        let is_separator = |&width: &usize| {
            let from = at.checked_sub(width);
            from.and_then(|from| separator(text, from))
                .is_some_and(|(found, _)| found == width)
        };
        let Some(end) = (1..=3).rev().find(is_separator).map(|width| at - width) else {
            return false;
        };
        let Some(start) = end.checked_sub(2) else {
            return false;
        };
        let prefix = &text[start..end];
        prefix.iter().all(u8::is_ascii_uppercase) && self.starts(start) && self.nino(start)
    }

    fn nino(&mut self, start: usize) -> bool {
        let Some((number, end)) = nino::read(self.text, start) else {
            return false;
        };
        let told = self.near(Context::Insurance, start, REACH);
        let capitals =
            self.text[start].is_ascii_uppercase() && self.text[start + 1].is_ascii_uppercase();
        let suffix = self.text[end - 1];
        if told || capitals && suffix.is_ascii_uppercase() {
            self.hit(Class::Nino, start, end, Key::Nino(number));
            return true;
        }
        false
    }

    /// A number right after letters: the start of a National Insurance number,
    /// an IBAN, a postcode or a code, or a number after `NHS`.
    fn after_letters(&mut self, at: usize, length: usize, next: u8) {
        let text = self.text;
        let letters = text[..at]
            .iter()
            .rev()
            .take(9)
            .take_while(|byte| byte.is_ascii_alphabetic())
            .count();
        let start = at - letters;
        let upper = text[at - 1].is_ascii_uppercase();
        match letters {
            _ if length == 10 || length == 3 => {
                let word = &text[start..at];
                let told = [
                    &b"nhs"[..],
                    b"no",
                    b"nhsno",
                    b"number",
                    b"nhsnumber",
                    b"patient",
                ]
                .iter()
                .any(|telling| telling.eq_ignore_ascii_case(word));
                let escaped = letters == 1
                    && self.before(start) == Some(b'\\')
                    && b"ntr".contains(&text[start]);
                if (told || escaped) && self.patient_number(at, &Grouped::read(text, at)) {
                    return;
                }
            }
            2 if self.starts(start) && (length == 2 || length == 6) && self.nino(start) => return,
            _ => {}
        }
        if letters > 2 || !upper || !self.starts(start) || start < self.resume {
            return;
        }
        if letters == 2
            && length >= 2
            && let Some(end) = iban::read(text, start, false)
        {
            return self.hit(Class::Iban, start, end, Key::None);
        }
        if length <= 3
            && let Some((_, end)) = postcode::read(text, start)
            && text[start..end]
                .iter()
                .all(|byte| !byte.is_ascii_lowercase())
            && (!text[start..end].iter().all(u8::is_ascii_alphanumeric)
                || self.near(Context::Postcode, start, SHORT_REACH))
        {
            return self.hit(Class::Postcode, start, end, Key::None);
        }
        if letters == 1
            && (length >= 2 || next == b'.')
            && self.near(Context::Icd, start, REACH)
            && let Some(end) = clinical::icd_end(text, start)
        {
            self.hit(Class::Health, start, end, Key::None);
            // A list of codes: E11.9, I10.
            self.last[Context::Icd as usize] = Some(end);
        }
    }

    /// Whether nothing that belongs to it stands before `at`.
    fn starts(&self, at: usize) -> bool {
        !self.before(at).is_some_and(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'+' | b'/' | b'#')
        })
    }

    /// Whether a number ends at `end`.
    fn ends(&self, end: usize) -> bool {
        !self
            .text
            .get(end)
            .is_some_and(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'@'))
    }
}
