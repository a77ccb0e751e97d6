use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, every_cut_is_said, no_flip_is_a_fault};

macro_rules! sample {
    ($name:literal) => {
        include_bytes!(concat!("../../samples/pdf/", $name))
    };
}

const LETTER: &[u8] = sample!("letter.pdf");

/// What a letter says, whatever it was made or protected by.
fn is_the_letter(seen: &Seen) {
    assert_eq!(seen.uninspected, [], "{:?}", seen.parts);
    for value in [
        "NHS number:  999 000 0018",
        "Patient: Agnes Ashbury",
        "Dora Dell",
        "café",
    ] {
        assert!(seen.shows(value), "{value}: {:?}", seen.parts);
    }
    assert!(seen.shows("Letter about Bert Birch"));
    assert_eq!(seen.parts.len(), 1);
    assert!(seen.images.is_empty() && seen.weak.is_empty());
}

#[test]
fn text_comes_out_as_lines() {
    for bytes in [
        LETTER,
        sample!("objstm.pdf"),
        sample!("linear.pdf"),
        sample!("ghostscript.pdf"),
        sample!("open-rc440.pdf"),
        sample!("open-rc4128.pdf"),
        sample!("open-aes128.pdf"),
        sample!("open-aes256r5.pdf"),
        sample!("open-aes256.pdf"),
    ] {
        is_the_letter(&Seen::of(bytes));
    }
    let seen = Seen::of(sample!("table.pdf"));
    assert!(
        seen.shows("9990000026  Bert Birch  03/04/1981\n"),
        "{:?}",
        seen.parts
    );
    assert_eq!(seen.uninspected, []);
}

#[test]
fn letters_are_found_by_the_maps_of_their_fonts() {
    for bytes in [&sample!("subset.pdf")[..], sample!("libreoffice.pdf")] {
        let seen = Seen::of(bytes);
        assert_eq!(seen.uninspected, []);
        assert!(seen.shows("NHS number: 999 000 0018"), "{:?}", seen.parts);
    }
    assert!(Seen::of(sample!("subset.pdf")).shows("Łódź"));
    // Office files are different: no ligature hides a letter.
    assert!(Seen::of(sample!("libreoffice.pdf")).shows("office file is different"));
}

#[test]
fn a_font_without_a_map_is_illegible() {
    let mut bytes = sample!("subset.pdf").to_vec();
    let mut at = 0;
    while let Some(found) = memchr::memmem::find(&bytes[at..], b"/ToUnicode") {
        bytes[at + found..at + found + 10].copy_from_slice(b"/NoUnicode");
        at += found + 10;
    }
    // The embedded font may say what its glyphs are; here it has no names.
    let seen = Seen::of(&bytes);
    let is_said = seen
        .uninspected
        .iter()
        .any(|(_, reason)| *reason == Reason::Illegible);
    assert!(is_said || seen.shows("999 000 0018"), "{:?}", seen.parts);
}

#[test]
fn what_keeps_out_is_said() {
    let seen = Seen::of(sample!("closed-rc4128.pdf"));
    assert_eq!(seen.reason(), Some(Reason::WeaklyProtected));
    assert_eq!(seen.weak.len(), 1);
    let seen = Seen::of(sample!("closed-aes256.pdf"));
    assert_eq!(seen.reason(), Some(Reason::Encrypted));
    assert!(seen.weak.is_empty() && seen.parts.is_empty());
}

#[test]
fn what_a_revision_takes_back_is_read() {
    let seen = Seen::of(sample!("revised.pdf"));
    assert_eq!(seen.uninspected, []);
    assert!(seen.shows("Nothing to see") && seen.shows("999 000 0018"));
}

#[test]
fn fields_files_and_comments_are_read() {
    let seen = Seen::of(sample!("form.pdf"));
    assert!(seen.shows("nhs_number: 9990000018"), "{:?}", seen.parts);
    assert!(seen.shows("surname: Ashbury"));
    assert_eq!(seen.uninspected, []);
    let seen = Seen::of(sample!("attached.pdf"));
    let file = seen.part("people.csv");
    assert!(file.is_member && file.text().contains("Bert Birch"));
    assert!(seen.shows("Call Cora Copse on 07700 900123") && seen.shows("Free words about Bert"));
    assert_eq!(seen.uninspected, []);
}

#[test]
fn scans_and_outlines_are_images() {
    let seen = Seen::of(sample!("scan.pdf"));
    assert_eq!(seen.images.len(), 1);
    assert_eq!(
        (seen.images[0].1.width, seen.images[0].1.height),
        (200, 300)
    );
    let seen = Seen::of(sample!("outlines.pdf"));
    assert_eq!(seen.images.len(), 1);
    assert_eq!(seen.images[0].1.width, 0);
    let seen = Seen::of(sample!("empty.pdf"));
    assert!(seen.images.is_empty() && seen.uninspected.is_empty());
}

