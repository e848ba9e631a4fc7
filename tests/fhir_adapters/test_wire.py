"""The wire: JSON that is valid, and that no program reads."""

import json

import pytest

from engine.facts import ListName, ListState
from fhir_adapters.errors import FhirDataError
from fhir_adapters.record import read_prefetch
from fhir_adapters.wire import decode_resource, decode_value

P = {"reference": "Patient/p"}
LAB = {"resourceType": "Observation", "id": "o", "subject": P, "valueQuantity": {"value": 7}}
KEYS = {"conditions": (ListName.CONDITIONS,), "labs": (ListName.OBSERVATIONS,)}
LONG = pytest.mark.parametrize("number", [b"9" * 5000, b"1e99999999999999999999"], ids=["digits", "exponent"])


@LONG
def test_a_number_too_long_to_be_read_is_our_error_and_no_other(number: bytes) -> None:
    with pytest.raises(FhirDataError, match="a number too long to be read"):
        decode_value(b'{"a": %s}' % number)
    assert decode_resource(b'{"resourceType": "MedicationRequest", "a": %s}' % number) is None


@LONG
def test_it_costs_its_own_entry_or_answer(number: bytes) -> None:
    lab = json.dumps(LAB).encode()
    sent = {
        "conditions": b'{"resourceType": "Bundle", "total": %s}' % number,
        "labs": b"[%s, %s]" % (lab.replace(b'"value": 7', b'"value": ' + number), lab),
    }
    record = read_prefetch(sent, keys=KEYS, patient_id="p")
    assert record.state(ListName.CONDITIONS) is ListState.FAILED
    assert (
        record.detail(ListName.CONDITIONS)
        == "what came cannot be read: the JSON holds a number too long to be read"
    )
    assert [gap.why for gap in record.gaps(ListName.OBSERVATIONS)] == ["it cannot be read as a FHIR resource"]
    assert len(record.entries("Observation")) == 1
