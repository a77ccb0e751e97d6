//! Where a user's keys and settings are: `~/.config/exeat`, or what
//! `--config-dir` says.
#![expect(
    clippy::disallowed_methods,
    reason = "settings files are written here and nowhere else"
)]

use exeat_core::path::{Escaped, shown};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use exeat_core::keys::{
    Identities, IdentityFile, KeyError, RecipientBook, read_secret, read_secret_file,
    sync_folder_of, write_new_file,
};
use exeat_core::ledger::{self, Ledger};
use exeat_core::policy::{LedgerKeeper, Policy, PolicyFile};
use exeat_core::signature::{AllowedSigners, Fingerprint, PublicKey, SignatureError, SigningKey};
use rustix::io::Errno;
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::args::{KeySource, PolicyArgs};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::keygen::Keygen;
use crate::render;
use crate::terminal;
use crate::ui::Ui;

mod backup;
mod cache;
mod inherited;
mod surroundings;

pub(crate) use backup::{BackupSource, Mode, Profile, Program, VerifyWhen};
pub(crate) use cache::{cache_path, read_cache, write_cache};
pub(crate) use inherited::Inherited;
pub(crate) use surroundings::{
    backup_state, folder_for_large, has_askpass, has_ssh_agent, program, ssh_prompts,
};

/// The largest settings file that is read, in bytes.
const MAX_FILE: u64 = 1 << 20;
/// The rules of the machine.
const SITE_POLICY: &str = "/etc/exeat/policy.toml";
/// What a scan leaves out, beside a policy.
const IGNORE: &str = ".exeatignore";
/// The largest private key that is read, in bytes.
const MAX_KEY: usize = 64 << 10;

/// The settings of one user.
#[derive(Debug)]
pub(crate) struct Config {
    dir: PathBuf,
    file: Settings,
    /// The text of the file, for the lines that something stands in.
    text: String,
    inherited: Inherited,
}

/// `config.toml`. Paths are taken from the folder that it is in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    identity: Option<PathBuf>,
    signing_key: Option<PathBuf>,
    allowed_signers: Option<PathBuf>,
    recipients: Option<PathBuf>,
    #[serde(default)]
    backup: backup::Tables,
}

