//! The first line.

use serde_json::{Value, json};

use super::{CANONICAL, COUNT, FOREIGN, Row, SUMS};

pub(super) fn headers() -> Vec<Row> {
    vec![
        (
            "of another package",
            "an inventory belongs to one package",
            FOREIGN,
            |d| {
                d.header["package"] = json!("5d771235-f899-7eb1-8056-004ed0227332");
            },
        ),
        (
            "of another time",
            "it is as old as its package",
            FOREIGN,
            |d| {
                d.header["created"] = json!("2020-01-01T00:00:00Z");
            },
        ),
        (
            "of another signer",
            "whoever signs anew what another sealed is found out",
            FOREIGN,
            |d| {
                d.header["signer"] = json!("SHA256:uNiVztksCsDhcc0u9e8BrrJXVGDD8Cs0X2bmDfMHoDM");
            },
        ),
        (
            "of a signer with a blank behind",
            "a fingerprint is compared byte by byte",
            FOREIGN,
            |d| {
                let signer = d.header["signer"].as_str().unwrap().to_owned();
                d.header["signer"] = json!(signer + " ");
            },
        ),
        (
            "of no signer",
            "whoever seals is named",
            "invalid type",
            |d| d.header["signer"] = Value::Null,
        ),
        (
            "of one entry more",
            "the number of lines is fixed first",
            COUNT,
            |d| {
                d.header["entries"] = json!(d.lines.len() + 1);
            },
        ),
        (
            "of one entry fewer",
            "what stands behind the last line is not hidden",
            COUNT,
            |d| {
                d.header["entries"] = json!(d.lines.len() - 1);
            },
        ),
        (
            "of no entries, with some",
            "what stands behind the last line is not hidden",
            COUNT,
            |d| {
                d.header["entries"] = json!(0);
            },
        ),
        (
            "of twenty million entries, with a few",
            "memory is not spent on a promise",
            COUNT,
            |d| {
                d.header["entries"] = json!(20_000_000);
            },
        ),
        (
            "of more entries than a reader takes",
            "numbers are bounded before they are used",
            "more than 20000000 entries",
            |d| {
                d.header["entries"] = json!(20_000_001);
            },
        ),
        (
            "of 2^64 - 1 entries",
            "numbers are bounded before they are used",
            "more than 20000000 entries",
            |d| {
                d.header["entries"] = json!(u64::MAX);
            },
        ),
        (
            "of minus one entry",
            "there is no such number",
            "invalid value",
            |d| d.header["entries"] = json!(-1),
        ),
        (
            "of fewer bytes than its files",
            "sums have to add up",
            SUMS,
            |d| d.header["bytes"] = json!(1),
        ),
        (
            "whose facts have other bytes",
            "sums have to add up",
            SUMS,
            |d| d.header["facts"]["bytes"] = json!(1),
        ),
        (
            "whose facts have other files",
            "sums have to add up",
            SUMS,
            |d| d.header["facts"]["files"] = json!(1),
        ),
        (
            "with a field that nobody knows",
            "a second meaning",
            "unknown field",
            |d| d.header["zone"] = json!(1),
        ),
        (
            "with facts that nobody knows",
            "a second meaning",
            "unknown field",
            |d| {
                d.header["facts"]["zone"] = json!(1);
            },
        ),
        (
            "without recipients",
            "a reader must not fill in what nobody signed",
            "missing field",
            |d| {
                d.header.as_object_mut().unwrap().remove("recipients");
            },
        ),
        (
            "without its objections",
            "what may be null is written as null",
            CANONICAL,
            |d| {
                d.header.as_object_mut().unwrap().remove("objections");
            },
        ),
        (
            "with objections, which a later version will have",
            "this version would not understand them",
            "unknown variant",
            |d| {
                d.header["objections"] = json!("x");
            },
        ),
        (
            "with a checkpoint that is none",
            "it would bear witness for nothing",
            "line 1 of the inventory: missing field `format`",
            |d| {
                d.header["checkpoint"] = json!({"signature": "x", "statement": "y"});
            },
        ),
        (
            "with a checkpoint whose statement was altered",
            "it would bear witness for another ledger",
            "signature does not fit the signed bytes",
            |d| {
                let text = d.header["checkpoint"]["statement"].as_str().unwrap();
                let text = text.replacen("\"sequence\":", "\"sequence\":9", 1);
                d.header["checkpoint"]["statement"] = json!(text);
            },
        ),
        (
            "with an approval that is none",
            "it would vouch for nothing",
            "line 1 of the inventory: missing field `format`",
            |d| {
                d.header["approvals"] =
                    json!([{"approval": {"signature": "x", "statement": "y"}, "approver": "x"}]);
            },
        ),
        (
            "with a policy's digest in capitals",
            "one way to say a thing",
            "line 1 of the inventory: not a SHA-256 digest",
            |d| {
                d.header["policy_sha256"] = json!("AB".repeat(32));
            },
        ),
        (
            "with a number for a label",
            "a label is text",
            "invalid type",
            |d| d.header["label"] = json!(1),
        ),
        (
            "with a label of 70 KiB",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            |d| {
                d.header["label"] = json!("x".repeat(70_000));
            },
        ),
        (
            "with five thousand recipients",
            "a line is bounded before it is kept",
            "it is longer than 64 KiB",
            |d| {
                let one = d.header["recipients"][0].clone();
                d.header["recipients"] = vec![one; 5000].into();
            },
        ),
        (
            "with a recipient without a key",
            "a recipient has a key",
            "missing field",
            |d| {
                d.header["recipients"] = json!([{"name": "x"}]);
            },
        ),
    ]
}