#[test]
fn a_file_that_is_cut_short_is_never_clean() {
    for bytes in [LETTER, sample!("objstm.pdf"), sample!("open-aes256.pdf")] {
        let end = bytes.trim_ascii_end().len();
        every_cut_is_said(bytes, (8..end).step_by(7));
    }
}

#[test]
fn no_byte_breaks_the_reader() {
    for bytes in [LETTER, sample!("objstm.pdf"), sample!("revised.pdf")] {
        no_flip_is_a_fault(bytes, (0..bytes.len()).step_by(2), &[0x01]);
        no_flip_is_a_fault(bytes, (1..bytes.len()).step_by(2), &[0xFF]);
    }
}

/// A document of these objects, with a trailer.
fn document(objects: &[&str]) -> Vec<u8> {
    let mut text = String::from("%PDF-1.7\n");
    for (at, object) in objects.iter().enumerate() {
        text.push_str(&format!("{} 0 obj {object}\nendobj\n", at + 1));
    }
    text.push_str("trailer <</Root 1 0 R>>\nstartxref\n0\n%%EOF\n");
    text.into_bytes()
}

fn stream(dict: &str, data: &str) -> String {
    format!(
        "<<{dict} /Length {}>> stream\n{data}\nendstream",
        data.len()
    )
}

const ROOT: &str = "<</Type/Catalog /Pages 2 0 R>>";
const PAGES: &str = "<</Type/Pages /Kids[3 0 R] /Count 1>>";
const PAGE: &str = "<</Type/Page /Parent 2 0 R /Contents 4 0 R /Resources<</Font<</F 5 0 R>> /XObject<</X 6 0 R>>>>>>";
const FONT: &str = "<</Type/Font /Subtype/Type1 /BaseFont/Helvetica /Encoding/WinAnsiEncoding>>";

fn page(content: &str, font: &str, form: &str) -> Vec<u8> {
    let content = stream("", content);
    document(&[ROOT, PAGES, PAGE, &content, font, form])
}

#[test]
fn pieces_are_put_together() {
    let seen = Seen::of(&page(
        "BT /F 10 Tf 1 0 0 1 50 700 Tm [(NHS)-300(num)20(ber:)] TJ 100 0 Td (999) Tj 20 0 Td (000) Tj \
         20 0 Td (0018) Tj ET /X Do",
        FONT,
        &stream(
            "/Subtype/Form /Resources<</Font<</F 5 0 R>>>>",
            "BT /F 10 Tf 50 650 Td (Agnes ) Tj (Ash\\142ury) Tj ET",
        ),
    ));
    assert_eq!(seen.uninspected, []);
    assert!(
        seen.shows("NHS number:  999 000 0018\n"),
        "{:?}",
        seen.parts
    );
    assert!(seen.shows("Agnes Ashbury\n"));
}

#[test]
fn letters_of_an_unknown_font_are_illegible() {
    let odd = "<</Type/Font /Subtype/Type3 /FontMatrix[1 0 0 1 0 0] /FirstChar 1 /Widths[1 1 1 1 1 1 1 1] \
               /Encoding<</Differences[1/g1/g2/g3/g4/g5/g6]>>>>";
    let seen = Seen::of(&page(
        "BT /F 10 Tf 50 700 Td <010203040506> Tj ET",
        odd,
        "null",
    ));
    assert_eq!(seen.reason(), Some(Reason::Illegible));
    let composite = "<</Type/Font /Subtype/Type0 /Encoding/Identity-H /BaseFont/A \
                     /DescendantFonts[<</Subtype/CIDFontType2 /BaseFont/A>>]>>";
    let shown = "BT /F 10 Tf 50 700 Td <00010002000300040005> Tj ET";
    assert_eq!(
        Seen::of(&page(shown, composite, "null")).reason(),
        Some(Reason::Illegible)
    );
}

/// Six different codes.
const CODES: &str = "BT /F 10 Tf 50 700 Td (Amy Ex) Tj ET";

