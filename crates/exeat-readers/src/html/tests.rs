use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, no_cut_is_a_fault, no_flip_is_a_fault};

const CLINIC: &[u8] = include_bytes!("../../samples/markup/clinic.html");
const OUTLOOK: &[u8] = include_bytes!("../../samples/markup/outlook.html");

#[track_caller]
fn read(page: &str) -> Seen {
    Seen::of(format!("<!doctype html>{page}").as_bytes())
}

#[test]
fn a_page_is_read_whole() {
    let seen = Seen::of(CLINIC);
    assert_eq!(seen.reason(), None, "{:?}", seen.uninspected);
    assert!(seen.images.iter().all(|(path, _)| path.starts_with("data")));
    let text = seen.part("").text();
    for line in [
        "Clinic list",
        "Dear Amy Smith,",
        "your results & letters.",
        "Name: Amy Smith",
        "Born: 2 January 1980",
        "NHS number: 9990000018",
        "postcode: LS1 4AP",
        "two",
        "lines",
    ] {
        assert!(
            text.lines().any(|found| found.trim() == line),
            "{line} in {text}"
        );
    }
    assert_eq!(
        seen.part("table 1").text(),
        "NHS number,Given name,Family name,Date of birth\n\
         9990000018,Amy,Smith,1980-01-02\n\
         9990000026,Zoë,Müller,1975-11-30\n\
         9990000034,Bilal,O'Neil,2001-06-15\n"
    );
    assert_eq!(
        seen.part("script 1").text(),
        "[{\"name\": \"Zoë Müller\", \"birthDate\": \"1975-11-30\"}]"
    );
    let beside = seen.part("attributes").text();
    for line in [
        "author: Amy Smith",
        "Reviewed by Dr Brown, 07700 900123",
        "var patient = \"9990000034\";",
        "data-nhs: 9990000026",
        "title: Zoë Müller",
        "href: mailto:amy@example.org?subject=Hi",
        "alt: Portrait of Amy",
    ] {
        assert!(
            beside.lines().any(|found| found == line),
            "{line} in {beside}"
        );
    }
    // The same image, in a style and in an attribute.
    assert_eq!(
        seen.natures
            .iter()
            .filter(|(path, _)| path == "data")
            .count(),
        2
    );
}

#[test]
fn a_message_of_a_mail_program_is_read_without_complaint() {
    let seen = Seen::of(OUTLOOK);
    assert_eq!(seen.reason(), None);
    assert!(
        seen.part("")
            .text()
            .contains("From: Zoë Müller <zoe@example.org>\nDear Bilal,")
    );
    assert!(seen.part("").text().contains("meeting “tomorrow” – Zoë"));
    assert_eq!(
        seen.part("table 2").text(),
        "NHS number,Name\n9990000018,Amy Smith\n9990000034,Bilal O’Neil\n"
    );
}

#[test]
fn cells_that_span_keep_columns_in_place() {
    let seen = read(
        "<table><tr><th colspan=2>Name<th>Born<tr><td rowspan=2>Amy<td>Smith<td>1980\
         <tr><td>Jones<td>1981<tr><td>Bob<td>\"B, B\"<td>1982</table>",
    );
    assert_eq!(
        seen.part("table 1").text(),
        "Name,,Born\nAmy,Smith,1980\n,Jones,1981\nBob,\"\"\"B, B\"\"\",1982\n"
    );
}

#[test]
fn a_table_in_a_table_is_a_table_of_its_own() {
    let seen = read("<table><tr><td>a<td><table><tr><td>1<td>2</table>b<tr><td>c<td>d</table>e");
    assert_eq!(seen.part("table 1").text(), "a,b\nc,d\n");
    assert_eq!(seen.part("table 2").text(), "1,2\n");
    assert_eq!(seen.part("").text(), "e");
}

#[test]
fn long_tables_stream_and_keep_their_header() {
    let mut page = String::from("<table><tr><th>NHS number<th>Name</tr>");
    for n in 0..30_000 {
        page += &format!("<tr><td title='t{n}'>{n}</td><td>Amy &amp; {n}</td></tr>\n");
    }
    let seen = read(&(page + "</table>"));
    assert_eq!(seen.reason(), None);
    let tables: Vec<_> = seen
        .parts
        .iter()
        .filter(|part| part.path == "table 1")
        .collect();
    let mut rows = 0;
    for table in &tables {
        let text = table.text();
        assert!(text.starts_with("NHS number,Name\n"));
        rows += text.lines().count() - 1;
    }
    assert!(tables.len() > 1);
    assert_eq!(rows, 30_000);
    assert!(seen.shows("29999,Amy & 29999"));
    assert!(seen.shows("title: t29999"));
}

#[test]
fn text_that_looks_like_another_format_is_still_text() {
    for page in [
        "<pre>From: a@example.org\nTo: b@example.org\nSubject: x\n\nhi</pre>",
        "&lt;?xml version='1.0'?&gt;&lt;a/&gt;",
        "%PDF-1.4 is how it begins",
    ] {
        let seen = read(page);
        assert_eq!(seen.reason(), None);
        let content = &seen.part("").content;
        assert_eq!(
            exeat_core::inspect::reader::recognise(content),
            None,
            "{page}"
        );
    }
    let seen = read("<table><tr><td>From:<td>a@example.org<tr><td>To:<td>b@example.org</table>");
    assert_eq!(
        seen.part("table 1").text(),
        "From:,a@example.org\nTo:,b@example.org\n"
    );
}

