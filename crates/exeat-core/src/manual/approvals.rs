//! Approvals: a release that several people agree to.
//!
//! A policy says from how many people on an export needs approvals, how many,
//! and whose keys may give them: see [`super::policy`]. No server is needed: the
//! request and the approvals are files that go by mail, and an OpenSSH signature
//! says of each whose it is.
//!
//! # How it goes
//!
//! The sender asks. Content is looked into as `exeat check` does it; if anything
//! else than approvals speaks against the export, that is said now:
//!
//! ```sh
//! exeat request clinic --purpose 'audit 2026' -r 'North registry' -o request.json
//! ```
//!
//! Each approver looks at it and answers. They see who asks and by which line of
//! their `allowed_signers` that key is trusted (with `exeat.request.v1`), what was found
//! in the content, who would get it by the names that the approver's own recipients and
//! policy have for the keys, and what these have been sent before by the
//! ledger at hand, which is a sum: who is in two exports counts twice. Where that ledger
//! does not have the request, they are told so: the sender keeps another one.
//!
//! ```sh
//! exeat approve request.json
//! exeat reject request.json --why 'the audit asks for counts alone'
//! ```
//!
//! The sender exports, with the same purpose, recipients and signing key:
//!
//! ```sh
//! exeat export clinic --to outbox --purpose 'audit 2026' -r 'North registry' \
//!     --approval request.approval-1a2B3c4D.json --approval request.approval-5e6F7g8H.json
//! ```
//!
//! What is sealed has the digest that was approved, or the export is refused. A
//! file that spans volumes is read once more for that, and must be what was sealed.
//!
//! # What counts
//!
//! - An approval counts if its key stands in the file that the policy names, the
//!   approver is not left out by `[approvals] approvers`, the key is valid now, and
//!   neither the approval nor the request is over. An approval ends with its
//!   request at the latest.
//! - Nobody approves their own: neither the key that signed the request, nor the one
//!   that signs the export, nor any key with the same name in the file, nor one with
//!   which the account that asks has answered the request itself, by the sender's ledger.
//! - Two by one key or one name are one, and are refused.
//! - One that is not as it should be refuses the export whatever the others say:
//!   see the codes that begin with `approval-` in [`super::findings`].
//! - Approvals take the place of nothing else. Ceilings, quotas, recipients,
//!   destinations and purposes are asked as without them.
//! - A copy in the clear (`--plain`) and a package that is passed on (`exeat rekey`)
//!   take none.
//! - One request is one release. A release that failed may be tried again; one that
//!   was interrupted counts, since something may have left. A
//!   rejection that the sender's ledger has ends a request; where the ledger is
//!   everybody's, `exeat reject` puts it there.
//!
//! # Standing approvals
//!
//! Of an unattended backup nobody knows the content beforehand. A standing request
//! binds places instead: the sources and the destination, each with every link
//! resolved, the export's `--label`, the recipients, the purpose, the key that signs,
//! the most people of one export, and an expiry of 400 days at most. It may be used as
//! often as is wanted.
//!
//! ```sh
//! exeat request /srv/clinic --purpose backup -r age1… --standing nightly --ceiling 5000 --to /srv/backup
//! exeat export /srv/clinic --purpose backup -r age1… --label nightly --to /srv/backup --approval standing.json
//! ```
//!
//! The label of a backup by a profile ([`super::backups`]) is the profile's name, and
//! `approvals` in it names the files.
//!
//! What could not be inspected may hold any number of people, and is over every
//! ceiling.
//!
//! # The documents
//!
//! Each is one line of JSON with three fields: `format`, `statement` (the exact text
//! that was signed) and `signature`. The text is JSON again, its fields in alphabetical
//! order, without spaces, with an end of line; unknown fields are errors.
//!
//! A request has the format `exeat-request/1`, the namespace `exeat.request.v1` and
//! 1 MiB at most:
//!
//! | field | what it is |
//! |---|---|
//! | `created`, `expires` | RFC 3339, UTC |
//! | `facts` | what was found, as in a package's inventory; null for a standing one |
//! | `findings` | what the sender's policy had to say |
//! | `id` | UUIDv7 |
//! | `label` | as typed, or null; of a standing one its profile |
//! | `policy_sha256` | of the sender's policy |
//! | `purpose` | as typed |
//! | `recipients` | `[{key, name}]` |
//! | `requester` | `{name, user}`: the account on the sender's machine |
//! | `scope` | `{"content": {bytes, entries, sha256}}`, or `{"standing": {ceiling, destination, profile, sources}}` |
//! | `signer` | fingerprint of the key that signs it, and the package |
//!
//! An approval has the format `exeat-approval/1` and the namespace `exeat.approval.v1`.
//! It goes into the header of the package's inventory, encrypted, beside the name that the
//! policy has for the key; at most 16 do, of 24 KiB together:
//!
//! | field | what it is |
//! |---|---|
//! | `created`, `expires` | RFC 3339, UTC |
//! | `purpose`, `requester`, `scope`, `signer` | those of the request |
//! | `recipients_sha256` | SHA-256 of the recipients' keys, sorted by bytes, each once, with an end of line |
//! | `request`, `request_sha256` | the request's id, and the SHA-256 of its signed text |
//! | `verdict` | `approve` or `reject` |
//! | `why` | what the approver says, or null |
//!
//! Stock tools can check one against the policy's file of approvers:
//!
//! ```sh
//! jq -j .statement approval.json > statement
//! jq -j .signature approval.json > statement.sig
//! ssh-keygen -Y verify -f approvers -I NAME -n exeat.approval.v1 -s statement.sig < statement
//! ```
//!
//! # The digest of content
//!
//! `scope.content.sha256` is the SHA-256 of a line of JSON for each entry, in the order
//! of the paths' bytes. A line has, in this order and without spaces, those of these
//! fields that an inventory's line has: `bytes`, `path` or `path_hex`, `sha256`,
//! `skipped`, `target` or `target_hex`, `type`. How the payload is cut into volumes does
//! not matter to it, nor do modes and times. A file that spans volumes has the SHA-256
//! of the whole file here, where the inventory has those of its parts.
//!
//! ```text
//! {"bytes":0,"path":"tree","type":"directory"}
//! {"bytes":3,"path":"tree/a","sha256":"ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad","type":"file"}
//! {"bytes":0,"path":"tree/link","target":"a","type":"symlink"}
//! ```
//!
//! Of a package whose files do not span volumes, with `age`, `zstd` and `jq`:
//!
//! ```sh
//! age -d -i package.key inventory.age | zstd -dcf | tail -n +2 |
//!     jq -c '{bytes, path, path_hex, sha256, skipped, target, target_hex, type} | with_entries(select(.value != null))' | sha256sum
//! ```
//!
//! # What it is not
//!
//! - Whoever has an approver's key approves. Keep it in a hardware token, or with a
//!   passphrase.
//! - That the one who approves is not the one who asks is known by key, by the name in
//!   the file, and by account where both have the same ledger. An approver on another
//!   machine, whose ledger is another, is known by key and name alone, and so is an
//!   account of a container. Somebody who asks with a key that the file does not have, and
//!   approves with one that it has, on another machine or from another account, is not
//!   caught: list the keys that may ask in `[signing] signers`, and give each person one
//!   name in the file.
//! - A request names files and columns, and what was found in them in numbers. It is
//!   not encrypted.
//! - What was found is the sender's account of it. An approver who does not trust that
//!   has to look at the files.
//! - A standing approval is for whatever lies in these places, and for whatever medium
//!   is mounted at its destination.
//! - That a request was used or rejected is known from the sender's ledger alone; who can
//!   rewrite that can use it again: see [`super::ledger`].