#[test]
fn letters_that_only_an_embedded_font_knows_are_illegible() {
    let embedded = |font: &str| {
        let font = format!(
            "<</Type/Font /Subtype/TrueType /BaseFont/ABCDEF+Odd \
             /FontDescriptor<</Flags 4 /FontFile2 6 0 R>> {font}>>"
        );
        Seen::of(&page(CODES, &font, &stream("", "no font"))).reason()
    };
    assert_eq!(embedded(""), Some(Reason::Illegible));
    // A map that is not of these codes.
    let map = "/ToUnicode 7 0 R>> endobj 7 0 obj <</Length 36>> stream\n\
               1 beginbfchar <01> <0041> endbfchar \nendstream endobj 8 0 obj <<";
    assert_eq!(embedded(map), Some(Reason::Illegible));
    assert_eq!(embedded("/Encoding/WinAnsiEncoding"), None);
    // Type 1, whose file names an encoding or does not.
    for (file, reason) in [
        ("%!PS /Encoding StandardEncoding def", None),
        ("%!PS", Some(Reason::Illegible)),
    ] {
        let font = "<</Type/Font /Subtype/Type1 /BaseFont/ABCDEF+Odd \
                    /FontDescriptor<</Flags 4 /FontFile 6 0 R>>>>";
        let seen = Seen::of(&page(CODES, font, &stream("", file)));
        assert_eq!(seen.reason(), reason, "{file}");
    }
}

#[test]
fn glyphs_of_no_width_and_codes_of_foreign_tables_are_illegible() {
    // As LaTeX did it for screens that had no fonts.
    let names = "/Encoding<</Differences[65/a65/a66 97/a97 109/a109 120/a120/a121 32/a32 69/a69]>>";
    for widths in ["", "/FirstChar 0 /Widths[0 0 0]"] {
        let font =
            format!("<</Type/Font /Subtype/Type3 /FontMatrix[1 0 0 1 0 0] {widths} {names}>>");
        let seen = Seen::of(&page(CODES, &font, "null"));
        assert_eq!(seen.reason(), Some(Reason::Illegible), "{widths}");
    }
    let shown = "BT /F 10 Tf 50 700 Td <00010002000300040005> Tj ET";
    let font = "<</Type/Font /Subtype/Type0 /Encoding/GBK-EUC-H /BaseFont/A \
                /DescendantFonts[<</Subtype/CIDFontType2 /BaseFont/A>>]>>";
    let seen = Seen::of(&page(shown, font, "null"));
    assert_eq!(seen.reason(), Some(Reason::Illegible));
}

#[test]
fn a_few_letters_of_each_of_many_fonts_are_illegible() {
    for (fonts, reason) in [(4, None), (10, Some(Reason::Illegible))] {
        let mut objects = vec![ROOT.to_owned(), PAGES.to_owned()];
        let resources: String = (0..fonts)
            .map(|at| format!("/F{at} {} 0 R", at + 5))
            .collect();
        objects.push(format!(
            "<</Type/Page /Parent 2 0 R /Contents 4 0 R /Resources<</Font<<{resources}>>>>>>"
        ));
        let shown: String = (0..fonts)
            .map(|at| format!("BT /F{at} 10 Tf {at}0 700 Td (AB) Tj ET\n"))
            .collect();
        objects.push(stream("", &shown));
        let odd = "<</Type/Font /Subtype/Type3 /FontMatrix[1 0 0 1 0 0]>>".to_owned();
        objects.extend((0..fonts).map(|_| odd.clone()));
        let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
        assert_eq!(Seen::of(&document(&objects)).reason(), reason, "{fonts}");
    }
}

#[test]
fn forms_that_draw_one_another_many_times_are_read_once() {
    const LEVELS: usize = 10;
    let mut objects = vec![ROOT.to_owned(), PAGES.to_owned(), PAGE.to_owned()];
    objects.push(stream("", "/X Do"));
    objects.push(FONT.to_owned());
    for level in 0..LEVELS {
        let resources = format!(
            "/Subtype/Form /Resources<</Font<</F 5 0 R>> /XObject<</X {} 0 R>>>>",
            level + 7
        );
        objects.push(stream(&resources, &"/X Do ".repeat(10)));
    }
    let words = "BT /F 10 Tf 50 650 Td (Agnes Ashbury) Tj ET";
    objects.push(stream(
        "/Subtype/Form /Resources<</Font<</F 5 0 R>>>>",
        words,
    ));
    let objects: Vec<&str> = objects.iter().map(String::as_str).collect();
    let seen = Seen::of(&document(&objects));
    assert_eq!(seen.uninspected, []);
    assert!(seen.shows("Agnes Ashbury"));
}

