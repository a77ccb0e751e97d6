//! The ledger: what was asked for, what was refused, what left, and what
//! became of it.
//!
//! # What is recorded, and what never is
//!
//! Every refusal, every export that was about to leave, and its outcome: the
//! account that asked, the package's id (an export in the clear has one too),
//! who was to be able to open it, the kind of medium, the label and the purpose
//! as they were typed, the digest of the policy, the codes of the findings, and
//! what inspection found, in numbers: people, records, files, bytes, classes.
//!
//! Never a data subject's data, and no file's name: there is no field for
//! either. A label or a purpose is the sender's own text; it should not name
//! the people whose data it is about.
//!
//! # Order of writes
//!
//! 1. All entries are read, and have to be those that were written.
//! 2. The second decision is made. Where it depends on a sum, the ledger is
//!    locked before it is summed, and stays locked until the next step is done,
//!    so that two exports at once cannot both pass under one limit.
//! 3. A `refusal` is written, or an `intent`. It is on disk (`fsync`, of the
//!    folder too) before anything that can be read reaches the destination. If
//!    that fails, for want of space or permission, nothing leaves.
//! 4. The signer signs a checkpoint of the intent, which goes into the package.
//! 5. The export takes its place.
//! 6. An `outcome` is written.
//!
//! What goes into a pipe (`--to -`) is sealed as it goes. Its volumes leave before
//! the intent is written, and their key only after it: till then nobody can read
//! them, and a run that ends there is no delivery and leaves no intent.
//!
//! A package that is passed on (`exeat rekey`) is a release with an id of its own;
//! its outcome has the digest of the package's manifest. Its people count as if
//! they had been exported again.
//!
//! Others wait for the lock for up to ten seconds, then stop with
//! `ledger-busy`. It dies with the process that holds it.
//!
//! # Lines
//!
//! UTF-8 JSON, one object a line, at most 64 KiB, in the order in which they
//! were written. Unknown fields are errors; a later version of the format has
//! another number, and this exeat then says `ledger-version`. (Version 1 had no
//! chain.)
//!
//! | field | what it is |
//! |---|---|
//! | `version` | 2 |
//! | `sequence` | 1 for the first entry, one more for each that follows |
//! | `previous` | SHA-256 of the line of the entry before, with its end of line; null in the first |
//! | `time` | RFC 3339, UTC, of the machine's clock |
//! | `kind` | `request`, `approval`, `refusal`, `intent`, `outcome`, `receipt`, `torn`, `alarm` or `recovery` |
//! | `unresolved` | while nobody has looked at an alarm, its number; else absent |
//!
//! A `request` has `request`, and `found` unless it is a standing one; an `approval`,
//! which may be a rejection, has `approval`: see [`super::approvals`].
//!
//! | `request` | what it is |
//! |---|---|
//! | `ceiling`, `content_sha256` | of a standing request the most people, of another the digest of its content |
//! | `expires`, `id`, `label`, `policy_sha256`, `purpose`, `recipients` | those of the request |
//! | `left_out`, `requester` | as in `export` |
//! | `sha256`, `signer` | of the text that was signed; the fingerprint of the key |
//!
//! | `approval` | what it is |
//! |---|---|
//! | `by`, `left_out` | the account that answered, as `requester` in `export` |
//! | `expires`, `request`, `verdict`, `why` | those of the answer |
//! | `sha256`, `signer` | of the text that was signed; the fingerprint of the key |
//!
//! A `refusal` and an `intent` have `export`:
//!
//! | field | what it is |
//! |---|---|
//! | `approvals` | `[{name, sha256, signer}]`: who else agreed, with the digest of the text that was signed; absent for none |
//! | `destination` | the kind of medium |
//! | `findings` | `[{code, count, severity}]`, each code and severity once |
//! | `form` | `encrypted` or `plaintext` |
//! | `id` | UUIDv7 |
//! | `label`, `purpose` | as typed, or null |
//! | `policy_sha256` | of the policy that decided |
//! | `recipients` | `[{key, name}]`; a key over 128 bytes as `sha256:` and its digest |
//! | `left_out` | how many groups are not named, and in a refusal too long for a line also recipients and findings; absent for 0 |
//! | `requester` | `{groups, name, user}`: names of at most 32 of its groups, of 64 bytes at most; its name or null; its number. `mapped`: true where that number is of a container or user namespace. `unnamed_groups`: true where it may be in groups that have no name on this machine |
//! | `request` | the request that others were asked to agree to; absent for none |
//! | `signer` | fingerprint of the key that signs, or null |
//!
//! An `intent` has `found`, a `refusal` only if the content had been read:
//!
//! | field | what it is |
//! |---|---|
//! | `bytes`, `files` | of all files |
//! | `classes` | names of the classes of data |
//! | `coverage` | `complete`, `partial`, `stopped`, or `none` where the policy asked nothing of the content |
//! | `people` | `{least, most}`: distinct data subjects |
//! | `personal_records`, `records` | records about people; all records |
//! | `uninspected` | how many files could not be inspected |
//!
//! An `outcome` has `outcome`:
//!
//! | field | what it is |
//! |---|---|
//! | `bytes` | at the destination, or null |
//! | `checkpoint` | what the release signed (see below); absent in the clear, and where nothing was signed |
//! | `code` | of the error, or null |
//! | `ending` | `delivered`; `failed`: nothing that can be read was ever complete at the destination, and all that was staged there has been removed; `interrupted`: something may have arrived. So ends also what was complete and could not be given its name: whoever has it open keeps it |
//! | `id` | of the export |
//! | `intent` | the intent's `sequence` |
//! | `manifest_sha256` | of a package's `manifest.json`, or null |
//!
//! A `receipt` has `receipt` (see [`crate::manual::receipts`]):
//!
//! | field | what it is |
//! |---|---|
//! | `by` | `{fingerprint, name}`: the key that signed it, and whose that was by the allowed signers |
//! | `intent` | `sequence` of the release that it acknowledges |
//! | `manifest_sha256` | of the package's `manifest.json` |
//! | `package` | the package's id; where it was passed on, not that of the release |
//! | `received` | when it had been verified, by the recipient's clock |
//!
//! # What a crash leaves
//!
//! - **An intent without an outcome**: the export may or may not have arrived.
//!   It counts as delivered. So does one that ended as `interrupted`.
//! - **The beginning of a line** at the end of the file, or zeros, where the
//!   machine stopped or the disk was full in the middle of a write. Nothing
//!   left on the strength of it. Readers leave it out and say so; the next
//!   entry closes it with an end of line and puts it on record, as an entry of
//!   the kind `torn` with `{at, bytes, sha256}`: the byte it begins at, its length
//!   with that end, and the digest of it. Nothing is ever taken away.
//!
//! # What is noticed
//!
//! Whoever changes an entry has to change every one after it, for each has the
//! digest of the one before. `exeat ledger verify` reads all of them, and every
//! export does so before it reads what is to leave: some seconds for a million.
//!
//! | what was done | what is said |
//! |---|---|
//! | an entry but the last was edited, taken out, put in, repeated or moved | `ledger-changed`, and which |
//! | the chain was made anew behind it, and what releases signed (in their outcomes) left as it was | `ledger-changed`: not the entry that was signed |
//! | that was made to suit, too, without the key | `ledger-changed`, by `exeat ledger verify`, which checks the signatures: they do not fit |
//! | anything that is no entry, but the beginning of a line at the end | `ledger-damaged`, and where |
//! | the last entry was edited; entries were cut off, or an older copy put in its place; all was written again from some point on, or from the beginning, without what releases signed | nothing, till it is held against a checkpoint of a later release: then `older`, `forked` or `other-ledger` |
//! | any of these, and somebody has run `recover` since | it agrees with no checkpoint from before the recovery that vouches for what was changed: `changed` |
//!
//! A **checkpoint** is signed by the key that signs a package (OpenSSH signature,
//! namespace `exeat.checkpoint.v1`) over `{entry_sha256, ledger, package, sequence,
//! time}`: the digest of the intent's line, and so of all before it; the digest of
//! the first entry's line, by which ledgers are told apart; the package; the
//! intent's number and time. It goes into the package's inventory, encrypted, and
//! comes back in the recipient's receipt: every recipient is a witness. Hold the
//! ledger against what they have:
//!
//! ```sh
//! exeat ledger verify --checkpoint north.receipt.json --checkpoint out/q3.exeat -i identity.txt
//! ```
//!
//! A checkpoint is compared if your own key has signed it, or one that you trust.
//! What the ledger contradicts is put on record as an `alarm` with `{checkpoint,
//! what}` if the key is your own, or has signed a release that is on record: no
//! partner's word is enough to stop exports.
//!
//! What refers to something that is not there, such as an outcome to the intent of
//! another export, changes nothing.
//!
//! With a signing key on a hardware token an export asks for it twice: once for the
//! checkpoint, once for the package. What leaves in the clear has no signer, and
//! no checkpoint of its own; the next package's covers it.
//!
//! # When something is wrong
//!
//! Nothing leaves: neither with a changed or damaged ledger, nor after an alarm.
//! Refusals are still recorded. Keep a copy of the file, find out what happened,
//! and put back the best copy there is. Then, or if there is none:
//!
//! ```sh
//! exeat ledger recover --why 'disk failed on 3 November, restored from the backup of the 2nd'
//! ```
//!
//! adds an entry of the kind `recovery` with `{bytes, requester, sha256, unreadable,
//! what, why}`: so many bytes stand before it, with this digest; how many lines of
//! them are no entries; what was wrong first. It covers them as they stand, so that nobody can change them
//! afterwards either; it is there for good, with the account that did it. Exports
//! go on. What can be read still counts in sums, twice if it stands there twice;
//! what cannot be read counts no more. A checkpoint that was signed before, by its
//! time, is no news any more: it is still said that the ledger contradicts it, but
//! it stops nobody. (A recovery whose own time has not come yet, or lies after
//! that of a later entry, counts from that entry on.) `exeat ledger verify` names
//! what was wrong each time. Behind lines of a later version it is possible, too,
//! for anybody can write such a line; if it was a later exeat, install that instead.
//!
//! # For an auditor
//!
//! ```sh
//! exeat ledger list --since 30d
//! exeat ledger show 1a2b3c4d
//! exeat ledger export audit-2026
//! sh audit-2026/check.sh
//! ```
//!
//! `export` makes a folder with the entries, what was signed over them, and a
//! script of some 60 lines that checks both with `sha256sum` and `ssh-keygen`.
//!
//! # Sums
//!
//! Thirty days, or the time of a quota, go by the `time` of the intents and the
//! machine's clock. An intent dated in the future counts. One dated before an
//! earlier line was written by a clock that was behind: it counts as no older
//! than the next line with a time that fits again, and as recent while there is
//! none. A clock that is wrong when the question is asked, or was behind by
//! less than the age of the last line, cannot be told from a right one: who may
//! set the clock can shift the window. The same person in two exports is
//! counted twice. The whole file is read for a sum: some seconds for a
//! million entries.
//!
//! # Whose exports are summed
//!
//! Those of the account, by its number. Inside a container or a user namespace
//! that number is whatever its maker chose: where `/proc/self/uid_map` is
//! anything but `0 0 4294967295`, or cannot be read, everybody's exports are
//! summed, and what leaves there counts for every account from then on. That is
//! strict on purpose; give containers a ledger of their own if they are not to
//! count together.
//!
//! The limits: who may mount over `/proc` decides what the map seems to be; an
//! account that may become another one (by `sudo`, or with two logins) has the
//! sums of both; and what left before a quota was in force counts with the people
//! that were found then, which is nobody where nothing was inspected.
//!
//! # A ledger for a site
//!
//! The ledger of one person is their own file: it keeps an honest account, and
//! they can rewrite it. For a site, root makes one that the members of a group
//! can read and append to:
//!
//! ```sh
//! groupadd --system exeat
//! install -d -m 0755 -o root -g root /var/lib/exeat
//! touch /var/lib/exeat/ledger.jsonl
//! chown root:exeat /var/lib/exeat/ledger.jsonl
//! chmod 0660 /var/lib/exeat/ledger.jsonl
//! chattr +a /var/lib/exeat/ledger.jsonl
//! ```
//!
//! With the attribute `a` (ext4, XFS, Btrfs and others) nobody can change or
//! shorten what stands there, rename the file or remove it, until root takes
//! the attribute away. Without it whoever can append can also rewrite. Do not
//! rotate the file: what has left is summed from it.
//!
//! Which file is accepted: a regular file, never a symbolic link, pipe or
//! device; it and its folder must belong to root or to the one who runs exeat,
//! and their own must not be writable by others (`ledger-exposed`; a folder
//! with the sticky bit may be). What root owns is taken as root arranged it, and
//! a file with the attribute `a` as it is. In a container where root's files
//! show as nobody's, only the attribute helps.
//!
//! # What it is not
//!
//! - Who can write to the file and has the signing keys, or has none of the
//!   packages' recipients to fear, can make all of it anew. The chain shows it to
//!   whoever has an older checkpoint: keep receipts where the one who exports
//!   cannot reach them, or note the last digest that `exeat ledger verify` shows.
//! - What happened after the last checkpoint that somebody else has can be cut off
//!   without a trace: let recipients send receipts, and see to it that
//!   `exeat ledger outstanding` is asked.
//! - With the attribute `a` an account can still append lines that are not true,
//!   such as a `failed` for a delivery of its own or a `recovery`, with its
//!   name or another; hold the lock so that nobody gets an export done; or stop all
//!   exports with rubbish at the end until somebody has looked.
//! - Where no policy of the site names the ledger, it is the user's own, and whoever
//!   names another one (a `--policy` with `[ledger] path`, `XDG_STATE_HOME`) begins
//!   with sums and requests of nothing. `exeat policy check` says so of a quota.
//! - Root can do anything here, but not to what recipients have.
