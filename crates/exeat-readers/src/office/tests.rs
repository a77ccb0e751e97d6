//! Files of real programs, and broken ones.

use exeat_core::inspect::reader::Reason;
use exeat_core::inspect::reader::protocol::Nature;

use crate::seen::{Seen, every_cut_is_said};
use crate::zip::tests::stored;

macro_rules! sample {
    ($name:literal) => {
        &include_bytes!(concat!("../../samples/office/", $name))[..]
    };
}

const PATIENTS: &str = "nhs_number,surname,dob,phone,balance,active\n\
    9990000018,Smith,1980-01-02,07700900123,12.5,TRUE\n\
    9990000026,\"Jones, \"\"Al\"\"\",1975-12-31,07700900456,0.1,FALSE\n\
    9990000034,Żak,2001-02-28,07700900789,-3,TRUE\n\
    9990000042,O'Brien,1999-06-15,07700900321,1000000,TRUE\n";

#[track_caller]
fn read(bytes: &[u8], nature: Nature) -> Seen {
    let seen = Seen::of(bytes);
    assert_eq!(seen.natures.first(), Some(&(String::new(), nature)));
    seen
}

#[track_caller]
fn shows(seen: &Seen, values: &[&str]) {
    for value in values {
        assert!(seen.shows(value), "'{value}' is not in {:#?}", seen.parts);
    }
}

/// Pictures are read by another reader.
fn unread(seen: &Seen) -> Vec<&(String, Reason)> {
    let of_picture = |(path, _): &&(String, Reason)| {
        path.contains(".png") || path.contains(".jp") || path == "picture"
    };
    seen.uninspected
        .iter()
        .filter(|one| !of_picture(one))
        .collect()
}

#[test]
fn the_same_table_is_the_same_text_from_every_program() {
    for sample in [
        sample!("openpyxl.xlsx"),
        sample!("xlsxwriter.xlsx"),
        sample!("odfpy.ods"),
        sample!("xlwt.xls"),
    ] {
        let seen = read(sample, Nature::Table);
        assert_eq!(seen.part("Patients").text(), PATIENTS);
        assert_eq!(unread(&seen), [] as [&(String, Reason); 0]);
    }
}

/// An OpenDocument text of this thumbnail.
fn with_thumbnail(picture: &[u8]) -> Seen {
    let content = b"<office:document-content xmlns:office='o' xmlns:text='t'><text:p>Amy Example\
        </text:p></office:document-content>";
    Seen::of(&stored(&[
        ("mimetype", b"application/vnd.oasis.opendocument.text"),
        (
            "META-INF/manifest.xml",
            b"<manifest:manifest xmlns:manifest='m'/>",
        ),
        ("content.xml", content),
        ("Thumbnails/thumbnail.png", picture),
    ]))
}

/// A PNG of so many pixels a side, and a chunk of text if there is any.
fn picture(side: u32, text: &[u8]) -> Vec<u8> {
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    let mut chunk = |kind: &[u8], data: &[u8]| {
        bytes.extend_from_slice(&u32::try_from(data.len()).expect("small").to_be_bytes());
        bytes.extend_from_slice(&[kind, data, &[0; 4]].concat());
    };
    let side = side.to_be_bytes();
    chunk(b"IHDR", &[&side, &side, &[8, 2, 0, 0, 0][..]].concat());
    if !text.is_empty() {
        chunk(b"tEXt", text);
    }
    chunk(b"IEND", b"");
    bytes
}

#[test]
fn the_picture_of_the_first_page_is_no_image_of_its_own() {
    let seen = with_thumbnail(&picture(512, b""));
    assert_eq!(
        (&seen.images[..], &seen.uninspected[..]),
        (&[][..], &[][..])
    );
    assert!(seen.shows("Amy Example"));
    assert_eq!(with_thumbnail(&picture(513, b"")).images.len(), 1);
    let seen = with_thumbnail(&picture(512, b"Author\0Ben Sample"));
    assert_eq!(seen.images.len(), 1);
    assert!(seen.shows("Ben Sample"));
    let glued = [picture(512, b""), b"9990000018".to_vec()].concat();
    assert!(with_thumbnail(&glued).reason().is_some());
    for sample in [
        sample!("libreoffice.odt"),
        sample!("libreoffice.ods"),
        sample!("libreoffice.odp"),
    ] {
        let images = Seen::of(sample).images;
        let is_thumbnail = |(path, _): &(String, _)| path.contains("humbnail");
        assert!(!images.iter().any(is_thumbnail), "{images:?}");
    }
}

#[test]
fn files_of_libreoffice_are_read_whole() {
    for (name, sample, nature) in [
        ("xlsx", sample!("libreoffice.xlsx"), Nature::Table),
        ("ods", sample!("libreoffice.ods"), Nature::Table),
        ("xls", sample!("libreoffice.xls"), Nature::Table),
        ("docx", sample!("libreoffice.docx"), Nature::Document),
        ("odt", sample!("libreoffice.odt"), Nature::Document),
        ("odp", sample!("libreoffice.odp"), Nature::Document),
    ] {
        let seen = read(sample, nature);
        assert_eq!(unread(&seen), [] as [&(String, Reason); 0], "{name}");
        shows(&seen, &["9990000018,Smith", "Example"]);
        if nature == Nature::Table {
            // LibreOffice makes numbers of the truth values of old workbooks.
            let text = seen.part("Patients").text();
            let expected = match name {
                "ods" => PATIENTS.replace("TRUE", "1").replace("FALSE", "0"),
                _ => PATIENTS.to_owned(),
            };
            assert_eq!(text, expected, "{name}");
            shows(&seen, &["hidden sheet of Carl Example"]);
        }
    }
    let seen = Seen::of(sample!("libreoffice.rtf"));
    assert_eq!(unread(&seen), [] as [&(String, Reason); 0]);
    shows(
        &seen,
        &[
            "nhs_number,surname,dob\n9990000018,Smith,1980-01-02\n",
            "Header of Ben Example",
            "Dee Example",
        ],
    );
}

