//! The same JSON, or none, in other bytes.

use super::{CANONICAL, MALFORMED};
use crate::runner::{ALL, Case};

pub(super) fn texts() -> Vec<Case> {
    type Edit = fn(String) -> Vec<u8>;
    let table: [(&str, i64, &str, Edit); 27] = [
        ("of no bytes", 4, MALFORMED, |_| Vec::new()),
        ("that is null", 4, MALFORMED, |_| b"null\n".to_vec()),
        ("that is a list of one", 4, MALFORMED, |text| {
            format!("[{}]\n", text.trim_end()).into()
        }),
        ("without its newline", 4, CANONICAL, |text| {
            text.trim_end().into()
        }),
        ("with two newlines", 4, CANONICAL, |text| {
            (text + "\n").into()
        }),
        ("with a carriage return", 4, CANONICAL, |text| {
            text.replace('\n', "\r\n").into()
        }),
        ("with a blank before it", 4, CANONICAL, |text| {
            format!(" {text}").into()
        }),
        ("with a blank in it", 4, CANONICAL, |text| {
            text.replacen(':', ": ", 1).into()
        }),
        ("on many lines", 4, CANONICAL, |text| {
            text.replace(',', ",\n").into()
        }),
        ("with a byte order mark", 4, MALFORMED, |text| {
            format!("\u{feff}{text}").into()
        }),
        ("with text behind it", 4, MALFORMED, |text| {
            (text + "{}").into()
        }),
        ("with NUL behind it", 4, MALFORMED, |text| {
            (text + "\0").into()
        }),
        ("with an escaped letter", 4, CANONICAL, |text| {
            text.replace("exeat/1", "e\\u0078eat/1").into()
        }),
        ("with an escaped slash", 4, CANONICAL, |text| {
            text.replace("exeat/1", "exeat\\/1").into()
        }),
        ("with an escaped letter in a key", 4, CANONICAL, |text| {
            text.replace("\"sums\"", "\"\\u0073ums\"").into()
        }),
        ("with a key twice", 4, "duplicate field", |text| {
            text.replacen('{', "{\"format\":\"exeat/1\",", 1).into()
        }),
        (
            "with a key twice, the second of a later format",
            4,
            "duplicate field",
            |text| {
                text.replacen(
                    "\"format\":\"exeat/1\",",
                    "\"format\":\"exeat/1\",\"format\":\"exeat/2\",",
                    1,
                )
                .into()
            },
        ),
        (
            "with a key twice further in",
            4,
            "duplicate field",
            |text| {
                text.replacen("\"kind\":\"tar\"", "\"kind\":\"tar\",\"kind\":\"raw\"", 1)
                    .into()
            },
        ),
        ("with its keys in another order", 4, CANONICAL, |text| {
            let rest = text
                .trim_end()
                .trim_end_matches('}')
                .trim_start_matches('{');
            let (first, rest) = rest.split_once(',').unwrap();
            format!("{{{rest}}},{first}}}\n").into()
        }),
        ("with a size with a zero before it", 4, MALFORMED, |text| {
            text.replacen("\"bytes\":", "\"bytes\":0", 1).into()
        }),
        (
            "with a size with a fraction of nought",
            4,
            MALFORMED,
            |text| {
                let at = text.find("\"bytes\":").unwrap() + 8;
                let end = at + text[at..].find(',').unwrap();
                format!("{}.0{}", &text[..end], &text[end..]).into()
            },
        ),
        ("with a comment", 4, MALFORMED, |text| {
            text.replacen('{', "{/* */", 1).into()
        }),
        ("with a comma too many", 4, MALFORMED, |text| {
            text.trim_end().replace("}}", "},}").into()
        }),
        ("with half a character", 4, MALFORMED, |text| {
            text.replace("exeat 0", "exeat \\ud800 0").into()
        }),
        ("that is not UTF-8", 4, MALFORMED, |text| {
            let mut bytes = text.into_bytes();
            let at = bytes
                .windows(7)
                .position(|seven| seven == b"exeat 0")
                .unwrap();
            bytes[at] = 0xff;
            bytes
        }),
        ("of a hundred thousand open brackets", 4, MALFORMED, |_| {
            "[".repeat(100_000).into()
        }),
        (
            "of a hundred thousand open brackets where a list is",
            4,
            MALFORMED,
            |text| {
                text.replacen(
                    "\"volumes\":[",
                    &format!("\"volumes\":[{}", "[".repeat(100_000)),
                    1,
                )
                .into()
            },
        ),
    ];
    let case = |(how, code, words, edit): (&str, i64, &str, Edit)| {
        Case::new(
            format!("manifest {how}"),
            "there is one way to say a thing, and nothing to hide a second meaning in",
            ALL,
            code,
            words,
            move |workshop, _| {
                workshop.manifest_bytes(|bytes| {
                    let text = String::from_utf8(bytes).unwrap();
                    let edited = edit(text.clone());
                    assert!(edited != text.as_bytes(), "nothing was changed");
                    edited
                })
            },
        )
    };
    let mut cases: Vec<Case> = table.map(case).into();
    cases.push(Case::new(
        "manifest of 17 MiB",
        "its size is bounded before it is read",
        ALL,
        4,
        "manifest.json is too long (",
        |workshop, _| workshop.manifest_bytes(|bytes| [bytes, vec![b' '; 17 << 20]].concat()),
    ));
    cases.push(Case::new(
        "manifest of a hundred thousand volumes",
        "no package has so many",
        ALL,
        4,
        "there must be 1 to 99999 volumes",
        |workshop, _| {
            workshop.manifest(|manifest| {
                let volume = manifest["payload"]["volumes"][0].clone();
                manifest["payload"]["volumes"] = vec![volume; 100_000].into();
            })
        },
    ));
    cases
}
