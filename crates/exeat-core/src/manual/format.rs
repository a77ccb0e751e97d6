//! The package format, `exeat/1`.
//!
//! A package carries one export. Whoever holds the right key can open it with
//! `age`, `tar` and perhaps `zstd`; anyone can check it with `ssh-keygen` and
//! `sha256sum`. It is a folder, usually called `NAME.exeat`:
//!
//! | member | what it is |
//! |---|---|
//! | `README.txt` | how to check and open the package, with exeat and without |
//! | `volume-00001.age` … | the payload, cut into at most 99,999 volumes; each an age file for the package key |
//! | `inventory.age` | an age file for the package key: what is inside |
//! | `SHA256SUMS` | for `sha256sum`: `README.txt`, `inventory.age`, then the volumes in order |
//! | `key.age` | the envelope: an age file for the recipients with the package key; for post-quantum ones (`mlkem768x25519`) it takes `age` 1.3 or later |
//! | `manifest.json` | what the package consists of; public |
//! | `manifest.json.sig` | OpenSSH signature of `manifest.json`, namespace `exeat.package.v1` |
//! | `key-2.age`, `key-2.json`, `key-2.json.sig` … | further envelopes for the same package key, added by `exeat rekey`, each with its record and the signature of that, namespace `exeat.rekey.v1` |
//!
//! Any other name is refused. Envelope, manifest and signature are written
//! last: until then nobody, the sender included, can read the ciphertext.
//!
//! # The archive
//!
//! The same members in one flat uncompressed tar, usually called
//! `NAME.exeat.tar`, for pipes, e-mail and object stores. `verify`, `list` and
//! `open` take it as a file, which they read in place, or as `-` through a pipe;
//! then it is kept, encrypted as it is, in a file without a name in `TMPDIR` or
//! else `/var/tmp` while the command runs. `export --archive` writes one, and
//! `export --to -` one into a pipe; stock tools make one, too:
//!
//! ```text
//! cd NAME.exeat && tar -cf ../NAME.exeat.tar *
//! ```
//!
//! A reader takes plain files with the names of members and nothing else: no
//! folder before a name, none twice, no headers that lengthen or change the next
//! one, nothing but zeros where the last block of a member is filled up, at least 1,024
//! zeros at the end, at most 1 MiB of them, and nothing behind. The order of the members means nothing to it: nothing is trusted for
//! where it stands.
//!
//! A writer to a pipe keeps the ciphertext of one volume in a file without a name
//! while it is made: its length stands before it, so that volumes are made one
//! after another. What goes out before the second decision are volumes whose key
//! exists nowhere but in the writer's memory; envelope, manifest and signature
//! follow when all is decided and recorded. Where a policy has rules about
//! content, files are inspected and decided on before the first byte goes, and a
//! second time as they are sealed.
//!
//! # The order of trust
//!
//! 1. The signature of `manifest.json`, by a signer in `allowed_signers`.
//! 2. `manifest.json`, strictly: see [`crate::manifest::Manifest`]. It is valid
//!    only if encoding it again gives the same bytes: UTF-8, keys sorted, no
//!    insignificant space, a newline at the end.
//! 3. Every member by size and SHA-256; that `SHA256SUMS` is what the manifest
//!    calls for.
//! 4. The envelope: one line, `AGE-SECRET-KEY-1…`, whose recipient string has
//!    the SHA-256 that the manifest promises.
//!    Where it is for others: a further envelope, if its record is signed by a
//!    signer in `allowed_signers` for `exeat.rekey.v1`, names this manifest and
//!    that envelope, and holds the same key.
//! 5. The inventory.
//! 6. The payload. A volume's digest is compared before it is decrypted.
//!
//! # The inventory
//!
//! JSON Lines, compressed like the payload, each line canonical as above and at
//! most 64 KiB long. The first line is a [`crate::manifest::Header`]; its
//! `signer` must be the fingerprint of the key that signed the manifest; `facts`
//! ([`crate::inspect::Facts`]) are what the sender's inspection found, with so
//! many places that they take about 24 KiB, and `findings`
//! ([`crate::diagnostic::Finding`]) what the decisions had to say. Then
//! a line for each entry, in strictly ascending order of the path's bytes:
//!
//! | key | value |
//! |---|---|
//! | `bytes` | size of a file; 0 for folders and links |
//! | `lapse` | of a file or folder in this package: why it may not be what it was at any one time, or not all of it, attributes included, in at most 200 bytes |
//! | `mode` | four octal digits, at most `0777` |
//! | `mtime` | whole seconds since 1970 UTC, rounded down; may be negative |
//! | `offset`, `volume` | where the entry's first header begins: the volume, counted from 1, and the offset in its decrypted, decompressed stream |
//! | `owner` | of a backup: `gid`, `nanoseconds` (below 1,000,000,000, to be added to `mtime`), `special` (set-user-id 4, set-group-id 2, sticky 1) and `uid`; `nanoseconds` and `special` are absent for 0 |
//! | `package` | of a file: the earlier package of the chain that holds it; it then has no `volume` and `offset` |
//! | `parts` | instead of `sha256`, for a file that spans volumes: `bytes`, `sha256`, `volume` of each part |
//! | `path`, or `path_hex` where it is not UTF-8 | relative, no empty, `.` or `..` component, at most 4,096 bytes and 128 components of 255 bytes |
//! | `sha256` | of a file's content |
//! | `skipped` | why the sender left the entry out; it then has no `volume`, `offset` or digest |
//! | `target`, or `target_hex` | of a symbolic link |
//! | `type` | `directory`, `file` or `symlink` |
//! | `xattrs` | of a backup: extended attributes, name → base64 of the value; never empty, at most 16 KiB, names and values together, a name 1 to 255 bytes without NUL. Where a line would be too long with them, they are left out, and `lapse` says so |
//!
//! `approvals` in the first line has, for each of those who agreed to the release
//! before it left, `approval`, the document that they signed, and `approver`, the name
//! that the sender's policy has for the key; 16 at most: see [`super::approvals`]. A
//! reader checks that each signature fits, and refuses a package with one that says no,
//! that is for another signer, purpose, label or recipients than the package has, for
//! another request than the others are, or for other content than the inventory lists. Where
//! a file spans volumes, the inventory lacks the digest of the whole, and the content is
//! not compared.
//!
//! `checkpoint` in the first line says that the release is an entry of the
//! sender's ledger: one line of JSON in the line, with `format`
//! (`exeat-checkpoint/1`), `signature` and `statement`, the exact text that was
//! signed ([`crate::manifest::Checkpoint`]). It is null in packages by versions
//! that had no such thing. A reader refuses one that is for another package, or
//! that another key signed than the one that signed the manifest. With the package
//! key (`age -d -i IDENTITY key.age > package.key`) stock tools check it:
//!
//! ```sh
//! age -d -i package.key inventory.age | zstd -dcf | sed -n 1p > header
//! jq -j .checkpoint.statement header > checkpoint
//! jq -j .checkpoint.signature header > checkpoint.sig
//! ssh-keygen -Y verify -f "$SIGNERS" -I "$SENDER" -n exeat.checkpoint.v1 -s checkpoint.sig < checkpoint
//! ```
//!
//! Every entry but those at the top lies in a folder that is an entry too.
//! Entries follow each other in the volumes without a gap; those that were left out, or
//! that an earlier package holds, are not in them. A volume of a backup may be empty, for
//! every file that was to be in it was gone when its turn came: no entry has its number
//! then, and the next one with a number begins its volume at offset 0. It is a member like
//! any other, and holds no bytes, or in the last place the zeros that end the archive.
//! `bytes` in the first line, and `facts`, are of what lies in this package.
//!
//! # Further envelopes
//!
//! `key-N.age`, N from 2 to 999, is an age file with the package key, as
//! `key.age` is. `key-N.json` is canonical JSON like the manifest, at most 4 KiB:
//! `created`, `envelope_sha256` (of `key-N.age`), `manifest_sha256` (of
//! `manifest.json`). `key-N.json.sig` is the signature of whoever passed the
//! package on. One that nobody trusted has signed is not used, and said to be
//! there; one whose signature does not fit, or that names another package or
//! envelope, is damage. Without its signature, or with an empty one, it was not
//! finished: it is not used either.
//!
//! # Chains of backups
//!
//! `series` in the manifest is the place of a package in a chain (see
//! [`super::backups`]); null of what is no backup.
//!
//! | key | value |
//! |---|---|
//! | `base` | ids of the earlier packages that hold files of this one, in ascending order, each once, never its own; at most 4,096. None: it is a full one |
//! | `id` | of the chain: a UUID of version 8 with the first 16 bytes of the SHA-256 of `exeat.series.v1`, a NUL, the fingerprint of the signing key (`SHA256:…`), a NUL and the name of the profile. A reader takes any UUID |
//! | `previous` | SHA-256 of the `manifest.json` of the number before; null of the first one, which a reader demands, and where the one before was lost and nobody knows it any more |
//! | `sequence` | counts from 1 |
//!
//! The manifest, which anyone can read, and the inventory have to agree: the packages
//! that entries name with `package` are exactly those of `base`, all of them and no
//! other. An entry that an earlier package holds has the whole line that it would have
//! here, with `sha256`, or the `parts` that it has there: at least two, adding up to
//! `bytes`, in volumes that follow each other. A package with a payload of the kind `raw`
//! has none of these.
//!
//! A reader that restores a tree (`open`, with `--as-of` or without) takes from each
//! earlier package the file of the same path. That package has to be of the same chain,
//! and signed by the same key; the file has to lie in it itself, never in a third one,
//! with the same size and the same digests. Envelope, signature, members and inventory
//! of it are checked as those of any package, and every file is compared with its digest
//! as it is written. Only packages that hold a file that is wanted are looked for, by their ids,
//! among those in the same folder. One file to a stream is taken from the package that
//! holds it, by the same rules.
//!
//! `--as-of TIME` looks at the manifest of every package in a folder, in archives too,
//! that a trusted key has signed. Of the chain that is wanted, or the only one, it takes
//! the highest `sequence` among those whose `created` is not later than TIME. A chain is
//! known by its `id` and by the key that signed, for anybody can write the id of somebody
//! else's; where there are several, the reader has to be told which, and where two packages
//! have the number that it would take, it takes neither. What cannot be read,
//! or is signed by nobody trusted, is named, for it may be a later one.
//!
//! With stock tools each package is opened on its own, and gives what lies in it; where
//! the rest lies, its inventory says:
//!
//! ```sh
//! age -d -i package.key inventory.age | zstd -dcf | sed 1d | jq -r 'select(.package) | [.package, .path // .path_hex] | @tsv'
//! ```
//!
//! Beside the packages there may be `.exeat-pruned-ID.json`, which has all that of
//! the chain is not there any more: one line of JSON with `format`
//! (`exeat-prune/1`), `signature` (namespace `exeat.prune.v1`, by the key that
//! signs the packages) and `statement`, the exact text that was signed: `created`,
//! `removed` and `series`; in `removed`, in the order of the numbers, `created`,
//! `id`, `manifest_sha256`, `reason` (`retention`, or `missing`, which somebody
//! has accepted, or which lie in another folder, and of which what is not known is null)
//! and `sequence`. It is written before a package is removed. A folder
//! `.exeat-removed-ID-…` is a package that is being removed; what an interruption leaves of
//! it is deleted by the next run.
//!
//! A writer lets no package rest on one that is missing, for other recipients or, as far as
//! it knows, damaged. A reader does not count on that.
//!
//! # The payload
//!
//! Of the kind `tar`: one tar stream, cut into volumes, each compressed on its own (`none` or
//! `zstd`, window at most 8 MiB) and encrypted on its own. A volume ends before
//! the entry that would exceed its size; an entry larger than a volume starts
//! one, is cut at each full volume, and the next entry starts a new one. The
//! default size is 64 MiB or a thousandth of the stream, whichever is larger,
//! rounded up to a MiB.
//!
//! The framing is a function of the entry, so that a reader compares it byte
//! for byte:
//!
//! - numbers in a header are octal digits, padded with zeros on the left, and a
//!   NUL: the checksum too, as seven digits and a NUL;
//! - one ustar header: the path in `name` (with `/` behind that of a folder),
//!   `prefix` empty, uid, gid and device numbers 0, no names, `mtime` clamped to
//!   0 … 2^33 - 1;
//! - where a name or link target is longer than 100 bytes, or a size is 8 GiB or
//!   more, a pax header (`././@PaxHeader`, mode 0644, mtime 0) before it with the
//!   records `linkpath`, `path`, `size` as needed, in this order; the ustar
//!   fields then hold the first 100 bytes, and the size 0;
//! - data, padded with zeros to 512 bytes;
//! - after the last entry, in the last volume, at least 1,024 zeros; they do not
//!   count towards the size of the volume. A reader takes up to 64 KiB and an
//!   eighth of the stream more, and nothing but zeros.
//!
//! Of the kind `raw`: one stream of unknown length, with nothing around it. The
//! inventory has one line, a file in no folder. It is cut into volumes as it
//! comes, each of the larger of 64 MiB and a thirty-second of what was there
//! before; in one volume it has a `sha256`, in several `parts`. Stock tools
//! open it as the other kind, with a file in the place of `tar -x`.
//!
//! # Padding
//!
//! With `export --pad` the zeros at the end of the tar stream are so many that
//! the length of the stream is that of the Padmé function: it says no more of
//! the size than its order of magnitude and a few bits, for at most 12 % more.
//! Nothing is compressed then, for zeros would vanish, and there is one volume,
//! for where volumes end says how large files are; with `--volume-size` there
//! are several, and that is told. The size of `inventory.age` still says roughly
//! how many files there are. A stream from a pipe cannot be padded: it has no
//! end of its own that padding could follow.
//!
//! # Where this is narrower than it might be
//!
//! - An entry spans at most 300 volumes, so that its line in the inventory stays
//!   below 64 KiB even with the longest path. Writers choose larger volumes for
//!   files that would need more.
//! - Exactly one framing is allowed for an entry. A reader that parsed headers
//!   would have to be right about every way to write one.
//! - The loop in `README.txt` runs over the volumes that `SHA256SUMS` names, not
//!   over all that are in the folder, and stops where the two are not the same.
//! - Writers make no path longer than 4,095 bytes, the most that Linux takes;
//!   readers take 4,096.
//! - Link targets that are not UTF-8 stand in `target_hex`, as paths do in
//!   `path_hex`.
//! - A further envelope is for keys; `exeat rekey` makes none for a passphrase.
//! - The content of all files together is at most 2^60 bytes.
//!
//! # Limits of a reader
//!
//! manifest 16 MiB; `README.txt` 64 KiB; age header 64 KiB and 128 stanzas;
//! inventory line 64 KiB; 20,000,000 entries; 100 different reasons for leaving
//! entries out, of 200 bytes each. What decompresses to more than the inventory
//! says is an attack and stops the reading.
