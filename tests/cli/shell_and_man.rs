//! What `exeat util` makes for shells and for `man`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt as _, symlink};

use serde_json::Value;

use crate::environment::{Env, Ran, require};
use crate::tree::unchanged;

/// Every command that the help shows, with those below it: `policy show`.
fn shown(env: &Env, above: &str) -> Vec<String> {
    let help = env.run(&format!("{above} --help")).ends(0).out;
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return Vec::new();
    };
    let list = list.lines().take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.strip_prefix("  "));
    let names = names.filter(|line| !line.starts_with(' '));
    let names = names.filter_map(|line| line.split(' ').next());
    let mut found = Vec::new();
    for name in names.filter(|name| *name != "help") {
        let command = format!("{above} {name}").trim().to_owned();
        found.extend(shown(env, &command));
        found.push(command);
    }
    found
}

#[test]
fn completions_are_scripts_of_each_shell() {
    let env = Env::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = env.run(&format!("util completions {shell}")).ends(0).out;
        assert!(script.contains("export"), "{shell}");
        assert!(script.contains("volume-size"), "{shell}");
        assert!(!script.contains("read-content"), "{shell}");
        let json = env.run(&format!("util completions {shell} --json")).ends(0);
        let json: Value = serde_json::from_str(&json.out).unwrap();
        assert_eq!(json["command"], "util");
        assert_eq!(json["result"]["shell"], shell);
        let text = json["result"]["text"].as_str().unwrap();
        assert_eq!(text.trim_end(), script.trim_end());
        if ["bash", "zsh", "fish"].contains(&shell) && require(&[shell]) {
            env.write("script", &script);
            env.tool(&format!("{shell} -n script"));
        }
    }
    let ran = env.run("util completions tcsh").ends(2);
    assert!(
        ran.says("[possible values: bash, elvish, fish")
            .out
            .is_empty()
    );
    env.run("util completions").ends(2).says("<SHELL>");
    env.run("util").ends(2).says("completions");
}

#[test]
fn bash_completes_commands_and_options() {
    if !require(&["bash"]) {
        return;
    }
    let env = Env::new();
    let script = env.run("util completions bash").ends(0).out;
    env.write("script", script);
    let completed = |words: &str| {
        let mut command = env.command("bash");
        let line = "source ./script; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); \
                    _exeat exeat \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD-1]}\"; \
                    printf '%s\\n' \"${COMPREPLY[@]}\"";
        command.args(["-c", line, "bash"]).args(words.split(' '));
        let ran = Ran::of(&mut command).ends(0);
        assert!(ran.err.is_empty(), "{ran}");
        let found = ran.out.lines().filter(|line| !line.is_empty());
        found.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let set = |words: &str| words.split_whitespace().map(str::to_owned).collect();
    assert_eq!(completed("exeat exp"), set("export"));
    assert_eq!(completed("exeat verify --sig"), set("--signer"));
    assert_eq!(completed("exeat util completions z"), set("zsh"));
    assert_eq!(completed("exeat read"), set(""));
    let below = completed("exeat policy ");
    assert!(below.is_superset(&set("check init show")), "{below:?}");
    let first = completed("exeat ");
    for command in shown(&env, "") {
        let name = command.split(' ').next().unwrap();
        assert!(first.contains(name), "{name} is not in {first:?}");
    }
}

#[test]
fn every_command_that_people_see_has_a_page() {
    let env = Env::new();
    fs::create_dir(env.path("pages")).unwrap();
    let ran = env.run("util man pages").ends(0);
    assert!(
        ran.out.contains("into pages\nnext: man -l pages/exeat.1"),
        "{ran}"
    );
    let commands = shown(&env, "");
    for known in ["export", "policy", "policy show", "util man", "demo"] {
        assert!(commands.iter().any(|c| c == known), "{commands:?}");
    }
    let named = |command: &str| format!("exeat-{}.1", command.replace(' ', "-"));
    let mut expected: BTreeSet<_> = commands.iter().map(|c| named(c)).collect();
    expected.insert("exeat.1".to_owned());
    let found: BTreeSet<_> = fs::read_dir(env.path("pages"))
        .unwrap()
        .map(|item| item.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, expected);

    let has_groff = require(&["groff"]);
    for file in &found {
        let text = env.read(format!("pages/{file}"));
        let command = file.trim_end_matches(".1");
        assert!(text.contains(&format!("\n.TH {command} 1 ")), "{text}");
        for heading in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS"] {
            assert!(
                text.contains(&format!("\n.SH {heading}\n")),
                "{file} {heading}"
            );
        }
        for hidden in ["read-content", "attend-command"] {
            assert!(!text.contains(hidden), "{file}");
        }
        let leads_on = commands
            .iter()
            .any(|c| named(c).starts_with(&format!("{command}-")));
        assert_eq!(leads_on, text.contains("\n.SH SUBCOMMANDS\n"), "{file}");
        assert_ne!(leads_on, text.contains("\n.SH EXAMPLES\n"), "{file}");
        if has_groff {
            let line = format!("groff -k -ww -man -Tutf8 -P-cbou pages/{file}");
            let mut command = env.command("groff");
            let ran = Ran::of(command.args(line.split(' ').skip(1))).ends(0);
            assert!(ran.err.is_empty(), "{ran}");
            let usage = format!("SYNOPSIS\n       {}", file.replace("exeat-", "exeat "));
            let usage = usage.trim_end_matches(".1").replace("policy-", "policy ");
            let usage = usage.replace("ledger-", "ledger ");
            let usage = usage.replace("backup-", "backup ");
            assert!(ran.out.contains(&usage.replace("util-", "util ")), "{ran}");
        }
    }
    let export = env.read("pages/exeat-export.1");
    assert!(
        export.contains("exeat export [OPTIONS] \\-\\-to <DIR> <SRC>..."),
        "{export}"
    );
}

