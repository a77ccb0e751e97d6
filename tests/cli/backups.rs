//! `exeat backup`: a host that can open nothing of what it writes, the folder
//! that its packages go to, and whoever restores them.

mod chain;
mod changes;
mod company;
mod dumps;
mod failing;
mod held;
mod kept;
pub(crate) mod live;
mod nights;
mod owners;
mod stopped;
mod told;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::environment::{Env, Ran};
use crate::tree::{assert_nothing_partial, assert_same, look};

/// Files that nobody has touched for long: what changed less than a minute before
/// is read again by every run.
const SETTLED: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../exeat-readers/samples/image"
);

/// Where backups of the folder `clinic` go to, `to` beside it; the host has no
/// identity, and the recipient trusts its signature.
pub(crate) struct Site {
    pub(crate) env: Env,
}

impl Site {
    pub(crate) fn new() -> Self {
        let env = Env::new();
        env.person("host");
        env.person("recipient");
        env.by("recipient", "trust host/signer.txt").ends(0);
        fs::remove_file(env.path("host/identity.txt")).unwrap();
        fs::rename(
            env.path("recipient/recipient.txt"),
            env.path("host/registry.txt"),
        )
        .unwrap();
        fs::create_dir(env.path("to")).unwrap();
        Self { env }
    }

    /// With the sample tree in `clinic` and a profile of that name, which has
    /// these lines more.
    pub(crate) fn with_clinic(more: &str) -> Self {
        let site = Self::new();
        site.env.sample("clinic");
        site.of_files("clinic", more);
        site
    }

    /// One whose second package rests on the first, too: with files that have not
    /// changed for long.
    pub(crate) fn with_settled(more: &str) -> Self {
        let site = Self::new();
        site.env
            .write("clinic/letters/Zoë.txt", "Dear Dr Example,\n");
        let sources = format!("sources = [\"../clinic\", \"{SETTLED}\"]\n{more}");
        site.profile("clinic", &sources);
        site
    }

    /// Adds a profile with these lines; it goes to `to` if they say nothing else.
    pub(crate) fn profile(&self, name: &str, lines: &str) {
        let mut text = self.env.read("host/config.toml");
        text += &format!("\n[backup.{name}]\nrecipients_file = \"registry.txt\"\n{lines}\n");
        if !lines.lines().any(|line| line.starts_with("to = ")) {
            text += "to = \"../to\"\n";
        }
        self.env.write("host/config.toml", text);
    }

    pub(crate) fn of_files(&self, name: &str, more: &str) {
        self.profile(name, &format!("sources = [\"../clinic\"]\n{more}"));
    }

    /// One of what a shell prints.
    pub(crate) fn of_shell(&self, name: &str, script: &str, more: &str) {
        let source = format!("command = [\"sh\", \"-c\", '''{script}'''], name = \"dump.sql\"");
        let lines = match more.strip_prefix("expect_end") {
            Some(end) => format!("source = {{ {source}, expect_end{end} }}"),
            None => format!("source = {{ {source} }}\n{more}"),
        };
        self.profile(name, &lines);
    }

    /// Runs `exeat backup` on the host.
    pub(crate) fn backup(&self, line: &str) -> Ran {
        self.env.by("host", &format!("backup {line}"))
    }

    /// The same with `--json`: how it ended, and its result.
    #[track_caller]
    pub(crate) fn json(&self, line: &str, code: i32) -> Value {
        let ran = self.backup(&format!("{line} --json")).ends(code);
        let document: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(document["command"], "backup");
        assert_eq!(document["exit"], code);
        document["result"].clone()
    }

    /// A run that goes well.
    #[track_caller]
    pub(crate) fn night(&self, name: &str) -> Value {
        self.json(&format!("run {name}"), 0)
    }

    /// What speaks against the chain, by its codes; `status` has to end so.
    #[track_caller]
    pub(crate) fn findings(&self, name: &str, code: i32) -> Vec<String> {
        let status = self.json(&format!("status {name}"), code);
        let findings = status["profiles"][0]["findings"].as_array().unwrap();
        let codes = findings.iter().map(|one| one["code"].as_str().unwrap());
        codes.map(str::to_owned).collect()
    }

    /// Opens as the recipient.
    pub(crate) fn open(&self, line: &str) -> Ran {
        self.env.by("recipient", &format!("open {line}"))
    }

    /// Restores the newest into `again` and compares the folder `clinic`, times
    /// and modes, too.
    #[track_caller]
    pub(crate) fn comes_back(&self) {
        self.open("to --as-of now --to again").ends(0);
        self.same("clinic", "again/clinic");
        fs::remove_dir_all(self.env.path("again")).unwrap();
    }

    #[track_caller]
    pub(crate) fn same(&self, one: impl AsRef<Path>, other: impl AsRef<Path>) {
        assert_same(&look(&self.env.path(one)), &look(&self.env.path(other)));
    }

    /// The packages in a folder, by their numbers. Nothing else lies there but a
    /// record of what was removed.
    #[track_caller]
    pub(crate) fn packages(&self, folder: &str) -> BTreeMap<u64, PathBuf> {
        let folder = self.env.path(folder);
        assert_nothing_partial(&folder);
        let mut packages = BTreeMap::new();
        for item in fs::read_dir(&folder).unwrap() {
            let path = item.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if name.starts_with(".exeat-pruned-") {
                continue;
            }
            assert!(name.ends_with(".exeat"), "{name}");
            let manifest = fs::read(path.join("manifest.json")).unwrap();
            let manifest: Value = serde_json::from_slice(&manifest).unwrap();
            let sequence = manifest["series"]["sequence"].as_u64().unwrap();
            assert_eq!(packages.insert(sequence, path), None);
        }
        packages
    }

    #[track_caller]
    pub(crate) fn numbers(&self, folder: &str) -> Vec<u64> {
        self.packages(folder).into_keys().collect()
    }

    /// A file in what the host remembers of a profile.
    pub(crate) fn state(&self, name: &str, file: &str) -> PathBuf {
        let folder = self.env.path("../state/exeat/backup");
        folder.join(name).join(file)
    }
}

/// The words of one kind of list.
pub(crate) fn words(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap();
    list.iter()
        .map(|word| {
            word.as_str()
                .map_or_else(|| word.to_string(), str::to_owned)
        })
        .collect()
}
