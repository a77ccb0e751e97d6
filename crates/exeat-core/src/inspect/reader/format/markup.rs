//! Whether a text is HTML or XML, by what stands first after a byte order
//! mark, white space and comments.
//!
//! What says so itself is believed: a declaration, a document type, `<html`.
//! Else the tags have to make sense: text that only begins with one, as
//! Markdown, templates and logs of chats do, is text, and keeps its lines.

use memchr::memmem;

use super::Format;

/// Pairs of tags in a text whose end is not seen, that make it XML.
const PAIRS: usize = 4;
/// A text of fewer bytes is seen whole.
const WHOLE: usize = 4096;

/// The format of markup that begins with these bytes.
pub(super) fn recognise(head: &[u8]) -> Option<Format> {
    let narrowed = super::narrowed(head);
    let text = narrowed.as_deref().unwrap_or(head).trim_ascii_start();
    let text = text
        .strip_prefix(b"\xEF\xBB\xBF")
        .unwrap_or(text)
        .trim_ascii_start();
    if text.first() != Some(&b'<') {
        return None;
    }
    let (rest, is_xml) = skip_prolog(text)?;
    let begins = |word: &[u8]| {
        let is_end = |byte: Option<&u8>| {
            !byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        };
        rest.get(..word.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(word))
            && is_end(rest.get(word.len()))
    };
    const PAGE: &[&[u8]] = &[
        b"<!doctype html",
        b"<html",
        b"<head",
        b"<body",
        b"<title",
        b"<meta",
        b"<frameset",
        b"<base",
    ];
    if PAGE.iter().any(|word| begins(word)) {
        // As names of other elements they are in XML, which says so.
        let is_page = !is_xml || begins(b"<!doctype html") || begins(b"<html");
        return Some(if is_page { Format::Html } else { Format::Xml });
    }
    if is_xml || begins(b"<!doctype") {
        return Some(Format::Xml);
    }
    let name = element(rest)?.to_ascii_lowercase();
    let outline = Outline::of(rest);
    let is_whole = head.len() < WHOLE;
    match &name[..] {
        // Parts of programs; with a page after them they are of a page.
        b"template" => None,
        b"script" | b"style" => {
            (outline.has_page && !outline.has_template && !outline.has_text).then_some(Format::Html)
        }
        b"stata_dta" => None,
        // XML that is a drawing, also within pages.
        b"svg" if !outline.is_loose && !outline.has_text => Some(Format::Xml),
        name if HTML.binary_search(&name).is_ok() => {
            let is_page = !outline.has_text && (outline.pairs > 0 || outline.tags > 1);
            is_page.then_some(Format::Html)
        }
        _ => {
            let is_closed = outline.open == 0 && outline.tags > 0;
            let goes_on = !is_whole && outline.pairs >= PAIRS;
            let is_document = !outline.has_text && !outline.is_loose && (is_closed || goes_on);
            is_document.then_some(Format::Xml)
        }
    }
}

/// What comes after comments and instructions, and whether one of them says
/// that it is XML. Nothing for a program's text.
fn skip_prolog(text: &[u8]) -> Option<(&[u8], bool)> {
    let mut rest = text;
    let mut is_xml = false;
    loop {
        let (after, end) = if let Some(after) = rest.strip_prefix(b"<!--") {
            (after, &b"-->"[..])
        } else if let Some(after) = rest.strip_prefix(b"<?") {
            let name = after.get(..3)?;
            if !name.eq_ignore_ascii_case(b"xml") && !name.eq_ignore_ascii_case(b"mso") {
                return is_xml.then_some((rest, true));
            }
            is_xml = true;
            (after, &b"?>"[..])
        } else {
            return Some((rest, is_xml));
        };
        let Some(at) = memmem::find(after, end) else {
            return is_xml.then_some((&b""[..], true));
        };
        rest = after[at + end.len()..].trim_ascii_start();
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte) || byte >= 0x80
}

/// The name of the element that begins here.
fn element(text: &[u8]) -> Option<&[u8]> {
    let tag = text.strip_prefix(b"<")?;
    let end = tag.iter().position(|&byte| !is_name(byte))?;
    let begins = tag
        .first()
        .is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let ends = matches!(tag[end], b'>' | b'/' | b' ' | b'\t' | b'\r' | b'\n');
    (begins && ends).then(|| &tag[..end])
}

/// What the tags of a text make of it.
#[derive(Default)]
struct Outline {
    /// Start tags.
    tags: usize,
    /// Those with their end.
    pairs: usize,
    /// Those without.
    open: usize,
    /// Whether there is text outside of all elements.
    has_text: bool,
    /// Whether there is what XML does not allow.
    is_loose: bool,
    has_page: bool,
    has_template: bool,
}

