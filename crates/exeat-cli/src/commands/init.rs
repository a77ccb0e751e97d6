//! `exeat init`: what a user needs once.

use exeat_core::path::shown;
use std::path::{Path, PathBuf};

use exeat_core::keys::{IdentityPair, write_secret_file};
use exeat_core::signature::{AllowedSigner, SigningKey};
use jiff::Timestamp;
use serde::Serialize;

use super::{PURPOSES, new_passphrase};
use crate::args::Init;
use crate::config::{self, Config, cannot_read};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::ui::{Report, Ui};

/// The recipient line, kept because a protected identity does not tell it.
const RECIPIENT: &str = "recipient.txt";
/// The signer line.
const SIGNER: &str = "signer.txt";

/// What earlier versions wrote into the signer line.
const EARLIER: [&str; 2] = ["exeat.package.v1", "exeat.package.v1,exeat.rekey.v1"];

#[derive(Serialize)]
struct Lines<'a> {
    recipient: &'a str,
    signer: &'a str,
    fingerprint: String,
    config_dir: String,
}

pub(crate) fn run(args: &Init, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    if args.show {
        return show(config, ui);
    }
    let paths = Paths::new(config, args.signing_key.as_deref())?;
    paths.check_free()?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => default_name()?,
    };
    let key = match &args.signing_key {
        Some(path) => config::read_signing_key(path, ui)?,
        None => SigningKey::generate(&name),
    };
    let signer = AllowedSigner::new(
        &name,
        &PURPOSES.map(|(namespace, _)| namespace),
        key.public(),
    )
    .map_err(|problem| {
        CommandError::usage(format!(
            "this name cannot stand in a signer line: {problem}"
        ))
        .with_help("pass --name with a name such as alice@clinic.example")
    })?
    .to_string();
    let pair = IdentityPair::generate();
    let now = Timestamp::now();
    let identity = if args.passphrase {
        let prompt = "New passphrase for your identity (or Enter to have one made): ";
        let passphrase = new_passphrase(prompt)?;
        let file = pair.to_encrypted_file(now, &passphrase);
        zeroize::Zeroizing::new(file.map_err(|e| CommandError::io("cannot encrypt", &e))?)
    } else {
        pair.to_file(now)
    };
    let secret = match &args.signing_key {
        Some(_) => None,
        None => Some(key.to_openssh(None)?),
    };
    paths.write(&Files {
        identity: &identity,
        secret: secret.as_ref().map(|text| text.as_bytes()),
        public: &format!("{} {name}\n", key.public().to_openssh()),
        recipient: &pair.recipient(),
        signer: &signer,
        settings: &settings(&paths),
    })?;
    config::append_line(&config.allowed_signers_path(), &signer).map_err(|e| {
        CommandError::io("your keys are made, but not yet trusted by yourself", &e)
            .with_help(format!("run: exeat trust {}", shown(&paths.signer)))
    })?;
    let mut report = report(config, &pair.recipient(), &signer, &key, ui);
    report.intro = vec![
        format!(
            "Your keys are in {}; keep a copy of that folder in a safe place.",
            shown(config.dir())
        ),
        "Who loses the identity can never open what was sealed for it.".to_owned(),
        String::new(),
        "Send these two lines to your partners. The first lets them seal packages for you,"
            .to_owned(),
        "the second lets them check that a package is yours. Neither is secret.".to_owned(),
        format!(
            "Tell them by another channel that the key has the fingerprint\n  {}",
            key.public().fingerprint()
        ),
        String::new(),
    ];
    Ok(report)
}

fn show(config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let read = |name: &str| {
        let path = config.dir().join(name);
        config::read_text(&path)
            .map(|text| text.trim_end().to_owned())
            .map_err(|e| cannot_read(&path, &e).with_help("run 'exeat init' to make your keys"))
    };
    let (recipient, signer) = (read(RECIPIENT)?, read(SIGNER)?);
    let line = AllowedSigner::parse(&signer).map_err(|problem| {
        let path = config.dir().join(SIGNER);
        CommandError::new(Exit::Configuration, "signer-line", problem).about(shown(&path))
    })?;
    let signer = present(&line).map_or(signer, |line| line.to_string());
    let result = Lines {
        recipient: &recipient,
        signer: &signer,
        fingerprint: line.key().fingerprint().to_string(),
        config_dir: config.dir().display().to_string(),
    };
    Ok(Report::new(
        ui,
        || format!("{recipient}\n{signer}"),
        &result,
    ))
}

