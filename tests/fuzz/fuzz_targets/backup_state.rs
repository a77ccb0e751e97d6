#![no_main]
//! What a host remembers of the files in its backups: what it says of a file
//! that has changed, or in a way that is not whole, leaves the listing as it is.

use std::cell::RefCell;
use std::collections::BTreeSet;

use exeat_core::backup::Wanted;
use exeat_core::digest::Digest;
use exeat_core::fuzzing::state;
use exeat_core::manifest::PackageId;
use exeat_core::progress::Silent;
use exeat_core::source::{ListOptions, Listing, Source};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static LISTING: RefCell<(Listing, BTreeSet<PackageId>)> = RefCell::new(prepare());
}

/// A folder with a few files whose names the seeds have.
fn prepare() -> (Listing, BTreeSet<PackageId>) {
    let folder = std::env::temp_dir().join(format!("exeat-fuzz-{}", std::process::id()));
    let clinic = folder.join("clinic");
    std::fs::create_dir_all(&clinic).expect("a folder");
    for name in ["a.csv", "b.csv", "c.txt"] {
        std::fs::write(clinic.join(name), name).expect("a file");
    }
    let source = Source::open(&[clinic]).expect("a folder");
    let listing = source.list(&ListOptions::default(), &Silent).expect("few");
    std::fs::remove_dir_all(&folder).expect("ours");
    let ids = [
        "019ac1d5-0000-7000-8000-000000000001",
        "019ac1d5-0000-7000-8000-000000000002",
    ];
    let ids = ids.iter().map(|id| {
        let quoted = format!("\"{id}\"");
        serde_json::from_str(&quoted).expect("an id")
    });
    (listing, ids.collect())
}

fuzz_target!(|bytes: &[u8]| {
    LISTING.with_borrow_mut(|(listing, present)| {
        let wanted = Wanted {
            series: "019ac1d5-0000-7000-8000-00000000000a"
                .parse()
                .expect("an id"),
            present,
            recipients_sha256: Digest::of(b""),
        };
        for is_sealed in [false, true] {
            match state(listing, bytes, is_sealed, wanted) {
                Ok(recalled) => {
                    assert!(recalled.unchanged + recalled.gone <= recalled.files);
                    assert_eq!(listing.unchanged(), recalled.unchanged);
                    let held = listing.entries().filter_map(|entry| entry.held());
                    held.for_each(|package| assert!(present.contains(&package)));
                }
                Err(_) => assert_eq!(listing.unchanged(), 0),
            }
            listing.forget_packages();
        }
    });
});
