//! `exeat trust`: takes a partner's signer line into the user's
//! `allowed_signers`.

use exeat_core::path::shown;
use std::path::Path;

use exeat_core::signature::{AllowedSigner, PACKAGE_NAMESPACE, PublicKey};
use serde::Serialize;

use super::PURPOSES;
use crate::args::Trust;
use crate::config::{self, Config};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::ui::{Report, Ui};

#[derive(Serialize)]
struct Trusted {
    name: String,
    fingerprint: String,
    line: String,
    file: String,
    /// The namespaces that it is trusted with.
    trusted_with: Vec<&'static str>,
    /// False where the line was there already.
    added: bool,
}

pub(crate) fn run(args: &Trust, config: &Config, ui: &Ui) -> Result<Report, CommandError> {
    let signer = read_line(&args.line)?;
    let name = signer.principals().as_str().to_owned();
    let fingerprint = signer.key().fingerprint();
    if let Some(expected) = &args.fingerprint
        && *expected != fingerprint
    {
        return Err(CommandError::new(
            Exit::Untrusted,
            "fingerprint-mismatch",
            format!("the key has the fingerprint {fingerprint}, not {expected}; nothing was added"),
        )
        .with_help("this is not the key you were told about: ask the partner which is right"));
    }
    let path = config.allowed_signers_path();
    let known = config.allowed_signers(None)?;
    let mut trusted = Trusted {
        line: signer.to_string(),
        file: path.display().to_string(),
        trusted_with: purposes(&signer).map(|(namespace, _)| namespace).collect(),
        name: name.clone(),
        fingerprint: fingerprint.to_string(),
        added: false,
    };
    if known.iter().any(|line| *line == signer) {
        let text = format!("{name} was trusted already\n  fingerprint  {fingerprint}");
        return Ok(Report::new(ui, || text, &trusted));
    }
    let other = known
        .of_principal(&name)
        .find(|line| line.key() != signer.key() && !line.is_cert_authority());
    if let (Some(other), false) = (other, args.also) {
        return Err(CommandError::new(
            Exit::Failed,
            "signer-has-another-key",
            format!(
                "{name} is already trusted with another key, {}; nothing was added",
                other.key().fingerprint()
            ),
        )
        .with_help(
            "ask the partner by telephone whether they have a new key; if so, pass --also, and \
             delete the old line from the file when it is no longer used",
        ));
    }
    config::make_dir(config.dir())
        .and_then(|()| config::append_line(&path, &trusted.line))
        .map_err(|e| CommandError::io(format!("cannot write {}", shown(&path)), &e))?;
    trusted.added = true;
    let with: Vec<_> = purposes(&signer).map(|(_, what)| what).collect();
    let text = format!(
        "packages signed by {name} are trusted now\n  fingerprint  {fingerprint}\n  \
         trusted with {}",
        with.join(", ")
    );
    let mut report = Report::new(ui, || text, &trusted);
    report.notes = vec![format!(
        "Compare the fingerprint with {name} by another channel, such as the telephone.\n\
         If it is not the same, delete the line from {}.",
        shown(&path)
    )];
    Ok(report)
}

/// What a line trusts its key with.
fn purposes(signer: &AllowedSigner) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = PURPOSES.into_iter();
    all.filter(|(namespace, _)| signer.permits(namespace))
}

const RECIPIENT_LINE: &str = "this is a recipient line, which is for -r of 'exeat export'; \
                              the signer line is the other one that 'exeat init' printed";

/// The line itself, or the only line of a file.
fn read_line(given: &str) -> Result<AllowedSigner, CommandError> {
    let path = Path::new(given);
    if given.starts_with("age1") && !path.exists() {
        return Err(CommandError::new(
            Exit::Failed,
            "signer-line",
            RECIPIENT_LINE,
        ));
    }
    let (text, is_file) = if given.contains(' ') && !path.exists() {
        (given.to_owned(), false)
    } else {
        let text = config::read_text(path).map_err(|e| config::cannot_read(path, &e).with_help(
            "give a file, or the whole signer line in quotes, as the partner's 'exeat init' printed it",
        ))?;
        (text, true)
    };
    let lines: Vec<_> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let invalid = |message: String| {
        let error = CommandError::new(Exit::Failed, "signer-line", message).with_help(
            "a signer line looks like: bob@lab.example namespaces=\"exeat.package.v1\" ssh-ed25519 AAAA…",
        );
        if is_file {
            error.about(shown(path))
        } else {
            error
        }
    };
    let [line] = lines[..] else {
        let message = format!("expected one signer line and found {}", lines.len());
        return Err(invalid(message));
    };
    if line.starts_with("age1") {
        return Err(invalid(RECIPIENT_LINE.into()));
    }
    if PublicKey::parse(line).is_ok() {
        return Err(invalid(
            "this is a public key without a name; put the partner's name and a space before it"
                .into(),
        ));
    }
    let no_line = |problem| invalid(format!("not a signer line: {problem}"));
    let signer = AllowedSigner::parse(line).map_err(no_line)?;
    if !signer.permits(PACKAGE_NAMESPACE) {
        return Err(invalid(format!(
            "the key is not for signing packages: 'namespaces' lacks {PACKAGE_NAMESPACE}"
        )));
    }
    // What the partner does not want it used for, it is not trusted with.
    let namespaces: Vec<_> = purposes(&signer).map(|(namespace, _)| namespace).collect();
    let signer = signer.narrowed(&namespaces).map_err(no_line)?;
    if signer.is_cert_authority() {
        return Err(invalid(
            "certificate authorities are not supported; list the signer's own key".into(),
        ));
    }
    let now = jiff::Timestamp::now();
    if signer.valid_before().is_some_and(|end| end < now) {
        return Err(invalid(
            "the key's time of validity has ended; ask the partner for a new line".into(),
        ));
    }
    if !signer.key().is_verifiable() {
        return Err(invalid(format!(
            "signatures by {} keys cannot be checked; ask the partner for an Ed25519 key",
            signer.key().algorithm()
        )));
    }
    Ok(signer)
}
