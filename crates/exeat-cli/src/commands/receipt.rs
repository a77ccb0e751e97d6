//! `exeat receipt`: verify all of a package → sign that it has arrived.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use exeat_core::keys::EnvelopeKind;
use exeat_core::path::{Escaped, shown};
use exeat_core::receipt::Receipt;
use exeat_core::statement::Signed;
use exeat_core::verify::{Package, Verified};
use serde::Serialize;

use super::{
    CheckpointReport, SignerReport, listen, now, stop_if_asked, stopped_or,
    tell_of_further_envelopes, unlock, verify_package,
};
use crate::args::{self, is_dash};
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::progress::Shown;
use crate::render;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct ReceiptReport {
    package: String,
    /// Who sent it: who will want the receipt.
    signer: SignerReport,
    manifest_sha256: String,
    checkpoint: Option<CheckpointReport>,
    received: String,
    /// The fingerprint of the key that signed the receipt.
    signed_by: String,
    path: String,
}

pub(crate) fn run(
    args: &args::Receipt,
    config: &Config,
    umask: u32,
    ui: &Ui,
) -> Result<Report, CommandError> {
    let named = named(args);
    if let Some(path) = &named {
        check_place(path, &args.package)?;
    }
    let key = config.signing_key(args.signing_key.as_ref(), ui)?;
    let key = key.ok_or_else(|| {
        let message = "there is no key to sign the receipt with";
        CommandError::new(Exit::Failed, "signing-key-missing", message)
            .with_help("make one with 'exeat init', or name one with --key")
    })?;
    let verified = verify_package(&args.package, &args.trust, config, ui)?;
    let path = match named {
        Some(path) => path,
        None => {
            let path = of_a_stream(&verified);
            check_place(&path, &args.package)?;
            path
        }
    };
    tell_of_further_envelopes(&verified, ui);
    if args.passphrase && verified.envelope_kind()? == EnvelopeKind::Keys {
        return Err(CommandError::usage(
            "this package was sealed for identities, not with a passphrase",
        )
        .with_help("leave out --passphrase; your own identity is used, or that of -i"));
    }
    let unlocked = unlock(verified, &args.identity, config, ui)?;
    listen()?;
    key.rehearse().map_err(stopped_or)?;
    let progress = Shown::new(ui);
    let all = unlocked.verify_contents(None, &progress)?;
    progress.clear();
    stop_if_asked()?;
    let receipt = Receipt::sign(&all, now(), &key).map_err(stopped_or)?;
    stop_if_asked()?;
    write(&path, &receipt.to_bytes(), umask)?;
    let sender = SignerReport::of(unlocked.verified());
    Ok(report(&receipt, sender, &path, ui))
}

/// The file to write, where the command line tells.
fn named(args: &args::Receipt) -> Option<PathBuf> {
    if let Some(path) = &args.output {
        return Some(path.clone());
    }
    let name = args.package.file_name().filter(|_| !is_dash(&args.package));
    let name = name?.as_bytes();
    let name = name.strip_suffix(b".tar").unwrap_or(name);
    let name = name.strip_suffix(b".exeat").unwrap_or(name);
    let name = [name, b".receipt.json"].concat();
    Some(OsString::from_vec(name).into())
}

/// The file for a package that has no name here: what an export is called
/// where nobody gives it a name.
fn of_a_stream(verified: &Verified<Package>) -> PathBuf {
    let day = verified.manifest().created.strftime("%Y-%m-%d");
    format!("{day}-{}.receipt.json", verified.id().short()).into()
}

/// Says at once what would only show after a long verification.
fn check_place(path: &Path, package: &Path) -> Result<(), CommandError> {
    if is_dash(path) {
        return Err(CommandError::usage("a receipt is written into a file")
            .with_help("leave out -o, or name a file"));
    }
    if path.symlink_metadata().is_ok() {
        return Err(exists(path));
    }
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    let there = fs::metadata(folder).map_err(|error| cannot_write(path, &error))?;
    let is_package = fs::metadata(package)
        .is_ok_and(|package| (package.dev(), package.ino()) == (there.dev(), there.ino()));
    if is_package && !is_dash(package) {
        let message = "the receipt would lie in the package, where nothing may be added";
        return Err(CommandError::usage(message).with_help("name another place with -o"));
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    rustix::fs::access(folder, access).map_err(|error| cannot_write(path, &error.into()))
}

fn write(path: &Path, bytes: &[u8], umask: u32) -> Result<(), CommandError> {
    config::write_public(path, bytes, umask).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => exists(path),
        _ => cannot_write(path, &error),
    })
}

fn exists(path: &Path) -> CommandError {
    let message = format!("{} exists already; nothing was written", shown(path));
    CommandError::new(Exit::Failed, "destination-exists", message)
        .with_help("name another file with -o")
}

fn cannot_write(path: &Path, error: &io::Error) -> CommandError {
    CommandError::io(format!("cannot write {}", shown(path)), error)
        .with_help("name a file with -o, in a folder that you may write to")
}

fn report(receipt: &Signed<Receipt>, sender: SignerReport, path: &Path, ui: &Ui) -> Report {
    let said = receipt.statement();
    let result = ReceiptReport {
        package: said.package.to_string(),
        signer: sender,
        manifest_sha256: said.manifest_sha256.to_string(),
        checkpoint: said.checkpoint.as_ref().map(CheckpointReport::of),
        received: said.received.to_string(),
        signed_by: receipt.fingerprint().to_string(),
        path: path.display().to_string(),
    };
    let text = || {
        let file = render::shell(&Escaped(path.as_os_str().as_bytes()).to_string());
        let name = path.file_name().unwrap_or_default().as_bytes();
        let name = render::shell(&Escaped(name).to_string());
        format!(
            "complete, unaltered, every file as it was sealed: the receipt is in {file}\n  \
             package      {}\n  sent by      {}\n  fingerprint  {}\n  signed with  {}\n\
             next: send it to {}, who records it with 'exeat ledger receive {name}'\n",
            result.package,
            result.signer.name,
            result.signer.fingerprint,
            result.signed_by,
            result.signer.name,
        )
    };
    Report::new(ui, text, &result)
}
