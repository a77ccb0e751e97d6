//! Decisions about a package that is there already: may it be opened here, may
//! it be passed on.

use super::{Decision, DecisionRecord, Form, History, Request, floor, refuses};
use crate::destination::OpenTarget;
use crate::diagnostic::Finding;
use crate::inspect::Facts;
use crate::manifest::{Header, PackageId};
use crate::policy::Policy;
use crate::source::Listing;

/// Leave to add one envelope to a package, for the people that were named.
///
/// ```compile_fail
/// let permit = exeat_core::decide::RekeyPermit::default();
/// ```
/// The twin that compiles:
/// ```
/// # fn once(permit: exeat_core::decide::RekeyPermit) {
/// assert!(permit.findings().len() < 10);
/// # }
/// ```
#[derive(Debug)]
pub struct RekeyPermit {
    pub(crate) package: PackageId,
    pub(crate) request: Request,
    pub(crate) record: DecisionRecord,
}

impl RekeyPermit {
    /// What the decision had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.record.findings
    }
}

impl Policy {
    /// May a package be passed on to these people? On what its sender
    /// established, as if it were exported to them now. The request's number is
    /// one of its own; the destination is where the package lies.
    pub fn decide_rekey(
        &self,
        request: Request,
        header: &Header,
        history: &History,
    ) -> Decision<RekeyPermit> {
        let terms = &request.terms;
        let form = Form::Sealed {
            recipients: Some(&request.recipients),
            signer: request.signer.as_ref(),
            approvals: None,
        };
        // Nothing is read anew.
        let listing = Listing::default();
        let ask = terms.ask(form, &listing);
        let mut findings = self.request_findings(&ask);
        findings.extend(self.content_findings(&ask, &header.facts, history));
        let facts = Some(header.facts.clone());
        if refuses(&findings) {
            return terms.refuse(form, self.sha256(), facts, findings);
        }
        let record = terms.record(form, self.sha256(), facts, findings);
        Decision::Permit(RekeyPermit {
            package: header.package,
            request,
            record,
        })
    }
}

/// Leave to write what a package holds to one place.
///
/// ```compile_fail
/// let permit = exeat_core::decide::OpenPermit::default();
/// ```
/// The twin that compiles:
/// ```
/// # fn once(permit: exeat_core::decide::OpenPermit) {
/// assert!(permit.findings().len() < 10);
/// # }
/// ```
#[derive(Debug)]
pub struct OpenPermit {
    /// The packages, each with what its sender established.
    packages: Vec<(PackageId, Facts)>,
    pub(crate) target: OpenTarget,
    findings: Vec<Finding>,
}

impl OpenPermit {
    /// What the decision had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Whether it is for this package, too.
    pub(crate) fn is_for(&self, header: &Header) -> bool {
        let mut packages = self.packages.iter();
        packages.any(|(package, facts)| *package == header.package && *facts == header.facts)
    }
}

impl Policy {
    /// May what a package holds be written to `target`? On what its sender
    /// established; the findings where not.
    ///
    /// # Errors
    /// The findings, those that refuse and those that only warn.
    pub fn decide_open(
        &self,
        header: &Header,
        target: impl Into<OpenTarget>,
    ) -> Result<OpenPermit, Vec<Finding>> {
        self.decide_open_chain(&[header], target)
    }

    /// The same of a backup together with the earlier packages that hold some of
    /// its files.
    ///
    /// # Errors
    /// As above: what one of them must not, all of them must not.
    pub fn decide_open_chain(
        &self,
        headers: &[&Header],
        target: impl Into<OpenTarget>,
    ) -> Result<OpenPermit, Vec<Finding>> {
        let target = target.into();
        let mut findings: Vec<Finding> = Vec::new();
        for header in headers {
            for finding in floor::opening(&header.facts, target.place()) {
                if !findings.contains(&finding) {
                    findings.push(finding);
                }
            }
        }
        let packages = headers
            .iter()
            .map(|header| (header.package, header.facts.clone()));
        match refuses(&findings) {
            true => Err(findings),
            false => Ok(OpenPermit {
                packages: packages.collect(),
                target,
                findings,
            }),
        }
    }
}