impl Outline {
    fn of(text: &[u8]) -> Self {
        let mut outline = Self::default();
        let mut names: Vec<Vec<u8>> = Vec::new();
        let mut rest = text;
        while let Some(at) = memchr::memchr(b'<', rest) {
            outline.has_text |= names.is_empty() && !rest[..at].trim_ascii().is_empty();
            rest = &rest[at..];
            let Some(after) = outline.tag(rest, &mut names) else {
                break;
            };
            rest = after;
        }
        if memchr::memchr(b'<', rest).is_none() {
            outline.has_text |= names.is_empty() && !rest.trim_ascii().is_empty();
        }
        outline.open = names.len();
        outline
    }

    /// Takes a tag; what follows it, if it ends.
    fn tag<'t>(&mut self, text: &'t [u8], names: &mut Vec<Vec<u8>>) -> Option<&'t [u8]> {
        for (begin, end) in [
            (&b"<!--"[..], &b"-->"[..]),
            (b"<![CDATA[", b"]]>"),
            (b"<?", b">"),
            (b"<!", b">"),
        ] {
            if let Some(after) = text.strip_prefix(begin) {
                let at = memmem::find(after, end)?;
                return Some(&after[at + end.len()..]);
            }
        }
        if let Some(after) = text.strip_prefix(b"</") {
            let end = memchr::memchr(b'>', after)?;
            let name = after[..end].trim_ascii();
            match names
                .iter()
                .rposition(|open| open.eq_ignore_ascii_case(name))
            {
                Some(place) => {
                    self.is_loose |= place + 1 < names.len() || names[place] != name;
                    self.pairs += 1;
                    names.truncate(place);
                }
                None => self.is_loose = true,
            }
            return Some(&after[end + 1..]);
        }
        let Some(name) = element(text) else {
            if text[1..].iter().all(|&byte| is_name(byte)) {
                // Cut within it.
                return None;
            }
            // A sign of its own.
            self.is_loose = true;
            self.has_text |= names.is_empty();
            return Some(&text[1..]);
        };
        let lower = name.to_ascii_lowercase();
        let inside = &text[1 + name.len()..];
        let length = self.attributes(inside)?;
        let is_closed = inside[..length].ends_with(b"/");
        let after = &inside[length + 1..];
        self.tags += 1;
        self.has_template |= lower == b"template";
        self.has_page |= matches!(
            &lower[..],
            b"html" | b"head" | b"body" | b"table" | b"div" | b"p"
        );
        let is_void = VOID.binary_search(&&lower[..]).is_ok();
        if is_closed {
            self.pairs += 1;
        } else if is_void {
            self.is_loose = true;
        } else if matches!(&lower[..], b"script" | b"style") {
            let end = [b"</", &lower[..]].concat();
            let lowered = after.to_ascii_lowercase();
            let at = memmem::find(&lowered, &end)?;
            let close = memchr::memchr(b'>', &after[at..])?;
            self.pairs += 1;
            return Some(&after[at + close + 1..]);
        } else {
            names.push(name.to_vec());
        }
        Some(after)
    }

    /// How many bytes there are up to the end of the tag.
    fn attributes(&mut self, text: &[u8]) -> Option<usize> {
        #[derive(PartialEq)]
        enum Part {
            Between,
            Name,
            /// After a name and white space.
            Named,
            /// After a sign of equality.
            Value,
            Unquoted,
            Quoted(u8),
        }
        let mut part = Part::Between;
        for (at, &byte) in text.iter().enumerate() {
            if let Part::Quoted(mark) = part {
                if byte == mark {
                    part = Part::Between;
                }
                continue;
            }
            let is_space = byte.is_ascii_whitespace();
            // A name without a value, or a value without quotes.
            if byte == b'>' {
                self.is_loose |= part != Part::Between;
                return Some(at);
            }
            part = match (part, byte) {
                (Part::Between, _) if is_space || byte == b'/' => Part::Between,
                (Part::Name | Part::Named, b'=') => Part::Value,
                (Part::Name | Part::Named, _) if is_space => Part::Named,
                (Part::Name, _) => Part::Name,
                (Part::Named, _) => {
                    self.is_loose = true;
                    Part::Name
                }
                (Part::Value, b'"' | b'\'') => Part::Quoted(byte),
                (Part::Value, _) if is_space => Part::Value,
                (Part::Unquoted, _) if is_space => Part::Between,
                (Part::Value | Part::Unquoted, _) => {
                    self.is_loose = true;
                    Part::Unquoted
                }
                (_, b'"' | b'\'') => {
                    self.is_loose = true;
                    Part::Quoted(byte)
                }
                _ => Part::Name,
            };
        }
        None
    }
}

/// Elements without an end.
const VOID: &[&[u8]] = &[
    b"area", b"base", b"br", b"col", b"embed", b"hr", b"img", b"input", b"link", b"meta", b"param",
    b"source", b"track", b"wbr",
];

