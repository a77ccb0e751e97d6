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
