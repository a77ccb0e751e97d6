//! Receipts: that a package has arrived.
//!
//! # What a receipt says, and what it does not
//!
//! `exeat receipt PKG` does what `exeat verify PKG -i IDENTITY` does: it checks
//! the signature, every member, the envelope, the inventory and every byte of
//! content. If all of that is right, it signs a receipt. There is no other way to
//! one: [`crate::receipt::Receipt::sign`] takes the evidence, and nothing less.
//!
//! It says that a program with a key that opens the package has compared all of
//! it, when (by the recipient's clock), and who signs for that. It does not say:
//!
//! - that anybody has read the content, or that it is what was asked for;
//! - that nobody else has received the package, or that all of its recipients
//!   have: it is one recipient's word;
//! - that the package is still there.
//!
//! Whoever has the key can sign a receipt with another program without having
//! looked at anything: it is worth as much as the one who signs it.
//!
//! # The file
//!
//! One line of JSON, `NAME.receipt.json`: `format` (`exeat-receipt/1`),
//! `statement` (the exact text that was signed, itself JSON) and `signature`
//! (OpenSSH's, namespace `exeat.receipt.v1`). It holds nothing secret: no names
//! of people or files, no label, no purpose. The statement has
//!
//! | field | what it is |
//! |---|---|
//! | `checkpoint` | the sender's checkpoint as it stood in the package, or null: [`crate::manual::format`](mod@crate::manual::format) |
//! | `manifest_sha256` | SHA-256 of `manifest.json` |
//! | `package` | the package's id |
//! | `received` | when it had been verified: RFC 3339, UTC |
//! | `sender` | fingerprint of the key that signed `manifest.json` |
//! | `verified` | `content`: all of it |
//!
//! Its keys are sorted, there is no space that says nothing, and a newline ends
//! it. A receipt is at most 64 KiB.
//!
//! # Checking one with stock tools
//!
//! ```sh
//! RECEIPT=package.receipt.json SIGNERS=allowed_signers WHO=bob@lab.example
//! jq -j .statement "$RECEIPT" > statement
//! jq -j .signature "$RECEIPT" > statement.sig
//! ssh-keygen -Y verify -f "$SIGNERS" -I "$WHO" -n exeat.receipt.v1 -s statement.sig < statement
//! jq . statement
//! sha256sum PACKAGE.exeat/manifest.json   # the same as manifest_sha256
//! ```
//!
//! # Recording it, and what is outstanding
//!
//! ```text
//! exeat ledger receive package.receipt.json
//! exeat ledger outstanding --due 3d
//! ```
//!
//! `receive` puts a receipt on record if a key that is trusted with receipts has
//! signed it, for a package that left by this ledger: the same id, signer and
//! manifest, as far as these are on record. Given twice it is recorded once. The
//! checkpoint that it brings back is held against the ledger; if the ledger
//! contradicts it, that is put on record instead, and nothing leaves until
//! somebody has looked ([`crate::manual::ledger`]). The file itself is the proof,
//! the ledger has only what it says: keep it, best where the one who exports cannot
//! reach it.
//!
//! | code | exit | what it means |
//! |---|---|---|
//! | `receipt-not-sent` | 4 | no delivery of that package is on record: it failed, left in the clear, or left by another ledger |
//! | `receipt-other-package` | 4 | another manifest or signer than that of the package with this id |
//! | `signer-unknown`, `signer-namespace` | 8 | nobody trusts the key, or not with receipts |
//! | `ledger-contradicted` | 4 | the ledger is not the one by which the package left |
//!
//! `outstanding` lists what left sealed and has no receipt, and ends with 9 if
//! there is any; with `--due`, what left so long ago or longer. What may have left
//! counts: an export that was interrupted, or whose end is not on record. What
//! failed, and what left in the clear, does not. A package with several recipients
//! is acknowledged by the first receipt, whoever signed it. So is a backup that the
//! sender alone can open by the sender's own.
//!
//! Where a package was passed on (`exeat rekey`), all of its recipients' receipts
//! name the same package and manifest; none says by which way it came. In a ledger
//! with several releases of it, the export and those further ones, a receipt goes
//! to the first that has fewer receipts than recipients. In the ledger of somebody
//! who passed on what others had sent, there are only the further ones. So the
//! number of releases that are outstanding is right where everybody signs once;
//! which of them it is may be another.
//!
//! # Who is trusted with receipts
//!
//! The signer line that `exeat init` prints allows `exeat.receipt.v1`, and
//! `exeat trust` takes that over. A line of an earlier version speaks of packages
//! alone: `exeat init --show` of this version prints it anew, and `exeat trust`
//! adds it. Until then receipts by that partner are refused (exit code 8).