/// Elements of HTML that a part of a page begins with.
const HTML: &[&[u8]] = &[
    b"a",
    b"abbr",
    b"address",
    b"article",
    b"aside",
    b"b",
    b"big",
    b"blockquote",
    b"br",
    b"button",
    b"caption",
    b"center",
    b"cite",
    b"code",
    b"dd",
    b"del",
    b"details",
    b"div",
    b"dl",
    b"dt",
    b"em",
    b"fieldset",
    b"figure",
    b"font",
    b"footer",
    b"form",
    b"h1",
    b"h2",
    b"h3",
    b"h4",
    b"h5",
    b"h6",
    b"header",
    b"hr",
    b"i",
    b"iframe",
    b"img",
    b"input",
    b"ins",
    b"kbd",
    b"label",
    b"li",
    b"link",
    b"main",
    b"mark",
    b"nav",
    b"ol",
    b"option",
    b"p",
    b"picture",
    b"pre",
    b"q",
    b"s",
    b"samp",
    b"section",
    b"select",
    b"small",
    b"span",
    b"strong",
    b"sub",
    b"summary",
    b"sup",
    b"table",
    b"tbody",
    b"td",
    b"textarea",
    b"tfoot",
    b"th",
    b"thead",
    b"tr",
    b"tt",
    b"u",
    b"ul",
    b"video",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(VOID.is_sorted() && HTML.is_sorted());
    }

    #[track_caller]
    fn check(text: &[u8], format: Option<Format>) {
        assert_eq!(recognise(text), format, "{}", text.escape_ascii());
    }

    #[test]
    fn pages_are_html() {
        for text in [
            &b"<!DOCTYPE html><p>x"[..],
            b"\xEF\xBB\xBF\r\n<HTML lang=en><body>",
            b"<!-- saved -->\n<!doctype HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\">",
            b"<?xml version=\"1.0\"?><!DOCTYPE html><html xmlns=''>",
            b"<html xmlns:o=\"urn:schemas-microsoft-com:office:office\">",
            b"<table border=1><tr><td>Amy<td>Smith</table>",
            b"<meta charset=utf-8><table>",
            b"<style>td { color: red }</style>\n<table><tr><td>x</table>",
            b"<script>if (a < b) { c() }</script><body>x",
            b"<div dir=\"ltr\">Dear Amy,<br>your results</div>",
            b"<p>Dear Amy<p>your results",
            b"<h1>Results</h1>\n<p>of Amy</p>\n",
            b"<ul><li>Amy<li>Bob</ul>",
            b"\xFF\xFE<\0h\0t\0m\0l\0>\0",
            b"\0<\0b\0o\0d\0y\0>",
        ] {
            check(text, Some(Format::Html));
        }
    }

    #[test]
    fn xml_is_xml() {
        for text in [
            &b"<?xml version='1.0'?>\n<!-- a -->\n<patients>"[..],
            b"<?xml version=\"1.0\"?><head><a>1</a></head>",
            b"<?xml version=\"1.0\"?><!-- never closed",
            b"<!DOCTYPE book SYSTEM \"book.dtd\"><book>",
            b"<patients><p/></patients>",
            b"<Bundle xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/></Bundle>\n",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1\"><text>Amy</text></svg>",
            b"<a1><![CDATA[<b>]]></a1>",
            b"<note/>",
            b"\xFF\xFE<\0?\0x\0m\0l\0 \0?\0>\0<\0a\0>\0",
            b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><n\xE4me>",
        ] {
            check(text, Some(Format::Xml));
        }
        let long = format!("<list>{}", "<p><q>1</q></p>\n".repeat(400));
        check(long.as_bytes(), Some(Format::Xml));
    }

    #[test]
    fn text_is_text() {
        for text in [
            &b""[..],
            b"<",
            b"<>",
            b"<not closed",
            b"a < b > c",
            b"<3 you </3>",
            b"<34>1 2024-01-01T00:00:00Z host app: <b>x</b>",
            b"<p align=\"center\">\n<img src=\"logo.png\">\n</p>\n\n# Title\n\n- item\n",
            b"<h1 align=center>Tool</h1>\nDoes things.\n",
            b"<div>\n\n[![badge](x)](y)\n\n</div>\n\nText.\n",
            b"<details><summary>More</summary>x</details>\n\n```sh\nls\n```\n",
            b"<a name=\"top\"></a>\n# Title\n",
            b"<br>\nSome text\n",
            b"<template>\n  <div>{{ name }}</div>\n</template>\n<script>\nexport default {}\n</script>\n",
            b"<script setup lang=\"ts\">\nimport x from 'y'\n</script>\n\n<template><p>x</p></template>\n",
            b"<?php\necho '<html>';\n?>\n<html><body>",
            b"<?= $x ?><table><tr></tr></table>",
            b"<%@ page language=\"java\" %>\n<html>",
            b"<% if x %><p>y</p>",
            b"<amy> hello\n<bob> hi <b>there</b>\n",
            b"<T as Trait>::Output = x; // </T>\n",
            b"<stata_dta><header><release>118</release></header></stata_dta>",
            b"<user@example.org> wrote: </x>",
            b"<app-root hidden></app><x>",
        ] {
            check(text, None);
        }
    }
}
