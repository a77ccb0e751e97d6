//! Findings: what a decision can say. The codes are permanent.
//!
//! A finding says what was found, where, what to do, and which line of which
//! policy file made it; `floor` is the part that is built in. One that refuses
//! ends the command with exit code 3; nothing has been written then, and the
//! refusal is recorded in the ledger. No finding ever shows a value of
//! anybody's data.
//!
//! | code | cause | remedy |
//! |---|---|---|
//! | `approval-by-requester` | an approval is by the key that signed the request, by the one that signs the export, by a key under the same name, or by one with which the account that asks has answered, by the ledger | ask somebody else who may approve |
//! | `approval-duplicate` | two approvals are by one key, or by one name | leave one out |
//! | `approval-expired` | an approval is over or from the future, or the policy's line for its key is not valid now | ask for a new one |
//! | `approval-missing` | the policy asks for more approvals than there are, for so many people, or for any number and something could not be inspected | `exeat request`, then export with an `--approval` of each: see [`super::approvals`] |
//! | `approval-other-content` | what would leave is not what was approved: a file was changed, added, taken away or left out; or it comes through a pipe | put it back as it was, or ask anew |
//! | `approval-other-destination` | a standing approval is for another folder | export to that, or ask anew |
//! | `approval-other-profile` | a standing approval is for another `--label` | give that label, or ask anew |
//! | `approval-other-purpose` | the approval is for another `--purpose`, word for word | give that purpose, or ask anew |
//! | `approval-other-recipients` | the approval is for other recipients, by their keys | name those, or ask anew |
//! | `approval-other-request` | the approvals are for different requests | give approvals of one |
//! | `approval-other-requester` | another account or another signing key asked | export as they would, or ask anew |
//! | `approval-other-sources` | a standing approval is for other files or folders | export those, or ask anew |
//! | `approval-over-ceiling` | more people than a standing approval allows; or something could not be inspected, and may hold any number | export fewer, leave out what could not be inspected, or ask anew with a higher `--ceiling` |
//! | `approval-rejected` | one of the files is a rejection, or the ledger has one of this request | settle it with whoever rejected it, and ask anew |
//! | `approval-unknown-approver` | the key is none of those that the policy lets approve; a warning where no policy asks for approvals, and then it counts for nothing | ask somebody who may |
//! | `approval-used` | the request has been released already: one request is one release | ask anew |
//! | `destination-not-allowed` | the policy does not allow that kind of medium or folder | choose one of those that `exeat policy show` lists |
//! | `key-beside-data` | a private age or SSH key lies in the destination folder itself (not in the folders below it), or a file that cannot be looked into, or there is a key among what would leave in the clear; in what is sealed that is a warning. Of each file there the first 64 KiB are looked at, and links to files are followed | take the key away, or leave it out with `--exclude` |
//! | `no-recipient` | nobody is named who could open the package | name a recipient with `-r`, a file of them with `-R`, or use `--passphrase` |
//! | `over-ceiling` | more people than an export may have; or something could not be inspected, and may hold any number | export fewer people, leave out with `--exclude` what could not be inspected, or ask whoever keeps the policy |
//! | `permit-mismatch` | a program using the library asked about one thing and tried another | none: it is a mistake of that program |
//! | `plaintext-bulk` | in the clear: 51 or more people, 1,000 or more records about people, or 100 MiB or 1,000 files of tables, media or archives; a policy may say less | seal it |
//! | `plaintext-media` | in the clear: images, sound or film that nobody reviewed | seal it |
//! | `plaintext-sensitive` | in the clear: anybody's health, special category, conviction or bank data, found, or in a column that a policy names | seal it |
//! | `plaintext-to-removable` | personal data in the clear for a removable, optical or network medium, a stream, or one that is not recognised; on opening a package, a refusal for removable and optical media and a warning for the others | seal it; open packages on a disk of the machine |
//! | `plaintext-uninspected` | in the clear: a file that could not be inspected, for the reason given beside it | seal it, or leave the file out with `--exclude` |
//! | `purpose-missing` | the policy wants to know what it is for | say so with `--purpose` |
//! | `purpose-not-allowed` | the policy does not allow that purpose | choose one of those that `exeat policy show` lists |
//! | `quota-exceeded` | with what left within the policy's time (for a copy in the clear: 30 days) it would be too many people, or records about people, summed over exports; or there is a quota and something could not be inspected. The sum is the account's, or with `by = "group"` that of all members; inside a container or user namespace, everybody's | seal it (for a copy in the clear), wait, export fewer people, or leave out what could not be inspected |
//! | `recipient-expired` | the last day on which a recipient of `recipients.toml` may be used has passed (UTC) | ask them for a new recipient line, enter it and a new `expires` |
//! | `recipient-not-allowed` | a recipient who is not in the policy's list, or a passphrase where the policy forbids it | choose one who is, or ask whoever keeps the policy |
//! | `recipient-not-post-quantum` | the policy demands post-quantum recipients, and the key of one does not begin with `age1pq1`, or is an age plugin's, of which that is not known | ask them for such a key (`age-keygen -pq` of age 1.3 or later) |
//! | `recovery-recipient-missing` | the policy demands a recipient who was not named | add it with a further `-r` |
//! | `signer-not-allowed` | the policy does not let that key sign | sign with one that may, with `--signing-key` |
//! | `stream-undecided` | the policy has rules about content, and what comes through one pipe and goes straight into another would be gone before its content is known | put it into a folder with `--to DIR`, where nothing appears before all is decided (`--archive` makes one file of it); or export files |
//! | `uninspected` | in a package: something could not be inspected; the policy says what it weighs, by default a note | where it refuses, leave the files out with `--exclude` |
//! | `unsigned` | there is no key to sign the package with | run `exeat init` |
//! | `weak-encryption` | a password protects it in a way that is no encryption: ZipCrypto, RC4 in PDF and Office files, XOR in old spreadsheets. In the clear that is refused, in a package it is a note; what is in it counts as uninspected | take the password off, and seal it |
//!
//! # Of a chain of backups
//!
//! What `exeat backup status`, `list`, `run` and `prune` find where they look at the
//! packages of one profile, from outside and without a key that opens them. One that
//! refuses ends `status`, `list` and `prune` with 4; a run makes its package all the same, and
//! ends with 7; neither it nor `prune` removes anything. A warning is a note of a run, and
//! changes nothing. What to do about each: [`super::backups`].
//!
//! | code | cause | remedy |
//! |---|---|---|
//! | `backup-base-missing` | a package needs another one that is not there; a warning where it was accepted that packages before it are missing | put it back; without it not every file can be restored of that package, and later ones do not rest on it |
//! | `backup-clock` | a package was made, by the host's clock, before the one that it follows; a warning | see to the clock |
//! | `backup-damaged` | members are missing, of another length, or do not belong there | copy the package again; `exeat verify` says more |
//! | `backup-fork` | two different packages have one number; or one names another as the one before it than is there, or than the host remembers; or there are packages by the profile's key after the last one that this host remembers, and neither its memory nor its ledger says that it was about to make them. `open --as-of` says it of two that have the number it would take | find out which host, or which older state of it, has written with the same key |
//! | `backup-gap` | numbers are missing, and the signed record does not have them | put the packages back, or accept it with `exeat backup prune --accept-missing` |
//! | `backup-prune-record` | the record of removed packages is damaged, of another chain, or signed by another key; it counts for nothing | put it back from a copy |
//! | `backup-replayed` | the newest package is older than the one that the host remembers, or than `verify --after` demands; or the profile names another folder since the last run, and `run` has not been there yet | look for the later ones, and for who put the folder back |
//! | `backup-unreadable` | what is, or claims to be, of the chain is unsigned, altered or unreadable; a warning where whose it is cannot be told | copy it again |
//!
//! # Of a package that was mixed up, replayed or passed on
//!
//! What `verify`, `list` and `open` find in a package from elsewhere. The first
//! of these end the command, with 4, 8 or 1, and are the `code` of its error; the last two
//! are said, and are `remarks` of a result. `package-damaged` is all that has no name of
//! its own: members missing, of another length or altered, of several kinds at once, or
//! such as do not belong there. That a volume is another package's shows where there is a
//! key to try it with, and the volume has the length that was promised; without one it is
//! `package-damaged`, too.
//!
//! | code | cause | remedy |
//! |---|---|---|
//! | `backup-replayed` | an older package of a chain in the place of the newest, by `verify --after` | as above |
//! | `envelope-altered` | `key.age` is not the one that was signed: another package's, or altered | copy the package again; then ask the sender for another one |
//! | `envelope-foreign` | the envelope that was signed holds the key of another package | tell the sender |
//! | `inventory-foreign` | the inventory is of another package or names another signer: somebody signed anew what another sealed | do not use it; ask the sender whom it names |
//! | `manifest-altered` | `manifest.json` is not what was signed: altered, an older one, or its signature is another's | copy the package again; then ask the sender for another one |
//! | `rekey-record-foreign` | the record of a further envelope is of another package | remove the three `key-N` members, or ask whoever passed it on to do it anew |
//! | `rekey-record-moved` | the record of a further envelope is of another envelope of the package than the one beside it | as before |
//! | `signature-absent` | the package is not signed: its signature was taken off, or it was not copied completely | copy the package again; then ask the sender for a signed one |
//! | `signer-unknown` | the package was signed, or signed anew, by somebody you do not trust | ask the sender for their signer line by another way |
//! | `volume-foreign` | a volume does not open with the package's key: it is another package's, or was altered at its beginning | copy the package again; then ask the sender for another one |
//! | `volumes-exchanged` | volumes are in each other's place | give the files their names back, or copy the package again |
//! | `own-package` | a note: it was signed with the reader's own key, and is one that they made, whoever sent it | ask the other side for the one they meant |
//! | `passed-on` | a warning: the sender did not list the identity that opened it; the message has who passed it on, where that is known | ask the sender whether you should have it |
//!
//! # When one would be sorry
//!
//! Decisions are made on the upper bound of the number of people, and what
//! cannot be read or parsed counts as if it held anything. So a table that
//! exeat cannot understand is refused in the clear even where it is harmless;
//! sealing it is always possible.
//!
//! # How people are counted
//!
//! Within one family of keys: NHS number, else NI number, else name with date
//! of birth and postcode, else an id of the person (`patient_id`, a hospital
//! number), else record by record. Where no number tells people apart the lower
//! bound is low, and the upper one counts:
//!
//! - a record once for each birth date in it, and once for each name beyond
//!   three, e-mail address or postcode beyond three, telephone number beyond
//!   five: one person's record has a doctor's and next of kin's as well;
//! - the members of a JSON object or the rows of an array of arrays as records
//!   of their own, from ten that are alike;
//! - where labels stand in a column (`id,field,value`, or people side by
//!   side), the values of the commonest label;
//! - an id once for each file that gives nothing else of the person: the ids of
//!   two hospitals both begin with 1. With a name or a date of birth beside it
//!   it counts once for each of these, whatever the files, and a random UUID
//!   once in all. Who is known by an NHS number, an NI number, or name, date of
//!   birth and postcode, and has one id alone, is not counted again by it:
//!   a table of names and a table of results are the same people's;
//! - in text, the different pairs of name and birth date, e-mail addresses and
//!   telephone numbers; of names with dates that follow each other in time, the
//!   same names again and again, as in the history of a program, the names; a list of names that cannot be read is uninspected.
//!
//! Of two tables of results, each in a file of its own, the patients count in
//! both, though a table of names has the same ids: they may be of two hospitals.
//! The tables of one SQL dump, database or workbook count as one file. There are
//! never fewer people than different numbers, nor than different ids. An id
//! links only under a name that says it is the person's own (patient, person, participant, subject, pupil,
//! student, resident and the like; MRN, hospital number, pseudonym): under those
//! of clients, customers, members, accounts, cases, studies, users and staff
//! there may be many people each, and records count one by one. Zeros, nines
//! and words are no ids. The assumption that is left: somebody's number in one
//! file, and a record with the same id alone in one other, are one person's.
//!
//! # What is not seen
//!
//! Recognising people is a safety net with holes. A file is said to be about
//! nobody although it is not, if all it has is, for instance:
//!
//! - a full name in a sentence without a label, title or list, unless it has a
//!   common forename and a word about health stands near it; a conviction,
//!   religion or orientation told in a sentence;
//! - names in small letters or in other scripts than Latin; surnames alone;
//! - columns named in other languages, or by words of one site alone, unless they
//!   hold forenames common in Britain, numbers, addresses of mail or telephones; a
//!   policy can name such columns (`[inspection] columns`);
//! - dates of birth in six digits or as a spreadsheet's day numbers;
//! - lines in which every value has its own place and nothing stands between one
//!   and the next, unless there are NHS numbers in eight of them at least: names and
//!   dates of birth that touch what is around them are not told;
//! - names in the addresses of web pages (`name=Jane+Doe`);
//! - JSON within a string of JSON; names of accounts, or addresses of mail
//!   that are spelt out;
//! - a table that begins after more than ten lines of other text: its people
//!   are looked for as in text, and its columns' names say nothing.
//!
//! Who must be certain gives nobody a way to copy in the clear: the set-up in
//! the README allows one form of the command, and that one seals.
//!
//! # Not yet
//!
//! These are planned, and nothing in this version finds them:
//!
//! - `objection-present`: a register of people who object is not read, and
//!   `[objections]` in a policy is an error.
//! - `column-not-requested`: `[purpose] columns` is an error.
//! - `--to -`: nothing is written to a stream, so nothing is read twice to
//!   decide before a stream begins.
