//! Lines in which every value has its own place.

use super::*;

/// Lines as `(number, NHS number)` write them.
fn lines(many: usize, write: impl Fn(usize, &str) -> String) -> String {
    let numbers = nhs_numbers(many);
    let lines = numbers.iter().enumerate();
    lines.map(|(at, number)| write(at, number) + "\n").collect()
}

#[track_caller]
fn expect_people(text: &str, people: u64) {
    let facts = inspect(text.as_bytes());
    let start: String = text.chars().take(60).collect();
    assert_eq!(
        (facts.people.least, facts.people.most),
        (people, people),
        "{start}"
    );
    assert_eq!(count(&facts, Class::NhsNumber), people, "{start}");
    assert!(facts.personal_records >= people, "{start}");
    assert!(facts.records >= people, "{start}");
}

#[test]
fn numbers_that_touch_others_are_told_by_their_place() {
    for many in [8, 40, 1_000] {
        expect_people(
            &lines(many, |at, nhs| {
                format!("{at:05}{nhs}1970{:02}15M{:03}", at % 12 + 1, at * 7 % 1000)
            }),
            many as u64,
        );
        expect_people(
            &lines(many, |at, nhs| format!("P{nhs}F{:04}", at * 37 % 10_000)),
            many as u64,
        );
        // Blanks at the ends of lines are taken off, and lines differ.
        expect_people(
            &lines(many, |at, nhs| {
                format!("{at:05}{nhs}{:8}{}", at * 31, "seen ".repeat(at % 4))
                    .trim_end()
                    .to_owned()
            }),
            many as u64,
        );
        // A head and a tail.
        let body = lines(many, |at, nhs| format!("{at:05}{nhs}M"));
        expect_people(
            &format!("HDR20240201EXTRACT\n{body}TRL{many:09}\n"),
            many as u64,
        );
    }
}

#[test]
fn who_has_no_number_hides_nobody() {
    let text = lines(100, |at, nhs| {
        let nhs = match at % 4 {
            0 => "          ",
            1 => "0000000000",
            _ => nhs,
        };
        format!("{at:05}{nhs}M{:03}", at * 7 % 1000)
    });
    expect_people(&text, 50);
}

#[test]
fn every_block_of_a_large_file_counts() {
    let many = 90_000;
    let text = lines(many, |at, nhs| {
        format!("{at:09}{nhs}1970{:02}15M ROUTINE", at % 12 + 1)
    });
    assert!(text.len() > 3 << 20);
    let facts = inspect(text.as_bytes());
    assert_eq!(facts.people.most, many as u64);
    assert_eq!(count(&facts, Class::NhsNumber), many as u64);
}

#[test]
fn a_number_within_the_cells_of_a_column_counts() {
    let rows = lines(60, |at, nhs| format!("{at},A{nhs}-{:02},ok", at % 50));
    let joined = lines(60, |at, nhs| {
        format!("{at},{:03}{nhs}{:02},ok", at * 7 % 1000, at % 50)
    });
    for rows in [rows, joined] {
        expect_people(&format!("n,code,state\n{rows}"), 60);
    }
}

#[test]
fn tables_with_blanks_are_counted_as_before() {
    let text = lines(60, |at, nhs| format!("{at:<8}{nhs} {:>6}", at * 31));
    expect_people(&text, 60);
}

#[test]
fn other_numbers_at_a_place_are_nobodys() {
    // One in eleven passes.
    let random = |at: usize| 4_000_000_000 + (at * 2_654_435_761) % 3_000_000_000;
    for many in [8, 40, 1_000] {
        let texts: [fn(usize, usize) -> String; 5] = [
            |_, _| "0".repeat(200),
            |at, value| format!("{at:05}{value}1970{:02}15M", at % 12 + 1),
            |at, _| format!("{:013}GET", 1_700_000_000_000_usize + at * 1_009),
            |at, _| format!("X{:020}", at * 11),
            |_, _| "000129990000018M".to_owned(),
        ];
        for write in texts {
            let text: String = (0..many).map(|at| write(at, random(at)) + "\n").collect();
            let facts = inspect(text.as_bytes());
            let start: String = text.chars().take(60).collect();
            assert_eq!(facts.people.most, 0, "{start}");
            assert_eq!(count(&facts, Class::NhsNumber), 0, "{start}");
        }
    }
}

/// Book numbers pass the same check: their ranges tell them.
#[test]
fn books_are_nobody() {
    let valid = |number: &u64| identifier::nhs_number(format!("{number:010}").as_bytes()).is_some();
    let books: String = (0..200_u64)
        .flat_map(|at| (at * 40_000_017 % 9_000_000_000..).find(valid))
        .map(|book| format!("B{book:010}F\n"))
        .collect();
    let facts = inspect(books.as_bytes());
    assert_eq!(facts.people.most, 0);
    assert_eq!(count(&facts, Class::NhsNumber), 0);
}