#[test]
fn encodings_are_told() {
    let page = "<html><head><meta charset=\"%\"></head><body>Zoë Müller</body>";
    let seen = Seen::of(page.replace('%', "utf-8").as_bytes());
    assert!(seen.part("").text().contains("Zoë Müller"));
    let latin: Vec<u8> = page
        .replace('%', "iso-8859-1")
        .chars()
        .map(|letter| u8::try_from(letter).expect("Latin-1"))
        .collect();
    assert!(Seen::of(&latin).part("").text().contains("Zoë Müller"));
    for big in [false, true] {
        for mark in ["\u{FEFF}", ""] {
            let units = format!("{mark}{page}");
            let bytes: Vec<u8> = units
                .encode_utf16()
                .flat_map(|unit| {
                    if big {
                        unit.to_be_bytes()
                    } else {
                        unit.to_le_bytes()
                    }
                })
                .collect();
            let seen = Seen::of(&bytes);
            assert_eq!(seen.reason(), None);
            assert_eq!(seen.part("").text().trim(), "Zoë Müller");
        }
    }
    let seen = Seen::of(b"<html><body>Zo\xEB <p>caf\xC3\xA9");
    assert_eq!(seen.part("").text(), "Zoë\ncafé");
}

#[test]
fn nothing_is_lost_of_odd_pages() {
    for page in [
        "<p>Amy Smith",
        "<!--Amy Smith",
        "<!-->Amy Smith",
        "<title>Amy Smith",
        "<script>Amy Smith",
        "<script type=application/json>{\"a\": \"Amy Smith",
        "<style>Amy Smith",
        "<textarea>Amy Smith",
        "<a title='Amy Smith",
        "<a title=x>y</a title='Amy Smith'>",
        "<a title=a title='Amy Smith'>",
        "<p class='patient Amy Smith 99900000'>",
        "<![CDATA[Amy Smith]]>",
        "<?php Amy Smith ?>",
        "<!doctype x PUBLIC 'Amy Smith' 'y'>",
        "<!doctype a public 'Amy Smith'>",
        "<table>Amy Smith<tr><td>x</table>",
        "<table><tr>Amy Smith<td>x</table>",
        "<table><tr><td>Amy Smith",
        "<td>Amy Smith</td>",
        "</p>Amy Smith</table>",
        "<select><option>Amy Smith",
        "<noscript><p>Amy Smith",
        "<template>Amy Smith",
        "<svg><text>Amy Smith",
        "<div hidden>Amy Smith",
        "<iframe srcdoc='Amy Smith'>",
        "<a href='data:text/plain,Amy%20Smith'>",
        "<a href='data:text/plain;base64,QW15IFNtaXRo'>",
        "<a href='/who?name=Amy%20Smith'>",
        "<input type=hidden value='Amy Smith'>",
        "Am\u{AD}y &#83;mith",
        "<b>A</b>my&nbsp;Smith",
        "<plaintext>Amy Smith",
    ] {
        let seen = read(page);
        assert!(seen.shows("Amy Smith"), "{page}: {:?}", seen.parts);
    }
    assert_eq!(read("<a title='Amy").reason(), Some(Reason::CutShort));
    // What a tokenizer leaves out is said.
    for page in [
        "<!doctype html Amy Smith>",
        "<!doctype html SYSTEM 'about:legacy-compat' Amy Smith>",
        "<!doctype html PUBLIC Amy Smith>",
    ] {
        assert_eq!(read(page).reason(), Some(Reason::Damaged), "{page}");
    }
}

#[test]
fn hostile_pages_are_read_in_bounded_time_and_memory() {
    let deep = read(&format!("{}Amy Smith", "<div>".repeat(100_000)));
    assert!(deep.shows("Amy Smith"));
    let tables = read(&format!("{}Amy Smith", "<table><tr><td>".repeat(20_000)));
    assert!(tables.shows("Amy Smith"));
    let spans = read(&format!(
        "<table><tr>{}Amy Smith",
        "<td colspan=1000 rowspan=1000>".repeat(1000)
    ));
    assert!(spans.shows("Amy Smith"));
    let attribute = read(&format!(
        "<p title='{} Amy Smith'>x",
        "a b ".repeat(3 << 20)
    ));
    assert!(attribute.shows("Amy Smith"));
    let cell = read(&format!(
        "<table><tr><td>{} Amy Smith<td>Bob",
        "a b ".repeat(1 << 20)
    ));
    assert!(cell.shows("Amy Smith") && cell.shows("Bob"));
    let attributes = read(&format!("<p {}>Amy Smith", "abc=d ".repeat(100_000)));
    assert!(attributes.shows("Amy Smith"));
    let zeros = Seen::of(b"<html>\0A\0my<p title='\0Amy Smith'>");
    assert!(zeros.shows("Amy Smith"));
    let comment = read(&format!("<!-- {} Amy Smith", "x".repeat(20 << 20)));
    assert!(comment.shows("Amy Smith"));
}

#[test]
fn a_page_that_is_damaged_never_breaks_the_reader() {
    for sample in [CLINIC, OUTLOOK] {
        no_cut_is_a_fault(sample, 0..sample.len());
        no_flip_is_a_fault(sample, 0..sample.len(), &[0x5A]);
    }
}