#[test]
fn pages_that_are_there_stay_unless_force_is_used() {
    let env = Env::new();
    fs::create_dir(env.path("pages")).unwrap();
    env.write("pages/exeat-open.1", "mine");
    let ran = unchanged(&env, || env.run("util man pages")).ends(1);
    let words = "pages has exeat-open.1 already; nothing was written\n  --force replaces them";
    assert!(ran.says(words).out.is_empty());
    let ran = unchanged(&env, || env.run("util man pages --json")).ends(1);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["error"]["code"], "destination-exists");

    // A link is replaced itself, and not what it leads to.
    let other = env.write("other", "mine too");
    symlink(&other, env.path("pages/exeat.1")).unwrap();
    let ran = env.run("util man pages --force --json").ends(0);
    let json: Value = serde_json::from_str(&ran.out).unwrap();
    let pages = json["result"]["pages"].as_array().unwrap().len();
    assert_eq!(fs::read_dir(env.path("pages")).unwrap().count(), pages);
    assert!(env.read("pages/exeat-open.1").contains(".TH exeat-open 1"));
    assert!(env.read("pages/exeat.1").contains(".TH exeat 1"));
    assert_eq!(env.read("other"), "mine too");
    let ran = unchanged(&env, || env.run("util man pages")).ends(1);
    ran.says("pages has exeat.1 to exeat-demo.1 already");

    // A folder of that name is nobody's old page.
    fs::remove_file(env.path("pages/exeat-verify.1")).unwrap();
    fs::create_dir(env.path("pages/exeat-verify.1")).unwrap();
    for force in ["", "--force"] {
        let ran = unchanged(&env, || env.run(&format!("util man pages {force}"))).ends(1);
        ran.says("pages/exeat-verify.1 is a folder; nothing was written");
    }
}

#[test]
fn pages_go_into_a_folder_that_is_there() {
    let env = Env::new();
    let ran = unchanged(&env, || env.run("util man nowhere")).ends(1);
    ran.says("cannot open nowhere: No such file or directory\n  make the folder first");
    env.write("file", "");
    let ran = unchanged(&env, || env.run("util man file")).ends(1);
    ran.says("file is not a folder\n  name a folder");
    env.run("util man").ends(2).says("<DIR>");
}

/// Packages are built where there is no home and nobody's settings.
#[test]
fn pages_need_no_settings_and_go_by_the_umask() {
    let env = Env::new();
    env.write("broken/config.toml", "what = is this");
    fs::create_dir(env.path("pages")).unwrap();
    let mut command = env.command("sh");
    let line = "umask 027; exec \"$0\" --config-dir broken util man pages";
    command.env_remove("HOME").env_remove("XDG_CONFIG_HOME");
    Ran::of(command.args(["-c", line, env!("CARGO_BIN_EXE_exeat")])).ends(0);
    let mode = fs::metadata(env.path("pages/exeat.1")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o640);
}

/// The longest page cannot be written where files may have 3 KiB: those before
/// it are taken back, and old pages stay as they were.
#[test]
fn all_pages_are_written_or_none() {
    let env = Env::new();
    fs::create_dir(env.path("pages")).unwrap();
    for force in ["", "--force"] {
        let mut command = env.command("bash");
        let line = format!("trap '' XFSZ; ulimit -f 3; exec \"$0\" util man pages {force}");
        command.args(["-c", &line, env!("CARGO_BIN_EXE_exeat")]);
        let ran = unchanged(&env, || Ran::of(&mut command)).ends(1);
        ran.says("cannot write pages/exeat-request.1")
            .says("\n  nothing was written");
        env.write("pages/exeat.1", "old");
    }
}
