"""What tells of a pump: codes that say less than the medicine's own, and removals that are over or not (T-ITB-CURRENT)."""

from dataclasses import replace
from typing import Any

import pytest

from engine.concepts import CodedText, Coding, ConceptLibrary
from engine.conditions import Context, find
from engine.dates import DateInterval
from engine.facts import DeviceFact, ListName, ProcedureFact
from engine.finding import Truth
from engine.medicine import Medicine
from engine.medicines import therapy
from engine.pumps import devices_in_words, pumps_on_record, takes_away
from engine.record import Record
from tests.engine.builders import (
    CONCEPTS,
    MEDICINE,
    SYSTEMS,
    UNMAPPED,
    coded,
    concept,
    context,
    on,
    patient,
    written,
)

SNOMED = SYSTEMS["snomed"].uri
LIBRARY = ConceptLibrary(
    {
        **CONCEPTS.concepts,
        **{
            each.id: each
            for each in (
                replace(CONCEPTS.concept("pump"), left_open_by=("any-pump",)),
                replace(
                    CONCEPTS.concept("pump-in-place"),
                    includes=("any-pump", "pump-implant"),
                    open_in=("snomed",),
                ),
                concept("any-pump", "snomed 100001"),
                concept("removal", "snomed 100002", left_open_by=("any-removal",)),
                concept("any-removal", "snomed 100003"),
                concept("other-device", texts=("hearing aid",)),
            )
        },
    },
    SYSTEMS,
)
PUMP = replace(MEDICINE, removal="removal", other_devices="other-device")
OWN, ANY, GONE, ANY_GONE = (
    CodedText((Coding(SNOMED, code),)) for code in ("233562009", "100001", "100002", "100003")
)
IN_WORDS, GONE_IN_WORDS = (
    CodedText(text=f"{what} of intrathecal pump") for what in ("Implantation", "Removal")
)
LATER = on("2025-05-02")


def found(medicine: Medicine = PUMP, **record: Any) -> list[str]:
    """The references of what tells of a pump."""
    return [each.reference for each in pumps_on_record(medicine, Record(patient(**record), LIBRARY))]


def done(code: CodedText, when: DateInterval | None = None, name: str = "done", **more: Any) -> ProcedureFact:
    return ProcedureFact(name, code, performed=when, **more)


def removed(code: CodedText, when: DateInterval | None = LATER, **more: Any) -> ProcedureFact:
    return done(code, when, "removed", **more)


def test_a_device_of_any_kind_tells_of_it_once_and_unless_it_is_known_to_be_out_of_use() -> None:
    devices = [DeviceFact(f"Device/{n}", code) for n, code in enumerate((coded("pump"), ANY, UNMAPPED))]
    assert found(devices=devices) == ["Device/0", "Device/1"]
    assert found(devices=[replace(each, active=False) for each in devices]) == []
    assert found(devices=[replace(each, active=None) for each in devices]) == ["Device/0", "Device/1"]


@pytest.mark.parametrize(
    ("code", "removal", "left"),
    [
        (OWN, GONE, False),
        (IN_WORDS, GONE_IN_WORDS, False),
        (OWN, GONE_IN_WORDS, False),
        (ANY, GONE, False),
        (ANY, ANY_GONE, False),
        # Another pump may have been taken away.
        (OWN, ANY_GONE, True),
        (IN_WORDS, ANY_GONE, True),
    ],
)
def test_a_removal_takes_back_what_it_is_the_removal_of(
    code: CodedText, removal: CodedText, left: bool
) -> None:
    before = done(code, on("2024-05-02"))
    assert found(procedures=[before, removed(removal)]) == (["done"] if left else [])


@pytest.mark.parametrize("removal", [GONE, ANY_GONE, GONE_IN_WORDS])
def test_a_removal_that_is_not_over_takes_nothing_back_and_tells_of_a_pump(removal: CodedText) -> None:
    for unfinished in (removed(removal, done=False), removed(removal, certain=False)):
        assert found(procedures=[unfinished]) == ["removed"]
        assert found(procedures=[done(ANY, on("2024-05-02")), unfinished]) == ["done", "removed"]
    assert found(procedures=[removed(removal)]) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (None, "2025-05-02"),
        ("2024-05-02", None),
        ("2025-05-02", "2025-05-02"),
        ("2025-05-02T11:00:00Z", "2025-05-02T12:00:00Z"),
        ("2025", "2025-05-02"),
    ],
)
def test_a_removal_takes_back_only_what_was_surely_done_on_an_earlier_day(
    before: str | None, after: str | None
) -> None:
    first, second = (on(each) if each else None for each in (before, after))
    assert found(procedures=[done(ANY, first), removed(GONE, second)]) == ["done"]


