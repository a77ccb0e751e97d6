//! What exeat defends against in this version, and what it cannot.
//!
//! # Defended against
//!
//! - **Bulk data in the clear.** The floor refuses it, and no flag, setting or
//!   environment variable lowers it; policy files make it stricter. What cannot
//!   be read, parsed or judged counts as bulk and sensitive. What was inspected
//!   is what is sealed or copied: the same read, and for a copy the same digest.
//! - **Exports that nobody knows of.** The intent is on disk before the key
//!   envelope is written, or the first byte of a copy; refusals are recorded
//!   too. What cannot be recorded does not leave.
//! - **A record that is rewritten.** Every entry of the ledger has the digest of the one
//!   before, every package takes a signed checkpoint along, every receipt brings it
//!   back. What was changed is named, nothing leaves until somebody has looked, and
//!   that is on record, too: [`super::ledger`], with its limits.
//! - **A release that one person decides on alone**, where a policy asks for approvals.
//!   They are bound to content, recipients, purpose and requester, by keys that the
//!   policy names: [`super::approvals`], with its limits.
//! - **A delivery that nobody misses.** [`super::receipts`].
//! - **Backups that the host could read, or that are not there when they are needed.** The
//!   host has no key that opens them, each is read back, and a chain shows what is
//!   missing: [`super::backups`], with its limits.
//! - **Personal data in messages.** Inspection counts values and drops them.
//!   What stays in memory are hashes under a key of the run. A fault in the
//!   program prints its place, not its message, which could quote data.
//! - **A package that is lost or stolen.** Content, file names, label, purpose
//!   and recipients are encrypted with [age](https://age-encryption.org). A
//!   finder learns the number and sizes of volumes, the time, the fingerprint
//!   of the signer, and, because age says so, how many stanzas the envelope
//!   has.
//! - **A package that was altered, cut short, mixed up or forged.** The
//!   manifest is signed and names the size and SHA-256 of every member; the
//!   inventory names its signer and its package, so that a manifest signed
//!   anew by somebody else, or an envelope or inventory of another package,
//!   is refused.
//! - **A hostile package.** The reader takes names and sizes from the verified
//!   inventory, compares the tar framing instead of parsing it, bounds every
//!   count and size before it allocates, and creates files below a handle,
//!   without following links or crossing file systems.
//! - **A refused or interrupted package.** Until the second decision the key
//!   exists in memory alone; what a crash leaves in staging before it is
//!   ciphertext to which no key was ever written. After it there may be an
//!   envelope too, for the recipients alone, and the export is on record. The
//!   next run into the same place removes either. A copy in the clear
//!   (`--plain`) has no such protection: see below.
//! - **A staging folder that is moved, or replaced by another.** A result is
//!   published only if its name leads to the folder that was filled. After a
//!   failure that folder is emptied wherever it is; if files are missing from
//!   it by then, or if all had been complete in it, the ledger counts the export as
//!   delivered: whoever had a file open keeps it.
//! - **Names that lie.** What comes from a package is shown escaped.
//! - **Core files and debuggers.** The command line makes itself undumpable
//!   before it reads its arguments.
//!
//! # Not defended against
//!
//! - Whoever can read the source can copy it by other means. The README says how
//!   to set a machine up so that exeat is the only door.
//! - Whoever hides data on purpose, within what exeat can read: numbers written
//!   as words, columns under false names with few values in them, base64 runs
//!   below 4,096 characters, a table in a language other than English. What is
//!   encrypted or compressed by other means is not read at all, and therefore
//!   refused in the clear.
//! - Whoever can rewrite the ledger, and with it the sum over 30 days: the owner
//!   of a personal ledger, who can also choose another one by `HOME`,
//!   `XDG_STATE_HOME` or a `--policy` that names one. `[ledger] path` in a site's policy ends that: see
//!   [`super::ledger`].
//! - A destination that lies about itself: whoever may mount file systems over
//!   `/proc` and `/sys` decides what the kernel seems to say.
//! - Root, or whoever controls the machine on which a package is made or
//!   opened. Keys that age itself holds in plain buffers (its stream buffer)
//!   are not wiped.
//! - The recipients: what they do with what they received.
//! - A folder that is open to others while `open` or `export --plain` runs on a
//!   file system without permissions, such as FAT: the private staging folder
//!   is not private there.
//! - An `open` or an `export --plain` that ends by `kill -9` or a power failure
//!   leaves a folder `.exeat-partial-…` with plaintext beside the target, for
//!   its owner alone. The next run of the same account into the same place, ten
//!   seconds later or more, removes it; where none will come, remove it by hand
//!   (`rm -r -- .exeat-partial-*` in that folder, while no exeat runs there).
//!   The export counts as delivered in the ledger, whatever becomes of it.
//!   Removing does not wipe a disk: what was on a stick that is given away may
//!   be found there still.
//! - A writer that changes a source through a memory map it already has, or
//!   within one tick of the file system's clock: such a change cannot be seen.
//!   Every other change between the listing and the end of sealing is.
//! - A destination that is the inside of the source under another name, by a
//!   bind mount: the package is right, but the next export would contain it.
//! - A trusted signer who makes a package that is costly to read: memory grows
//!   with the number of entries and the length of their paths, up to the limits
//!   of the format.
//! - The length of the content: it is not padded.
//!
//! # Keys
//!
//! The validity times in `allowed_signers` are compared with the time of
//! verification, not with the time the package claims: a signer's key that has
//! expired no longer vouches for anything, however old the package says it is.
//!
//! An SSH key that opens packages is the one that logs in, too: whoever gets at
//! it can do both. An `age1…` key, made for this alone, is the better one. age
//! puts four bytes of the digest of an SSH key into the envelope, so that a
//! finder who has the public keys of many people can tell for which of them a
//! package is; an `age1…` key leaves no such trace. RSA keys have at least 2048
//! bits. Whoever can have very many envelopes opened with an RSA key, and time
//! each, learns something of it (RUSTSEC-2023-0071): do not build a service on
//! `exeat open` that answers to strangers with one.
//!
//! A key of an age plugin (`age1NAME1…`, `AGE-PLUGIN-NAME-1…`) runs the program
//! `age-plugin-NAME` from the `PATH`, with the rights of whoever runs exeat: at
//! the end of an export, and when a package is opened that no other identity
//! opens. Where an account may run exeat with the rights of another, as by a
//! rule of sudo, that `PATH` must not be the caller's, or the policy must name
//! the only recipients. The plugin sees the envelope and its key, no volume. It has
//! no time limit; Ctrl-C reaches it, too. Which of a plugin's recipients an
//! identity belongs to is not known here: that a package was passed on is not
//! noticed if it was sealed for any key of the same plugin.
//!
//! A signing key may be held elsewhere: `--signing-key`, or `signing_key` in the
//! settings, names the public half of a key that the `ssh-agent` holds, or the
//! file of a hardware key (`id_ed25519_sk`). `ssh-keygen -Y sign` from the `PATH`
//! is run then, with the rights of whoever runs exeat. It sees the manifest, which
//! is public, and is not believed: what it gives is used if it is the signature of
//! that key over those bytes, and otherwise nothing leaves. A key of the agent
//! signs nothing at all beforehand (namespace `exeat.trial.v1`), so that one that
//! is not there shows before the work; the touch of a hardware key is asked for
//! once, at the end. There is no time limit; Ctrl-C and SIGTERM end it. Where there
//! is no terminal and no `SSH_ASKPASS`, a key whose file says that it asks for a PIN
//! is not asked to sign, for the token would count an empty one as wrong. Whether a hardware key was touched stands in the signature, and
//! is not asked when it is checked, as `ssh-keygen -Y verify` does not.
//!
//! A key that is given as `fd:N` or `credential:NAME` (`-i`, `--signing-key`)
//! shows neither in the arguments nor in the environment. A descriptor is read
//! once, to its end. Plugins and `ssh-keygen` inherit it as they do everything that
//! whoever started exeat left open; the processes that take files apart cannot use
//! it. sudo closes descriptors from 3 on, so that a rule of sudo hands nothing
//! over. A unit that is started every night, with keys that systemd keeps
//! encrypted for this machine (`systemd-creds encrypt`):
//!
//! ```text
//! [Service]
//! Type=oneshot
//! User=clinic-data
//! LoadCredentialEncrypted=signing-key:/etc/exeat/signing-key.cred
//! ExecStart=exeat export /srv/clinic --to /srv/outbox -R /etc/exeat/north.txt --signing-key credential:signing-key
//! ```
//!
//! A post-quantum key (`age1pq1…`, `AGE-SECRET-KEY-PQ-1…`) holds against whoever
//! keeps a package until there is a quantum computer: the envelope is closed with
//! ML-KEM-768 and X25519 together, and both have to be broken. `age-keygen -pq` of
//! age 1.3 makes such a key. One other recipient would undo it, so that a
//! package is for post-quantum keys alone or for none; a further envelope of
//! `exeat rekey` for another key undoes it just so. What that covers, and what not:
//!
//! - Volumes and inventory are encrypted with X25519 to the package key. Their headers
//!   hold ephemeral shares. A quantum computer finds the ephemeral secret of each, but
//!   for the shared secret it also needs the package's recipient string, and so it
//!   does for the salt, which is the share and that recipient. The string is written
//!   nowhere but, as its SHA-256, in the manifest, and as the secret key, inside the
//!   envelope. So they hold as long as the envelope does, and not by themselves:
//!   whoever learns that string, which for X25519 is called public, reads them then.
//! - Everything else in age is symmetric; file keys have 128 bits.
//! - The signature is no post-quantum one. Whoever has a quantum computer can forge
//!   it, then; what was verified before stays verified.
//! - An envelope shows that its recipients are post-quantum, and how many stanzas it
//!   has, not whose.
//! - At most twelve such keys fit into a package.
//! - An age plugin says itself whether its keys are post-quantum, when it is run: at
//!   the end of an export. If it then says no, nothing is delivered.
//!
//! A passphrase is stretched with scrypt, N = 2^18, as the reference `age` does:
//! about a second and 256 MiB. From a package, at most 2^20 is accepted.
