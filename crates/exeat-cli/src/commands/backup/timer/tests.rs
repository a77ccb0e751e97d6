use super::*;
use crate::config::Inherited;

const FILES: &str = "sources = [\"/srv/clinic\", \"/srv/a b\"]\n";

/// The settings in a folder of that name, with a profile of this.
fn with<T>(name: &str, table: &str, test: impl FnOnce(&Needs<'_>, &Path) -> T) -> T {
    let dir = tempfile::TempDir::with_prefix("exeat-test-").unwrap();
    let settings = dir.path().join(name);
    std::fs::create_dir(&settings).unwrap();
    let text = format!("[backup.nightly]\n{table}to = \"/backup/100%\"\nrecipients = [\"r\"]\n");
    std::fs::write(settings.join("config.toml"), text).unwrap();
    let config = Config::load(Some(&settings), Inherited::default()).unwrap();
    let profile = config.profile("nightly").unwrap();
    let mut needs = Needs::of(&profile, &config).unwrap();
    // Where it is built, and where the tests run, is of no interest.
    needs.exe = "/usr/bin/exeat".into();
    needs.config_dir = Path::new("/etc").join(name);
    needs.state_home = "/root/.local/state".into();
    needs.writes = vec!["/backup/100%".into(), "/root/.local/state/exeat".into()];
    test(&needs, &settings)
}

/// The service of a profile of this.
fn service(name: &str, table: &str) -> String {
    with(name, table, |needs, _| {
        let units = systemd::units(needs, "*-*-* 02:00:00").unwrap();
        assert_eq!(units[0].file, "exeat-backup-nightly.service");
        units[0].text.clone()
    })
}

#[track_caller]
fn has(unit: &str, line: &str) {
    assert!(
        unit.lines().any(|one| one == line),
        "no {line:?} in\n{unit}"
    );
}

#[test]
fn a_service_may_do_what_it_has_to() {
    let unit = service("exeat", FILES);
    for line in [
        "RequiresMountsFor=/srv/clinic \"/srv/a b\" /backup/100%%",
        "OnFailure=exeat-failed@%n.service",
        "ExecStart=/usr/bin/exeat --quiet --config-dir /etc/exeat backup run nightly --wait 10m",
        "Environment=XDG_STATE_HOME=/root/.local/state",
        "ReadWritePaths=/backup/100%% /root/.local/state/exeat",
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH",
        "RestrictAddressFamilies=AF_UNIX",
        "SystemCallFilter=@system-service seccomp",
        "PrivateTmp=yes",
    ] {
        has(&unit, line);
    }
    assert!(!unit.contains("SuccessExitStatus") && !unit.contains("LoadCredential"));
}

#[test]
fn a_folder_of_somebody_else_takes_more() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::chown(dir.path(), Some(1000), None).unwrap_or(());
    let metrics = dir.path().join("exeat.prom").display().to_string();
    let unit = service("exeat", &format!("{FILES}metrics = \"{metrics}\"\n"));
    let others = std::os::unix::fs::MetadataExt::uid(&dir.path().metadata().unwrap()) != 0;
    assert_eq!(unit.contains("CAP_DAC_OVERRIDE"), others, "{unit}");
}

#[test]
fn commands_need_more() {
    let dump = "source = { command = [\"/usr/sbin/runuser\", \"-u\", \"postgres\", \"pg_dump\"], name = \"a.sql\" }\n";
    let unit = service("exeat", dump);
    has(
        &unit,
        "CapabilityBoundingSet=CAP_DAC_READ_SEARCH CAP_SETUID CAP_SETGID CAP_KILL",
    );
    has(
        &unit,
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    );
    let hook = format!("{FILES}after = [\"curl\", \"https://example.org\"]\n");
    let unit = service("exeat", &hook);
    has(&unit, "CapabilityBoundingSet=CAP_DAC_READ_SEARCH");
    has(
        &unit,
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK",
    );
}

#[test]
fn keys_are_handed_over() {
    let key = |key: &str| format!("{FILES}signing_key = \"{key}\"\n");
    let unit = service("my settings", &key("credential:signing-key"));
    has(
        &unit,
        "LoadCredential=signing-key:/etc/my settings/signing-key",
    );
    with("exeat", &key("credential:a b"), |needs, _| {
        assert!(systemd::units(needs, "daily").is_err());
    });
    let unit = service("exeat", &key("/media/key/nightly"));
    assert!(!unit.contains("LoadCredential"));
    has(
        &unit,
        "RequiresMountsFor=/srv/clinic \"/srv/a b\" /backup/100%% /media/key/nightly",
    );
}

#[test]
fn words_stay_whole() {
    let unit = service("a \"b\" $c %d", FILES);
    has(
        &unit,
        r#"ExecStart=/usr/bin/exeat --quiet --config-dir "/etc/a \"b\" $$c %%d" backup run nightly --wait 10m"#,
    );
    let line = |name: &str| {
        with(name, FILES, |needs, _| {
            cron::line(needs).map(|unit| unit.text)
        })
    };
    let text = line("it's 5%").unwrap();
    has(
        &text,
        r"0 2 * * * /usr/bin/exeat --quiet --config-dir '/etc/it'\''s 5\%' backup run nightly --wait 10m >/dev/null",
    );
    has(&text, "MAILTO=root");
    assert!(line("a\\b").is_err());
    for (name, is_cron) in [("a\nb", true), ("a\nb", false)] {
        with(name, FILES, |needs, _| match is_cron {
            true => assert!(cron::line(needs).is_err()),
            false => assert!(systemd::units(needs, "daily").is_err()),
        });
    }
}

#[test]
fn what_lies_in_the_folder_for_temporary_files_is_seen() {
    let unit = service("exeat", "sources = [\"/var/tmp/clinic\"]\n");
    assert!(!unit.contains("PrivateTmp=yes"), "{unit}");
}

#[test]
fn units_are_written_once() {
    with("exeat", FILES, |needs, dir| {
        let there = || std::fs::read_dir(dir).unwrap().count();
        let units = systemd::units(needs, "daily").unwrap();
        write::write(dir, &units, 0o022).unwrap();
        write::write(dir, &units, 0o022).unwrap();
        assert_eq!(there(), 4);
        let other = systemd::units(needs, "weekly").unwrap();
        std::fs::remove_file(dir.join(&other[0].file)).unwrap();
        let error = write::write(dir, &other, 0o022).unwrap_err();
        assert!(
            error
                .message
                .contains("exeat-backup-nightly.timer is there already"),
            "{error}"
        );
        assert_eq!(there(), 3, "nothing was written");
        let error = write::write(&dir.join("none"), &units, 0o022).unwrap_err();
        assert_eq!(error.code, "io");
    });
}
