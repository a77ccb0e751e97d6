use std::num::NonZeroU32;

use super::*;
use crate::config::Inherited;

/// What every profile needs.
const NEEDED: &str = "sources = [\"/srv/clinic\"]\nto = \"/backup\"\nrecipients = [\"registry\"]\n";

struct Settings {
    dir: tempfile::TempDir,
    loaded: Result<Config, CommandError>,
}

/// Settings whose `config.toml` this is.
fn settings(text: &str) -> Settings {
    let dir = tempfile::TempDir::with_prefix("exeat-test-").unwrap();
    std::fs::write(dir.path().join("config.toml"), text).unwrap();
    let loaded = Config::load(Some(dir.path()), Inherited::default());
    Settings { dir, loaded }
}

impl Settings {
    fn profile(&self, name: &str) -> Result<Profile, String> {
        let config = self.loaded.as_ref().map_err(|error| self.plain(error))?;
        config.profile(name).map_err(|error| self.plain(&error))
    }

    /// The message, without the folder of the test; the exit code has to be 5.
    fn plain(&self, error: &CommandError) -> String {
        assert_eq!(error.exit, Exit::Configuration, "{error}");
        let folder = format!("{}/", self.dir.path().display());
        error.message.replace(&folder, "")
    }
}

/// A profile that has what it needs, and this.
fn with(more: &str) -> Result<Profile, String> {
    settings(&format!("[backup.nightly]\n{NEEDED}{more}\n")).profile("nightly")
}

/// One with a command.
fn with_command(source: &str, more: &str) -> Result<Profile, String> {
    let text =
        format!("[backup.db]\nsource = {source}\nto = \"/backup\"\nrecipients = [\"r\"]\n{more}\n");
    settings(&text).profile("db")
}

#[test]
fn what_is_not_said_has_a_default() {
    let profile = with("").unwrap();
    assert_eq!(profile.name, "nightly");
    assert_eq!(profile.to, Path::new("/backup"));
    assert_eq!(profile.compress, Compress::Auto);
    assert_eq!(profile.mode, Mode::Incremental);
    assert_eq!(
        profile.full_every,
        FullEvery::Time(SignedDuration::from_hours(168))
    );
    assert_eq!(profile.keep, Keep::default());
    assert_eq!(profile.time_zone, TimeZone::UTC);
    assert_eq!(profile.verify, VerifyWhen::After);
    assert_eq!(profile.settled, SignedDuration::from_mins(1));
    assert!(profile.max_age.is_none() && profile.before.is_none());
    let BackupSource::Files {
        paths,
        exclude,
        one_file_system,
    } = profile.source
    else {
        panic!("files");
    };
    assert_eq!(paths, [Path::new("/srv/clinic")]);
    assert!(exclude.is_empty() && !one_file_system);
}

