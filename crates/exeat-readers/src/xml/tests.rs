use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, no_cut_is_a_fault, no_flip_is_a_fault};

const BUNDLE: &[u8] = include_bytes!("../../samples/markup/bundle.xml");
const PATIENTS: &[u8] = include_bytes!("../../samples/markup/patients.xml");
const PATIENTS_UTF16: &[u8] = include_bytes!("../../samples/markup/patients-utf16.xml");
const CDA: &[u8] = include_bytes!("../../samples/markup/cda.xml");
const SVG: &[u8] = include_bytes!("../../samples/markup/drawing.svg");

fn read(xml: &str) -> Seen {
    Seen::of(format!("<?xml version='1.0'?>{xml}").as_bytes())
}

#[test]
fn a_list_of_patients_becomes_records() {
    for sample in [PATIENTS, PATIENTS_UTF16] {
        let seen = Seen::of(sample);
        assert_eq!(seen.reason(), None);
        let lines = seen.part("patient").text();
        assert_eq!(lines.lines().count(), 3);
        assert_eq!(
            lines.lines().nth(1),
            Some(
                "{\"nhsNumber\":\"9990000026\",\"name\":{\"given\":\"Zoë\",\"family\":\"Müller\"},\
                 \"dateOfBirth\":\"1975-11-30\",\"phone\":[\"07700 900123\",\"07700 900456\"]}"
            )
        );
        assert_eq!(
            seen.part("").text(),
            "{\"source\":\"clinic\",\"made\":\"2024-01-02\",\"author\":\"Dr Brown\",\"patients\":\"\"}\n"
        );
    }
}

#[test]
fn a_bundle_becomes_resources_as_in_json() {
    let seen = Seen::of(BUNDLE);
    assert_eq!(seen.reason(), None);
    let lines = seen.part("entry").text();
    assert_eq!(lines.lines().count(), 3);
    let first = lines.lines().next().expect("one");
    assert!(first.starts_with(
        "{\"fullUrl\":\"urn:uuid:p9990000018\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"p9990000018\""
    ));
    assert!(first.contains(
        "\"identifier\":{\"use\":\"official\",\"system\":\"https://fhir.nhs.uk/Id/nhs-number\",\"value\":\"9990000018\"}"
    ));
    assert!(
        first.contains("\"name\":{\"use\":\"official\",\"family\":\"Smith\",\"given\":\"Amy\"}")
    );
    assert!(first.contains("\"birthDate\":\"1980-01-02\""));
    assert!(first.contains("Amy  Smith") || first.contains("Amy Smith"));
    assert_eq!(
        seen.part("").text(),
        "{\"resourceType\":\"Bundle\",\"id\":\"list\",\"type\":\"collection\"}\n"
    );
}

#[test]
fn one_resource_is_one_object() {
    let seen = read(
        "<Patient xmlns='http://hl7.org/fhir'><identifier><value value='1'/></identifier>\
         <identifier><value value='2'/></identifier><birthDate value='1980-01-02'></birthDate></Patient>",
    );
    assert_eq!(
        seen.part("").text(),
        "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"1\"},{\"value\":\"2\"}],\
         \"birthDate\":\"1980-01-02\"}\n"
    );
}

#[test]
fn a_clinical_document_says_whose_it_is() {
    let seen = Seen::of(CDA);
    assert_eq!(seen.reason(), None);
    let rest = seen.part("").text();
    assert!(rest.contains("\"nhs_number\":\"9990000018\""), "{rest}");
    assert!(rest.contains("\"name\":{\"given\":\"Amy\",\"family\":\"Smith\"}"));
    assert!(rest.contains("\"birthTime\":\"19800102\""));
    assert!(seen.shows("Asthma, since"));
    assert!(seen.part("comments").text().contains("href=\"cda.xsl\""));
}

#[test]
fn a_drawing_is_text() {
    let seen = Seen::of(SVG);
    assert_eq!(seen.reason(), None);
    assert_eq!(seen.part("").text(), "text: Amy Smith, 9990000018\n");
}

#[test]
fn prose_keeps_its_sentences() {
    let seen = read(
        "<book><title>On Amy</title><p>Dear <b>Amy</b> Smith,</p><p><i>you</i> were born\n  in 1980</p>\
         <p who='Zoë'>x<![CDATA[ & ]]>y &amp; z&#33;</p></book>",
    );
    assert_eq!(seen.reason(), None);
    assert_eq!(
        seen.part("").text(),
        "title: On Amy\np: Dear Amy Smith,\np: you were born in 1980\np who: Zoë\np: x & y & z!\n"
    );
}

#[test]
fn people_within_records_are_records() {
    let ward = "<ward><name>A</name><patient><nhs>1</nhs><name>Amy</name></patient>\
                <patient><nhs>2</nhs><name>Bob</name></patient></ward>";
    let seen = read(&format!("<wards>{}</wards>", ward.repeat(3)));
    assert_eq!(seen.part("patient").text().lines().count(), 6);
    assert_eq!(
        seen.part("ward").text().lines().next(),
        Some("{\"name\":\"A\"}")
    );
}

#[test]
fn entities_are_not_expanded() {
    let laughs = "<!DOCTYPE a [<!ENTITY b \"Amy Smith\"><!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\">]><a>&c;</a>";
    let seen = read(laughs);
    assert_eq!(seen.reason(), Some(Reason::Entities));
    assert!(seen.shows("Amy Smith") && seen.shows("&c;"));
    assert_eq!(read("<!DOCTYPE a SYSTEM 'a.dtd'><a>x</a>").reason(), None);
}

