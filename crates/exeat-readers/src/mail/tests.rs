use exeat_core::inspect::reader::Reason;

use crate::seen::{Seen, no_cut_is_a_fault, no_flip_is_a_fault};

const LETTER: &[u8] = include_bytes!("../../samples/markup/letter.eml");
const BOX: &[u8] = include_bytes!("../../samples/markup/box.mbox");

/// A message with these fields and this body.
fn message(fields: &str, body: &str) -> String {
    let fields = format!("From: a@example.org\nTo: b@example.org\nSubject: x\n{fields}");
    format!("{fields}\n{body}").replace('\n', "\r\n")
}

fn read(fields: &str, body: &str) -> Seen {
    Seen::of(message(fields, body).as_bytes())
}

/// Reasons but for those of formats that have no reader while this is written.
fn reasons(seen: &Seen) -> Vec<Reason> {
    let of_mail = seen
        .uninspected
        .iter()
        .filter(|(path, _)| !path.ends_with("png") && !path.ends_with("data"));
    of_mail.map(|(_, reason)| *reason).collect()
}

#[test]
fn a_message_is_read_with_all_its_parts() {
    let seen = Seen::of(LETTER);
    assert_eq!(reasons(&seen), []);
    let text = seen.part("").text();
    for line in [
        "From: Zoë Müller <zoe@example.org>",
        "Subject: Results of Zoë Müller",
        "NHS number 999 000 0026, born 30 November 1975.",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} in {text}");
    }
    assert!(!text.contains("abcdef@mail"), "{text}");
    let csv = seen.part("Übersicht.csv");
    assert!(csv.is_member);
    assert!(
        csv.content
            .starts_with(b"nhs_number,name\r\n9990000018,Amy Smith\r\n")
    );
    let pages: Vec<_> = seen
        .parts
        .iter()
        .filter(|part| part.path.ends_with("table 1"))
        .collect();
    assert_eq!(pages.len(), 1);
    assert!(
        pages[0]
            .text()
            .contains("9990000026,Zoë,Müller,1975-11-30\n")
    );
    assert!(
        seen.parts
            .iter()
            .any(|part| part.is_member && part.text().contains("Bilal O'Neil, 9990000034"))
    );
    assert!(seen.natures.iter().any(|(path, _)| path == "logo.png"));
}

#[test]
fn a_box_has_a_member_for_each_message() {
    let seen = Seen::of(BOX);
    assert_eq!(seen.reason(), None);
    let paths: Vec<_> = seen.parts.iter().map(|part| &part.path[..]).collect();
    assert_eq!(paths, ["1", "2", "3"]);
    let second = seen.part("2");
    assert!(second.is_member);
    assert!(second.text().contains("Zoë Müller, NHS number 9990000026"));
    assert!(second.text().contains(">From here on"));
    assert!(second.text().contains("From zoe@example.org Mon Jan  2"));
}

#[test]
fn a_box_from_a_decoder_is_the_same() {
    use crate::input::Input;
    use crate::output::{Memory, Output};

    let frames = std::sync::Arc::default();
    let mut out = Output::new(
        Box::new(Memory(std::sync::Arc::clone(&frames))),
        1 << 20,
        None,
    );
    let mut stream = BOX;
    out.read_file(Input::of_stream(&mut stream))
        .expect("memory");
    drop(out);
    let streamed = std::mem::take(&mut *frames.lock().expect("one thread"));
    let direct = crate::read_bytes(BOX.to_vec(), None).expect("memory");
    // Only the length of the file is not known.
    assert_eq!(streamed.len(), direct.len());
}

#[test]
fn prose_is_no_new_message() {
    let mut text = String::from("From a@example.org Mon Jan  1 10:00:00 2024\n");
    text += "From: a@example.org\nTo: b@example.org\n\nDear all,\n\n";
    text += "From Monday on we meet.\nFrom 10:00 we sit.\n\nBye\n";
    let seen = Seen::of(text.as_bytes());
    assert_eq!(seen.parts.len(), 1);
    assert!(seen.shows("From 10:00 we sit."));
}

