//! The same lines in other bytes, or other bytes altogether.

use super::{CANONICAL, COUNT};
use crate::forge::{Draft, Workshop, canonical};
use crate::runner::{Case, INSIDE};

pub(super) fn texts() -> Vec<Case> {
    type Text = fn(&Draft) -> Vec<u8>;
    fn lines(draft: &Draft) -> Vec<Vec<u8>> {
        let lines = std::iter::once(&draft.header).chain(&draft.lines);
        lines.map(canonical).collect()
    }
    fn text(draft: &Draft) -> String {
        String::from_utf8(draft.text()).unwrap()
    }
    let table: [(&str, &str, Text); 16] = [
        ("of nothing", COUNT, |_| Vec::new()),
        (
            "that is an empty line",
            "line 1 of the inventory: EOF",
            |_| b"\n".to_vec(),
        ),
        ("without its last newline", COUNT, |d| {
            text(d).trim_end().into()
        }),
        ("with an empty line at its end", COUNT, |d| {
            (text(d) + "\n").into()
        }),
        (
            "with an empty line in it",
            "line 2 of the inventory: EOF",
            |d| text(d).replacen('\n', "\n\n", 1).into(),
        ),
        ("with one line more", COUNT, |d| {
            [d.text(), canonical(&d.lines[0])].concat()
        }),
        ("with carriage returns", CANONICAL, |d| {
            text(d).replace('\n', "\r\n").into()
        }),
        ("with a blank in a line", CANONICAL, |d| {
            let mut lines = lines(d);
            lines[2].insert(1, b' ');
            lines.concat()
        }),
        ("with an escaped letter in a line", CANONICAL, |d| {
            text(d).replacen("data/a.txt", "d\\u0061ta/a.txt", 1).into()
        }),
        ("with a field twice in a line", "duplicate field", |d| {
            text(d)
                .replacen(
                    "\"path\":\"data/a.txt\"",
                    "\"path\":\"data/a.txt\",\"path\":\"data/b.txt\"",
                    1,
                )
                .into()
        }),
        (
            "with the fields of a line in another order",
            CANONICAL,
            |d| {
                let mut lines = lines(d);
                let line = String::from_utf8(lines[2].clone()).unwrap();
                let line = line
                    .trim_end()
                    .trim_end_matches('}')
                    .trim_start_matches('{');
                let (first, rest) = line.split_once(',').unwrap();
                lines[2] = format!("{{{rest},{first}}}\n").into();
                lines.concat()
            },
        ),
        (
            "with all lines in one list",
            "line 1 of the inventory: invalid type: map",
            |d| {
                let all: Vec<_> = text(d).lines().map(str::to_owned).collect();
                format!("[{}]\n", all.join(",")).into()
            },
        ),
        (
            "with a line that is not UTF-8",
            "line 3 of the inventory: invalid unicode",
            |d| {
                let mut lines = lines(d);
                let at = lines[2]
                    .windows(5)
                    .position(|five| five == b"a.txt")
                    .unwrap();
                lines[2][at] = 0xff;
                lines.concat()
            },
        ),
        (
            "of a hundred thousand open brackets",
            "line 1 of the inventory: invalid type: sequence",
            |_| [&b"[".repeat(60_000)[..], b"\n"].concat(),
        ),
        (
            "of ten mebibytes without a newline",
            "it is longer than 64 KiB",
            |_| vec![b' '; 10 << 20],
        ),
        (
            "of ten mebibytes without a newline, behind its header",
            "it is longer than 64 KiB",
            |d| [canonical(&d.header), vec![b' '; 10 << 20]].concat(),
        ),
    ];
    let case = |(how, words, text): (&str, &str, Text)| {
        Case::new(
            format!("inventory {how}"),
            "lines of bounded length, one way to say each, and as many as were promised",
            INSIDE,
            4,
            words,
            move |workshop: &Workshop, _: &std::path::Path| {
                let draft = workshop.draft("plain");
                let edited = text(&draft);
                assert!(edited != draft.text(), "nothing was changed");
                draft.seal_with(workshop, &edited)
            },
        )
    };
    table.map(case).into()
}
