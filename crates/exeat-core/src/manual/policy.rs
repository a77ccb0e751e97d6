//! Policy files: how a site makes the rules stricter.
//!
//! The rules that nothing can loosen, the *floor*, are built in. A policy file
//! comes on top of them and can only make them stricter. Files are read in this
//! order, and of each rule the strictest wins, whichever file it is in:
//!
//! 1. the floor
//! 2. the site's, `/etc/exeat/policy.toml`
//! 3. the user's, `~/.config/exeat/policy.toml`
//! 4. each `--policy FILE`
//!
//! A policy is never looked for in what is being exported, or in the current
//! folder. One of the files above is read wherever it lies, also within what is
//! exported, as with `exeat export ~`: it can only make the rules stricter, and
//! without it they would be looser. `exeat policy show`
//! prints the rules in force and the line that each is from, `exeat policy
//! check FILE` tells every problem of a file, and `exeat policy init NAME`
//! writes a starter policy: `floor`, `health` or `research`.
//!
//! While a file is not valid nothing is exported (exit code 5). Not valid is
//! also a key that does not exist, a value looser than the floor's, and a rule
//! that this version cannot enforce: a rule that is ignored would protect
//! nobody.
//!
//! # Keys
//!
//! A file is [TOML](https://toml.io). Every section and every key may be left
//! out.
//!
//! | key | value | floor | of two files |
//! |---|---|---|---|
//! | `[bulk] people` | an export in the clear of so many people or more is refused; so is one that would bring an account's 30 days to so many | 51 | the lesser |
//! | `[bulk] records` | the same for records about people | 1000 | the lesser |
//! | `[bulk] bytes` | the same for the bytes of tables, media and archives; a number, or `"100 MiB"` (B, kB, MB, GB, KiB, MiB, GiB) | `"100 MiB"` | the lesser |
//! | `[bulk] files` | the same for the number of tables, media and archives | 1000 | the lesser |
//! | `[ceiling] people` | no export has more people than this, encrypted or not | none | the lesser |
//! | `[[quota]] group, people, records, per, by` | each account in the Unix group (`"*"`: every account) lets out at most so many people, or so many records about people, within the time (`"30 days"`, `"24 hours"`, `"1 week"`; ten years at most), encrypted or not, summed from the ledger; people, records or both. `by = "group"`: what all members of the group let out together, instead of each (`"requester"`) | none | all apply; for the same group, time and `by` the lesser |
//! | `[approvals] people` | how many approvals an export needs: `[{ from = 1000, count = 2 }]` is two from 1,000 people on; 16 at most | none | the greater at every number of people |
//! | `[approvals] approvers` | who of the file may approve, by name | everybody in it | who is in both |
//! | `[approvals] file` | whose keys may approve: an OpenSSH `allowed_signers` file, the path taken from the policy's folder: see [below](#approvers) | nobody's, where approvals are asked for | who is in both, under the same name |
//! | `[recipients] file` | a file like `recipients.toml`: packages are sealed for the keys in it alone, each until its `expires`; the path is taken from the policy's folder. Rules out a passphrase | any key | who is in both |
//! | `[recipients] required` | names, or keys (`age1…`, `age1pq1…`, `ssh-ed25519 …`, `ssh-rsa …`), that have to be among the recipients of every package, such as a recovery key. Names are those of `[recipients] file`, without one those of the sender's own `recipients.toml`. Rules out a passphrase | none | both |
//! | `[recipients] passphrase` | `false`: a passphrase cannot stand for recipients | `true` | `false` |
//! | `[recipients] post_quantum` | `true`: every recipient is post-quantum (`age1pq1…`); a plugin's key is not, since nobody knows. Rules out a passphrase: scrypt is not what a quantum computer breaks, but a passphrase that people choose is no such key | `false` | `true` |
//! | `[signing] required` | `true`: every package is signed. `false` is an error | `true` | |
//! | `[signing] signers` | the fingerprints (`SHA256:…`) of the only keys that may sign | any key | who is in both |
//! | `[destinations] allow` | where exports may go: kinds of medium (`encrypted`, `fixed`, `memory`, `network`, `optical`, `removable`, `stream`, `unrecognised`) and folders (`"/srv/out"`); one that fits is enough. `fixed` includes fixed disks that are `encrypted` | anywhere, sealed | what is in both |
//! | `[purpose] required` | `true`: every export says what it is for | `false` | `true` |
//! | `[purpose] allowed` | the only purposes, word for word; one has to be given then | any | what is in both |
//! | `[ledger] path` | the file of the ledger, from the root | the user's own | has to be the same |
//! | `[inspection] columns` | columns that hold a class of data though their names do not say so: see [below](#columns) | none | both |
//! | `[inspection] mode` | `"full"`: everybody in an encrypted export is counted. `"until-decided"`: counting may stop when it can no longer change the decision, for unattended backups; has no effect where there is a quota | `"full"` | `"full"`, unless every file says `"until-decided"` |
//! | `[inspection] uninspected` | what it weighs that something in an encrypted export could not be inspected: `"note"`, `"warn"`, `"refuse"`. Where there is a ceiling or a quota, it is refused in any case, and where approvals are asked for, without them | `"note"` | the heavier |
//!
//! `[objections]` and `[purpose] columns` are for later versions, and errors in
//! this one.
//!
//! What could not be inspected counts as bulk: files that are encrypted or protected
//! by a password, damaged files, and formats that nothing here reads. Where the policy
//! has a ceiling, or a quota that concerns the account,
//! an export with such files is refused by that rule, however few people were
//! found in the rest. Where it asks for approvals, as many are needed as for any
//! number of people, and those who give them see what could not be inspected; a
//! standing approval is never for such files. To let them leave sealed without, a
//! policy has to do without these three.
//!
//! The groups of a quota are those of the running process, by the names that
//! `/etc/group` gives their numbers, with all names that one number has. A
//! directory such as LDAP is not asked. An account with a group that has no name
//! there may be in any: the quotas of all groups concern it. So they do where
//! `/etc/group` cannot be read or has more than 1 MiB, and inside a container or
//! user namespace.
//!
//! A list of what is allowed allows nothing else; an empty one allows nothing.
//!
//! A quota is worth little over a ledger that the requester can rewrite, and
//! the ledger is the user's own unless the machine is set up otherwise and
//! `[ledger] path` says so. `exeat policy check` warns of that, and of rules
//! that cannot be met.
//!
//! # Columns
//!
//! Inspection knows columns by the words in their names and by their values. A site
//! knows more: that its `ethcat` holds the ethnic group, and `egfr` what the kidneys
//! do. `[inspection] columns` says so:
//!
//! ```toml
//! [inspection]
//! columns = [
//!     { class = "health", named = ["read_code", "hba1c*", "egfr"] },
//!     { class = "ethnicity", named = ["ethcat"] },
//! ]
//! ```
//!
//! - `class` is one of `address`, `bank-account`, `birth-date`, `card`, `chi-number`,
//!   `conviction`, `email`, `ethnicity`, `gmc-number`, `health`, `iban`, `ip-address`,
//!   `name`, `nhs-number`, `nino`, `orientation`, `phone`, `politics`, `postcode`,
//!   `private-key`, `religion`, `trade-union`.
//! - Names are compared by letters and digits alone, in any case: `read_code` is also
//!   `ReadCode` and `Read code`. In JSON and other nested content a name is compared
//!   with the last key of a path, and with the last several together: `hba1c*` names
//!   `results.hba1c` and `results.hba1c.value`. Numbers at the end of a path, which are
//!   places in a list, are also left aside.
//! - A `*` at the beginning or the end stands for anything, or nothing.
//!
//! Every value in such a column that is not blank counts as one of the class, and its
//! record as one about a person: by the key that the record has, else by its id, else as
//! one person more. Of a class that nobody's data may leave in the clear, one value is
//! enough for a refusal. Naming only adds. It makes no column a key, and no table a
//! smaller one; a table of counts with such a column is no longer taken for one that is
//! about nobody.
//!
//! The starters `health` and `research` name such columns, to begin from.
//!
//! # Approvers
//!
//! How a release is approved is told in [`super::approvals`]. Whose keys may is
//! said by the policy alone, never by the signers that the sender trusts:
//! whoever exports could add a key there under any name.
//!
//! ```toml
//! [approvals]
//! file = "approvers"
//! approvers = ["guardian@example.org", "governance@example.org"]
//! people = [{ from = 1_000, count = 2 }]
//! ```
//!
//! Each line of the file has one plain name and a key, as `exeat init` prints
//! it, and may have `valid-after` and `valid-before`. It must allow
//! `exeat.approval.v1`; a line without `namespaces` does:
//!
//! ```text
//! guardian@example.org namespaces="exeat.approval.v1" ssh-ed25519 AAAA…
//! ```
//!
//! One key stands there once: one key is one person's. A policy that asks for
//! approvals and names no file lets nobody approve, and no further policy can
//! change that: whoever adds one could name themselves. Keep the file where
//! nobody who exports can write.
//!
//! # Warnings
//!
//! What is valid and still unlikely to be meant, or worth little, is told by
//! `exeat policy check` and `exeat policy show`, with the line. The policy is in
//! force nevertheless. The codes are permanent.
//!
//! | code | cause | remedy |
//! |---|---|---|
//! | `approvals-any-signer` | approvals are asked for, and `[signing] signers` is not set: somebody who may approve can ask with a key that nobody knows, and approve with their own | list there the keys that may sign |
//! | `approvals-impossible` | more approvals are asked for than there are people who may approve | name more of them, or ask for fewer |
//! | `approver-unknown` | somebody may approve by name, and has no key in the file | enter a line for them, under exactly that name |
//! | `approvers-missing` | approvals are asked for, and no file says whose keys may approve: every such export is refused | name it in `[approvals] file`, in the same policy |
//! | `inspection-full-for-quota` | `"until-decided"` has no effect where there is a quota | leave one of them out |
//! | `nothing-allowed` | a list, or several together, allow nothing: nothing can leave | write into it what is allowed |
//! | `quota-ledger-writable` | the requester can rewrite the ledger that the quota is summed from | keep it where only another account can write: see [`super::ledger`] |
//! | `required-by-name` | a required recipient is named, and each sender says which key has that name | write the key, or name a file in `[recipients] file` |
//! | `required-not-allowed` | a required recipient is not among those that are allowed: nothing can leave sealed | enter the key in that file |
//! | `required-not-post-quantum` | a required recipient is not post-quantum, and `[recipients] post_quantum` asks for that: nothing can leave sealed | require an `age1pq1…` key, or leave that out |
//! | `uninspected-refused` | `[inspection] uninspected` says less than the ceiling, the approvals or the quota do | write `"refuse"`, or leave those out |
//!
//! # The digest
//!
//! The inventory of every package has the SHA-256 of the effective rules. It
//! is that of [`Policy::canonical`](crate::policy::Policy::canonical): the same
//! for the same rules, whichever files they are from.
//!
//! # Example
//!
//! A site's file, and the user's over it:
//!
//! ```
//! use exeat_core::policy::{Policy, PolicyFile};
//!
//! let site = PolicyFile {
//!     path: "/etc/exeat/policy.toml".into(),
//!     text: r#"
//! [bulk]
//! people = 11
//!
//! [ceiling]
//! people = 100_000
//!
//! [approvals]
//! approvers = ["guardian@example.org", "governance@example.org"]
//! people = [
//!     { from = 1_000, count = 1 },
//!     { from = 10_000, count = 2 },
//! ]
//!
//! [[quota]]
//! group = "research"
//! people = 50_000
//! per = "30 days"
//!
//! [destinations]
//! allow = ["encrypted", "fixed", "/mnt/transfer"]
//!
//! [purpose]
//! allowed = ["audit", "referral"]
//! "#
//!     .into(),
//! };
//! let user = PolicyFile {
//!     path: "/home/ada/.config/exeat/policy.toml".into(),
//!     text: "[bulk]\npeople = 20\n\n[ceiling]\npeople = 500\n".into(),
//! };
//! let policy = Policy::from_layers(&[site, user], |path| std::fs::read_to_string(path))?;
//!
//! let bulk = &policy.bulk_rules().people;
//! assert_eq!((bulk.value, &*bulk.origin.to_string()), (11, "/etc/exeat/policy.toml:3"));
//! let ceiling = policy.ceiling_rule().expect("both have one");
//! assert_eq!(ceiling.origin.to_string(), "/home/ada/.config/exeat/policy.toml:5");
//! assert_eq!(policy.approvals_for(999), None);
//! assert_eq!(policy.approvals_for(20_000).map(|rule| rule.value), Some(2));
//! assert!(policy.forbids_purpose("curiosity").is_some());
//! # Ok::<(), exeat_core::policy::PolicyErrors>(())
//! ```
//!
//! What is looser than the floor, or mistyped, is told with its place:
//!
//! ```
//! # use exeat_core::policy::{Policy, PolicyFile};
//! let file = PolicyFile {
//!     path: "policy.toml".into(),
//!     text: "[bulk]\npeople = 100\nrecord = 500\n".into(),
//! };
//! let errors = Policy::from_layers(&[file], |path| std::fs::read_to_string(path)).expect_err("looser");
//! assert!(errors.to_string().starts_with("\
//! the policy has 2 problems
//!
//! policy.toml:2:10: [bulk] people = 100 is looser than the floor's 51
//!   help: a policy can only make the rules stricter: write 51 or less, or leave the line out
//!
//! policy.toml:3:1: there is no 'record' in [bulk]"));
//! ```
