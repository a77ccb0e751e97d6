//! Nightly backups: a chain of signed packages that the machine which makes them
//! cannot open.
//!
//! # What it is, and what it is not
//!
//! `exeat backup run NAME` makes one package of what a profile in `config.toml`
//! names, and puts it beside the earlier ones of that profile. Each is a package like
//! any other ([`super::format`](mod@super::format)): `exeat verify` checks it, `exeat
//! open` opens it, and so do `age`, `tar` and `zstd`. Those of one profile are a
//! **chain**: every one has a number, and the digest of the manifest before it, under
//! the signature. So it shows when one is missing, is there twice, or an older one is
//! passed off as the newest.
//!
//! It keeps files and folders, and what commands print. It is no image of a system:
//! partitions, boot loaders and devices are not in it.
//!
//! # What the machine can and cannot do
//!
//! The host has the public keys of those who may restore, and a private key that signs.
//! With these it can make packages, look at its chain and remove from it. It can open
//! none of them, nor can whoever breaks into it: what a run reads is sealed for a key
//! that exists in memory alone, and is forgotten when the run ends.
//!
//! Let the recipients be keys that are not on the host, and be more than one: who loses
//! the only identity has no backups. `exeat init` makes an identity, too; a backup host
//! has no use for it, as long as nobody names it as a recipient, and it can be deleted
//! there.
//!
//! # A profile
//!
//! ```toml
//! [backup.clinic]
//! sources = ["/srv/clinic", "/etc"]
//! exclude = ["*.tmp", "clinic/cache"]
//! to = "/mnt/backup/clinic"
//! recipients = ["Records office", "Safe"]
//! require_mount = "/mnt/backup"
//! keep = { last = 3, daily = 7, weekly = 4, monthly = 12, yearly = 5 }
//! time_zone = "Europe/London"
//! max_age = "26h"
//! metrics = "/var/lib/node_exporter/clinic.prom"
//!
//! [backup.clinic-db]
//! source = { command = ["runuser", "-u", "postgres", "--", "pg_dump", "clinic"], name = "clinic.sql", expect_end = "pg_dump" }
//! to = "/mnt/backup/clinic-db"
//! recipients = ["Records office", "Safe"]
//! keep = { daily = 14 }
//! ```
//!
//! The name of a profile is 1 to 64 small letters, digits and `-`. It is part of the
//! chain's identity, as the signing key is: with another name, or another key, a new
//! chain begins. A key that nobody knows, or a value of another kind, makes all of
//! `config.toml` invalid; what is wrong with the values of a profile is said at once, with
//! the lines, before anything is done (exit code 5 for both). Paths that are not absolute
//! begin at the folder of `config.toml`; `~` and variables mean nothing. Lengths of time
//! are a number and `m`, `h`, `d` or `w`. Commands are lists of words, never lines for a
//! shell (`["sh", "-c", "…"]` where you need one); a program without a slash in its name is
//! looked for in the `PATH`.
//!
//! | key | default | what it is |
//! |---|---|---|
//! | `sources` | this or `source` is needed | files and folders. In the package each begins with its own last name, so no two may have the same one; `/` has none |
//! | `source` | | `{command, name, expect_end}`: what a command prints, as one file called `name`; see "Databases" |
//! | `exclude` | nothing | patterns of what is left out, as with `export --exclude`: without a slash against names, with one against whole paths in the package (`clinic/cache`, not `/srv/clinic/cache`); `*` and `?` within a name, `**` across folders. One that matches nothing is told, and no fault |
//! | `one_file_system` | `false` | do not enter what is mounted below a source |
//! | `to` | needed | the folder that packages go to; it has to be there, and outside of the sources. Several profiles may share one |
//! | `recipients` | this or the next is needed | keys, or names of `recipients.toml` |
//! | `recipients_file` | none | a file with one key a line |
//! | `compress` | `"auto"` | `auto`, `none`, `zstd`, or `zstd:1` to `zstd:9` |
//! | `mode` | `"incremental"` | `incremental` or `full`; what a command prints is always full |
//! | `full_every` | `"7d"` | a number: one of so many runs is full; a time: when the last full one is so old, less an hour |
//! | `keep` | everything | `{last, daily, weekly, monthly, yearly}`; see "What is removed" |
//! | `time_zone` | `"UTC"` | whose calendar days, weeks, months and years are counted, by its name in the machine's tzdata |
//! | `require_mount` | none | has to be a mount point when a run begins, else `not-mounted` (exit code 1). Mostly `to` or a folder above it |
//! | `verify` | `"after"` | `after`: the package is read back from the medium before the run is called good, and earlier ones that nobody has read for 30 days are read, too; `none`: nothing is, and the run removes nothing either; `prune` does both |
//! | `before` | none | a command that runs first; if it does not end with 0, no backup is made |
//! | `after` | none | runs after a backup that was made, complete or not; if it fails, that is a warning |
//! | `on_failure` | none | runs after one that was not made, or that was read back and is not whole; also where somebody stopped the run. It has 60 seconds, then it is ended |
//! | `settled` | `"1m"` | how long a file must have been left alone before a run for the next one to take it for unchanged; `"0m"` is at once |
//! | `max_age` | none | `status` ends with 9 when the newest good backup is older; without it, where there is none, or the last run failed |
//! | `metrics` | none | a file `NAME.prom` for the textfile collector of node_exporter |
//! | `purpose` | none | what it is exported for, where a policy wants to know |
//! | `signing_key` | your own | a private OpenSSH key without a passphrase, or `credential:NAME` of a systemd unit; see "systemd and cron" |
//! | `volume_size` | see the format | the size of volumes before compression, such as `"256M"` |
//! | `approvals` | none | files with standing approvals, where a policy wants them: of a request with `--standing NAME`, the profile's name, and with its sources, `to`, purpose and recipients: [`super::approvals`] |
//!
//! `before`, `after` and `on_failure` are told what happened in their environment:
//! `EXEAT_PROFILE`; `EXEAT_OUTCOME`, which is `begun`, `done`, `incomplete` or `failed`;
//! `EXEAT_EXIT`, the exit code, but for `before`; `EXEAT_PACKAGE`, the package's folder,
//! if there is one. What they print is shown if they fail.
//!
//! # What a run does
//!
//! 1. It locks the profile, on this machine. Where another run has it, it waits as long
//!    as `--wait` says, or ends with 6. The kernel lets go of the lock with the process,
//!    however that ends: there is no stale lock.
//! 2. `before` runs. Then `require_mount` is looked at, so that `before` may mount it.
//! 3. The signing key is tried, before anything is read for hours.
//! 4. The folder is looked at: whose packages are there, by their signatures, whether
//!    each has all its members, of the right lengths, and whether the numbers follow from
//!    each other and from what this host remembers. Whatever is wrong is said, and the
//!    run goes on, for a backup of tonight is worth more than none. What an interrupted
//!    removal left is deleted. The new package rests on *sound* ones alone: they were read
//!    back and found whole, and so were those that they need. Files that lay in others, or in
//!    packages which are not there, are sealed again. (With `verify = "none"` sound is
//!    whatever has the right lengths.)
//! 5. The sources are listed, and compared with what the host remembers.
//! 6. Policy and floor decide, as for any export; a refusal ends the run with 3.
//! 7. What changed is inspected and sealed into a hidden folder, `.exeat-partial-…`, in
//!    `to`. The second decision is made and the intent goes into the ledger. The package
//!    is signed, synced, and takes its place by one rename.
//! 8. The package is read from the medium, past the page cache, and every member is
//!    compared with the signed manifest. If that fails, the run ends with 4; the package
//!    stays where it is, and counts as not verified. Then the earlier ones are read that
//!    nobody has read for 30 days, or at all: because a run was stopped, say, or the host's
//!    memory was lost. One that is not whole is a warning, and counts for nothing any more.
//! 9. What no rule keeps is removed, unless there is a reason not to ("What is removed").
//! 10. `after` or `on_failure` runs, the metrics are written, the summary is printed.
//!
//! Whatever stops a run, Ctrl-C, SIGTERM, a full disk, a power cut, there is either a
//! whole package under its name or none. What a killed run left in its hidden folder is
//! removed by a later one, once it is ten seconds old.
//!
//! What a run has to say is a **warning** or a **note**. A warning is for somebody to see
//! to: the run ends with 7, and says it on standard error even with `--quiet`. A note is
//! worth knowing, and wrong with nothing: the run ends as it would without it.
//!
//! `on_failure` and `metrics` are for whatever goes wrong, but for two things, which the
//! exit code alone tells: a `config.toml` that is not valid (5), for then nobody knows which
//! commands are the profile's, and another run of it (6), which tells of itself. Let
//! `OnFailure=` or cron's mail, and a monitor that asks `status`, tell you, too.
//!
//! A policy's ceilings, quotas and approvals are asked of each package, on what was
//! inspected for it: of an incremental one that is what changed. Set them by a full one.
//!
//! # Full and incremental
//!
//! A **full** package holds every file. An incremental one holds those that changed, and
//! an inventory of all of them; of each unchanged one it says which earlier package holds
//! it, and its digest. It needs exactly the packages that hold its files, never the whole
//! chain: `needs` in `backup list`, `base` in its manifest.
//!
//! A file is unchanged where size, inode, time of last modification and time of last
//! change (ctime), both to the nanosecond, are as they were. A program cannot set the last
//! of these, so that a file which is put back with its old time counts as changed. So does
//! one that was only renamed, or whose owner, mode or attributes changed: it is sealed
//! again as a whole. What had changed less than `settled` before a run listed it is sealed
//! once more by the next: a second change in the same moment would not show, nor what a
//! program writes through memory that it has mapped, until the kernel puts it on disk (on
//! Linux after half a minute, `vm.dirty_expire_centisecs`).
//!
//! A package is full when the summary says why:
//!
//! | it says | because |
//! |---|---|
//! | there is no earlier full one in the folder that can be relied on | it is the first; or the others are gone, not sound, or by another key |
//! | it was time for a full one | `full_every`; or the last full one is from the future; or more than 1,000 earlier packages would be needed |
//! | earlier ones are for other recipients | what others can open is of no use to those whom the profile names now. Whoever was taken out of it still opens the old ones |
//! | there was no usable record of the files in earlier ones | the host's memory is gone, damaged, or of another package than one that is sound; a note says which |
//! | no file was as it was | that is so |
//! | the profile makes every package a full one | `mode = "full"`, or a command |
//! | it was asked for | `--full` |
//!
//! The more often one is full, the fewer packages a restore needs, and the sooner old
//! ones can go; the more room it takes, too.
//!
//! What the host remembers lies in `~/.local/state/exeat/backup/NAME` (`XDG_STATE_HOME`),
//! for its owner alone: `files.jsonl` with paths, sizes, times, attributes and digests;
//! `chain.json` with the end of the chain, the package that is about to be put there, and
//! what was read back, when; `signer.pub`, the public half of the key that signs; and
//! `lock`. Nothing of it is needed to restore.
//!
//! # What is kept of a file
//!
//! - content; permission bits, set-user-id, set-group-id and sticky; the time of last
//!   modification, to the nanosecond;
//! - owner and group, as numbers: on a machine with other accounts they are other people;
//! - extended attributes, at most 16 KiB of them an entry, names and values together:
//!   POSIX access control lists, capabilities of programs and SELinux labels are among
//!   them. Where not all could be kept, the entry is marked, as one that changed is, and the
//!   run ends with 7: "not all extended attributes could be kept". Those of symbolic links
//!   are not kept, nor those that the kernel does not even name to the host (`trusted.…` in
//!   the units below);
//! - symbolic links, as links.
//!
//! Hard links become files of their own, each with the whole content. Sparse files are
//! restored without holes. Times of access and creation, and the flags of `chattr`, are not
//! kept. Pipes, sockets and devices are listed as left out, and are no loss: a run with
//! some of them can end with 0.
//!
//! Owners, special bits, attributes and exact times come back with `open --owner`, as
//! root; without it, files are those of whoever opens them, as from any package.
//!
//! # A source in use
//!
//! A backup does not stop because somebody works. A file that vanishes before it is
//! listed is not there; one that vanishes between the listing and its turn, or that may
//! not be read, is left out with the reason. One that changes while it is read, or whose
//! length has changed since it was listed, is kept at the length that it had then, filled
//! up with zeros where it became shorter, and **marked**. So is one that the disk gives only
//! in part; the rest of it is zeros. The inventory has a `lapse` for it, the run names it,
//! and so do `list` and `open`, also with `--stdout`:
//!
//! ```text
//! perhaps not as it was: clinic/log/today.log (the sender's: changed while it was read)
//! ```
//!
//! The run ends with 7 then, and the next one reads the file again. For a log that may be
//! good enough. The files of a database that is running are never: dump it.
//!
//! Where a file so large that it spans volumes is gone when its turn comes, or cannot be
//! opened, what was sealed is thrown away and the run begins again without that file. After
//! five attempts it ends with 1, and there is no package.
//!
//! # Databases
//!
//! With `source` the output of a command goes straight into the package, compressed and
//! encrypted as it comes, and never to a disk in the clear. There is no package unless
//! all is well: the command ends with 0, is not killed, leaves nothing running that it
//! has started, prints something, and ends as `expect_end` says.
//!
//! | `expect_end` | for | what has to be there |
//! |---|---|---|
//! | `pg_dump` | `pg_dump` | the line `-- PostgreSQL database dump complete`, and comments behind it |
//! | `pg_dumpall` | `pg_dumpall` | `-- PostgreSQL database cluster dump complete`, likewise |
//! | `pg_restore` | `pg_dump -Fc` | that `pg_restore` reads it to its end while it goes by; where that is not installed, a note says that nobody checked it |
//! | `sqlite` | `sqlite3 FILE .dump` | the last line `COMMIT;`. `sqlite3` ends with 0 after an error, and prints `ROLLBACK;` |
//! | `mysqldump` | `mysqldump`, `mariadb-dump` | the last line begins with `-- Dump completed` |
//! | `text:…` | anything else | this text, at the end; white space may follow |
//!
//! ```toml
//! # PostgreSQL, as the account that owns it; -Fc: smaller, restored by pg_restore.
//! source = { command = ["runuser", "-u", "postgres", "--", "pg_dump", "-Fc", "clinic"], name = "clinic.dump", expect_end = "pg_restore" }
//!
//! # SQLite, also while programs write to it.
//! source = { command = ["sqlite3", "-readonly", "/srv/app/app.db", ".dump"], name = "app.sql", expect_end = "sqlite" }
//! ```
//!
//! Passwords do not belong on a command line: PostgreSQL reads `~/.pgpass`, MariaDB
//! `~/.my.cnf`. The roles of a PostgreSQL server are in no dump of one database; back up
//! `pg_dumpall --globals-only` under a profile of its own. What a command prints is
//! inspected as text, where it is text.
//!
//! # The chain, and what is wrong with it
//!
//! `exeat backup status` looks at the folder, holds it against what the host remembers,
//! and needs no key that opens anything. `run`, `list` and `prune` say the same.
//! [`super::findings`] has every code with its remedy.
//!
//! | what was done | what is said |
//! |---|---|
//! | a package was deleted or moved away | `backup-gap`; `backup-base-missing` for those that need it |
//! | the newest ones were deleted, or the folder was put back to an older state | `backup-replayed`, by what the host remembers |
//! | another machine has written with the same key and profile name | `backup-fork`: after the last package of this host there are some that neither its memory nor its ledger knows, which is said until its next run has gone on behind them; or there are two of one number, which is said as long as both are there |
//! | the host was put back to an older state, its memory and its ledger | the same |
//! | the host's memory is gone | a warning of the next run, once: whether later packages are gone cannot be told |
//! | a package was cut short, has lost a member or got one too many | `backup-damaged` |
//! | its manifest was altered, or its signature is gone | `backup-unreadable`, and its number is missing |
//! | the record of what was removed is gone | `backup-gap`; altered, `backup-prune-record` |
//! | bits of a volume were altered, its length is the same | nothing by `status` and `list`, which read no volumes, until `status --read-back`, `run` or `prune` has read it; `exeat verify` and `exeat open` say it, too |
//!
//! What weighs less, `backup-clock` for one, is a note of a run: it ends as it would without.
//!
//! What retention removes is no gap: it is written into a signed record beside the
//! packages first, `.exeat-pruned-….json`. Whoever copies the folder has to copy that, too.
//!
//! Elsewhere, on the machine that has the key or a copy, there is no memory of the host's.
//! `verify --after` holds a package against one that you have seen, by its number or by
//! itself, and ends with 4 if it does not come after that:
//!
//! ```sh
//! exeat verify /mnt/backup/clinic/2026-11-29T020003Z-1a2b3c4d.exeat --after 41
//! exeat verify /mnt/backup/clinic/2026-11-29T020003Z-1a2b3c4d.exeat --after ../seen-last-month.exeat
//! ```
//!
//! It ends with 0 if it is the next one, and with 7 if others lie between the two.
//!
//! Bits rot. Each package is believed for 30 days; then `prune`, or the next run when it has
//! made its own, reads it from the medium again. `exeat backup status --read-back` reads all
//! of them now, and ends with 4 if one is not whole. A package that was found damaged counts
//! for nothing from then on: `status` calls neither it nor what needs it good, no later one
//! rests on it, it takes no other's place in `keep`, and every run reads it again and warns,
//! until it is whole or gone. Any machine that trusts the signing key (`exeat trust`) can
//! read them, too; no key that opens them is needed:
//!
//! ```sh
//! for package in /mnt/copy/clinic/*.exeat; do
//!     exeat verify --quiet "$package" >/dev/null || echo "$package"
//! done
//! ```
//!
//! # What is removed
//!
//! `keep` says how many stay: the `last` so many, and the newest of each of so many
//! days, ISO weeks, months and years, in the calendar of `time_zone`. Each rule counts
//! what is there, not what the calendar has: `daily = 7` is seven days with a backup.
//! A number of nought is no rule, and without any rule everything stays. Packages are in
//! the order of their numbers, never of the clock.
//!
//! - Only sound packages count towards a number. Another one takes nobody's place; it stays
//!   until newer good ones would have pushed it out.
//! - The newest, and the newest good one, always stay.
//! - What a kept one needs stays, whatever the rules say. So with `keep = { daily = 7 }`
//!   and a full one each week there are up to two weeks of packages.
//! - A run removes nothing while something is wrong with the chain (that `status` would end
//!   with 4 for), while much of the source is missing or cannot be read, or with `verify = "none"`. A note
//!   says which.
//! - `exeat backup prune` reads back what nobody has read for 30 days, and removes what no
//!   rule keeps. While something is wrong with the chain it removes nothing, and ends with
//!   4: put missing packages back, or accept that they are lost. `--dry-run` shows what no
//!   rule keeps, reads and writes nothing, and with `--accept-missing` shows the numbers
//!   that it would record as lost.
//!
//! Much is missing where more than half of the files of the last backup are gone (of fewer
//! than 20: all), or all ten or more of one source (both in incremental profiles alone), or
//! there is no file at all. That is a
//! warning, too, for mostly a disk is not mounted, and it comes back every night: the next
//! one is compared with the same backup again. If all is as it should be, `exeat backup run
//! NAME --full` says so.
//!
//! Where as many files are there and the machine does not give them (no permission, an I/O
//! error), nothing goes either, until they can be read again. A file of which a part could not
//! be read is in the package with zeros in that place, named by the run (exit code 7) and
//! again when it is opened.
//!
//! `exeat backup list` says of each package what the rules will make of it, and why. Packages of
//! another chain are never touched, those of an earlier key or profile name included:
//! remove these by hand when you need them no more.
//!
//! # For a monitor
//!
//! | `backup run` ends with | when |
//! |---|---|
//! | 0 | everything is in the package, and it was read back (unless `verify = "none"`) |
//! | 7 | there is a package, and something has to be looked at: entries were left out or are perhaps not as they were, much of the source is missing, something is wrong with the chain, an earlier package is not whole, the host's memory is gone or of another signing key, something could not be removed, `after` failed, or the metrics or the memory could not be written |
//! | 1 | there is none: a source, the destination, a mount, a command, the disk; or the disk could not give back the one that was made |
//! | 3 | there is none: the policy refuses, a recipient has expired |
//! | 4 | the package was made, read back and is not whole; or the ledger is damaged, and there is none |
//! | 5 | the profile, or another file of settings, is not valid |
//! | 6 | another run of the profile, or an export that holds the ledger, is under way |
//! | 130, 143 | it was interrupted: there is none, or not everything was read back; the next run goes on with that |
//!
//! | `backup status` ends with | when |
//! |---|---|
//! | 0 | the newest good backup is young enough, and the chain is whole |
//! | 9 | there is none, or none any more; it is older than `max_age` or, where the profile has no such, the last run failed; or its time is more than ten minutes ahead of the clock |
//! | 4 | something is missing, forked, replayed, damaged or unreadable, or was found to be by `--read-back` |
//! | 1, 5, 6 | nothing can be said: the folder or the key cannot be read, nothing is mounted; with `--read-back`, a run is under way |
//!
//! `list` ends with 4 where `status` would for the chain; `prune` does, too, and with 7 if it
//! has another warning. All three say what is wrong on standard error even with `--quiet`.
//!
//! Of several profiles, 4 weighs most, then 1 and the like, then 9. A *good* backup is a
//! sound one. So what ended with 7 can be good, an empty one included: look at both. Let
//! somebody ask `status` every morning: a job that never ran tells nobody. It can be another
//! machine, one that has the packages or a copy of them, and a profile of the same name with
//! the public half of the host's key. With `verify = "none"` a package counts there that it
//! has not read itself:
//!
//! ```toml
//! [backup.clinic]
//! sources = ["/srv/clinic"]
//! to = "/mnt/copy/clinic"
//! recipients = ["age1…"]
//! signing_key = "host.pub"
//! max_age = "26h"
//! verify = "none"
//! ```
//!
//! `--json` gives one document for each command: [`super::json`].
//!
//! ## Metrics
//!
//! `metrics` is written anew after each run, one that failed included, as a whole, so that
//! node_exporter never reads half of it. All are gauges with the label `profile`; times are
//! seconds since 1970.
//!
//! | `exeat_backup_…` | what it is |
//! |---|---|
//! | `last_run_start_timestamp_seconds`, `last_run_end_timestamp_seconds`, `last_run_duration_seconds` | when the last run began and ended; how long it took, to the millisecond, whatever was done to the clock |
//! | `last_run_success` | 1 if it ended with 0 |
//! | `last_run_exit_code` | what it ended with |
//! | `last_success_timestamp_seconds` | when the last one with 0 ended; kept through runs that fail |
//! | `packages_deleted` | packages that it removed |
//! | `package_bytes`, `files`, `changed_files`, `entries`, `skipped_entries`, `verified`, `series_sequence` | of the package that it made, if it made one: bytes of ciphertext; files in the backup, and in the package itself; files, folders and links; what was left out or is perhaps not as it was; 1 if it was read back; its number |
//!
//! ```text
//! time() - exeat_backup_last_success_timestamp_seconds > 26 * 3600
//! ```
//!
//! ## systemd and cron
//!
//! ```sh
//! exeat backup timer clinic --systemd --output /etc/systemd/system
//! systemctl daemon-reload
//! systemctl enable --now exeat-backup-clinic.timer
//! ```
//!
//! writes a service, a timer, and a service that says when the first one failed; change
//! the last to whatever reaches you. The backup may read everything, and write into `to`,
//! its own state and the ledger's folder; it has no network unless the profile has
//! commands. Only where one of these folders is another account's does it have
//! `CAP_DAC_OVERRIDE`. Commands of the profile are in the same cage:
//!
//! - they cannot mount anything: the unit waits for what `fstab` mounts
//!   (`RequiresMountsFor=`);
//! - they become another account where the command itself is `runuser`, `setpriv`, `su` or
//!   `sudo`; in a script of your own they do not;
//! - they write nowhere else. SQLite wants to write beside a database in WAL mode that no
//!   other program has open. `systemctl edit exeat-backup-NAME.service` adds a line
//!   `ReadWritePaths=/srv/app` under `[Service]`.
//!
//! With `signing_key = "credential:NAME"` the unit hands the key over
//! (`LoadCredential=`). `run` and `prune` have it in that unit alone, or in another with the
//! same line. `status` and `list` need no more than the public half, which the first run
//! leaves in the profile's state: run them as the same account.
//!
//! `--cron` prints a line for `crontab -e`. With `--quiet`, and the summary thrown away,
//! nothing is printed unless something is wrong, and cron sends mail only then.
//!
//! # The restore drill
//!
//! A backup that nobody has restored is a hope. Do this every few months, on the machine
//! that holds the key, and write down how long it took. Once, let that machine trust the
//! host's signature; compare the fingerprint by another way than the file came:
//!
//! ```sh
//! exeat trust clinic-host.txt       # signer.txt of the host's ~/.config/exeat
//! ```
//!
//! Files, as root so that owners can be given back:
//!
//! ```sh
//! install -d -m 0700 /srv/restore
//! exeat open /mnt/backup/clinic --as-of now --to /srv/restore/drill --owner --outside-links -i identity.txt
//! exeat open /mnt/backup/clinic --as-of "2026-11-01 09:00" clinic/letters --to /srv/restore/letters -i identity.txt
//! exeat open /mnt/backup/clinic --as-of now clinic/patients.csv --stdout -i identity.txt | head
//! ```
//!
//! `--as-of` takes the last backup of then or before: a time, a day (to its end), `12h` or
//! `2d` ago, or `now`; it says which one it took. A time without a zone
//! (`2026-11-01T09:00`, a space instead of the `T` will do) and a day are those of the
//! machine that restores. Look at the number: it should be the one that `status` on the host
//! names. What was passed over, because it cannot be read or nobody trusted has signed it, is
//! named in a warning: it may be a later backup. Where a folder has several chains it lists
//! them, and `--series` chooses, with `--signer` where two machines have signed under one
//! id, which anybody can write. Of two packages of one number it takes neither (exit code
//! 4): open the right one by its name. With `--stdout` it gives one file, whichever package
//! it lies in. The folder appears when every file in it has been compared with the signed
//! digests, or not at all. Links that lead out of it, such as most of those in
//! `/etc`, are made with `--outside-links` alone, and named without. A host that somebody
//! else has taken over can put set-user-id programs into its backups: what `--owner` gives
//! back should lie where nobody else can enter. Then compare with the source, or with a
//! list that was made there (`find clinic -type f -exec sha256sum {} +`):
//!
//! ```sh
//! diff -r --no-dereference /srv/clinic /srv/restore/drill/clinic
//! (cd /srv/restore/drill && sha256sum --quiet -c /root/clinic.sha256)
//! ```
//!
//! What has changed since differs, and pipes, sockets and devices are missing; nothing
//! else should.
//!
//! Databases, each into a fresh one, which is then asked something whose answer you know:
//!
//! ```sh
//! createdb drill
//! exeat open /mnt/backup/clinic-db --as-of now --stdout -i identity.txt | psql -q -v ON_ERROR_STOP=1 --single-transaction drill
//! psql drill -c 'select count(*), max(seen) from visits'
//!
//! exeat open /mnt/backup/clinic-dump --as-of now --stdout -i identity.txt | pg_restore --exit-on-error --single-transaction -d drill
//!
//! exeat open /mnt/backup/app --as-of now --stdout -i identity.txt | sqlite3 drill.db
//! sqlite3 drill.db 'pragma integrity_check'
//! ```
//!
//! And once a year with a copy of the packages, the identity from the safe, and stock tools
//! alone: each package's `README.txt` has the commands. They give the files that lie in
//! that package; its inventory says where the others do.
//!
//! Restore onto a disk of the machine: personal data is not opened onto removable or
//! optical media (`plaintext-to-removable` in [`super::findings`]).
//!
//! # What to do when
//!
//! **The disk is full.** The run ends with 1 and leaves nothing. `backup list` shows what
//! is kept and why; make `keep` smaller and run `exeat backup prune NAME`. If bases hold
//! everything, `backup run --full` lets them go some nights later; it needs room for one
//! full package first.
//!
//! **The destination is not mounted.** With `require_mount` the run ends with 1 and
//! writes nothing. Without it the run takes the empty folder below for the destination:
//! it makes a full package there, says `backup-replayed`, and ends with 7. Mount the disk,
//! and move the package into it from beneath; it is of the chain.
//!
//! **The disk of a source is not mounted.** Then the source is an empty folder. Every run
//! until it is mounted makes a backup of that, ends with 7, asks whether everything is
//! mounted, and removes nothing. These backups count as good for `status`, though, and each
//! takes the place of its day in `keep` as soon as a later run removes again: see to such a
//! warning before that many nights have gone by. Better, let `before` look for something that
//! has to be there (`["test", "-e", "/srv/clinic/patients.db"]`), or name the source's mount
//! in `require_mount` and the destination's in `before` (`["mountpoint", "-q",
//! "/mnt/backup"]`): then there is no backup, and the run ends with 1.
//!
//! **The destination is to be another disk.** Change `to`. Into an empty folder the next run
//! makes a full package with the next number, records the earlier numbers there, signed, as
//! not here, and says in a note where they lie; it ends with 0. Until then `status` says
//! `backup-replayed`. The old folder can be restored from as before, and nothing is removed
//! from it any more. Or copy the whole folder first, the hidden record too (`cp -a`): then the
//! chain goes on there, with all that is in it. Going back to the old folder later leaves a
//! gap in it, to be accepted.
//!
//! **The host died.** Any machine with the identity, and with the host's line of `exeat
//! trust`, restores. For the new host, put `~/.config/exeat` back, or its signing key at
//! least: with the same key and the same name of the profile it goes on with the chain. If
//! the old host can still be alive, make a new key: two that write to one chain fork it.
//!
//! **The state was lost.** Nothing has to be done. Nobody knows any more which earlier
//! packages were read back, so `status` calls none of them good. The next run makes a full
//! package, then reads all the others, however long that takes, and ends with 7, once: what it
//! cannot know is whether the newest were removed meanwhile. Compare its number with the
//! last summary that you have.
//!
//! **The signing key was changed.** A new chain begins, with a full package and a
//! warning. The packages of the old one can be opened with `--series`, as long as the
//! old key is trusted; remove them by hand when the new chain is long enough. Let the
//! machines that restore trust the new key.
//!
//! **A gap is known and accepted.** Somebody moved packages away, and they will not come
//! back: `exeat backup prune NAME --accept-missing` records, signed, that these numbers are
//! lost, removes what no rule keeps, and `status` stops calling it a gap. Packages that
//! needed them stay incomplete, and a warning as long as they are there, the newest too:
//! make a new one at once, `exeat backup run NAME`, which seals again what was lost.
//!
//! **The chain is forked.** Find out which packages are the right ones: the ledger of each
//! host has the ids of what it made. Move the others elsewhere, all of one side, and run
//! `exeat backup run NAME --full`. Give the other machine a key, or a profile name, of its
//! own. If it was this host, and its memory and its ledger were put back to an older state,
//! the packages are its own: the next run goes on behind them. (`status`, `list` and `prune`
//! ask the ledger of the standing policy; of one that `run --policy` alone has named they
//! know nothing.)
//!
//! **A package is damaged.** Put a good copy in its place; `status --read-back` says whether
//! it is one. If there is none, run `exeat backup run NAME`: what lay in it, and is on the
//! machine still, is sealed again, and the next packages do not rest on it. Where its
//! members have the right lengths, it goes when newer ones would have pushed it out. Where
//! they have not (`backup-damaged`), move it away and accept the gap, for nothing is removed
//! until then. What else needs it cannot be restored in full.
//!
//! **The clock was wrong.** While the newest package is from the future, `status` calls it
//! stale; the next run ends that. `--as-of` takes the highest number among those that are
//! not later than what was asked for. Retention goes by the numbers: what a clock said
//! decides only which day or week a package stands for.
//!
//! # What they do not defend against
//!
//! - **Root on the host.** Whoever is root reads the data where it lies, and signs
//!   whatever they like as the host. Old packages stay unreadable to them, and nothing else
//!   is promised of them.
//! - **Whoever may delete in the folder** can delete all of it. It is noticed, and gone.
//!   Keep a second copy that the host cannot reach: another machine that fetches the
//!   folder, with its hidden record, and lets nothing that it has be overwritten or
//!   removed. A package never changes once it has its name, but for envelopes that
//!   `exeat rekey` adds.
//! - **Several disks in rotation under one profile.** On each of them the packages that went
//!   to the others are missing: a gap, and full packages all the time. Give every disk a
//!   profile of its own, with a name and a `require_mount` of its own.
//! - **Who watches** the folder learns when backups are made, how large they are and, from
//!   the manifests, which rest on which. Names and content are encrypted.
//! - **Loss of the identity.** Nobody can help then. Name a second recipient, and keep its
//!   identity in a safe.
