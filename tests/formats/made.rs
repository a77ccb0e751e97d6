//! The files that `make.py` makes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::environment::{Env, Ran, skipped};

const PYTHON: &str = "target/python/bin/python";

/// A folder of made files and what is in it.
pub(crate) struct Made {
    pub(crate) env: Env,
    /// The name of the folder within the environment.
    pub(crate) folder: &'static str,
    manifest: Value,
}

/// A path in the repository.
fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(path)
}

/// Python with the libraries that `tests/run` installs, and the script, which
/// leaves nothing in the repository.
fn make(env: &Env) -> Command {
    let mut command = env.command(root(PYTHON));
    command.arg("-B").arg(root("tests/formats/make.py"));
    command
}

/// Why nothing can be made, if so.
fn obstacle(env: &Env) -> Option<String> {
    if !root(PYTHON).is_file() {
        return Some(format!("there is no {PYTHON}; tests/run makes it"));
    }
    let missing = Ran::of(make(env).arg("--missing")).ends(0).out;
    let missing = missing.trim();
    (!missing.is_empty()).then(|| format!("not installed: {missing}; tests/run installs it"))
}

impl Made {
    /// Makes one kind of files; `None`, said loudly, where that is not
    /// possible.
    pub(crate) fn new(what: &'static str, people: u64) -> Option<Self> {
        let env = Env::new();
        if let Some(why) = obstacle(&env) {
            assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "{why}");
            skipped(&why);
            return None;
        }
        let people = people.to_string();
        Ran::of(make(&env).args([what, what, "--people", &people])).ends(0);
        let manifest = fs::read_to_string(env.path(format!("{what}.json"))).unwrap();
        Some(Self {
            env,
            folder: what,
            manifest: serde_json::from_str(&manifest).unwrap(),
        })
    }

    /// What the manifest says under a name.
    pub(crate) fn manifest(&self, name: &str) -> &Value {
        &self.manifest[name]
    }

    /// How many people there are.
    pub(crate) fn people(&self) -> u64 {
        self.manifest["people"].as_u64().unwrap()
    }

    /// Runs exeat, which ends in ten minutes at the latest, and shows nothing
    /// of anybody.
    pub(crate) fn exeat(&self, words: &[&str]) -> Ran {
        let mut command = self.env.command("timeout");
        command.arg("600").arg(env!("CARGO_BIN_EXE_exeat"));
        let ran = Ran::of(command.args(words));
        assert_ne!(ran.code, Some(124), "exeat does not end:\n{ran}");
        for value in self.manifest["values"].as_array().unwrap() {
            let value = value.as_str().unwrap();
            let shown = ran.out.contains(value) || ran.err.contains(value);
            assert!(!shown, "{value} is shown by {words:?}");
        }
        ran
    }
}