/// A line that an earlier version wrote, as this one writes it; one that its
/// owner has changed is not touched.
fn present(line: &AllowedSigner) -> Option<AllowedSigner> {
    let namespaces = line.namespaces()?.as_str();
    let is_earlier = EARLIER.contains(&namespaces);
    let namespaces = PURPOSES.map(|(namespace, _)| namespace);
    is_earlier.then(|| line.clone().narrowed(&namespaces).ok())?
}

fn report(config: &Config, recipient: &str, signer: &str, key: &SigningKey, ui: &Ui) -> Report {
    let result = Lines {
        recipient,
        signer,
        fingerprint: key.public().fingerprint().to_string(),
        config_dir: config.dir().display().to_string(),
    };
    Report::new(ui, || format!("{recipient}\n{signer}"), &result)
}

/// `user@host`, which a person can recognise, where no name was given.
fn default_name() -> Result<String, CommandError> {
    let user = etcetera::home_dir()
        .ok()
        .and_then(|home| Some(home.file_name()?.to_str()?.to_owned()));
    let host = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    user.map(|user| format!("{user}@{host}"))
        .ok_or_else(|| CommandError::usage("pass --name, such as --name alice@clinic.example"))
}

fn settings(paths: &Paths) -> String {
    let mut table = toml::Table::new();
    if let Some(path) = &paths.foreign_key {
        table.insert("signing_key".into(), path.display().to_string().into());
    }
    format!(
        "# Settings of exeat. Paths are taken from this folder. What is not set is\n\
         # identity = \"identity.txt\"\n\
         # signing_key = \"signing_key\"\n\
         # allowed_signers = \"allowed_signers\"\n\
         # recipients = \"recipients.toml\"\n{}",
        toml::to_string(&table).expect("a table of strings is always TOML")
    )
}

/// Every file that `init` makes.
struct Paths {
    dir: PathBuf,
    identity: PathBuf,
    secret: PathBuf,
    public: PathBuf,
    recipient: PathBuf,
    signer: PathBuf,
    settings: PathBuf,
    /// The user's own key, which is used where it is.
    foreign_key: Option<PathBuf>,
}

struct Files<'a> {
    identity: &'a [u8],
    secret: Option<&'a [u8]>,
    public: &'a str,
    recipient: &'a str,
    signer: &'a str,
    settings: &'a str,
}

impl Paths {
    fn new(config: &Config, signing_key: Option<&Path>) -> Result<Self, CommandError> {
        let dir = config.dir().to_owned();
        let foreign_key = match signing_key {
            Some(path) => Some(path.canonicalize().map_err(|e| cannot_read(path, &e))?),
            None => None,
        };
        Ok(Self {
            identity: dir.join("identity.txt"),
            secret: dir.join("signing_key"),
            public: dir.join("signing_key.pub"),
            recipient: dir.join(RECIPIENT),
            signer: dir.join(SIGNER),
            settings: config.file_path(),
            foreign_key,
            dir,
        })
    }

    /// Refuses where any of the files exists.
    fn check_free(&self) -> Result<(), CommandError> {
        let all = [
            &self.identity,
            &self.secret,
            &self.public,
            &self.recipient,
            &self.signer,
            &self.settings,
        ];
        match all.into_iter().find(|path| path.symlink_metadata().is_ok()) {
            None => Ok(()),
            Some(path) => Err(CommandError::new(
                Exit::Failed,
                "keys-exist",
                format!("{} exists already; nothing was changed", shown(path)),
            )
            .with_help(format!(
                "'exeat init --show' prints your two lines; to make other keys, move {} away",
                render::shell(&self.dir.display().to_string())
            ))),
        }
    }

    /// Writes all of the files or none.
    fn write(&self, files: &Files<'_>) -> Result<(), CommandError> {
        let failed = |path: &Path, error: &std::io::Error| {
            CommandError::io(format!("cannot write {}", shown(path)), error)
        };
        config::make_dir(&self.dir).map_err(|e| failed(&self.dir, &e))?;
        let mut made = Vec::new();
        let mut write = |path: &PathBuf, bytes: &[u8]| {
            write_secret_file(path, bytes).map_err(|e| failed(path, &e))?;
            made.push(path.clone());
            Ok(())
        };
        let mut write_all = || -> Result<(), CommandError> {
            write(&self.identity, files.identity)?;
            if let Some(secret) = files.secret {
                write(&self.secret, secret)?;
            }
            write(&self.public, files.public.as_bytes())?;
            write(&self.recipient, format!("{}\n", files.recipient).as_bytes())?;
            write(&self.signer, format!("{}\n", files.signer).as_bytes())?;
            write(&self.settings, files.settings.as_bytes())
        };
        let result = write_all();
        if result.is_err() {
            config::remove_files(&made);
        }
        result
    }
}
