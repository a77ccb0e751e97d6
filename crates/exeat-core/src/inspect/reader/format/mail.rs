//! Whether a text is a message or a box of them: header fields of which
//! several are known, among them one that only mail has.
//!
//! Notes and settings have fields as well, and some are called `From` or
//! `Date`: with an address in them, or with what a mail program adds, they
//! count.

use super::Format;

/// Fields that programs add to mail (RFC 5322, MIME), and nothing else has.
const OF_PROGRAMS: &[&[u8]] = &[
    b"received",
    b"return-path",
    b"delivered-to",
    b"message-id",
    b"mime-version",
    b"content-type",
    b"content-transfer-encoding",
    b"dkim-signature",
    b"x-mailer",
    b"in-reply-to",
    b"list-id",
    b"x-received",
    b"authentication-results",
    b"arc-seal",
    b"user-agent",
    b"thread-index",
];
/// Fields that people write, of whom, and of which some are in notes, too.
const OF_PEOPLE: &[&[u8]] = &[
    b"from",
    b"to",
    b"cc",
    b"bcc",
    b"reply-to",
    b"sender",
    b"subject",
    b"date",
];
/// How many of the fields are of somebody.
const ADDRESSES: usize = 6;
/// The most lines that are looked at.
const LINES: usize = 400;

/// The format of mail that begins with these bytes.
pub(super) fn recognise(head: &[u8]) -> Option<Format> {
    let narrowed = super::narrowed(head);
    let text = narrowed.as_deref().unwrap_or(head);
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let (is_box, text) = match text.starts_with(b"From ") {
        true => {
            let end = memchr::memchr(b'\n', text)?;
            if !has_time(&text[..end]) {
                return None;
            }
            (true, &text[end + 1..])
        }
        false => (false, text),
    };
    let mut programs = [false; OF_PROGRAMS.len()];
    let mut people = [false; OF_PEOPLE.len()];
    let mut has_address = false;
    let mut lines = text.split(|&byte| byte == b'\n').take(LINES).peekable();
    while let Some(line) = lines.next() {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if matches!(line.first(), Some(b' ' | b'\t')) || line.starts_with(b">From ") {
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            // The last line may be cut.
            if lines.peek().is_none() && !text.ends_with(b"\n") {
                break;
            }
            return None;
        };
        let (name, value) = (&line[..colon], &line[colon + 1..]);
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return None;
        }
        if !matches!(value.first(), None | Some(b' ' | b'\t')) {
            continue;
        }
        let place = |list: &[&[u8]]| {
            list.iter()
                .position(|known| name.eq_ignore_ascii_case(known))
        };
        if let Some(place) = place(OF_PROGRAMS) {
            programs[place] = true;
        } else if let Some(place) = place(OF_PEOPLE) {
            people[place] = true;
            has_address |= place < ADDRESSES && value.contains(&b'@');
        }
    }
    let has = |field: &[u8]| {
        let fields = OF_PROGRAMS.iter().zip(programs);
        fields
            .into_iter()
            .any(|(name, is_there)| is_there && *name == field)
    };
    // A page that was saved with its pictures (RFC 2557) may have no more.
    let is_page = has(b"mime-version") && has(b"content-type");
    let count = |seen: &[bool]| seen.iter().filter(|seen| **seen).count();
    let (programs, people) = (count(&programs), count(&people));
    match is_box {
        true if programs + people >= 2 => Some(Format::Mbox),
        // Without anybody it would be no message, but an answer of a server.
        false if programs + people >= 3 && people >= 1 && (programs >= 1 || has_address) => {
            Some(Format::Mail)
        }
        // Messages of programs, and parts of messages that were saved.
        false if is_page || programs >= 3 && people == 0 => Some(Format::Mail),
        _ => None,
    }
}

/// Whether a line has a time of day in it, as the first of each message in a
/// box has.
fn has_time(line: &[u8]) -> bool {
    let time = |part: &[u8]| {
        matches!(
            part,
            [b'0'..=b'9', b'0'..=b'9', b':', b'0'..=b'9', b'0'..=b'9', ..]
        )
    };
    line.split(u8::is_ascii_whitespace).any(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8], format: Option<Format>) {
        assert_eq!(recognise(text), format, "{}", text.escape_ascii());
    }

    #[test]
    fn messages_are_mail() {
        for text in [
            &b"From: a@example.org\r\nTo: b@example.org\r\nSubject: x\r\n\r\nhi"[..],
            b"\xEF\xBB\xBFFrom: a@example.org\nTo: b@example.org\nSubject: x\n\nhi",
            b"Received: from x\n\tby y; Mon\nFrom: A\nSubject: x\n\n",
            b"Subject: =?utf-8?B?QQ==?=\nFrom: =?x?=\nMIME-Version: 1.0\nContent-Type: text/plain",
            b"From: <Saved by Blink>\r\nSubject: x\r\nDate: Mon\r\nMIME-Version: 1.0\r\n\r\n",
            b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=\"x\"\r\n\r\nThis document",
            b"MIME-Version: 1.0\nContent-Type: text/html;\n\tcharset=\"utf-8\"\nContent-Location: file:///C:/a.htm\n\n",
            b"X-Odd: 1\nTo: a@example.org\nFrom: b@example.org\nDate: x",
            b"\xFF\xFET\0o\0:\0 \0a\0@\0b\0\n\0F\0r\0o\0m\0:\0 \0c\0\n\0D\0a\0t\0e\0:\0 \0d\0\n\0\n\0",
        ] {
            check(text, Some(Format::Mail));
        }
        for text in [
            &b"From a@example.org Mon Jan  1 00:00:00 2024\nFrom: a@example.org\nTo: b@example.org\n\nhi"[..],
            b"From - Mon Jan 01 10:00:00 2024\r\nX-Mozilla-Status: 0001\r\nSubject: x\r\nDate: y\r\n\r\n",
            b"From MAILER-DAEMON Mon Jan  1 00:00 2024\n>From old line\nDate: x\nSubject: y\n\n",
        ] {
            check(text, Some(Format::Mbox));
        }
    }

    #[test]
    fn notes_and_settings_are_text() {
        for text in [
            &b""[..],
            b"From: Leeds\nTo: York\nDate: 2024-01-02\n\nBy train.\n",
            b"From:,To:,Date:\na@example.org,b,c\n",
            b"From:,a@example.org\nTo:,b@example.org\nSubject:,x\nMessage-ID:,y\n",
            b"name: Amy\nborn: 1980-01-02\ncity: Leeds\n",
            b"---\ntitle: x\nfrom: a@example.org\nto: b\nsubject: c\n---\n",
            b"From here to there it is far, at 10:30 too.\nNote: bring water\n",
            b"To: everybody\n\nhello",
            b"HTTP/1.1 200 OK\nContent-Type: text/html\nDate: Mon\nServer: x\n\n",
            b"MIME-Version: 1.0\nSubjects: all\n\n",
            b"MIME-Version: 1.0\nContent-Type: text/html\nwhich is what its header says\n",
            b"Content-Type: text/html\nServer: x\nDate: Mon\n\n",
            b"2024-01-01 10:00:00 from: a@example.org to: b\n",
            b"from: x\nto: y\nsubject: z\na line of text\n",
            b"Date: 2024-01-02\nSubject: results\nFrom: the ward\nNHS number: 9990000018\n",
        ] {
            check(text, None);
        }
    }
}