impl Config {
    /// Reads the settings; a folder or file that does not exist means none.
    pub(crate) fn load(dir: Option<&Path>, inherited: Inherited) -> Result<Self, CommandError> {
        let dir = match dir {
            Some(dir) => dir.to_owned(),
            None => etcetera::choose_base_strategy()
                .map_err(|_| {
                    CommandError::new(Exit::Failed, "no-home", "cannot find your home folder")
                        .with_help("pass --config-dir DIR")
                })?
                .config_dir()
                .join("exeat"),
        };
        let path = dir.join("config.toml");
        let text = match read_text(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        let file = toml::from_str(&text).map_err(|error| {
            let line = error.span().map_or(1, |s| line_of(&text, s.start));
            let message = error.message().replace('\n', ", ");
            invalid(&path, format!("line {line}: {message}"))
        })?;
        Ok(Self {
            dir,
            file,
            text,
            inherited,
        })
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The rules in force: the floor, the site's file, the user's, and those
    /// that were named. None is looked for in the folders that are exported, or
    /// in the current one. One of these that lies there, as the user's own does
    /// in `export ~`, is read: it only makes the rules stricter, so that an error
    /// would stop the export, and passing over it would loosen the rules.
    pub(crate) fn policy(&self, args: &PolicyArgs) -> Result<Policy, CommandError> {
        let standing = [PathBuf::from(SITE_POLICY), self.dir.join("policy.toml")];
        let mut files = Vec::new();
        for path in standing {
            match read_text(&path) {
                Ok(text) => files.push(PolicyFile { path, text }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot_read_policy(&path, &error)),
            }
        }
        for path in &args.files {
            let text = read_text(path).map_err(|error| cannot_read_policy(path, &error))?;
            files.push(PolicyFile {
                path: path.clone(),
                text,
            });
        }
        policy_of(&files)
    }

    /// The files of what a scan leaves out: beside the site's policy, the
    /// user's, and those that were named.
    pub(crate) fn ignore_files(
        &self,
        args: &PolicyArgs,
    ) -> Result<Vec<(PathBuf, String)>, CommandError> {
        let site = Path::new(SITE_POLICY).parent().map(Path::to_owned);
        let named = args.files.iter().map(|file| match file.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
            _ => PathBuf::from("."),
        });
        let mut folders: Vec<PathBuf> = site.into_iter().chain([self.dir.clone()]).collect();
        folders.extend(named);
        let mut files: Vec<(PathBuf, String)> = Vec::new();
        for path in folders.into_iter().map(|folder| folder.join(IGNORE)) {
            if files.iter().any(|(known, _)| *known == path) {
                continue;
            }
            match read_text(&path) {
                Ok(text) => files.push((path, text)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot_read_policy(&path, &error)),
            }
        }
        Ok(files)
    }

    /// The ledger that the policy names, or the user's own, made where there is
    /// none yet.
    pub(crate) fn ledger(&self, policy: &Policy) -> Result<Ledger, CommandError> {
        let path = ledger_path(policy)?;
        if policy.ledger_rule().is_none()
            && let Some(folder) = path.parent()
        {
            make_dir(folder).map_err(|error| {
                CommandError::io(
                    format!("cannot make the ledger's folder {}", shown(folder)),
                    &error,
                )
                .with_help("what cannot be recorded cannot leave")
            })?;
        }
        Ok(Ledger::open(&path)?)
    }

    pub(crate) fn identity_path(&self) -> PathBuf {
        self.place(self.file.identity.as_deref(), "identity.txt")
    }

    pub(crate) fn signing_key_path(&self) -> PathBuf {
        self.place(self.file.signing_key.as_deref(), "signing_key")
    }

    pub(crate) fn allowed_signers_path(&self) -> PathBuf {
        self.place(self.file.allowed_signers.as_deref(), "allowed_signers")
    }

    fn recipients_path(&self) -> PathBuf {
        self.place(self.file.recipients.as_deref(), "recipients.toml")
    }

    /// The path of `config.toml` itself.
    pub(crate) fn file_path(&self) -> PathBuf {
        self.dir.join("config.toml")
    }

    fn place(&self, given: Option<&Path>, default: &str) -> PathBuf {
        self.dir.join(given.unwrap_or(Path::new(default)))
    }

    /// The recipients known by name; none where there is no file.
    pub(crate) fn recipients(&self) -> Result<RecipientBook, CommandError> {
        let path = self.recipients_path();
        match read_text(&path) {
            Ok(text) => RecipientBook::parse(&text)
                .map_err(|error| CommandError::from(error).about(shown(&path))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(RecipientBook::default()),
            Err(error) => Err(cannot_read(&path, &error)),
        }
    }

    /// The signers that are trusted: those of the given file, or the user's.
    /// Without a file nobody is.
    pub(crate) fn allowed_signers(
        &self,
        given: Option<&Path>,
    ) -> Result<AllowedSigners, CommandError> {
        let own = self.allowed_signers_path();
        let path = given.unwrap_or(&own);
        match read_text(path) {
            Ok(text) => parse_signers(path, &text),
            Err(error) if given.is_none() && error.kind() == io::ErrorKind::NotFound => {
                Ok(AllowedSigners::empty())
            }
            Err(error) => Err(cannot_read(path, &error)),
        }
    }

    /// The key to sign with; `None` where the user has none. A protected one
    /// is unlocked at the terminal.
    pub(crate) fn signing_key(
        &self,
        given: Option<&KeySource>,
        ui: &Ui,
    ) -> Result<Option<SigningKey>, CommandError> {
        let own = KeySource::File(self.signing_key_path());
        let source = given.unwrap_or(&own);
        match self.read_own_key(source) {
            Err(error) if given.is_none() && error.code == NO_KEY => Ok(None),
            Err(error) => Err(error),
            Ok(bytes) => signing_key_of(source, &bytes, ui).map(Some),
        }
    }

    /// The fingerprint of the key that would sign; its passphrase is not needed
    /// for that.
    pub(crate) fn signer(
        &self,
        given: Option<&KeySource>,
    ) -> Result<Option<Fingerprint>, CommandError> {
        let key = self.public_key(given)?;
        Ok(key.map(|key| key.fingerprint()))
    }

    /// The public half of the key that would sign.
    pub(crate) fn public_key(
        &self,
        given: Option<&KeySource>,
    ) -> Result<Option<PublicKey>, CommandError> {
        let own = KeySource::File(self.signing_key_path());
        let source = given.unwrap_or(&own);
        let bytes = match self.read_own_key(source) {
            Err(error) if given.is_none() && error.code == NO_KEY => return Ok(None),
            other => other?,
        };
        let key = SigningKey::public_of(&bytes);
        let key = key.map_err(|error| CommandError::from(error).about(source))?;
        Ok(Some(key))
    }

    /// The identities that were given, or the user's own where none is
    /// given; `None` where the user has none either.
    pub(crate) fn identities(
        &self,
        given: &[KeySource],
    ) -> Result<Option<Identities>, CommandError> {
        let own = self.identity_path();
        let is_there = own.exists();
        let own = [KeySource::File(own)];
        let sources = match given {
            [] if !is_there => return Ok(None),
            [] => &own[..],
            given => given,
        };
        let mut identities = Identities::default();
        for source in sources {
            let bytes = self.read_key(source, IdentityFile::MAX_BYTES)?;
            identities.extend(identities_of(source, bytes)?);
        }
        Ok(Some(identities))
    }

    /// Reads what holds a signing key, and says so where there is none.
    fn read_own_key(&self, source: &KeySource) -> Result<Zeroizing<Vec<u8>>, CommandError> {
        let is_missing = match source {
            KeySource::File(path) => !path.try_exists().unwrap_or(true),
            _ => false,
        };
        self.read_key(source, MAX_KEY).map_err(|mut error| {
            if is_missing {
                NO_KEY.clone_into(&mut error.code);
            }
            error
        })
    }

    /// Reads what holds a key, at most `limit` bytes.
    fn read_key(
        &self,
        source: &KeySource,
        limit: usize,
    ) -> Result<Zeroizing<Vec<u8>>, CommandError> {
        match source {
            KeySource::File(path) => {
                read_secret_file(path, limit).map_err(|error| cannot_read(path, &error))
            }
            KeySource::Descriptor(number) => {
                let file = self.inherited.take(*number)?;
                read_secret(file, limit).map_err(|error| {
                    let this = CommandError::io(format!("cannot read {source}"), &error);
                    match error.raw_os_error().map(Errno::from_raw_os_error) {
                        Some(Errno::BADF) => this.with_help("it has to be open for reading"),
                        Some(Errno::AGAIN) => {
                            this.with_help("what gives the key has to be in blocking mode")
                        }
                        _ => this,
                    }
                })
            }
            KeySource::Credential(name) => {
                let path = credential(name)?;
                read_secret_file(&path, limit).map_err(|error| {
                    let this = CommandError::io(format!("cannot read {source}"), &error);
                    match error.kind() {
                        io::ErrorKind::NotFound => this.with_help(how_to_load(name)),
                        _ => this,
                    }
                })
            }
        }
    }
}

/// The number of the line that a place in a text is in.
fn line_of(text: &str, place: usize) -> usize {
    let before = text.as_bytes().iter().take(place);
    1 + before.filter(|&&byte| byte == b'\n').count()
}

const NO_KEY: &str = "signing-key-missing";

/// Where systemd has put the credential of this name.
fn credential(name: &str) -> Result<PathBuf, CommandError> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    match folder.filter(|folder| folder.is_absolute()) {
        Some(folder) => Ok(folder.join(name)),
        None => Err(CommandError::new(
            Exit::Failed,
            "no-credentials",
            format!(
                "cannot read credential:{}: this process was given no credentials",
                Escaped(name.as_bytes())
            ),
        )
        .with_help(how_to_load(name))),
    }
}

fn how_to_load(name: &str) -> String {
    let name = Escaped(name.as_bytes());
    format!(
        "the unit needs the line LoadCredential={name}:FILE, or LoadCredentialEncrypted={name}:FILE"
    )
}

/// Reads the file of a signing key, asking for its passphrase.
pub(crate) fn read_signing_key(path: &Path, ui: &Ui) -> Result<SigningKey, CommandError> {
    let bytes = read_secret_file(path, MAX_KEY).map_err(|error| cannot_read(path, &error))?;
    signing_key_of(&KeySource::File(path.to_owned()), &bytes, ui)
}

/// The key that a file holds or stands for.
fn signing_key_of(source: &KeySource, bytes: &[u8], ui: &Ui) -> Result<SigningKey, CommandError> {
    let about = |error: SignatureError| CommandError::from(error).about(source);
    if SigningKey::is_elsewhere(bytes) {
        let key = SigningKey::public_of(bytes).map_err(about)?;
        let file = match source {
            KeySource::File(path) => path.clone(),
            KeySource::Credential(name) => credential(name)?,
            KeySource::Descriptor(_) => {
                return Err(CommandError::usage(format!(
                    "{source} gives the key of an ssh-agent or a hardware key, and ssh-keygen needs \
                     its file"
                ))
                .with_help("give the path of that file, or a private key through the descriptor"));
            }
        };
        // Beside the public half of a hardware key lies the file of it.
        let beside = file.extension().filter(|extension| *extension == "pub");
        let beside = beside.and_then(|_| read_secret_file(&file.with_extension(""), MAX_KEY).ok());
        let asks_for_pin = SigningKey::asks_for_pin(beside.as_ref().map_or(bytes, |file| file));
        let keygen = Keygen::new(file, &key, asks_for_pin, ui);
        return SigningKey::held_by(key, Arc::new(keygen)).map_err(about);
    }
    match SigningKey::from_openssh(bytes, None) {
        Err(SignatureError::PassphraseNeeded) => {
            let prompt = format!("Passphrase of {source}: ");
            let passphrase = terminal::read_passphrase(&prompt)?;
            SigningKey::from_openssh(bytes, Some(&passphrase)).map_err(about)
        }
        other => other.map_err(about),
    }
}

fn identities_of(
    source: &KeySource,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<Identities, CommandError> {
    let about = |error: KeyError| CommandError::from(error).about(source);
    match IdentityFile::parse(bytes).map_err(about)? {
        IdentityFile::Plain(identities) => Ok(identities),
        IdentityFile::Encrypted(encrypted) => {
            let prompt = format!("Passphrase of {source}: ");
            let passphrase = terminal::read_passphrase(&prompt)?;
            encrypted.unlock(passphrase).map_err(about)
        }
    }
}

/// Reads the text of an `allowed_signers` file, every bad line reported.
pub(crate) fn parse_signers(path: &Path, text: &str) -> Result<AllowedSigners, CommandError> {
    AllowedSigners::parse(text).map_err(|errors| {
        let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
        invalid(path, errors.join("; "))
    })
}

/// The policy of some files, over the floor.
pub(crate) fn policy_of(files: &[PolicyFile]) -> Result<Policy, CommandError> {
    Policy::from_layers(files, read_text).map_err(|errors| {
        CommandError::from(errors).with_help("nothing is decided by a policy that is not valid")
    })
}

/// A policy that is there and cannot be read may not be passed over.
fn cannot_read_policy(path: &Path, error: &io::Error) -> CommandError {
    cannot_read(path, error).ending(Exit::Configuration)
}

/// Where what leaves is recorded.
pub(crate) fn ledger_path(policy: &Policy) -> Result<PathBuf, CommandError> {
    if let Some(rule) = policy.ledger_rule() {
        return Ok(rule.value.clone());
    }
    let home = etcetera::choose_base_strategy().map_err(|_| no_home())?;
    let state = home.state_dir().unwrap_or_else(|| home.data_dir());
    Ok(state.join("exeat").join("ledger.jsonl"))
}

/// Who could rewrite the record: with the append-only attribute nobody but
/// root, without it whoever can add to it.
pub(crate) fn ledger_keeper(policy: &Policy) -> LedgerKeeper {
    let is_kept = ledger_path(policy).is_ok_and(|path| {
        ledger::is_append_only(&path).unwrap_or(false) && !rustix::process::getuid().is_root()
    });
    match is_kept {
        true => LedgerKeeper::Other,
        false => LedgerKeeper::Requester,
    }
}

fn no_home() -> CommandError {
    CommandError::new(Exit::Failed, "no-home", "cannot find your home folder")
        .with_help("set HOME to it")
}

pub(crate) fn invalid(path: &Path, message: impl std::fmt::Display) -> CommandError {
    CommandError::new(Exit::Configuration, "configuration-invalid", message).about(shown(path))
}

pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> CommandError {
    let this = CommandError::io(format!("cannot read {}", shown(path)), error);
    match error.kind() {
        io::ErrorKind::NotFound => this.with_help("check how it is spelt"),
        io::ErrorKind::PermissionDenied => {
            this.with_help("ask its owner for permission, or run it as somebody who has it")
        }
        _ => this,
    }
}

/// Reads a text file of bounded size.
pub(crate) fn read_text(path: &Path) -> io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    File::open(path)?
        .take(MAX_FILE + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        let limit = render::bytes(MAX_FILE);
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("larger than {limit}"),
        ));
    }
    Ok(text)
}

