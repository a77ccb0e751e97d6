//! What people, their programs and their monitors are told, and settings that
//! are wrong.

use std::fs;

use super::Site;

fn shell(key: &str, script: &str) -> String {
    format!("{key} = [\"sh\", \"-c\", '''{script}''']\n")
}

/// The value of a metric.
fn metric(site: &Site, name: &str) -> Option<String> {
    let text = site.env.read("clinic.prom");
    let start = format!("exeat_backup_{name}{{profile=\"clinic\"}} ");
    let mut lines = text.lines().filter_map(|line| line.strip_prefix(&start));
    lines.next().map(str::to_owned)
}

#[test]
fn programs_before_and_after() {
    let tell = |file: &str| {
        format!("echo $EXEAT_PROFILE $EXEAT_OUTCOME $EXEAT_EXIT $EXEAT_PACKAGE >> {file}")
    };
    let more = [
        shell("before", &format!("{}; test ! -e stop", tell("before"))),
        shell("after", &format!("{}; test ! -e late", tell("after"))),
        shell("on_failure", &tell("failed")),
        "metrics = \"../clinic.prom\"\n".to_owned(),
    ];
    let site = Site::with_clinic(&more.concat());
    let first = site.night("clinic");
    assert_eq!(site.env.read("before"), "clinic begun\n");
    let path = first["path"].as_str().unwrap();
    assert_eq!(site.env.read("after"), format!("clinic done 0 {path}\n"));
    assert!(site.env.path(path).join("manifest.json.sig").exists());
    assert!(!site.env.path("failed").exists());
    assert_eq!(metric(&site, "last_run_success").unwrap(), "1");
    assert_eq!(metric(&site, "series_sequence").unwrap(), "1");
    assert_eq!(metric(&site, "files").unwrap(), "5");
    let success = metric(&site, "last_success_timestamp_seconds").unwrap();

    site.env.write("stop", "");
    let ran = site.backup("run clinic").ends(1);
    ran.says("backup 'clinic': before: sh ended with exit code 1")
        .says("no backup was made; run the command by hand to see what is wrong");
    assert_eq!(site.numbers("to"), [1]);
    assert_eq!(site.env.read("failed"), "clinic failed 1\n");
    assert_eq!(site.env.read("after").lines().count(), 1);
    assert_eq!(metric(&site, "last_run_success").unwrap(), "0");
    assert_eq!(metric(&site, "last_run_exit_code").unwrap(), "1");
    assert_eq!(
        metric(&site, "last_success_timestamp_seconds").unwrap(),
        success
    );
    assert_eq!(metric(&site, "files"), None);
    let status = site.json("status clinic", 9);
    assert_eq!(status["profiles"][0]["last_run"]["outcome"], "hook-failed");

    // One that fails afterwards is a warning: the package is there.
    fs::remove_file(site.env.path("stop")).unwrap();
    site.env.write("late", "");
    let ran = site.backup("run clinic").ends(7);
    ran.says("warning: backup 'clinic': after: sh ended with exit code 1");
    assert_eq!(site.numbers("to"), [1, 2]);
    assert_eq!(metric(&site, "last_run_success").unwrap(), "0");
    assert_eq!(metric(&site, "last_run_exit_code").unwrap(), "7");
    assert_eq!(site.env.read("failed").lines().count(), 1);
    site.comes_back();
}

#[test]
fn a_backup_that_is_too_old() {
    let site = Site::with_clinic("max_age = \"26h\"");
    site.json("status clinic", 9);
    site.night("clinic");
    let status = site.json("status clinic", 0);
    let one = &status["profiles"][0];
    assert_eq!(one["max_age_seconds"], 26 * 3600);
    assert_eq!(
        (&one["is_stale"], &one["packages"]),
        (&false.into(), &1.into())
    );
    for name in ["package", "sequence", "created", "age_seconds"] {
        assert!(!one["newest"][name].is_null(), "{name}");
    }
    for name in ["started", "ended", "outcome"] {
        assert!(one["last_run"][name].is_string(), "{name}");
    }
    assert!(one["error"].is_null());
    // By a clock that is a day and more ahead.
    if !crate::environment::require(&["faketime"]) {
        return;
    }
    let mut command = site.env.command("faketime");
    command.args(["-f", "+27h", env!("CARGO_BIN_EXE_exeat")]);
    command.args(["--config-dir", "host", "backup", "status", "clinic"]);
    let ran = crate::environment::Ran::of(&mut command).ends(9);
    assert!(ran.out.contains("STALE, number 1 of "), "{ran}");
}

