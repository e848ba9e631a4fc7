"""A pump that is recorded in words alone: brands, models, what it is called in several languages, and names that no list has."""

import pytest

from engine.finding import Truth
from tests.rules.test_pump_on_record import P, device, in_every_version, look, named, procedure, use

NO, UNKNOWN = Truth.NOT_MET, Truth.UNKNOWN
ACTIVE = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
}
PUMPS_IN_WORDS = [
    "Codman MedStream",
    "MEDSTREAM Programmable Infusion System",
    "Medtronic 8637-40",
    "8637-20",
    "Medtronic Model 8627-18",
    "Synchro-Med EL",
    "Synchro Med II",
    "SyncroMed",
    "SYNCHROMED® II",
    "IsoMed 8472",
    "Prometra II",
    "Arrow Model 3000",
    "Archimedes 20 mL",
    "AccuRx Constant Flow Implantable Pump",
    "ITB pump",
    "ITB-Pumpe",
    "Baclofenpumpe",
    "Baclofen-Pumpe",
    "Intrathekale Medikamentenpumpe",
    "pompe à baclofène",
    "pompe intrathécale",
    "bomba de baclofeno",
    "pompa al baclofene",
    "pompa baklofenowa",
    "baklofenová pumpa",
    "baklofenpump",
    "implantable infusion pump",
]


@pytest.mark.parametrize("words", PUMPS_IN_WORDS)
def test_a_pump_in_words_is_asked_about_wherever_it_stands(words: str) -> None:
    """A Device, the use of one, a diagnosis, and a procedure: brands and models, and what a pump is called in several languages."""
    problem = {"resourceType": "Condition", "subject": P, "code": {"text": words}, "clinicalStatus": ACTIVE}
    model = device("R4", deviceName=[{"name": "Infusion system"}], modelNumber=words)
    for entry in (
        device("R4", type={"text": words}),
        named("R5", words),
        model,
        use("STU3", "active", display=words),
        use("R5", "active", display=words),
        problem,
        procedure("R4", {"text": f"Implantation: {words}"}, "2024-05-02"),
    ):
        found = look(entry)
        assert (found.certainty, found.suspected) == (UNKNOWN, True)
        assert found.missing[0].why == "a pump is on record, but not which medicine it holds"
        assert any(words in evidence.label for evidence in found.evidence)


@in_every_version
@pytest.mark.parametrize("brand", ["Brand 9000", "8627", "infusion system", "Advisa DR MRI"])
def test_a_device_of_a_name_that_no_list_has_leaves_it_open_and_is_quoted(version: str, brand: str) -> None:
    for entry in (named(version, brand), use(version, "active", display=brand)):
        found = look(entry)
        # Nothing points to a pump, so that only a rule that rests on something else of the record asks.
        assert (found.certainty, found.suspected) == (UNKNOWN, False)
        assert [each.why for each in found.missing] == [
            "1 entry of the list of devices has no code that is known here"
        ]
        assert [each.label for each in found.evidence] == [brand]
    assert look(device(version, "inactive", type={"text": brand})).certainty is NO