#[test]
fn many_messages_are_read() {
    let mut text = String::new();
    for n in 0..3000 {
        text += "From a@example.org Mon Jan  1 10:00:00 2024\nFrom: a@example.org\n";
        text += &format!("To: b@example.org\nSubject: {n}\n\nNumber {n}\n\n");
    }
    let seen = Seen::of(text.as_bytes());
    assert_eq!(seen.parts.len(), 3000);
    assert!(seen.part("3000").text().contains("Number 2999"));
}

#[test]
fn text_is_decoded_as_it_says() {
    let seen = read(
        "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n",
        "Zo=EB M=FCller=\n, born",
    );
    assert!(seen.part("").text().ends_with("Zoë Müller, born"));
    let seen = read(
        "Content-Type: text/plain; charset=utf-16le\nContent-Transfer-Encoding: base64\n",
        "QQBtAHkAIABTAG0AaQB0AGgA",
    );
    assert!(seen.part("").text().ends_with("Amy Smith"));
    let seen = read("Content-Type: text/plain; charset=utf-7\n", "+AEE-my");
    assert_eq!(seen.reason(), Some(Reason::Illegible));
    let seen = read(
        "Content-Type: text/html; charset=iso-8859-1\nContent-Transfer-Encoding: 8bit\n",
        "Zo=EB <b>Smith</b>&amp;<meta charset=utf-8>",
    );
    assert_eq!(seen.reason(), None);
    assert!(seen.shows("Zo=EB Smith&"));
}

#[test]
fn tables_in_text_are_tables() {
    let seen = read(
        "",
        "nhs_number,name,born\n9990000018,Amy,1980\n9990000026,Bob,1981\n",
    );
    let part = seen.part("part 1");
    assert!(part.is_member && part.content.starts_with(b"nhs_number,"));
    assert_eq!(seen.reason(), None);
}

#[test]
fn what_is_encrypted_or_foreign_is_said() {
    let pgp = "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----";
    assert_eq!(
        read("", &format!("Hello\n{pgp}")).reason(),
        Some(Reason::Encrypted)
    );
    for (fields, reason) in [
        (
            "application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m",
            Reason::Encrypted,
        ),
        (
            "application/pkcs7-mime; smime-type=signed-data",
            Reason::Unsupported,
        ),
        ("application/ms-tnef; name=winmail.dat", Reason::Foreign),
        (
            "application/octet-stream; name=winmail.dat",
            Reason::Foreign,
        ),
        ("message/partial; id=x", Reason::Unsupported),
        ("multipart/encrypted; boundary=b", Reason::Encrypted),
        ("multipart/mixed", Reason::Damaged),
    ] {
        let seen = read(&format!("Content-Type: {fields}\n"), "x");
        assert_eq!(seen.reason(), Some(reason), "{fields}");
    }
    let seen = read("Content-Transfer-Encoding: x-own\n", "x");
    assert_eq!(seen.reason(), Some(Reason::Unsupported));
    let seen = read("", "hello\n\nbegin 644 a.csv\n#0V%T\n`\nend\n");
    assert_eq!(seen.reason(), Some(Reason::Unsupported));
}

