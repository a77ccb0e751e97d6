//! Where a user's keys and settings are: `~/.config/exeat`, or what
//! `--config-dir` says.
#![expect(
    clippy::disallowed_methods,
    reason = "settings files are written here and nowhere else"
)]

use exeat_core::path::shown;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use exeat_core::keys::{
    Identities, IdentityFile, KeyError, RecipientBook, read_secret_file, sync_folder_of,
};
use exeat_core::ledger::{self, Ledger};
use exeat_core::policy::{LedgerKeeper, Policy, PolicyFile};
use exeat_core::scan::{Cache, MAX_CACHE};
use exeat_core::signature::{AllowedSigners, Fingerprint, PublicKey, SignatureError, SigningKey};
use serde::Deserialize;

use crate::args::PolicyArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::render;
use crate::terminal;

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
}

/// `config.toml`. Paths are taken from the folder that it is in.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    identity: Option<PathBuf>,
    signing_key: Option<PathBuf>,
    allowed_signers: Option<PathBuf>,
    recipients: Option<PathBuf>,
}

impl Config {
    /// Reads the settings; a folder or file that does not exist means none.
    pub(crate) fn load(dir: Option<&Path>) -> Result<Self, CommandError> {
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
        let file = match read_text(&path) {
            Ok(text) => toml::from_str(&text).map_err(|error| {
                let line = error
                    .span()
                    .map_or(1, |s| 1 + text[..s.start].matches('\n').count());
                let message = error.message().replace('\n', ", ");
                invalid(&path, format!("line {line}: {message}"))
            })?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Settings::default(),
            Err(error) => return Err(cannot_read(&path, &error)),
        };
        Ok(Self { dir, file })
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
        given: Option<&Path>,
    ) -> Result<Option<SigningKey>, CommandError> {
        let own = self.signing_key_path();
        let path = given.unwrap_or(&own);
        match read_signing_key(path) {
            Err(error) if given.is_none() && error.code == NO_KEY => Ok(None),
            other => other.map(Some),
        }
    }

    /// The fingerprint of the key that would sign; its passphrase is not needed
    /// for that.
    pub(crate) fn signer(&self, given: Option<&Path>) -> Result<Option<Fingerprint>, CommandError> {
        let own = self.signing_key_path();
        let path = given.unwrap_or(&own);
        let bytes = match read_secret_file(path, MAX_KEY) {
            Err(error) if given.is_none() && error.kind() == io::ErrorKind::NotFound => {
                return Ok(None);
            }
            other => other.map_err(|error| cannot_read(path, &error))?,
        };
        let key = SigningKey::public_of(&bytes);
        let key = key.map_err(|error| CommandError::from(error).about(shown(path)))?;
        Ok(Some(key.fingerprint()))
    }

    /// The identities in the given files, or the user's own where none is
    /// given; `None` where the user has none either.
    pub(crate) fn identities(&self, given: &[PathBuf]) -> Result<Option<Identities>, CommandError> {
        let own = [self.identity_path()];
        let paths = match given {
            [] if !own[0].exists() => return Ok(None),
            [] => &own[..],
            given => given,
        };
        let mut identities = Identities::default();
        for path in paths {
            identities.extend(read_identities(path)?);
        }
        Ok(Some(identities))
    }
}

const NO_KEY: &str = "signing-key-missing";

/// Reads a private key in OpenSSH's format, asking for its passphrase.
pub(crate) fn read_signing_key(path: &Path) -> Result<SigningKey, CommandError> {
    let bytes = read_secret_file(path, MAX_KEY).map_err(|error| {
        let mut this = cannot_read(path, &error);
        if error.kind() == io::ErrorKind::NotFound {
            NO_KEY.clone_into(&mut this.code);
        }
        this
    })?;
    let about = |error: SignatureError| {
        let this = CommandError::from(error).about(shown(path));
        let text = std::str::from_utf8(&bytes).unwrap_or_default();
        match PublicKey::parse(text) {
            Ok(_) => this.with_help("this is the public half; give the file without '.pub'"),
            Err(_) => this,
        }
    };
    match SigningKey::from_openssh(&bytes, None) {
        Err(SignatureError::PassphraseNeeded) => {
            let prompt = format!("Passphrase of {}: ", shown(path));
            let passphrase = terminal::read_passphrase(&prompt)?;
            SigningKey::from_openssh(&bytes, Some(&passphrase)).map_err(about)
        }
        other => other.map_err(about),
    }
}

fn read_identities(path: &Path) -> Result<Identities, CommandError> {
    let about = |error: KeyError| CommandError::from(error).about(shown(path));
    let bytes = read_secret_file(path, IdentityFile::MAX_BYTES)
        .map_err(|error| cannot_read(path, &error))?;
    match IdentityFile::parse(bytes).map_err(about)? {
        IdentityFile::Plain(identities) => Ok(identities),
        IdentityFile::Encrypted(encrypted) => {
            let prompt = format!("Passphrase of {}: ", shown(path));
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

/// Where scans keep what they have looked at.
pub(crate) fn cache_path() -> Result<PathBuf, CommandError> {
    let home = etcetera::choose_base_strategy().map_err(|_| no_home())?;
    let state = home.state_dir().unwrap_or_else(|| home.data_dir());
    Ok(state.join("exeat").join("scan-cache"))
}

/// What earlier scans have looked at; nothing where there is no such file.
pub(crate) fn read_cache(path: &Path, looker: &[u8]) -> Result<Cache, CommandError> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    let read = open_own(path).and_then(|file| file.take(MAX_CACHE).read_to_end(&mut bytes));
    match read {
        Ok(_) => Ok(Cache::read(looker, &bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Cache::new(looker)),
        Err(error) => {
            Err(cannot_read(path, &error).with_help("pass another --cache, or --no-cache"))
        }
    }
}

/// Opens a file that nobody but the user can have written to: whoever could
/// would say what is passed over.
fn open_own(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::MetadataExt as _;
    let flags = rustix::fs::OFlags::RDONLY
        | rustix::fs::OFlags::NOFOLLOW
        | rustix::fs::OFlags::NONBLOCK
        | rustix::fs::OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, rustix::fs::Mode::empty())?);
    let stat = file.metadata()?;
    let is_own = stat.uid() == rustix::process::geteuid().as_raw() && stat.mode() & 0o022 == 0;
    match stat.is_file() && is_own {
        true => Ok(file),
        false => Err(io::Error::other("others can write to it, or it is no file")),
    }
}

/// Keeps what a scan has looked at, for its owner's eyes; two scans at once each
/// write theirs whole, and the later one stays.
pub(crate) fn write_cache(path: &Path, cache: &Cache) -> io::Result<()> {
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        make_dir(folder)?;
    }
    let mut bytes = Vec::new();
    cache.write(&mut bytes)?;
    write_report(path, &bytes, 0o077)
}

/// Where what is large may lie for a while: `TMPDIR`, or `/var/tmp`, which the
/// Filesystem Hierarchy Standard has for it.
pub(crate) fn folder_for_large() -> PathBuf {
    let folder = std::env::var_os("TMPDIR").filter(|folder| !folder.is_empty());
    folder.map_or_else(|| PathBuf::from("/var/tmp"), PathBuf::from)
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
    use std::os::unix::fs::PermissionsExt as _;
    write_new(path, bytes)?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o666 & !umask))
}

/// Writes a new file that others may read, and makes it durable.
pub(crate) fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    sync_folder_of(path)
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