def test_what_is_only_planned_tells_of_no_pump() -> None:
    assert found(procedures=[done(OWN, done=False)]) == []


def test_a_medicine_may_have_neither_a_removal_nor_a_device_of_its_own() -> None:
    """Then words tell of removals, and every code for a pump is as good as another."""
    record = [done(ANY, on("2024-05-02")), removed(GONE), removed(ANY_GONE)]
    assert found(MEDICINE, procedures=record) == ["done"]
    bare = replace(PUMP, device=None)
    assert found(bare, procedures=[done(ANY, on("2024-05-02")), removed(GONE)]) == []
    assert found(replace(bare, presence=None), procedures=record, devices=[DeviceFact("Device/1", ANY)]) == []


class TestACodeThatSaysLess:
    """A condition on the medicine's own device, where the record has a code for any."""

    def test_keeps_the_answer_unknown_and_says_so(self) -> None:
        facts = patient(devices=[DeviceFact("Device/1", ANY), DeviceFact("Device/2", UNMAPPED)])
        seen = Context(Record(facts, LIBRARY), MEDICINE, context(facts).subject)
        finding = find(written({"device": "pump"}), seen)
        assert finding.truth is Truth.UNKNOWN
        assert [(entry.why, entry.references) for entry in finding.missing] == [
            ("1 entry of the list of devices has no code that is known here", ("Device/2",)),
            ("1 entry of the list of devices has a code that says too little", ("Device/1",)),
        ]

    def test_is_found_among_what_may_be_it_and_not_among_what_is(self) -> None:
        (any_pump,) = found_list = [DeviceFact("Device/1", ANY)]
        record = Record(patient(devices=found_list), LIBRARY)
        assert (
            record.possible(ListName.DEVICES, "pump")
            == record.unclear(ListName.DEVICES, "pump")
            == (any_pump,)
        )
        assert record.members(ListName.DEVICES, "pump") == ()


def in_words(code: CodedText, medicine: Medicine = PUMP, active: bool | None = True) -> list[str]:
    """The references of the devices that could be anything, of a record of this one."""
    record = Record(patient(devices=[DeviceFact("Device/1", code, active)]), LIBRARY)
    return [each.reference for each in devices_in_words(medicine, record)]


@pytest.mark.parametrize(
    ("code", "asked"),
    [
        (CodedText(text="Brand 9000"), True),  # of a brand that no list has
        (CodedText((Coding("", "", "Brand 9000"),)), True),
        (UNMAPPED, True),  # a code that says nothing to anyone
        (CodedText((Coding(SNOMED, "14106009"),), "Brand 9000"), False),  # in a system that is known
        (OWN, False),
        # What is named tells by itself: a pump, one that is denied, and what is surely none.
        (CodedText(text="Intrathecal pump"), False),
        (CodedText(text="no intrathecal pump"), False),
        (CodedText(text="Hearing aid, left"), False),
    ],
)
def test_a_device_in_words_that_nobody_knows_may_be_a_pump(code: CodedText, asked: bool) -> None:
    for active in (True, None):
        assert in_words(code, active=active) == (["Device/1"] if asked else [])
    assert in_words(code, active=False) == []
    assert in_words(code, replace(PUMP, device=None)) == []


def test_such_a_device_leaves_the_therapy_open_and_says_nothing_of_a_pump() -> None:
    record = Record(patient(devices=[DeviceFact("Device/1", CodedText(text="Brand 9000"))]), LIBRARY)
    look = therapy(PUMP, record)
    assert (look.certainty, look.suspected) == (Truth.UNKNOWN, False)
    assert [(each.why, each.references) for each in look.missing] == [
        ("1 entry of the list of devices has no code that is known here", ("Device/1",))
    ]
    assert [each.label for each in look.evidence] == ["Brand 9000"]


@pytest.mark.parametrize(
    "word", ["Removal", "explantation", "extraction", "usunięcie", "fjernelse", "Entfernung"]
)
@pytest.mark.parametrize(
    ("other", "away"),
    [
        ("in May", True),
        *(
            (other, False)
            for other in (
                "replacement",
                "exchange",
                "change",
                "revision",
                "reimplantation",
                "re-implantation",
            )
        ),
        *(
            (other, False)
            for other in ("wymiana", "utskifting", "udskiftning", "byte", "Austausch", "Wechsel")
        ),
    ],
)
def test_each_word_for_a_removal_takes_the_pump_away_unless_a_word_puts_one_back(
    word: str, other: str, away: bool
) -> None:
    assert takes_away(f"{word} of the pump, {other}") is away
