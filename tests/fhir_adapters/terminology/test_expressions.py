"""Post-coordinated SNOMED CT in a record: it brings the card up by its focus concept, or the answer says what it could not tell."""

from pathlib import Path
from typing import Any

import pytest

from tests.fhir_adapters.terminology.site import answers, asking, evaluation, outcome, service


def uncoded(answer: dict[str, Any]) -> list[str]:
    return [
        issue["reason"]
        for issue in evaluation(answer).get("data_issues", ())
        if issue["resource"] == "Condition" and issue["effect"] == "not checked"
    ]


@pytest.mark.parametrize(
    "code", ["84757009:246112005=24484000", "84757009 |Epilepsy|", "=== 84757009", "44054006+84757009"]
)
def test_an_expression_counts_as_its_focus_concept(rules: Path, code: str) -> None:
    (answer,) = answers(service(rules), asking(code))
    assert outcome(answer) == "met"


@pytest.mark.parametrize("code", ["44054006:246112005=24484000", "84757009:408729009=410516002"])
def test_one_that_does_not_tell_is_unknown_and_named(rules: Path, code: str) -> None:
    (answer,) = answers(service(rules), asking(code))
    assert outcome(answer) == "unknown"
    assert uncoded(answer) == ["1 entry has no code that is known here, and words are not read: Condition/c1"]
    assert any("not checked" in card["summary"] for card in answer["cards"])