#[test]
fn settings_that_are_wrong() {
    let site = Site::with_clinic("");
    let lines = site.env.read("host/config.toml").lines().count();
    site.of_files("typo", "kep = { last = 5 }");
    // The empty line, the table's name, the recipients, the sources.
    let line = lines + 5;
    for command in [
        "run clinic",
        "run typo",
        "status",
        "list clinic",
        "prune clinic",
    ] {
        let ran = site.backup(command).ends(5);
        ran.says(&format!(
            "config.toml: line {line}: unknown field `kep`, expected one of"
        ));
    }
    assert!(site.numbers("to").is_empty());
    let text = site.env.read("host/config.toml");
    site.env
        .write("host/config.toml", text.replace("kep =", "keep ="));
    site.night("clinic");
    let ran = site.backup("run weekly").ends(2);
    ran.says("has no profile 'weekly'")
        .says("it has clinic, typo");
}

#[test]
fn recipients_that_have_expired() {
    let site = Site::new();
    site.env.sample("clinic");
    let key = site.env.read("host/registry.txt");
    let recipients = |expires: &str| {
        let text = format!(
            "[[recipient]]\nname = \"Registry\"\nkey = \"{}\"\nexpires = {expires}\n",
            key.trim()
        );
        site.env.write("host/recipients.toml", text);
    };
    recipients("2999-12-31");
    let text = site.env.read("host/config.toml");
    let profile = "\n[backup.clinic]\nsources = [\"../clinic\"]\nto = \"../to\"\n\
                   recipients = [\"Registry\"]\n";
    site.env.write("host/config.toml", text + profile);
    site.night("clinic");
    recipients("2020-01-31");
    let ran = site.backup("run clinic --json").ends(3);
    let document: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert!(document["result"].is_null());
    let finding = &document["error"]["findings"][0];
    let message = finding["message"].as_str().unwrap();
    assert!(message.contains("Registry"), "{finding}");
    assert!(message.contains("2020-01-31"), "{finding}");
    assert_eq!(site.numbers("to"), [1]);
    // The one that is there is looked at and looked after as before.
    site.backup("status clinic --max-age 26h").ends(0);
    site.backup("prune clinic").ends(0);
    site.comes_back();
    // Nobody of that name: the settings are wrong.
    fs::remove_file(site.env.path("host/recipients.toml")).unwrap();
    site.backup("run clinic").ends(5);
}

/// What the host keeps, and what it has signed, opens nothing.
#[test]
fn the_host_cannot_open_what_it_wrote() {
    let site = Site::with_clinic("");
    let home = fs::read_dir(site.env.path("home")).unwrap();
    assert_eq!(home.count(), 0);
    site.night("clinic");
    let ran = site.env.by("host", "open to --as-of now --to mine").ends(2);
    ran.says("no identity to open the package with");
    let ran = site
        .env
        .by("host", "open to --as-of now --to mine -i host/signing_key");
    assert_ne!(ran.code, Some(0), "{ran}");
    assert!(!site.env.path("mine").exists());
    for line in ["list clinic", "status clinic", "prune clinic", "run clinic"] {
        site.backup(line).ends(0);
    }
    site.comes_back();
    // Names are remembered, for the host's owner alone.
    use std::os::unix::fs::PermissionsExt as _;
    for file in ["files.jsonl", "chain.json", "lock"] {
        let meta = fs::metadata(site.state("clinic", file)).unwrap();
        assert_eq!(meta.permissions().mode() & 0o777, 0o600, "{file}");
    }
}

/// In a crontab: without a terminal nothing is said but the summary.
#[test]
fn quiet_but_for_the_summary() {
    let site = Site::with_clinic("");
    let ran = site.backup("run clinic").ends(0);
    assert!(ran.err.is_empty(), "{ran}");
    let lines: Vec<_> = ran.out.lines().collect();
    assert!(lines[0].starts_with("backed up clinic into "), "{ran}");
    assert_eq!(lines.len(), 5, "{ran}");
}