#[test]
fn nothing_is_lost_of_odd_messages() {
    let multipart = "Content-Type: multipart/mixed; boundary=\"b b\"\n";
    for (fields, body) in [
        ("X-Odd: Amy Smith\n", ""),
        ("X-Odd: a\n\tAmy\n Smith\n", ""),
        (multipart, "Amy Smith\n--b b\n\nx\n--b b--\n"),
        (multipart, "--b b\n\nAmy Smith\n--b b--\n"),
        (
            multipart,
            "--b b\nContent-Type: text/plain\n\nAmy Smith\n--b b--",
        ),
        (multipart, "--b b\nX: Amy Smith\n\nx\n--b b--\n"),
        (multipart, "--b b\n\nx\n--b b--\nAmy Smith\n--b b\nmore"),
        (
            multipart,
            "--b b\n\nx\n--b b\n--b b\n\nAmy Smith\n--b b--\n",
        ),
        (
            multipart,
            "--b b\nContent-Type: message/rfc822\n\nSubject: Amy Smith\n\nx\n--b b--\n",
        ),
        (
            multipart,
            "--b b\nContent-Type: text/html\n\n<p>Amy\nSmith\n--b b--\n",
        ),
        (
            multipart,
            "--b b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=\"Amy Smith\"\n\nx\n--b b--\n",
        ),
        ("Content-Transfer-Encoding: base64\n", "QW15IFNtaXRo"),
        ("Content-Type: image/png\n", "Amy Smith"),
        ("Content-Type: text/plain; charset=x-unknown\n", "Amy Smith"),
        ("Content-Type: ;;;=\"\n", "Amy Smith"),
    ] {
        let seen = read(fields, body);
        let named = seen.parts.iter().any(|part| part.path == "Amy Smith");
        assert!(
            named || seen.shows("Amy Smith"),
            "{fields}{body}: {:?}",
            seen.parts
        );
        assert_eq!(seen.reason(), None, "{fields}{body}");
    }
    let seen = read(multipart, "--b b\n\nAmy Smith\n");
    assert!(seen.shows("Amy Smith"));
    assert_eq!(seen.reason(), Some(Reason::CutShort));
    let seen = read("Content-Transfer-Encoding: base64\n", "QW15IFNtaXRo!!!");
    assert!(seen.shows("Amy Smith"));
    assert_eq!(seen.reason(), Some(Reason::Damaged));
}

#[test]
fn messages_in_other_encodings_are_mail() {
    let text = message("", "Zoë Müller\n");
    let marked = Seen::of(format!("\u{FEFF}{text}").as_bytes());
    assert_eq!(marked.reason(), None);
    assert!(marked.shows("Zoë Müller"));
    let wide: Vec<u8> = format!("\u{FEFF}{text}")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let wide = Seen::of(&wide);
    assert_eq!(wide.reason(), None);
    assert!(
        wide.shows("Zoë Müller") && wide.shows("From: a@example.org"),
        "{:?}",
        wide.parts
    );
    let latin: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(c).expect("Latin-1"))
        .collect();
    assert!(Seen::of(&latin).shows("Zoë Müller"));
}

#[test]
fn hostile_messages_are_read_in_bounded_time_and_memory() {
    let mut nested = String::new();
    for n in 0..50 {
        nested += &format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    }
    let seen = read(&nested, "Amy Smith");
    assert!(seen.shows("Amy Smith"));
    assert!(
        seen.uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::TooDeep)
    );
    let parts = "--b\n\nx\n".repeat(20_000);
    let seen = read(
        "Content-Type: multipart/mixed; boundary=b\n",
        &format!("{parts}--b--"),
    );
    assert_eq!(seen.reason(), Some(Reason::TooMany));
    let seen = read(&format!("X: {}\n", "a b ".repeat(1 << 19)), "Amy Smith");
    assert!(seen.shows("Amy Smith"));
    assert_eq!(seen.reason(), Some(Reason::Damaged));
    let wrapped = "Content-Type: message/rfc822\n\n".repeat(30);
    let seen = read(&wrapped, "Amy Smith");
    assert!(
        seen.uninspected
            .iter()
            .any(|(_, reason)| *reason == Reason::TooDeep)
    );
}

#[test]
fn a_page_saved_with_its_pictures_is_taken_apart() {
    let seen = Seen::of(
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"x\"\r\n\r\n\
          This document is a Single File Web Page.\r\n\r\n--x\r\nContent-Location: file:///C:/a.htm\r\n\
          Content-Transfer-Encoding: quoted-printable\r\nContent-Type: text/html\r\n\r\n\
          <table><tr><td>NHS number</td></tr><tr><td>999=\r\n0000018</td></tr></table>\r\n--x--\r\n",
    );
    assert_eq!(seen.uninspected, []);
    assert!(seen.shows("9990000018"), "{:?}", seen.parts);
}

#[test]
fn a_message_that_is_damaged_never_breaks_the_reader() {
    for sample in [LETTER, BOX] {
        no_cut_is_a_fault(sample, 0..sample.len());
        no_flip_is_a_fault(sample, 0..sample.len(), &[0x5A]);
    }
    // Cut within its parts, it says so.
    for end in (400..LETTER.len() - 50).step_by(13) {
        assert_ne!(reasons(&Seen::of(&LETTER[..end])), [], "{end}");
    }
}
