//! The threat model: what exeat defends against, which test holds each claim, and
//! what it cannot do.
//!
//! # What is guarded, and against whom
//!
//! Guarded are the data of people, in bulk above all; the record of what left; and the
//! truth of what the program says: that a package is whole, by whom it is, and that a
//! run ended well.
//!
//! | who | what they can do |
//! |---|---|
//! | somebody in a hurry | ask for anything that the command line can express |
//! | the finder of a package | read and keep every byte of it |
//! | the forger | alter, mix up, replay and make packages, without a key that anybody trusts |
//! | a signer who is trusted | the same, and sign it: what is inside is still an attacker's input |
//! | whoever made a file that is exported | put anything into it that a parser chokes on |
//! | the owner of the ledger | rewrite it |
//! | another account on the machine | everything that file modes do not forbid |
//! | the machine itself | stop at any moment, fail any call, fill up, lose what was not flushed |
//!
//! The tests are named by their file and function; `cargo test NAME` runs one. Those in
//! `tests/faults`, `tests/fuzz` and `tests/mutants` are commands; each has `--help`.
//!
//! # What holds
//!
//! ## Bulk data does not leave in the clear
//!
//! | claim | held by |
//! |---|---|
//! | The floor refuses it; no flag, setting or variable lowers it, and policies make it stricter only | `tests/cli/policy.rs::nothing_looser_than_the_floor_is_taken`, `crates/exeat-core/src/policy/tests/laws.rs::combining_never_loosens`, `crates/exeat-core/src/decide/tests.rs::a_tighter_policy_never_turns_a_refusal_into_a_permit` |
//! | What cannot be read, parsed or judged counts as bulk and sensitive | `crates/exeat-core/src/decide/tests.rs::in_the_clear_what_nobody_saw_does_not_leave`, `tests/formats/bad.rs::what_is_damaged_or_hostile_is_never_taken_for_harmless` |
//! | Another name, form, alphabet or way in gets round nothing | `tests/cli/roundabout.rs::another_form`, `tests/cli/roundabout.rs::small_parts`, `tests/cli/policy.rs::compressing_it_gets_round_nothing` |
//! | What was inspected is what is sealed or copied: the same read, and for a copy the same digest | `tests/sealing.rs::a_file_that_changes_after_its_turn_stops_the_export`, `tests/cli/plain.rs::a_source_that_changes_while_it_is_copied` |
//! | Only a decision makes a permit, and only a permit seals | the documentation tests of [`Permit`](crate::decide::Permit), which do not compile, and `tests/sealing.rs::a_permit_is_for_one_source_and_one_destination` |
//! | Where a policy asks for approvals, nobody releases alone; they are for this content, these recipients, this purpose | `crates/exeat-core/src/decide/tests/approvals.rs::each_has_to_be_for_this_export`, `tests/sealing.rs::what_was_approved_does_not_change_after_it_was_sealed` |
//!
//! ## A file that attacks its reader
//!
//! | claim | held by |
//! |---|---|
//! | Every format but text, JSON and SQL is taken apart by a process that can open no file, reach no network, start no program and send no signal; its memory is bounded, and the seconds of processor time that it has | `crates/exeat-readers/src/confine/tests.rs::nothing_is_left_but_to_read_and_to_write` |
//! | One whose confinement the system refuses reads nothing: its file counts as uninspected | `tests/faults/calls` |
//! | No bytes make what it answers anything but a report or a failure, which counts as uninspected | `crates/exeat-core/src/inspect/reader/protocol.rs::no_bytes_make_it_panic_or_allocate` |
//! | A fault in the program prints its place, not its message, which could quote data | `crates/exeat-cli/src/ui.rs::a_fault_says_where_it_is_and_not_what_it_met` |
//!
//! ## A package that is lost or stolen
//!
//! | claim | held by |
//! |---|---|
//! | Content, file names, label, purpose and recipients are encrypted with [age](https://age-encryption.org), and stand in no member that is public | `tests/cli/secrecy.rs::the_public_members_say_nothing`, `tests/cli/secrecy.rs::a_default_name_says_nothing` |
//! | Two packages of the same content have not one volume in common | `tests/cli/secrecy.rs::nothing_tells_that_two_packages_hold_the_same` |
//! | Whoever is no recipient opens nothing, with exeat or by hand | `tests/cli/bad_opening.rs::who_is_no_recipient`, `tests/cli/interop.rs::somebody_else_cannot_open_it_by_hand` |
//! | A stream can be padded, so that its length says little | `tests/cli/streams.rs::a_padded_package_says_little_of_its_size` |
//!
//! What a finder does learn: that it is a package, its id and time, the version that made
//! it, the fingerprint and signature of the signer; the number and sizes of volumes, whether
//! they are compressed, and the size of the inventory, which grows with the number of files
//! and the length of their names; of a backup its chain, its number, and the packages that
//! it needs; of each envelope how many stanzas it has and of which kind, and for SSH keys
//! four bytes of a digest of the key; who passed it on, and when.
//!
//! ## A package that was altered, cut short, mixed up or forged
//!
//! The manifest is signed and names the size and SHA-256 of every member; the inventory
//! names its signer and its package. The signature is checked first, and nothing is
//! interpreted before what vouches for it has passed. One thing is looked at that did not
//! pass: once a volume has been refused, whether its header, which is bounded, opens with the
//! package's key, for a word on where it comes from.
//!
//! | claim | held by |
//! |---|---|
//! | A signature that is missing, somebody else's, for something else or out of date is refused | `tests/cli/bad_signature.rs::absent`, `tests/cli/bad_signature.rs::a_package_of_a_stranger`, `tests/cli/bad_signature.rs::by_the_sender_for_something_else` |
//! | Every byte of a package counts, and every cut of a member: but for a few bytes that say nothing, such as the two that end the sum in a header of an archive, and those are listed | `tests/hostile/flips.rs::every_byte_and_every_cut_is_noticed` |
//! | What is genuine and not in its place has a finding of its own: a volume of another package, two that were exchanged, an older package, a signature that is gone or made anew, an envelope or a record of another package, a package that was passed on, one's own ([`super::findings`]) | `tests/hostile/mix_ups.rs::each_mix_up_has_a_finding_of_its_own`, `tests/cli/after.rs::an_older_package_is_not_taken_for_the_newest` |
//! | age files are read as the public test vectors expect, or refused for a reason that is listed | `tests/hostile/vectors.rs::every_vector_is_as_it_expects_or_refused_for_a_reason` |
//!
//! ## A package that attacks its reader
//!
//! Names, types, sizes and places come from the verified inventory; the tar framing is
//! compared, not believed. Every count and size is bounded before anything is allocated
//! ([`super::format`]), and files are made below a handle, without following links or
//! crossing file systems.
//!
//! | claim | held by |
//! |---|---|
//! | More than three hundred packages, most of them signed by a sender who is trusted, are refused, each for its reason; nothing is left outside of staging, and none takes more than 64 MiB | `tests/hostile/main.rs::hostile_packages_are_refused` |
//! | The header of an age file is bounded before age reads it, which takes quadratic time | `crates/exeat-core/src/keys/tests.rs::headers_are_bounded_before_age_sees_them` |
//! | What comes from a package is shown escaped, on a terminal and in JSON | `crates/exeat-core/src/path.rs::shows_nothing_that_misleads`, `crates/exeat-cli/src/ui.rs::a_document_holds_nothing_that_misleads_and_says_the_same` |
//! | Links that lead out are left out, and named | `tests/cli/lifecycle.rs::links_that_point_outside_are_left_out_and_named` |
//! | `open` shows files when all of them are right, and otherwise none | `tests/cli/bad_package.rs::a_spoilt_package_is_not_opened_in_part`, `tests/cli/streams.rs::nothing_comes_out_of_what_is_damaged` |
//!
//! ## A record that is rewritten, a delivery that nobody misses
//!
//! | claim | held by |
//! |---|---|
//! | The intent is on disk before the key envelope is written, or the first byte of a copy; refusals are recorded too. What cannot be recorded does not leave | `tests/cli/recorded.rs::the_intent_comes_before_the_outcome`, `tests/cli/roundabout.rs::a_ledger_that_cannot_be_written` |
//! | What was changed in it is named, and nothing leaves until somebody has looked, which is on record, too: [`super::ledger`], with its limits | `crates/exeat-core/src/ledger/tests/chain.rs::every_edit_deletion_swap_repetition_and_truncation_is_found_out`, `tests/cli/audit.rs::whatever_was_changed_is_named_and_nothing_leaves` |
//! | What has no receipt is awaited: [`super::receipts`] | `tests/cli/received.rs::what_is_awaited` |
//! | A host cannot open its own backups; a chain shows what is missing, exchanged or put back: [`super::backups`], with its limits | `tests/cli/backups/told.rs::the_host_cannot_open_what_it_wrote`, `tests/cli/backups/chain.rs::a_folder_that_was_put_back_to_an_older_state` |
//!
//! ## Others on the machine
//!
//! | claim | held by |
//! |---|---|
//! | Keys and what was opened are their owner's alone; ciphertext goes by the umask | `tests/cli/secrecy.rs::who_may_read_what_was_written`, `tests/cli/partners.rs::init_makes_keys_for_their_owner_alone` |
//! | When its work is done, and nothing is left but to say so, the memory of a run holds no package key, passphrase, identity or signing key; looked for in the build that the tests use, without optimisation across crates | `tests/cli/memory.rs::nothing_after_sealing`, `tests/cli/memory.rs::nothing_after_reading`, `tests/cli/memory.rs::no_passphrase_of_an_identity` |
//! | No other process of the account reads the memory of a run, and a crash leaves no core file | `tests/cli/unseen.rs::its_memory_is_nobodys` |
//! | Secrets stand in no argument, variable, message or `Debug` | `crates/exeat-core/src/keys/tests.rs::nothing_secret_is_shown`, `crates/exeat-core/src/signature/tests/keys.rs::secrets_are_not_shown` |
//! | A result is published only if its name leads to the folder that was filled. After a failure that folder is emptied wherever it is; if files are missing from it by then, or if all had been complete in it, the ledger counts the export as delivered: whoever had a file open keeps it | `crates/exeat-core/src/staging.rs::another_folder_in_its_place_is_no_result`, `tests/cli/plain.rs::what_was_taken_away_meanwhile_counts` |
//! | Of two runs for one name, one wins and nothing is overwritten | `tests/cli/interrupt.rs::of_two_exports_of_one_name_one_wins` |
//!
//! ## A machine that fails
//!
//! | claim | held by |
//! |---|---|
//! | Until the second decision the key of a package exists in memory alone: what a crash leaves before it is ciphertext to which no key was ever written. After it there may be an envelope, for the recipients alone, and the export is on record. The next run into the same place removes either | `tests/cli/interrupt.rs::what_a_killed_run_left_the_next_one_clears_away` |
//! | Ctrl-C leaves nothing | `tests/cli/interrupt.rs::ctrl_c_again_and_again_leaves_nothing_either` |
//! | `kill -9` at any moment, several runs at once; a system call that fails, of those that the harness lists; a disk, inodes or a quota with so much room left and no more; a power failure on ext4 that takes of what was not flushed nothing, all or pieces (on demand also xfs and btrfs): nothing looks complete that is not, nothing that was said to be done is lost, nothing is there that is not on record, the next run goes well, and the exit code told the truth | `tests/faults/kills`, `tests/faults/calls`, `tests/faults/full`, `tests/faults/crashes`; that their judge says no, `tests/faults/judge-test` |
//! | What is in its place and could not be made durable, or put on record, is an outcome of its own (`delivery-unconfirmed`, `delivery-unrecorded`), and counts as delivered | the same |
//!
//! # What does not hold
//!
//! The machine, and who is on it:
//!
//! - **Root, or whoever controls the machine** on which a package is made or opened.
//! - **Other programs of the same account.** They can read its keys, put another
//!   `age-plugin-…`, `ssh-keygen` or exeat into its `PATH`, and change its settings: with a
//!   line of their own in `allowed_signers` whatever they sign is trusted. What protects
//!   is an account of its own, as the README sets one up, and a policy that root owns.
//! - **Memory while a run is at work** holds keys, passphrases and pieces of files. It is not
//!   locked: swap, hibernation and snapshots of a virtual machine keep it. Encrypt the swap,
//!   or have none. What is wiped at the end are keys and passphrases, in exeat itself; the
//!   buffers of age are wiped when they are given back, because all memory of the program
//!   is. What plaintext leaves in memory, in the kernel's cache, and in the processes that
//!   take files apart, is not.
//! - **Programs that exeat starts** (plugins, `ssh-keygen`, `ssh-agent`, hooks, commands of a
//!   backup) keep what they are given as they like: [`super::keys`].
//! - **What people type and see.** `--label`, `--purpose` and paths stand in the list of
//!   processes and in the shell's history; what is printed stays in the terminal's, in a log
//!   and in what `--json-file` names.
//! - **The clock.** The validity of signers, approvals and recipients, the 30 days, and what is
//!   kept of backups go by the clock of the machine that decides.
//! - **A destination that lies about itself**: whoever may mount file systems over
//!   `/proc` and `/sys` decides what the kernel seems to say.
//! - **A disk that lies**: that says a flush is done which it has not begun. Nothing that
//!   software does brings back what such a disk loses at a power failure. `exeat verify`
//!   and the reading back of backups tell, afterwards.
//! - **FAT, and other file systems without a journal.** What was said to be done was flushed,
//!   files and folders; what was under way when the power failed may need `fsck` first, which
//!   may put pieces of it, also of an `open` or a copy in the clear, into `lost+found`. FAT
//!   has no modes besides: the private staging folder of `open` and `export --plain`
//!   is as open there as the mount says. Over NFS and CIFS rename, locks and flushes are
//!   as good as the server.
//! - **Plaintext after `kill -9` or a power failure of an `open` or an `export --plain`**:
//!   a folder `.exeat-partial-…` beside the target, for its owner alone. The next run of
//!   the same account into the same place, ten seconds later or more, removes it; where
//!   none will come, remove it by hand (`rm -r -- .exeat-partial-*` in that folder, while
//!   no exeat runs there). The export counts as delivered in the ledger, whatever becomes
//!   of it. Removing does not wipe a disk: what was on a stick that is given away may
//!   be found there still, and snapshots keep it.
//!   Where the disk fails just when `open` clears away, what is left stays likewise, and is
//!   named.
//! - **A writer that changes a source through a memory map** it already has, or
//!   within one tick of the file system's clock: such a change cannot be seen.
//!   Every other change between the listing and the end of sealing is.
//! - **A destination that is the inside of the source under another name**, by a
//!   bind mount: the package is right, but the next export would contain it.
//!
//! People:
//!
//! - **The recipients**, and their machines: what they do with what they received.
//! - **Other ways out.** Whoever can read the source can copy it without exeat. The
//!   README says how to set a machine up so that exeat is the only door.
//! - **Data that somebody hides on purpose**, within what exeat can read: numbers written
//!   as words, columns under false names with few values in them, base64 runs
//!   below 4,096 characters, a table in a language other than English. What is
//!   encrypted or compressed by other means is not read at all, and therefore
//!   refused in the clear.
//! - **The owner of a personal ledger**, who can rewrite it and with it the sum over 30
//!   days, or choose another one by `HOME`, `XDG_STATE_HOME` or a `--policy` that names
//!   one. `[ledger] path` in a site's policy ends that: see [`super::ledger`].
//! - **What a trusted signer says.** A signature tells whose key it was, not that the content
//!   is harmless: files that were opened may hold macros, formulas and programs, `README.txt`
//!   is free text, and a key that its owner chose badly on purpose signs anything. A package
//!   can be costly to read, up to the limits of the format: memory grows with the number of
//!   entries and the length of their paths, and one for a passphrase may ask for 1 GiB.
//! - **Trust in the wrong key.** `exeat trust` believes whoever compared the fingerprint. There
//!   is no list of revoked keys: take the line out of `allowed_signers`, or end it there.
//!
//! A package on its way:
//!
//! - **Whoever carries it can keep it, or bring it late.** The sender learns that from what has
//!   no receipt.
//! - **An old package is a good one.** Only backups have an order; an earlier export sent once
//!   more verifies, with its time. Its id shows that it was had before.
//! - **Between a look and the use** files can change: `verify` tells of the moment, `open`
//!   compares what it writes. Further envelopes (`key-N.age`) that nobody signed are allowed
//!   to lie in a package, and are not used.
//! - **Weak passphrases**, which whoever has the package can try as often as they like; those
//!   that exeat makes have 125 bits.
//! - **Time and length.** How long a run takes depends on what it reads, and the length
//!   of the content shows, where it is not padded.
//! - **Faults in the cryptography, the compiler or the libraries**, and a quantum computer, but
//!   for what [`super::keys`] says.

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    /// What stands in the page between backquotes and names a file of the project.
    fn named() -> Vec<&'static str> {
        let page = include_str!("security.rs");
        let lines = page.lines().filter(|line| line.starts_with("//!"));
        let words = lines.flat_map(|line| line.split('`').skip(1).step_by(2));
        words
            .filter(|word| word.starts_with("tests/") || word.starts_with("crates/"))
            .collect()
    }

    fn path(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(name)
    }

    #[test]
    fn every_test_that_is_named_is_there() {
        let named = named();
        assert!(named.len() > 40, "{}", named.len());
        for name in named {
            let Some((file, function)) = name.split_once("::") else {
                assert!(path(name).exists(), "{name}");
                continue;
            };
            let text = fs::read_to_string(path(file)).unwrap_or_else(|_| panic!("no {file}"));
            let at = text.find(&format!("fn {function}("));
            let before = &text[..at.unwrap_or_else(|| panic!("no {function} in {file}"))];
            // Only attributes and blanks between it and the one that makes it a test.
            let since = before.rfind("#[test]").map(|at| &before[at..]);
            let since = since.unwrap_or_else(|| panic!("{name} is no test"));
            assert!(!since.contains("fn "), "{name} is no test");
        }
    }
}