/// Reads a file; of one that is larger than `limit` a byte more than that, so
/// that whoever wants it whole finds it too large.
pub(crate) fn read_at_most(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let limit = u64::try_from(limit).unwrap_or(u64::MAX);
    File::open(path)?
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Writes a report: a regular file whole, beside its place first and then by a
/// rename; into anything else, such as a pipe or a device, as it is.
///
/// `umask` takes permission bits from a new file; one that exists keeps its own.
pub(crate) fn write_report(path: &Path, bytes: &[u8], umask: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    let (place, mode) = match fs::metadata(path) {
        Ok(there) if there.is_file() => (path.canonicalize()?, there.permissions().mode()),
        Ok(_) => return File::options().write(true).open(path)?.write_all(bytes),
        Err(_) => (path.to_owned(), 0o666 & !umask),
    };
    let name = place.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.tmp", std::process::id()));
    let beside = place.with_file_name(beside);
    let written = File::create_new(&beside)
        .and_then(|mut file| {
            file.write_all(bytes)?;
            file.set_permissions(fs::Permissions::from_mode(mode))?;
            file.sync_all()
        })
        .and_then(|()| fs::rename(&beside, &place))
        .and_then(|()| sync_folder_of(&place));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Writes a new file with the permissions that the user's umask leaves.
pub(crate) fn write_public(path: &Path, bytes: &[u8], umask: u32) -> io::Result<()> {
    write_new_file(path, bytes, 0o666 & !umask)
}

/// Adds a line to the end of a text file with one write, so that two runs at
/// once do not mix theirs.
pub(crate) fn append_line(path: &Path, line: &str) -> io::Result<()> {
    let mut file = File::options().append(true).create(true).open(path)?;
    let needs_newline = match read_text(path) {
        Ok(text) => !text.is_empty() && !text.ends_with('\n'),
        Err(_) => true,
    };
    let separator = if needs_newline { "\n" } else { "" };
    file.write_all(format!("{separator}{line}\n").as_bytes())?;
    file.sync_all()
}

/// Makes the settings folder, closed to others.
pub(crate) fn make_dir(path: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
}

/// Takes back files of a run that did not come to its end.
pub(crate) fn remove_files(paths: &[PathBuf]) {
    for path in paths {
        let _ = fs::remove_file(path);
    }
}
