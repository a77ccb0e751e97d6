#![no_main]
//! The reader of workbooks of Excel 97 to 2003, whose compound file is whole.

use std::io::{Cursor, Write as _};

use exeat_core::inspect::reader::Format;
use exeat_fuzz::{Input, readers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    let mut input = Input(bytes);
    let (name, beside) = match input.byte() & 7 {
        0 => ("/Book", None),
        1 => ("/WordDocument", Some("/1Table")),
        2 => ("/\u{1}Ole10Native", Some("/\u{1}CompObj")),
        3 => ("/EncryptionInfo", Some("/EncryptedPackage")),
        4 => ("/Workbook", Some("/\u{5}SummaryInformation")),
        _ => ("/Workbook", None),
    };
    let mut file = cfb::CompoundFile::create(Cursor::new(Vec::new())).expect("memory");
    if let Some(beside) = beside {
        let mut stream = file.create_stream(beside).expect("a name");
        stream.write_all(input.field()).expect("memory");
    }
    let mut stream = file.create_stream(name).expect("a name");
    stream.write_all(input.rest()).expect("memory");
    drop(stream);
    file.flush().expect("memory");
    readers::check(Format::Ole, file.into_inner().into_inner());
});
