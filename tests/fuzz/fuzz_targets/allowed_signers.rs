#![no_main]
//! `allowed_signers`: a line that is read is written in a way that is read as
//! the same, and means what the manual of ssh-keygen says.

use exeat_core::signature::AllowedSigners;
use exeat_fuzz::matches_plainly;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    match AllowedSigners::parse(text) {
        Ok(signers) => {
            let mut written = String::new();
            for line in &signers {
                written += &format!("{line}\n");
                check(line, text);
            }
            let again = AllowedSigners::parse(&written).expect("as it is written");
            assert!(again.iter().eq(signers.iter()), "{written}");
            assert!(signers.len() <= text.lines().count());
        }
        Err(errors) => {
            let lines = text.lines().count();
            assert!(!errors.is_empty());
            assert!(
                errors
                    .iter()
                    .all(|error| (1..=lines.max(1)).contains(&error.line))
            );
            assert!(errors.is_sorted_by(|a, b| a.line < b.line));
        }
    }
});

fn check(line: &exeat_core::signature::AllowedSigner, text: &str) {
    let number = line.line().expect("from a file");
    let written = text.strip_prefix('\u{feff}').unwrap_or(text);
    let written = written.lines().nth(number - 1).expect("that line");
    assert!(!written.trim_start().starts_with('#'));
    assert!(
        !written
            .chars()
            .any(|one| one.is_control() && one != '\t' && one != '\r')
    );
    if let (Some(after), Some(before)) = (line.valid_after(), line.valid_before()) {
        assert!(after < before);
    }
    // Names to try: those in the list, and pieces of the line.
    let lists = [Some(line.principals()), line.namespaces()];
    for list in lists.into_iter().flatten() {
        let items = list
            .as_str()
            .split(',')
            .chain(written.split_ascii_whitespace());
        for name in items.chain(["", "a", "ada@clinic.example"]).take(8) {
            let name = &name[..name.floor_char_boundary(200)];
            assert_eq!(
                list.matches(name),
                plainly(list.as_str(), name),
                "{list} {name}"
            );
        }
    }
    if line.namespaces().is_none() {
        assert!(line.permits("exeat.package.v1"));
    }
}

fn plainly(list: &str, name: &str) -> bool {
    let (mut is_in, mut is_out) = (false, false);
    for item in list.split(',') {
        match item.strip_prefix('!') {
            Some(item) => is_out |= matches_plainly(item.as_bytes(), name.as_bytes()),
            None => is_in |= matches_plainly(item.as_bytes(), name.as_bytes()),
        }
    }
    is_in && !is_out
}
