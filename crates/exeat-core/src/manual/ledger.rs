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
//! 1. The second decision is made. Where it depends on a sum, the ledger is
//!    locked before it is summed, and stays locked until the next step is done,
//!    so that two exports at once cannot both pass under one limit.
//! 2. A `refusal` is written, or an `intent`. It is on disk (`fsync`, of the
//!    folder too) before anything that can be read reaches the destination. If
//!    that fails, for want of space or permission, nothing leaves.
//! 3. The export takes its place.
//! 4. An `outcome` is written.
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
//! another number, and this exeat then says `ledger-version`.
//!
//! | field | what it is |
//! |---|---|
//! | `version` | 1 |
//! | `sequence` | 1 for the first entry, one more for each that follows |
//! | `time` | RFC 3339, UTC, of the machine's clock |
//! | `kind` | `refusal`, `intent`, `outcome` or `torn` |
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
//! | `requester` | `{groups, name, user}`: names of at most 32 of its groups, of 64 bytes at most; its name or null; its number. `mapped`: true where that number is of a container or user namespace |
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
//! | `code` | of the error, or null |
//! | `ending` | `delivered`; `failed`: nothing that can be read reached the destination, and all that was staged there has been removed; `interrupted`: something may have, or may have been taken from there |
//! | `id` | of the export |
//! | `intent` | the intent's `sequence` |
//! | `manifest_sha256` | of a package's `manifest.json`, or null |
//!
//! # What a crash leaves
//!
//! - **An intent without an outcome**: the export may or may not have arrived.
//!   It counts as delivered. So does one that ended as `interrupted`.
//! - **The beginning of a line** at the end of the file, or zeros, where the
//!   machine stopped or the disk was full in the middle of a write. Nothing
//!   left on the strength of it. Readers leave it out and say so; the next
//!   entry closes it with an end of line and puts it on record, as an entry of
//!   the kind `torn` with `{at, bytes}`: the byte it begins at and its length
//!   with that end. Nothing is ever taken away.
//!
//! Anything else that is no entry, a number left out, or an outcome of another
//! export than its intent's, is `ledger-damaged`. The sums cannot be trusted
//! then, and what depends on one does not leave. If it stands at the end,
//! nothing leaves at all.
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
//! # What it is not, in this version
//!
//! It is not evidence against whoever can write to it. Entries are not chained
//! or signed: root can rewrite the file, and so can the owner of a personal
//! one, without a trace. With the attribute `a` an account can still append
//! lines that are not true, such as a `failed` for a delivery of its own, hold
//! the lock so that nobody gets an export done, or, by writing rubbish at the
//! end, stop all exports until root has looked.
