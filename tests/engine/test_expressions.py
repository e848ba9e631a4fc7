"""Post-coordinated SNOMED CT: an expression is a kind of its focus concepts, and denies nothing of what is narrower."""

import pytest

from engine.concepts import Coding, Membership
from engine.expressions import focus_concepts
from engine.grammars import SNOMED, holds
from tests.engine.builders import concept
from tests.engine.test_concepts import ICD, library

YES, NO, UNKNOWN = Membership.YES, Membership.NO, Membership.UNKNOWN
EPILEPSY, RESISTANT, STROKE = "84757009", "445355009", "230690007"
SEVERE = "246112005 |Severity|=24484000 |Severe|"
ABSENT = "408729009 |Finding context| = 410516002 |Known absent|"

LIBRARY = library(
    concept("epilepsy", f"snomed {EPILEPSY}", includes=("resistant-epilepsy",)),
    concept("resistant-epilepsy", f"snomed {RESISTANT}"),
    concept("stroke", f"snomed {STROKE}", "icd-10 I63>"),
)


def of(code: str, *others: tuple[str, str]) -> list[Membership]:
    """The membership of one entry in epilepsy, resistant epilepsy and stroke."""
    codings = [Coding(SNOMED, code), *(Coding(*other) for other in others)]
    return [LIBRARY.membership(name, codings) for name in ("epilepsy", "resistant-epilepsy", "stroke")]


@pytest.mark.parametrize(
    ("code", "focus"),
    [
        (f"{RESISTANT}:246112005=24484000", (RESISTANT,)),
        (f"{RESISTANT} |Refractory epilepsy|", (RESISTANT,)),
        (f"{RESISTANT}|Epilepsy: refractory + severe|:{SEVERE}", (RESISTANT,)),
        (f"=== {RESISTANT}", (RESISTANT,)),
        (f"<<<{EPILEPSY}", (EPILEPSY,)),
        (f"{EPILEPSY}+{RESISTANT}", (EPILEPSY, RESISTANT)),
        (f"{EPILEPSY} |Epilepsy| + {STROKE} |Stroke| : {{ {SEVERE} }}", (EPILEPSY, STROKE)),
        (f"{EPILEPSY}:363698007=(12738006:272741003=7771000)", (EPILEPSY,)),
    ],
)
def test_the_focus_concepts_of_an_expression(code: str, focus: tuple[str, ...]) -> None:
    assert focus_concepts(SNOMED, code) == focus


@pytest.mark.parametrize(
    "code",
    [
        *(f"{EPILEPSY}:", f"{EPILEPSY}+", f"+{EPILEPSY}", f"{EPILEPSY} {RESISTANT}", f"{EPILEPSY}: severe"),
        *(f"{EPILEPSY} |Epilepsy", f"{EPILEPSY}:246112005 |Severity=24484000", "8475|x|7009|y|"),
        *("<< 84757009", "84757008 |Epilepsy|", f"{EPILEPSY}+84757008", "Epilepsy", "", "|84757009|"),
    ],
)
def test_what_cannot_be_read_as_an_expression_has_none(code: str) -> None:
    assert focus_concepts(SNOMED, code) == ()
    assert of(code) == [UNKNOWN, UNKNOWN, UNKNOWN]


def test_no_other_code_system_has_expressions() -> None:
    assert focus_concepts(ICD, f"=== {EPILEPSY}") == ()


@pytest.mark.parametrize(
    "refinement",
    [ABSENT, "408732007=444148008", "408731000=410513005", f"246090004=({STROKE}:{ABSENT})"],
)
def test_a_finding_in_a_context_may_be_absent_past_or_anothers_and_means_and_denies_nothing(
    refinement: str,
) -> None:
    assert of(f"{EPILEPSY}:{refinement}") == [UNKNOWN, UNKNOWN, UNKNOWN]


@pytest.mark.parametrize(
    "attribute", ["246090004", "363589002", "408729009", "408730004", "408731000", "408732007"]
)
def test_each_attribute_that_says_in_what_context_leaves_it_open(attribute: str) -> None:
    assert holds(SNOMED, attribute)
    assert focus_concepts(SNOMED, f"{EPILEPSY}:{attribute}=410516002") == ()


def test_what_is_put_together_is_a_kind_of_its_focus_and_may_be_anything_narrower() -> None:
    assert of(f"{RESISTANT}:246112005=24484000") == [YES, YES, UNKNOWN]
    assert of(f"{EPILEPSY}:246112005=24484000") == [YES, UNKNOWN, UNKNOWN]
    assert of(f"{EPILEPSY}+{RESISTANT}") == [YES, YES, UNKNOWN]
    assert of("44054006:246112005=24484000") == [UNKNOWN, UNKNOWN, UNKNOWN]


def test_a_code_beside_it_denies_as_it_does_by_itself() -> None:
    assert of(f"=== {EPILEPSY}", (ICD, "I63.9")) == [YES, NO, YES]
    assert of(f"=== {EPILEPSY}", ("urn:oid:1.2.3", "9")) == [YES, UNKNOWN, UNKNOWN]


def test_a_focus_that_the_rules_leave_out_makes_no_member_of_the_expression() -> None:
    found = library(
        concept("epilepsy", f"snomed {EPILEPSY}", exclude=concept("", f"snomed {RESISTANT}").codes)
    )
    assert found.membership("epilepsy", [Coding(SNOMED, f"=== {RESISTANT}")]) is UNKNOWN
    assert found.membership("epilepsy", [Coding(SNOMED, f"{EPILEPSY}+{RESISTANT}")]) is YES


def test_an_expression_that_a_site_maps_is_a_code_like_others() -> None:
    mapped = LIBRARY.with_local_codes({(SNOMED, f"=== {EPILEPSY}"): frozenset({"stroke"})})
    assert mapped.membership("stroke", [Coding(SNOMED, f"=== {EPILEPSY}")]) is YES
    assert mapped.membership("epilepsy", [Coding(SNOMED, f"=== {EPILEPSY}")]) is NO