#[test]
fn everything_at_once() {
    let settings = settings(
        r#"
[backup.nightly]
sources = ["clinic", "/etc"]
exclude = ["*.tmp", "clinic/old/**"]
one_file_system = true
to = "packages"
recipients_file = "recipients.txt"
compress = "zstd:9"
mode = "full"
full_every = 7
keep = { last = 3, daily = 7, weekly = 5, monthly = 12, yearly = 10 }
time_zone = "UTC"
require_mount = "/media/usb"
verify = "none"
before = ["bin/stop", "it"]
after = ["start"]
on_failure = ["mail", "-s", "backup", "root"]
max_age = "26h"
settled = "5m"
metrics = "nightly.prom"
purpose = "backup"
signing_key = "keys/nightly"
volume_size = "256M"
approvals = ["standing.json"]
"#,
    );
    let profile = settings.profile("nightly").unwrap();
    let dir = settings.dir.path();
    let BackupSource::Files {
        paths,
        exclude,
        one_file_system,
    } = &profile.source
    else {
        panic!("files");
    };
    assert_eq!(paths[..], [dir.join("clinic"), PathBuf::from("/etc")]);
    assert_eq!(exclude[..], ["*.tmp", "clinic/old/**"]);
    assert!(one_file_system);
    assert_eq!(profile.to, dir.join("packages"));
    assert_eq!(profile.recipients_file, Some(dir.join("recipients.txt")));
    assert_eq!(profile.mode, Mode::Full);
    assert_eq!(
        profile.full_every,
        FullEvery::Runs(NonZeroU32::new(7).unwrap())
    );
    let keep = Keep {
        last: 3,
        daily: 7,
        weekly: 5,
        monthly: 12,
        yearly: 10,
    };
    assert_eq!(profile.keep, keep);
    assert_eq!(profile.verify, VerifyWhen::Never);
    let before = profile.before.unwrap();
    assert_eq!(before.find().unwrap(), dir.join("bin/stop"));
    assert_eq!(before.arguments(), ["it"]);
    assert_eq!(profile.on_failure.unwrap().to_string(), "mail");
    assert_eq!(profile.max_age, Some(SignedDuration::from_hours(26)));
    assert_eq!(profile.settled, SignedDuration::from_mins(5));
    assert_eq!(profile.metrics, Some(dir.join("nightly.prom")));
    assert_eq!(profile.purpose.unwrap().as_str(), "backup");
    assert_eq!(
        profile.signing_key,
        Some(KeySource::File(dir.join("keys/nightly")))
    );
    assert_eq!(profile.volume_size, Some(256 << 20));
    assert_eq!(profile.approvals, [dir.join("standing.json")]);
}

#[test]
fn a_command_is_always_whole() {
    let source =
        r#"{ command = ["pg_dump", "clinic"], name = "clinic.sql", expect_end = "pg_dump" }"#;
    let profile = with_command(source, "").unwrap();
    assert_eq!(profile.mode, Mode::Full);
    let BackupSource::Command(command) = profile.source else {
        panic!("a command");
    };
    assert_eq!(command.command.arguments(), ["clinic"]);
    assert_eq!(command.name, "clinic.sql");
    assert_eq!(command.expect_end, Some(ExpectedEnd::PgDump));
    assert!(with_command(source, "mode = \"full\"").is_ok());
    let whole = "does not go with 'source': what a command prints is always whole";
    for (more, key) in [
        ("mode = \"incremental\"", "mode"),
        ("full_every = 3", "full_every"),
        ("exclude = []", "exclude"),
        ("one_file_system = false", "one_file_system"),
    ] {
        let message = format!("config.toml: line 5: [backup.db]: {key}: {whole}");
        assert_eq!(with_command(source, more).unwrap_err(), message);
    }
}

