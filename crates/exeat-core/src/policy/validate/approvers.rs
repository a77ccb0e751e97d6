//! The file of those who may approve.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use toml::Spanned;

use super::super::approvers::{Approver, ApproverList};
use super::super::problem::{Page, ProblemKind};
use super::{Check, MAX_PATH, Policy, named_by};
use crate::diagnostic::words::without_errno;
use crate::manifest::APPROVAL_NAMESPACE;
use crate::signature::{AllowedSigner, AllowedSigners};

const KEY: &str = "[approvals] file";

impl Check<'_, '_> {
    /// Reads the file of approvers.
    pub(super) fn approvers(
        &mut self,
        file: &Spanned<String>,
        read: &mut impl FnMut(&Path) -> io::Result<String>,
        policy: &mut Policy,
    ) {
        if !self.is_plain(file, KEY, MAX_PATH) {
            return;
        }
        let folder = self.page.path().parent().unwrap_or(Path::new(""));
        let path = folder.join(file.get_ref());
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) => {
                let reason = without_errno(&error.to_string()).to_owned();
                let kind = ProblemKind::ApproversNotRead { path, reason };
                let help = "a path is taken from the folder that the policy is in";
                self.page.problem(file.span(), kind, help.to_owned());
                return;
            }
        };
        let mut other = Page::new(&path, &text);
        let help = named_by(KEY, self.page.path());
        let mut problem = |line: usize, message: String| {
            let span = other.span_of_line(line);
            let kind = ProblemKind::Approvers { message };
            other.problem(span, kind, help.clone());
        };
        let mut lines = BTreeSet::new();
        match AllowedSigners::parse(&text) {
            Err(errors) => {
                for error in errors {
                    problem(error.line, error.problem.to_string());
                }
            }
            Ok(signers) => {
                let mut keys = BTreeSet::new();
                for signer in &signers {
                    let line = signer.line().unwrap_or(1);
                    match approver(signer) {
                        Err(message) => problem(line, message),
                        Ok(approver) if !keys.insert(approver.key) => {
                            let message = "this key stands there twice; one key is one person's";
                            problem(line, message.to_owned());
                        }
                        Ok(approver) => {
                            lines.insert(approver);
                        }
                    }
                }
            }
        }
        self.page.add(other.into_found());
        let list = ApproverList {
            file: Some(path),
            lines,
        };
        policy.approver_files.add(list, self.origin(&file.span()));
    }
}

/// What a line says, if it is one of an approver.
fn approver(signer: &AllowedSigner) -> Result<Approver, String> {
    if signer.is_cert_authority() {
        return Err(
            "certificate authorities are not supported; list the approver's own key".into(),
        );
    }
    // A pattern would let one person be several.
    let plain = signer.clone().narrowed(&[APPROVAL_NAMESPACE]);
    let plain =
        plain.map_err(|_| "an approver has one plain name, no pattern or list".to_owned())?;
    if !signer.permits(APPROVAL_NAMESPACE) {
        return Err(format!(
            "the key may not approve: 'namespaces' lacks {APPROVAL_NAMESPACE}"
        ));
    }
    if !signer.key().is_verifiable() {
        return Err(format!(
            "signatures by {} keys cannot be checked here",
            signer.key().algorithm()
        ));
    }
    Ok(Approver {
        name: plain.principals().as_str().to_owned(),
        key: signer.key().fingerprint(),
        valid_after: signer.valid_after(),
        valid_before: signer.valid_before(),
    })
}
