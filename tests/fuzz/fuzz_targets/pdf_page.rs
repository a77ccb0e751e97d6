#![no_main]
//! What a page of a PDF draws, with what font: around it the PDF is whole.

use exeat_core::inspect::reader::Format;
use exeat_fuzz::{Input, readers};
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: readers::tolerate_decoders(), |bytes: &[u8]| {
    let mut input = Input(bytes);
    let filters = ["", "/Filter/ASCIIHexDecode", "/Filter/ASCII85Decode", "/Filter/LZWDecode", "/Filter/RunLengthDecode", "/Filter/FlateDecode"];
    let filter = filters[usize::from(input.byte()) % filters.len()];
    let fonts: [&[u8]; 3] = [
        b"/Type0/Encoding/Identity-H/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/W 7 0 R>>]",
        b"/Type1/BaseFont/Helvetica/Encoding 7 0 R",
        b"/TrueType/FirstChar 0/Widths 7 0 R",
    ];
    let font = fonts[usize::from(input.byte()) % fonts.len()];
    let (map, widths) = (input.field(), input.field());
    let mut out = b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n\
        2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n\
        3 0 obj<</Type/Page/Parent 2 0 R/Contents 4 0 R/MediaBox[0 0 612 792]\
        /Resources<</Font<</F1 5 0 R>>/XObject<</X 4 0 R>>>>>>endobj\n\
        5 0 obj<</Type/Font/ToUnicode 6 0 R/Subtype"
        .to_vec();
    out.extend_from_slice(font);
    out.extend_from_slice(b">>endobj\n7 0 obj ");
    out.extend_from_slice(widths);
    out.extend_from_slice(b" endobj\n");
    let page = input.rest();
    for (number, filter, content) in [(4, filter, page), (6, "", map)] {
        let length = content.len();
        out.extend_from_slice(format!("{number} 0 obj<</Length {length}{filter}>>stream\n").as_bytes());
        out.extend_from_slice(content);
        out.extend_from_slice(b"\nendstream endobj\n");
    }
    out.extend_from_slice(b"trailer<</Root 1 0 R/Size 8>>\n%%EOF\n");
    readers::check(Format::Pdf, out);
});