#[test]
fn commands_that_are_none() {
    for (source, why) in [
        (
            r#"{ command = [], name = "a" }"#,
            "source.command: a command is a list of words, and the first of them is a program",
        ),
        (
            r#"{ command = [""], name = "a" }"#,
            "source.command: a command is a list of words, and the first of them is a program",
        ),
        (
            r#"{ command = ["a", "\u0000"], name = "a" }"#,
            "source.command: no word of a command can hold a NUL",
        ),
        (
            r#"{ command = ["a"], name = "a/b" }"#,
            "source.name: it is the name of one file, without a slash",
        ),
        (
            r#"{ command = ["a"], name = "a", expect_end = "oracle" }"#,
            "source.expect_end: expected pg_dump, pg_dumpall, pg_restore, sqlite, mysqldump, or \
             text: and what the output ends with",
        ),
    ] {
        let message = format!("config.toml: line 2: [backup.db]: {why}");
        assert_eq!(with_command(source, "").unwrap_err(), message);
    }
    let name = with_command(r#"{ command = ["a"], name = ".." }"#, "").unwrap_err();
    assert!(
        name.starts_with(
            "config.toml: line 2: [backup.db]: source.name: '..' cannot stand in a package: "
        ),
        "{name}"
    );
    let missing = with_command(r#"{ command = ["a"] }"#, "").unwrap_err();
    assert_eq!(missing, "config.toml: line 2: missing field `name`");
}

#[test]
fn values_that_mean_nothing() {
    let time = "expected a time such as 90m, 26h, 7d, 2w";
    for (more, why) in [
        (
            "compress = \"gzip\"",
            "compress: use auto, none, zstd, or zstd:1 to zstd:9",
        ),
        ("mode = \"differential\"", "mode: use incremental or full"),
        (
            "full_every = 0",
            "full_every: expected a number of runs from 1",
        ),
        (
            "full_every = -1",
            "full_every: expected a number of runs from 1",
        ),
        ("full_every = \"0d\"", &format!("full_every: {time}")),
        ("full_every = \"7\"", &format!("full_every: {time}")),
        ("settled = \"soon\"", &format!("settled: {time}")),
        ("max_age = \"soon\"", &format!("max_age: {time}")),
        ("max_age = \"0h\"", &format!("max_age: {time}")),
        (
            "time_zone = \"Europe/Lundon\"",
            "time_zone: 'Europe/Lundon' is no time zone that this machine knows; expected one such \
             as Europe/London",
        ),
        ("require_mount = \"\"", "require_mount: it is empty"),
        ("verify = \"later\"", "verify: use after or none"),
        (
            "before = []",
            "before: a command is a list of words, and the first of them is a program",
        ),
        (
            "metrics = \"nightly.txt\"",
            "metrics: expected a file NAME.prom",
        ),
        (
            "metrics = \"/var/.prom\"",
            "metrics: expected a file NAME.prom",
        ),
        (
            "purpose = \"\"",
            "purpose: it has to be one line of 1 to 1000 bytes without control characters",
        ),
        (
            "signing_key = \"fd:3\"",
            "signing_key: a profile cannot name a descriptor; use a file, or credential:NAME of a \
             systemd unit",
        ),
        (
            "volume_size = \"big\"",
            "volume_size: use a number and K, M, G or T, such as 64M",
        ),
        ("approvals = [\"\"]", "approvals: it is empty"),
        (
            "exclude = [\"/srv\"]",
            "exclude: '/srv' is not a pattern: a path in a package begins with the name of what is \
             exported, such as 'clinic/letters/*.tmp'",
        ),
    ] {
        let message = format!("config.toml: line 5: [backup.nightly]: {why}");
        assert_eq!(with(more).unwrap_err(), message, "{more}");
    }
}

#[test]
fn what_is_not_of_the_right_kind_is_said_with_its_line() {
    for (more, why) in [
        (
            "schedule = \"daily\"",
            "unknown field `schedule`, expected one of `sources`",
        ),
        (
            "keep = { hourly = 3 }",
            "unknown field `hourly`, expected one of `last`",
        ),
        (
            "keep = { last = -1 }",
            "invalid value: integer `-1`, expected u32",
        ),
        (
            "before = \"rm -rf /\"",
            "invalid type: string \"rm -rf /\", expected a sequence",
        ),
        (
            "full_every = true",
            "invalid type: boolean `true`, expected a number of runs, or a time such as \"7d\"",
        ),
        ("to = \"/again\"", "duplicate key"),
    ] {
        let error = with(more).unwrap_err();
        let start = format!("config.toml: line 5: {why}");
        assert!(error.starts_with(&start), "{error}");
    }
}

#[test]
fn what_is_missing_and_what_is_too_much() {
    let profile = |text: &str| {
        settings(&format!("\n[backup.a]\n{text}"))
            .profile("a")
            .unwrap_err()
    };
    assert_eq!(
        profile(""),
        "config.toml: line 2: [backup.a]: it needs 'recipients' or 'recipients_file': who can open \
         its packages; line 2: [backup.a]: it needs 'sources', a list of paths, or 'source', a \
         command; line 2: [backup.a]: it needs 'to', the folder that its packages go to"
    );
    let both = format!("{NEEDED}source = {{ command = [\"a\"], name = \"a\" }}");
    assert_eq!(
        profile(&both),
        "config.toml: line 6: [backup.a]: it has 'sources' and 'source', and can have one of them"
    );
    let none = "sources = []\nto = \"\"\nrecipients = [\"\"]\n";
    assert_eq!(
        profile(none),
        "config.toml: line 2: [backup.a]: it needs 'recipients' or 'recipients_file': who can open \
         its packages; line 3: [backup.a]: sources: it needs 'sources', a list of paths, or \
         'source', a command; line 4: [backup.a]: to: it is empty; line 5: [backup.a]: recipients: \
         it is empty"
    );
}

#[test]
fn names_of_profiles() {
    let long = "a".repeat(65);
    let fits = "a".repeat(64);
    for good in ["nightly", "db-2", "7", &fits] {
        let settings = settings(&format!("[backup.{good}]\n{NEEDED}"));
        assert_eq!(settings.profile(good).unwrap().name, good);
    }
    for bad in ["", "Nightly", "a b", "a.b", "ä", "../x", &long] {
        let settings = settings(&format!("[backup.\"{bad}\"]\n{NEEDED}"));
        let error = settings.profile(bad).unwrap_err();
        assert!(
            error.ends_with(": the name of a profile is 1 to 64 small letters, digits and '-'"),
            "{error}"
        );
    }
}

#[test]
fn all_of_them_or_every_problem() {
    let text = format!("[backup.b]\n{NEEDED}[backup.a]\n{NEEDED}");
    let config = settings(&text).loaded.unwrap();
    let names: Vec<_> = config
        .profiles()
        .unwrap()
        .into_iter()
        .map(|p| p.name)
        .collect();
    assert_eq!(names, ["a", "b"], "they may share a folder");
    let text = format!("[backup.b]\n{NEEDED}mode = \"x\"\n[backup.a]\n{NEEDED}verify = \"x\"");
    let settings = settings(&text);
    let error = settings.loaded.as_ref().unwrap().profiles().unwrap_err();
    assert_eq!(
        settings.plain(&error),
        "config.toml: line 5: [backup.b]: mode: use incremental or full; \
         line 10: [backup.a]: verify: use after or none"
    );
}

#[test]
fn a_profile_that_is_not_there() {
    let unknown = |text: &str| {
        let error = settings(text)
            .loaded
            .unwrap()
            .profile("weekly")
            .unwrap_err();
        assert_eq!(error.exit, Exit::Usage);
        assert!(
            error
                .message
                .ends_with("config.toml has no profile 'weekly'"),
            "{error}"
        );
        error.help.unwrap()
    };
    assert_eq!(unknown(""), "it needs a table [backup.NAME]");
    let text = format!("[backup.b]\n{NEEDED}[backup.a]\n{NEEDED}");
    assert_eq!(unknown(&text), "it has a, b");
}

#[test]
fn what_is_mounted_and_what_is_not() {
    assert!(
        with("require_mount = \"/proc\"")
            .unwrap()
            .check_mount()
            .is_ok()
    );
    assert!(with("").unwrap().check_mount().is_ok());
    let settings = settings(&format!("[backup.a]\n{NEEDED}require_mount = \".\""));
    let error = settings.profile("a").unwrap().check_mount().unwrap_err();
    assert_eq!(error.exit, Exit::Failed);
    assert!(
        error
            .message
            .starts_with("backup 'a': nothing is mounted at "),
        "{error}"
    );
    let error = with("require_mount = \"/proc/none\"")
        .unwrap()
        .check_mount()
        .unwrap_err();
    assert_eq!(
        error.message,
        "backup 'nightly': cannot see whether something is mounted at /proc/none"
    );
}

#[test]
fn a_zone_of_the_calendar() {
    // Debian's own images come without tzdata.
    if jiff::tz::db().is_definitively_empty() {
        let error = with("time_zone = \"Europe/London\"").unwrap_err();
        assert!(error.contains("install the package tzdata"), "{error}");
        return;
    }
    let profile = with("time_zone = \"Europe/London\"").unwrap();
    assert_eq!(profile.time_zone.iana_name(), Some("Europe/London"));
}