#[test]
fn text_in_place_of_pixels_is_read() {
    let image = "/Subtype/Image /Width 8 /Height 4 /BitsPerComponent 8 /ColorSpace/DeviceGray";
    for (filter, data) in [
        ("", "9990000018 Agnes Ashbury"),
        (
            "/Filter/ASCIIHexDecode",
            "39393930303030303138204167 6e65732041736862757279>",
        ),
    ] {
        let object = stream(&format!("{image} {filter}"), data);
        let seen = Seen::of(&page("/X Do", FONT, &object));
        assert!(seen.shows("9990000018 Agnes Ashbury"), "{filter}");
        let content = format!("BI /W 8 /H 4 {filter} ID {data}\nEI Q");
        let seen = Seen::of(&page(&content, FONT, "null"));
        assert!(seen.shows("9990000018 Agnes Ashbury"), "{filter}");
        assert_eq!(seen.images.len(), 1);
    }
    let seen = Seen::of(&page(
        "BI /W 2 /H 2 ID \u{1}\u{2}words\u{3}\u{4}\nEI Q",
        FONT,
        "null",
    ));
    assert!(seen.parts.is_empty());
}

#[test]
fn strings_of_wide_letters_without_a_mark_are_read() {
    let note = "<</Type/Annot /Subtype/Text /Contents(\0A\0m\0y\0 \09\09\09)>>";
    let seen = Seen::of(&page("", FONT, note));
    assert!(seen.shows("Contents: Amy 999"), "{:?}", seen.parts);
}

#[test]
fn hostile_documents_end() {
    // A form that draws itself, and pages that are their own children.
    let form = stream(
        "/Subtype/Form /Resources<</XObject<</X 6 0 R>>>>",
        "/X Do /X Do",
    );
    let seen = Seen::of(&page("/X Do", FONT, &form));
    assert!(
        seen.uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::TooDeep)
    );
    Seen::of(&document(&[ROOT, "<</Type/Pages /Kids[2 0 R 2 0 R]>>"]));
    // Deep nesting.
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let seen = Seen::of(&page("", FONT, &deep));
    assert!(
        seen.uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::Damaged)
    );
    // A reference that leads to itself.
    Seen::of(&document(&["1 0 R", "2 0 R"]));
    assert!(!Seen::of(b"%PDF-1.4\n").uninspected.is_empty());
    // Something behind the end.
    let mut glued = LETTER.to_vec();
    glued.extend_from_slice(b"PK\x03\x04 and forty more bytes of who knows what it may be");
    assert!(
        Seen::of(&glued)
            .uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::Unaccounted)
    );
}

#[test]
fn a_stream_that_swells_is_not_read() {
    use std::io::Write as _;
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    let zeros = vec![b' '; 1 << 20];
    for _ in 0..40 {
        encoder.write_all(&zeros).expect("memory");
    }
    let data = encoder.finish().expect("memory");
    let mut bytes = b"%PDF-1.7\n".to_vec();
    for (at, object) in [ROOT, PAGES, PAGE].iter().enumerate() {
        bytes.extend_from_slice(format!("{} 0 obj {object} endobj\n", at + 1).as_bytes());
    }
    let head = format!(
        "4 0 obj <</Filter/FlateDecode /Length {}>> stream\n",
        data.len()
    );
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&data);
    bytes.extend_from_slice(b"\nendstream endobj\ntrailer <</Root 1 0 R>>\n%%EOF");
    let seen = Seen::of(&bytes);
    assert!(
        seen.uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::PartTooLarge)
    );
}

#[test]
fn filters_give_what_was_put_in() {
    for (filter, data) in [
        (
            "ASCIIHexDecode",
            "42540a2f46203130205466203530203730302054642028486964646e2920546a204554>",
        ),
        ("ASCII85Decode", "6<+Wn02-0T.41+Z2)~>"),
        ("LZWDecode", "x"),
    ] {
        let content = stream(&format!("/Filter/{filter}"), data);
        let seen = Seen::of(&document(&[ROOT, PAGES, PAGE, &content, FONT, "null"]));
        match filter {
            "ASCIIHexDecode" => assert!(seen.shows("Hiddn"), "{:?}", seen.parts),
            "LZWDecode" => assert!(!seen.uninspected.is_empty()),
            _ => {}
        }
    }
}

#[test]
fn lengths_in_a_ring_are_damage_and_no_more() {
    let stream = |number: u32, length: u32| {
        format!(
            "{number} 0 obj<</Length {length} 0 R>>stream\nBT (Ada Ashbury) Tj ET\nendstream endobj\n"
        )
    };
    for ring in [stream(1, 1), stream(1, 2) + &stream(2, 1)] {
        let pdf = format!("%PDF-1.7\n{ring}trailer<</Size 3>>\n%%EOF\n");
        let seen = Seen::of(pdf.as_bytes());
        let reasons: Vec<_> = seen.uninspected.iter().map(|(_, reason)| *reason).collect();
        assert!(reasons.contains(&Reason::Damaged), "{reasons:?}");
    }
}
