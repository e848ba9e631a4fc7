"""How units are spelt that are amounts in a day, or per body surface, in codes that are otherwise valid UCUM."""

import pytest

from engine.quantity import read_unit

UCUM = "http://unitsofmeasure.org"


@pytest.mark.parametrize(
    ("spelling", "ucum"),
    [
        ("ug/24.h", "ug/d"),
        ("ug/(24.h)", "ug/d"),
        ("ug/kg/(24.h)", "ug/kg/d"),
        ("mg/24h", "mg/d"),
        ("mg/24 hours", "mg/d"),
        ("mcg per 24 hours", "ug/d"),
        ("mcg/day", "ug/d"),
        ("mg/100mL", "mg/dL"),
        ("mg/100 ml", "mg/dL"),
        ("g/100.mL", "g/dL"),
        ("mg/(100.mL)", "mg/dL"),
        ("mg per 100 millilitres", "mg/dL"),
        ("mg%", "mg/dL"),
        ("g%", "g/dL"),
        ("mL/min/1.73.m2", "mL/min/{1.73_m2}"),
    ],
)
def test_a_spelling_is_the_unit_that_is_meant_as_a_code_and_as_a_text(spelling: str, ucum: str) -> None:
    assert read_unit(spelling, None, UCUM) == read_unit(None, spelling, None) == ucum


@pytest.mark.parametrize(
    ("spelling", "ucum"),
    [
        ("ml/min/1,73 qm", "mL/min/{1.73_m2}"),
        ("ml/mn/1,73m²", "mL/min/{1.73_m2}"),
        ("мл/мин/1,73м2", "mL/min/{1.73_m2}"),
        ("мл/мин/1,73 м²", "mL/min/{1.73_m2}"),
        ("мкмоль/л", "umol/L"),
        ("мкг", "ug"),
        ("мг/сут", None),
        ("µM", "umol/L"),
        ("mM", "mmol/L"),
        ("µm", "um"),  # a length
        ("mm", "mm"),
        ("mL/min/{BSA}", "mL/min/{BSA}"),  # of whose body surface? a unit of its own
    ],
)
def test_other_languages_write_units_otherwise(spelling: str, ucum: str | None) -> None:
    assert read_unit(None, spelling, None) == ucum


@pytest.mark.parametrize("spelling", ["ug/12.h", "g/50.mL", "mg/24.ha", "ug/(12.h)", "mg/100.mLs", "%g"])
def test_what_ucum_computes_otherwise_than_people_mean_is_not_understood(spelling: str) -> None:
    assert read_unit(spelling, spelling, UCUM) is None
