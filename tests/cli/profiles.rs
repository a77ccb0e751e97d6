//! `exeat backup run` on a profile whose source is a command: a package where
//! all is well, none where it is not, and who is told.

use std::fs;

use crate::environment::{Env, Ran};

/// A sender with the profile `db`, whose command is this script.
fn settings(script: &str, more: &str) -> Env {
    let env = Env::with_people();
    let old = env.read("sender/config.toml");
    let profile = format!(
        "\n[backup.db]\n\
         source = {{ command = [\"sh\", \"-c\", '''{script}'''], name = \"clinic.sql\", expect_end = \"sqlite\" }}\n\
         to = \"../out\"\n\
         recipients_file = \"../recipient/recipient.txt\"\n\
         metrics = \"db.prom\"\n{more}"
    );
    env.write("sender/config.toml", old + &profile);
    fs::create_dir(env.path("out")).unwrap();
    env
}

fn night(env: &Env) -> Ran {
    env.by("sender", "backup run db")
}

/// What lies where packages go, hidden or not.
fn there(env: &Env) -> Vec<String> {
    let names = fs::read_dir(env.path("out")).unwrap();
    let names = names.map(|one| one.unwrap().file_name().into_string().unwrap());
    names.collect()
}

/// The value of a metric.
fn metric(env: &Env, name: &str) -> String {
    let text = env.read("sender/db.prom");
    let start = format!("exeat_backup_{name}{{profile=\"db\"}} ");
    let mut values = text.lines().filter_map(|line| line.strip_prefix(&start));
    values.next().expect(name).to_owned()
}

#[test]
fn what_a_command_prints_comes_back() {
    let hooks = "before = [\"sh\", \"-c\", \"echo $EXEAT_OUTCOME >told\"]\n\
                 after = [\"sh\", \"-c\", \"echo $EXEAT_OUTCOME $EXEAT_EXIT >>told; test -d $EXEAT_PACKAGE\"]\n";
    let env = settings("seq 100000; echo COMMIT\";\"", hooks);
    night(&env).ends(0);
    let [package] = &there(&env)[..] else {
        panic!("{:?}", there(&env));
    };
    let open = format!("open out/{package} --to opened -i recipient/identity.txt");
    env.by("recipient", &open).ends(0);
    let dump = env.read("opened/clinic.sql");
    assert!(dump.starts_with("1\n2\n") && dump.ends_with("\n100000\nCOMMIT;\n"));
    assert_eq!(env.read("told"), "begun\ndone 0\n");
    assert_eq!(metric(&env, "last_run_success"), "1");
    assert_eq!(metric(&env, "series_sequence"), "1");
}

#[test]
fn what_is_not_whole_leaves_no_package() {
    for (script, message) in [
        ("seq 9; exit 3", "sh ended with exit code 3"),
        ("seq 9; kill -9 $$", "sh was killed by signal 9"),
        ("seq 9", "it does not end with 'COMMIT;'"),
        (
            "(exec sleep 1000 >/dev/null) & echo COMMIT\";\"",
            "sh ended while 1 process that it had started went on (sleep)",
        ),
        ("seq 3000000; exit 4", "sh ended with exit code 4"),
    ] {
        let hook = "on_failure = [\"sh\", \"-c\", \"echo $EXEAT_OUTCOME $EXEAT_EXIT >told\"]\n";
        let env = settings(script, hook);
        night(&env).ends(1).says(message);
        assert_eq!(there(&env), [""; 0], "{script}");
        assert_eq!(env.read("told"), "failed 1\n");
        assert_eq!(metric(&env, "last_run_success"), "0");
        assert_eq!(metric(&env, "last_run_exit_code"), "1");
    }
}

#[test]
fn a_command_before_it_that_fails_stops_it() {
    let hooks = "before = [\"sh\", \"-c\", \"echo no >&2; exit 5\"]\n\
                 on_failure = [\"false\"]\n";
    let env = settings("echo COMMIT\";\"; touch ran", hooks);
    night(&env)
        .ends(1)
        .says("backup 'db': before: sh ended with exit code 5: no")
        .says("backup 'db': on_failure: false ended with exit code 1");
    assert_eq!(there(&env), [""; 0]);
    assert!(!env.path("ran").exists());
}
