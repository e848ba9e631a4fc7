"""Resource types: what the resources of FHIR are called, from STU3 to R5.

What is called otherwise may be anything, also what a rule looks for: ``medicationrequest``, say. DSTU2, whose resources have
the same names and other elements, is told by elements that no later version has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from fhir_adapters.wire import Entry

# STU3, R4, R4B and R5, without Bundle and Parameters: what those hold where a resource belongs, nobody has read.
_NAMES: Final = (
    "Account ActivityDefinition ActorDefinition AdministrableProductDefinition AdverseEvent AllergyIntolerance "
    "Appointment AppointmentResponse ArtifactAssessment AuditEvent Basic Binary BiologicallyDerivedProduct "
    "BiologicallyDerivedProductDispense BodySite BodyStructure CapabilityStatement CarePlan CareTeam CatalogEntry "
    "ChargeItem ChargeItemDefinition Citation Claim ClaimResponse ClinicalImpression ClinicalUseDefinition "
    "CodeSystem Communication CommunicationRequest CompartmentDefinition Composition ConceptMap Condition "
    "ConditionDefinition Consent Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse "
    "DataElement DetectedIssue Device DeviceAssociation DeviceComponent DeviceDefinition DeviceDispense "
    "DeviceMetric DeviceRequest DeviceUsage DeviceUseStatement DiagnosticReport DocumentManifest "
    "DocumentReference EffectEvidenceSynthesis EligibilityRequest EligibilityResponse Encounter EncounterHistory "
    "Endpoint EnrollmentRequest EnrollmentResponse EpisodeOfCare EventDefinition Evidence EvidenceReport "
    "EvidenceVariable ExampleScenario ExpansionProfile ExplanationOfBenefit FamilyMemberHistory Flag "
    "FormularyItem GenomicStudy Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingManifest "
    "ImagingSelection ImagingStudy Immunization ImmunizationEvaluation ImmunizationRecommendation "
    "ImplementationGuide Ingredient InsurancePlan InventoryItem InventoryReport Invoice Library Linkage List "
    "Location ManufacturedItemDefinition Measure MeasureReport Media Medication MedicationAdministration "
    "MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct "
    "MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductDefinition "
    "MedicinalProductIndication MedicinalProductIngredient MedicinalProductInteraction "
    "MedicinalProductManufactured MedicinalProductPackaged MedicinalProductPharmaceutical "
    "MedicinalProductUndesirableEffect MessageDefinition MessageHeader MolecularSequence NamingSystem "
    "NutritionIntake NutritionOrder NutritionProduct Observation ObservationDefinition OperationDefinition "
    "OperationOutcome Organization OrganizationAffiliation PackagedProductDefinition Patient PaymentNotice "
    "PaymentReconciliation Permission Person PlanDefinition Practitioner PractitionerRole Procedure "
    "ProcedureRequest ProcessRequest ProcessResponse Provenance Questionnaire QuestionnaireResponse "
    "ReferralRequest RegulatedAuthorization RelatedPerson RequestGroup RequestOrchestration Requirements "
    "ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment "
    "RiskEvidenceSynthesis Schedule SearchParameter Sequence ServiceDefinition ServiceRequest Slot Specimen "
    "SpecimenDefinition StructureDefinition StructureMap Subscription SubscriptionStatus SubscriptionTopic "
    "Substance SubstanceDefinition SubstanceNucleicAcid SubstancePolymer SubstanceProtein "
    "SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification SupplyDelivery SupplyRequest "
    "Task TerminologyCapabilities TestPlan TestReport TestScript Transport ValueSet VerificationResult "
    "VisionPrescription"
)
RESOURCE_TYPES: Final = frozenset(_NAMES.split())
"""The types that can be passed over where no rule looks into them."""

DSTU2_TYPES: Final = frozenset({"MedicationOrder", "DeviceUseRequest", "DiagnosticOrder"})
"""The types that only DSTU2 has, whose members mean something else: reported and never guessed at."""

DSTU2: Final = "it is written in DSTU2, which cannot be read for sure"
"""Why an entry of DSTU2 is a gap."""

# What the mapping would read otherwise than DSTU2 means it; docs/fhir_versions.md goes through all that differs.
_ONLY_IN_DSTU2: Final[Mapping[str, frozenset[str]]] = {
    "Appointment": frozenset({"type"}),
    "AllergyIntolerance": frozenset({"status", "substance"}),
    "Condition": frozenset({"dateRecorded"}),
    "MedicationAdministration": frozenset({"wasNotGiven", "effectiveTimeDateTime", "effectiveTimePeriod"}),
    "MedicationStatement": frozenset({"wasNotTaken", "reasonForUseCodeableConcept", "reasonForUseReference"}),
}


def is_dstu2(entry: Entry) -> bool:
    """Whether a resource has an element that only DSTU2 has (HL7's maps of R3 name what became of each)."""
    marks = _ONLY_IN_DSTU2.get(entry.type)
    return marks is not None and not marks.isdisjoint(entry.resource)
