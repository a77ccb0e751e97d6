#![no_main]
//! The readers of office files, whose members are what the input says: their
//! archive is whole, as no fuzzer would make it.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::{Input, readers};
use libfuzzer_sys::fuzz_target;

/// What makes an archive an office file, and its main part: workbooks in two
/// forms, documents, OpenDocument.
const KINDS: [(&[&str], &str); 4] = [
    (&["[Content_Types].xml", "_rels/.rels"], "xl/workbook.xml"),
    (&["[Content_Types].xml", "_rels/.rels"], "xl/workbook.bin"),
    (&["[Content_Types].xml", "_rels/.rels"], "word/document.xml"),
    (&["META-INF/manifest.xml"], "content.xml"),
];

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    let mut input = Input(bytes);
    let (needed, main) = KINDS[usize::from(input.byte() & 3)];
    let mut given = Vec::new();
    while !input.0.is_empty() && given.len() < 64 {
        let length = usize::from(input.byte());
        let name = String::from_utf8_lossy(input.take(length));
        given.push((name, input.field()));
    }
    let mut members: Vec<(&str, &[u8])> = Vec::new();
    members.extend(given.iter().map(|(name, content)| (&**name, *content)));
    let relations = format!(
        "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">\
         <Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/\
         relationships/officeDocument\" Target=\"{main}\"/></Relationships>"
    );
    for name in needed.iter().chain([&main]) {
        if given.iter().all(|(there, _)| there != name) {
            members.push((name, relations.as_bytes()));
        }
    }
    readers::check(Format::Zip, readers::zip(&members));
});