#[test]
fn what_a_workbook_does_not_show_is_passed_on() {
    let seen = read(sample!("openpyxl.xlsx"), Nature::Table);
    shows(
        &seen,
        &[
            "daughter Beth Example",
            "Dr Nott",
            "hidden sheet of Carl Example",
            "Dora Example",
            "Erin Example",
            "Fred Example",
        ],
    );
    let seen = read(sample!("xlsxwriter.xlsx"), Nature::Table);
    shows(
        &seen,
        &[
            "Gina Example",
            "Hal Example",
            "mailto:ida@example.org",
            "07700900123",
            "a box about Jack Example",
            "Kim Example,Lee Example",
        ],
    );
}

#[test]
fn what_stands_in_odd_places_is_passed_on() {
    const RELATIONS: &[u8] = b"<Relationships><Relationship Id='r' \
        Type='http://x/officeDocument' Target='main.xml'/></Relationships>";
    let letter = Seen::of(&stored(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", RELATIONS),
        (
            "main.xml",
            b"<w:document xmlns:w='w'><w:p><w:r><w:t>No. </w:t><w:sym w:font='Arial' \
              w:char='F039'/><w:sym w:font='Arial' w:char='0039'/><w:sym w:font='Wingdings' \
              w:char='F04A'/></w:r></w:p></w:document>",
        ),
        (
            "word/styles.xml",
            b"<w:styles xmlns:w='w'><w:style><w:name w:val='for amy@example.org'/></w:style>\
              <w:style><w:name w:val='heading 1'/></w:style></w:styles>",
        ),
        (
            "word/fontTable.xml",
            b"<w:fonts xmlns:w='w'><w:font w:name='9990000018'/><w:font w:name='Arial'/></w:fonts>",
        ),
    ]));
    assert_eq!(letter.uninspected, []);
    shows(
        &letter,
        &[
            "No. 99\n",
            "name: for amy@example.org\n",
            "font: 9990000018\n",
        ],
    );
    assert!(!letter.shows("heading 1") && !letter.shows("Arial"));
    let book = Seen::of(&stored(&[
        ("[Content_Types].xml", b"<Types/>"),
        ("_rels/.rels", RELATIONS),
        (
            "main.xml",
            b"<workbook><sheets><sheet name='One' id='s'/></sheets></workbook>",
        ),
        (
            "_rels/main.xml.rels",
            b"<Relationships><Relationship Id='s' Type='http://x/worksheet' Target='one.xml'/>\
              </Relationships>",
        ),
        (
            "one.xml",
            b"<worksheet><sheetPr codeName='DoraExample'/><sheetData><row><c t='inlineStr'><is>\
              <t>a</t><rPh><t>Amy Example</t></rPh></is></c></row></sheetData><headerFooter>\
              <oddHeader>&amp;C9990000018&amp;RBen</oddHeader></headerFooter></worksheet>",
        ),
        (
            "xl/styles.xml",
            b"<styleSheet><numFmts><numFmt numFmtId='164' formatCode='&quot;Cy Example&quot;0'/>\
              </numFmts><cellStyles><cellStyle name='9990000026'/></cellStyles></styleSheet>",
        ),
    ]));
    assert_eq!(book.uninspected, []);
    shows(
        &book,
        &[
            "\n9990000018\nBen",
            "DoraExample",
            "Amy Example",
            "\"Cy Example\"0",
            "9990000026",
        ],
    );
}

#[test]
fn a_letter_is_text_with_its_tables_beside_it() {
    let seen = read(sample!("python-docx.docx"), Nature::Document);
    shows(
        &seen,
        &[
            "Dear Amy Example, your number is 999 000 0018.\n",
            "nhs_number,surname,dob\n9990000018,Smith,1980-01-02\n",
            "Header of Ben Example",
            "Footer of Cy Example",
            "Dee Example",
            "portrait of Eve Example",
            "framed: Flo Example\n",
        ],
    );
    assert_eq!(unread(&seen), [] as [&(String, Reason); 0]);
}

#[test]
fn slides_and_their_notes_are_text() {
    let seen = read(sample!("python-pptx.pptx"), Nature::Document);
    shows(
        &seen,
        &[
            "Case of Amy Example\n",
            "nhs_number,surname\n9990000018,Smith\n",
            "notes about Ben Example",
            "Cy Example",
        ],
    );
    let unread = unread(&seen);
    assert!(
        unread
            .iter()
            .all(|(path, _)| path.contains("printerSettings")),
        "{unread:?}"
    );
}

#[test]
fn a_cut_or_broken_file_is_never_silently_clean() {
    for sample in [sample!("xlsxwriter.xlsx"), sample!("odfpy.ods")] {
        every_cut_is_said(sample, (4..sample.len()).step_by(37));
    }
}

#[test]
fn a_flipped_byte_is_survived() {
    let sample = sample!("odfpy.ods");
    for at in 4..sample.len() {
        let mut bytes = sample.to_vec();
        bytes[at] ^= 0x55;
        let seen = Seen::of(&bytes);
        assert_ne!(seen.reason(), Some(Reason::Fault), "{at}");
        let is_whole = seen.parts.iter().any(|part| part.text() == PATIENTS);
        assert!(is_whole || seen.reason().is_some(), "{at}");
    }
}
