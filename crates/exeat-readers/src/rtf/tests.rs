use exeat_core::inspect::reader::Reason;

use crate::seen::Seen;

#[track_caller]
fn text(rtf: &str) -> String {
    let seen = Seen::of(rtf.as_bytes());
    assert_eq!(seen.uninspected, [], "{rtf}");
    let parts = seen.parts.iter().map(|part| part.text());
    parts.collect::<Vec<_>>().join("|")
}

#[test]
fn letters_are_decoded_by_code_page_font_and_unicode() {
    for (rtf, expected) in [
        (r"{\rtf1\ansi Amy\par Ben}", "Amy\nBen"),
        (r"{\rtf1\ansi\ansicpg1252 Ren\'e9e}", "Renée"),
        (r"{\rtf1\ansi\ansicpg1251 \'c0}", "А"),
        (r"{\rtf1\uc1 \u379?ak \u-10179?\u-8704?}", "Żak 😀"),
        (r"{\rtf1{\uc2\u233\'c3\'a9}x}", "éx"),
        (r"{\rtf1 a{\v hidden}b\~c}", "ahiddenb c"),
        (
            r"{\rtf1 {\deleted 9990000018}9990000026}",
            " 9990000018 9990000026",
        ),
    ] {
        assert_eq!(text(rtf), expected, "{rtf}");
    }
}

#[test]
fn a_table_is_a_table_and_what_is_not_shown_is_text() {
    let rtf = r"{\rtf1{\info{\author Erin Example}}{\header Ward of Dora Example\par}
\pard Patients\par
\trowd\cellx1\cellx2\pard\intbl nhs_number\cell surname\cell\row
\trowd\pard\intbl 9990000018\cell Smith, A\cell\row
\pard After\par{\field{\*\fldinst HYPERLINK mailto:ida@example.org}{\fldrslt write}}
{\*\unknown what is this}}";
    let seen = Seen::of(rtf.as_bytes());
    assert_eq!(seen.uninspected, []);
    for value in [
        "nhs_number,surname\n9990000018,\"Smith, A\"\n",
        "Erin Example",
        "Ward of Dora Example",
        "Patients\n",
        "After\n",
        "mailto:ida@example.org",
        "what is this",
    ] {
        assert!(seen.shows(value), "{value}: {:#?}", seen.parts);
    }
}

#[test]
fn pictures_are_files_of_their_own() {
    let seen = Seen::of(b"{\\rtf1 x{\\pict\\pngblip\n89504e470d0a1a0a00}y}");
    assert!(seen.natures.iter().any(|(path, _)| path == "picture"));
    let seen = Seen::of(b"{\\rtf1 x{\\pict\\jpegblip\\bin4 \xFF\xD8\xFF}}y}");
    assert!(seen.natures.iter().any(|(path, _)| path == "picture"));
    assert!(seen.shows("xy"));
    let seen = Seen::of(b"{\\rtf1 x{\\pict\\wmetafile8\\picw300\\pich200 010009}y}");
    assert_eq!(seen.images.len(), 1);
}

#[test]
fn what_is_broken_or_behind_the_end_is_said() {
    for (rtf, reason) in [
        (&b"{\\rtf1 Amy"[..], Reason::CutShort),
        (b"{\\rtf1 Amy\\'zz}", Reason::Damaged),
        (b"{\\rtf1 x}\r\n\0 Amy Example", Reason::Unaccounted),
        (
            b"{\\rtf1 x{\\object{\\*\\objdata 0102030405}}}",
            Reason::Foreign,
        ),
        (b"{\\rtf1 x{\\pict\\bin400000000 x}}", Reason::PartTooLarge),
    ] {
        let seen = Seen::of(rtf);
        assert_eq!(seen.reason(), Some(reason), "{}", rtf.escape_ascii());
    }
    assert!(Seen::of(b"{\\rtf1 x}\r\n\0 Amy Example").shows("Amy Example"));
    assert!(Seen::of(&[b'{'; 5000].map(|_| b'{')).reason().is_none());
    let deep = [&b"{\\rtf1 "[..], &[b'{'; 5000]].concat();
    assert_eq!(Seen::of(&deep).reason(), Some(Reason::PartTooLarge));
}
