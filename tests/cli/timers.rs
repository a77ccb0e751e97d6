//! `exeat backup timer`: what it prints is what systemd and cron take.

use std::fs;

use crate::environment::{Env, Ran, require};

const PROFILE: &str = "
[backup.nightly]
sources = [\"data\", \"more data\"]
to = \"backup 100%\"
recipients = [\"age1…\"]
metrics = \"prom/nightly.prom\"
signing_key = \"credential:signing-key\"
before = [\"runuser\", \"-u\", \"postgres\", \"true\"]
";

fn settings() -> Env {
    let env = Env::new();
    env.write("my settings/config.toml", PROFILE);
    env
}

/// Runs it with those settings.
fn timer(env: &Env, line: &str) -> Ran {
    let mut command = env.exeat();
    command.args(["--config-dir", "my settings"]);
    Ran::of(command.args(line.split_whitespace()))
}

#[test]
fn systemd_takes_the_units() {
    if !require(&["systemd-analyze"]) {
        return;
    }
    let env = settings();
    fs::create_dir(env.path("units")).unwrap();
    timer(&env, "backup timer nightly --systemd --output units")
        .ends(0)
        .says("note: ");
    let mut units: Vec<_> = fs::read_dir(env.path("units"))
        .unwrap()
        .map(|unit| unit.unwrap().file_name().into_string().unwrap())
        .collect();
    units.sort();
    assert_eq!(
        units,
        [
            "exeat-backup-nightly.service",
            "exeat-backup-nightly.timer",
            "exeat-failed@.service"
        ]
    );
    let verified = |also: &str| {
        let mut verify = env.command("systemd-analyze");
        verify.args(["verify", "--man=no", "--recursive-errors=no"]);
        verify.args(units.iter().map(|unit| env.path("units").join(unit)));
        if !also.is_empty() {
            let service = env.path("units/exeat-backup-nightly.service");
            let text = fs::read_to_string(&service).unwrap();
            fs::write(service, text + also).unwrap();
        }
        Ran::of(&mut verify)
    };
    let ran = verified("");
    assert_eq!((ran.code, &ran.err[..]), (Some(0), ""), "{ran}");
    // It would have said so.
    let ran = verified("NoSuchSetting=yes\n");
    assert!(ran.err.contains("NoSuchSetting"), "{ran}");
}

#[test]
fn units_are_printed_with_their_names() {
    let env = settings();
    let printed = timer(&env, "backup timer nightly --systemd --on-calendar daily").ends(0);
    let place = env.path("");
    let place = place.display().to_string();
    for line in [
        "# exeat-backup-nightly.service".to_owned(),
        "# exeat-backup-nightly.timer".to_owned(),
        "# exeat-failed@.service".to_owned(),
        "OnCalendar=daily".to_owned(),
        format!("LoadCredential=signing-key:{place}my settings/signing-key"),
    ] {
        assert!(
            printed.out.lines().any(|one| one == line),
            "{line}\n{printed}"
        );
    }
    let paths = printed
        .out
        .lines()
        .find(|line| line.starts_with("ReadWritePaths="));
    assert!(
        paths
            .unwrap()
            .contains(&format!("\"{place}my settings/backup 100%%\"")),
        "{printed}"
    );
    let again = timer(&env, "backup timer nightly --systemd --json").ends(0);
    let document: serde_json::Value = serde_json::from_str(&again.out).unwrap();
    assert_eq!(document["command"], "backup");
    assert_eq!(document["result"]["files"].as_array().unwrap().len(), 3);
}

#[test]
fn a_line_of_a_crontab() {
    let env = settings();
    let printed = timer(&env, "backup timer nightly --cron").ends(0);
    let line = printed.out.lines().last().unwrap();
    assert!(line.starts_with("0 2 * * * /"), "{line}");
    assert!(
        line.ends_with("my settings' backup run nightly --wait 10m >/dev/null"),
        "{line}"
    );
}

#[test]
fn what_cannot_be_printed() {
    let env = settings();
    timer(&env, "backup timer nightly").ends(2);
    timer(&env, "backup timer nightly --cron --systemd").ends(2);
    timer(&env, "backup timer weekly --cron")
        .ends(2)
        .says("has no profile 'weekly'\n  it has nightly");
    env.write(
        "my settings/config.toml",
        format!("{PROFILE}schedule = 1\n"),
    );
    timer(&env, "backup timer nightly --cron")
        .ends(5)
        .says("config.toml: line 9: unknown field `schedule`");
}
