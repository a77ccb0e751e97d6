//! What the examiner knows of FHIR (HL7 FHIR R4, resource list and
//! "References"): which resources are about a patient, and how they say who.

use crate::inspect::content::Column;

/// Where a table of FHIR resources says what and whom a record is about.
/// Places in the list of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fhir {
    pub resource_type: u32,
    pub id: Option<u32>,
    pub references: [Option<u32>; 2],
}

/// What a resource type says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Resource {
    Patient,
    /// Health data of the patient it refers to.
    Clinical,
    /// Of nobody: an organisation, a place, a definition.
    Impersonal,
    Other,
}

const CLINICAL: &[&[u8]] = &[
    b"AdverseEvent",
    b"AllergyIntolerance",
    b"BodyStructure",
    b"CarePlan",
    b"CareTeam",
    b"ClinicalImpression",
    b"Composition",
    b"Condition",
    b"DetectedIssue",
    b"DeviceRequest",
    b"DeviceUseStatement",
    b"DiagnosticReport",
    b"DocumentReference",
    b"Encounter",
    b"EpisodeOfCare",
    b"FamilyMemberHistory",
    b"Flag",
    b"Goal",
    b"ImagingStudy",
    b"Immunization",
    b"ImmunizationEvaluation",
    b"ImmunizationRecommendation",
    b"MedicationAdministration",
    b"MedicationDispense",
    b"MedicationRequest",
    b"MedicationStatement",
    b"MolecularSequence",
    b"NutritionOrder",
    b"Observation",
    b"Procedure",
    b"QuestionnaireResponse",
    b"RiskAssessment",
    b"ServiceRequest",
    b"Specimen",
    b"VisionPrescription",
];

const IMPERSONAL: &[&[u8]] = &[
    b"CapabilityStatement",
    b"CodeSystem",
    b"ConceptMap",
    b"Endpoint",
    b"HealthcareService",
    b"ImplementationGuide",
    b"Library",
    b"Location",
    b"Medication",
    b"MedicationKnowledge",
    b"NamingSystem",
    b"OperationDefinition",
    b"OperationOutcome",
    b"Organization",
    b"OrganizationAffiliation",
    b"PlanDefinition",
    b"Questionnaire",
    b"SearchParameter",
    b"StructureDefinition",
    b"StructureMap",
    b"Substance",
    b"ValueSet",
];

impl Fhir {
    /// Whether a column says which patient a record is about.
    pub(super) fn names(&self, column: usize) -> bool {
        let [subject, patient] = self.references;
        let mut named = [self.id, subject, patient].into_iter().flatten();
        named.any(|named| super::index(named) == column)
    }

    /// Finds the columns of the outermost resource.
    pub(super) fn find(columns: &[Column<'_>]) -> Option<Self> {
        let prefix = columns
            .iter()
            .filter_map(|column| column.name?.strip_suffix(b"resourceType"))
            .filter(|prefix| prefix.is_empty() || prefix.ends_with(b"."))
            .min_by_key(|prefix| prefix.len())?;
        let place = |rest: &[u8]| {
            let at = columns.iter().position(|column| {
                column
                    .name
                    .and_then(|name| name.strip_prefix(prefix))
                    .is_some_and(|name| name == rest)
            })?;
            u32::try_from(at).ok()
        };
        Some(Self {
            resource_type: place(b"resourceType")?,
            id: place(b"id"),
            references: [place(b"subject.reference"), place(b"patient.reference")],
        })
    }
}

pub(super) fn resource(name: &[u8]) -> Resource {
    if name == b"Patient" {
        Resource::Patient
    } else if CLINICAL.binary_search(&name).is_ok() {
        Resource::Clinical
    } else if IMPERSONAL.binary_search(&name).is_ok() {
        Resource::Impersonal
    } else {
        Resource::Other
    }
}

/// The id in a reference to a patient: `Patient/<id>`, with or without the
/// server's address before and a version after it, or `urn:uuid:<id>`.
pub(super) fn patient_id(reference: &[u8]) -> Option<&[u8]> {
    const PATIENT: &[u8] = b"Patient/";
    let id = if let Some(id) = reference.strip_prefix(b"urn:uuid:") {
        id
    } else {
        let at = (0..reference.len())
            .rev()
            .find(|&at| reference[at..].starts_with(PATIENT))?;
        let id = &reference[at + PATIENT.len()..];
        id.split(|&byte| byte == b'/').next()?
    };
    (!id.is_empty()).then_some(id)
}

/// Whether a column holds NHS numbers as FHIR's own identifiers.
pub(super) fn is_nhs_number(name: &[u8]) -> bool {
    name.ends_with(b"[nhs-number]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_sorted() {
        assert!(CLINICAL.is_sorted() && IMPERSONAL.is_sorted());
    }

    #[test]
    fn references_are_read() {
        let id = |reference: &'static str| patient_id(reference.as_bytes());
        assert_eq!(id("Patient/a-1"), Some(&b"a-1"[..]));
        assert_eq!(
            id("https://fhir.example.org/Patient/a/_history/2"),
            Some(&b"a"[..])
        );
        assert_eq!(id("urn:uuid:0c3"), Some(&b"0c3"[..]));
        assert_eq!(id("Group/a"), None);
        assert_eq!(id("Patient/"), None);
        assert_eq!(id(""), None);
    }

    #[test]
    fn the_outermost_resource_is_found() {
        let names = [
            "resource.contained.resourceType",
            "resource.id",
            "resource.resourceType",
            "id",
        ];
        let columns: Vec<_> = (0..)
            .zip(names)
            .map(|(index, name)| Column {
                name: Some(name.as_bytes()),
                index,
            })
            .collect();
        let expected = Fhir {
            resource_type: 2,
            id: Some(1),
            references: [None; 2],
        };
        assert_eq!(Fhir::find(&columns), Some(expected));
        assert_eq!(Fhir::find(&columns[3..]), None);
    }
}