#[test]
fn what_is_encoded_is_a_file_of_its_own() {
    let mut digits = String::new();
    for n in 0..400 {
        // "name,number\n" over and over, with something else now and then.
        digits += if n % 7 == 0 {
            "QW15LDk5OTAwMDAw"
        } else {
            "bmFtZSxudW1iZXIK"
        };
    }
    for xml in [
        format!("<a><data>{digits}</data><b>x</b></a>"),
        format!("<a><data value='{digits}'/><b>x</b></a>"),
        format!("<a>mixed text of some length <data>{digits}</data> more of it</a>"),
    ] {
        let seen = read(&xml);
        assert_eq!(seen.reason(), None);
        let part = seen.part("attachment");
        assert!(part.is_member);
        assert!(part.text().contains("Amy,99900000name,number\n"));
    }
    let genes = "ACGT".repeat(2000);
    let seen = read(&format!("<a><data>{genes}</data></a>"));
    assert!(seen.part("").text().contains(&genes));
}

#[test]
fn nothing_is_lost_of_what_is_no_xml() {
    for (xml, reason) in [
        ("<a><b>Amy Smith</b>", Reason::CutShort),
        ("<a><b>Amy Smith", Reason::CutShort),
        ("<a><b name='Amy Smith", Reason::CutShort),
        ("<a><!-- Amy Smith", Reason::CutShort),
        ("<a><![CDATA[Amy Smith", Reason::CutShort),
        ("<a><b>x</c>Amy Smith</b></a>", Reason::Damaged),
        ("<a></a>Amy Smith", Reason::Damaged),
        ("<a></a></b><c>Amy Smith</c>", Reason::Damaged),
        ("<a b=c d>Amy Smith</a>", Reason::Damaged),
        ("<a b=\"Amy Smith\" c>x</a>", Reason::Damaged),
        ("<a><!x Amy Smith></a>", Reason::Damaged),
        ("<a><!x></a>Amy Smith", Reason::Damaged),
    ] {
        let seen = read(xml);
        assert_eq!(seen.reason(), Some(reason), "{xml}");
        assert!(seen.shows("Amy Smith"), "{xml}: {:?}", seen.parts);
    }
    for xml in [
        "<a><b Amy='Amy Smith'/></a>",
        "<a>&Amy; Amy Smith</a>",
        "<a>AT&T Amy Smith</a>",
        "<a><?php Amy Smith?></a>",
        "<!-- Amy Smith --><a/>",
        "<a/><!-- Amy Smith -->",
        "<Amy><b>x</b>Amy Smith</Amy>",
        "<ns:a xmlns:ns='u'><ns:b>Amy Smith</ns:b></ns:a>",
    ] {
        let seen = read(xml);
        assert_eq!(seen.reason(), None, "{xml}");
        assert!(seen.shows("Amy Smith"), "{xml}: {:?}", seen.parts);
    }
}

#[test]
fn hostile_documents_are_read_in_bounded_time_and_memory() {
    let deep = read(&format!("{}Amy Smith", "<a>".repeat(100_000)));
    assert_eq!(deep.reason(), Some(Reason::TooDeep));
    assert!(deep.shows("Amy Smith"));
    let wide = read(&format!("<a b='{} Amy Smith'/>", "a b ".repeat(10 << 18)));
    assert!(wide.shows("Amy Smith"));
    let huge = read(&format!(
        "<a b='{} Amy Smith'>Bob Jones</a>",
        "a b ".repeat(7 << 20)
    ));
    assert_eq!(huge.reason(), Some(Reason::PartTooLarge));
    assert!(huge.shows("Amy Smith") && huge.shows("Bob Jones"));
    let record = format!("<r><n>Amy Smith</n>{}</r>", "<v>12345</v>".repeat(800_000));
    let large = read(&format!("<rs>{record}<r><n>Bob Jones</n><v>1</v></r></rs>"));
    assert_eq!(large.reason(), None);
    assert!(large.shows("Amy Smith"));
    assert_eq!(
        large.part("r").text(),
        "{\"n\":\"Bob Jones\",\"v\":\"1\"}\n"
    );
    let mut names = String::new();
    for n in 0..20_000 {
        names += &format!("<n{n} a{n}='Amy'>x</n{n}>");
    }
    assert!(read(&format!("<a>{names}<z>Amy Smith</z></a>")).shows("Amy Smith"));
    assert!(read("<a>\0Amy Smith\0</a>").shows("Amy Smith"));
}

#[test]
fn what_comes_from_a_decoder_and_is_too_large_is_text() {
    use crate::input::{Input, MAX_HELD};
    use crate::output::{Memory, Output};

    let mut xml = String::from("<list>");
    while xml.len() <= MAX_HELD + (5 << 20) {
        xml += "<p><n>Amy Smith</n></p>\n";
    }
    xml += "<p><n>Bob Jones</n></p></list>";
    let frames = std::sync::Arc::default();
    let mut out = Output::new(
        Box::new(Memory(std::sync::Arc::clone(&frames))),
        1 << 30,
        None,
    );
    let mut stream = xml.as_bytes();
    out.read_file(Input::of_stream(&mut stream))
        .expect("memory");
    drop(out);
    let frames = frames.lock().expect("one thread");
    assert!(memchr::memmem::find(&frames, b"n: Bob Jones").is_some());
}

#[test]
fn a_document_that_is_damaged_never_breaks_the_reader() {
    for sample in [BUNDLE, PATIENTS, PATIENTS_UTF16, CDA, SVG] {
        no_cut_is_a_fault(sample, 0..sample.len());
        no_flip_is_a_fault(sample, 0..sample.len(), &[0x5A]);
    }
    // Cut short, it says so.
    for end in 60..PATIENTS.len() - 9 {
        assert_eq!(
            Seen::of(&PATIENTS[..end]).reason(),
            Some(Reason::CutShort),
            "{end}"
        );
    }
}
