"""Two states of the rules asked about the same patients: whose cards differ, and how."""

from __future__ import annotations

from datetime import date

import pytest

from engine.authoring.comparison import Differences, Effect, compare_cases, compare_limits, compare_over
from engine.authoring.folder import Loaded
from engine.authoring.testing import read_tests
from engine.authoring.versions import Bump
from engine.evaluation import Engine
from engine.finding import Truth
from tests.engine.authoring.conftest import Folder

RULE = "baclofen-it.renal-impairment"
FILE = "baclofen-it/warnings/renal-impairment.yaml"
EPILEPSY = "baclofen-it/monitoring/epilepsy.yaml"


def differing(old: Loaded, new: Loaded, rule: str = RULE) -> dict[Effect, list[str]]:
    found = compare_cases(old, new, [rule])
    return {effect: found.examples[name, effect] for name, effect in found.examples}


@pytest.mark.parametrize(
    ("old", "new", "effect"),
    [
        ("below: parameter kidney-limit", "below: 20 mL/min/1.73m2", Effect.LOST),
        ("indicator: warning", "indicator: critical", Effect.URGENCY),
        ("detail: Baclofen", "detail: This baclofen", Effect.WORDS),
    ],
)
def test_the_tests_of_a_rule_tell_whose_card_differs(
    folder: Folder, mini: Loaded, old: str, new: str, effect: Effect
) -> None:
    folder.edit(FILE, old, new)
    found = differing(mini, folder.load())
    assert list(found) == [effect]


def test_there_and_back_is_gained(folder: Folder, mini: Loaded) -> None:
    folder.edit(FILE, "below: parameter kidney-limit", "below: 20 mL/min/1.73m2")
    assert list(differing(folder.load(), mini)) == [Effect.GAINED]


def test_what_becomes_unknown_or_is_no_longer_unknown(folder: Folder, mini: Loaded) -> None:
    folder.edit(FILE, "      as: egfr", "      if_missing: not-met\n      as: egfr")
    sure = folder.load()
    settled, doubted = differing(mini, sure), differing(sure, mini)
    assert list(settled) == [Effect.SETTLED]
    assert list(doubted) == [Effect.DOUBTED]
    assert settled[Effect.SETTLED] == doubted[Effect.DOUBTED] != []


def test_the_tests_of_a_rule_that_is_new_or_gone_tell_who_gets_its_card_and_who_lost_it(
    folder: Folder, mini: Loaded
) -> None:
    folder.remove(EPILEPSY).remove(EPILEPSY.replace(".yaml", ".test.yaml"))
    without = folder.load()
    gone, new = (differing(*sides, "baclofen-it.epilepsy") for sides in ((mini, without), (without, mini)))
    assert (
        gone[Effect.LOST]
        == new[Effect.GAINED]
        == [
            "epilepsy is mentioned when the medicine is ordered",
            *gone[Effect.LOST][1:],
        ]
    )
    assert Effect.GAINED not in gone
    assert Effect.LOST not in new


@pytest.mark.parametrize(
    ("file", "old", "new", "effect", "named"),
    [
        (FILE, "within: 12 months", "within: 6 months", Effect.OPENED, "eGFR of 59 mL/min/1.73m2 on 2025-08-31 (out of time)"),
        ("baclofen-it/pack.yaml", "60 mL", "45 mL", Effect.LOST, "eGFR of 59 mL/min/1.73m2"),
        (FILE, "within: 12 months", "within: 2 years", Effect.GAINED,
         "eGFR of 59 mL/min/1.73m2 on 2024-03-01 (the last day that counts)"),
    ],
)  # fmt: skip
def test_the_cases_at_the_limits_before_and_after_tell_who_is_in_the_gap(
    folder: Folder, mini: Loaded, file: str, old: str, new: str, effect: Effect, named: str
) -> None:
    folder.edit(file, old, new)
    found = compare_limits(mini, folder.load(), [RULE], date(2026, 3, 1))
    assert named in found.examples[RULE, effect]


def test_the_limits_of_a_rule_that_one_side_does_not_have_are_passed_over(
    folder: Folder, mini: Loaded
) -> None:
    folder.remove(EPILEPSY)
    assert compare_limits(mini, folder.load(), ["baclofen-it.epilepsy"], date(2026, 3, 1)).patients == 0
    assert compare_limits(folder.load(), mini, ["baclofen-it.epilepsy"], date(2026, 3, 1)).patients == 0


def test_the_rules_that_it_yields_to_are_asked_and_not_compared(folder: Folder) -> None:
    folder.edit(FILE, "unless:", "yields_to: [baclofen-it.epilepsy]\nunless:")
    before = folder.load()
    folder.edit(EPILEPSY, "watch for", "look for")
    assert differing(before, folder.load()) == {}


def test_a_rule_without_tests_and_a_test_that_one_side_cannot_take_up(folder: Folder, mini: Loaded) -> None:
    folder.remove(FILE.replace(".yaml", ".test.yaml"))
    assert compare_cases(mini, folder.load(), [RULE]).patients == 0
    folder.write(
        FILE.replace(".yaml", ".test.yaml"), "today: 2026-03-01\ntests: [{name: one, expect: unknown}]"
    )
    before = folder.load()
    folder.edit(FILE, "medicine: baclofen-intrathecal", "medicine: baclofen")
    found = compare_cases(folder.load(), before, [RULE])
    assert (found.patients, found.left_out) == (0, [f"{RULE}: one"])


def test_patients_are_counted_by_rule_and_named_by_example(folder: Folder, mini: Loaded) -> None:
    folder.edit(EPILEPSY, "at_or_above: 4 years", "at_or_above: 50 years")
    new = folder.load()
    old_engine, new_engine = Engine(mini.rules, mini.concepts), Engine(new.rules, new.concepts)
    rule = "baclofen-it.epilepsy"
    tests = read_tests(mini, rule)
    assert tests is not None
    met = next(case for case in tests.cases if case.expect.outcome is Truth.MET)
    other = next(case for case in tests.cases if case.expect.outcome is Truth.NOT_MET)
    patients = [(f"patient {number}", tests.facts(met)) for number in range(5)]
    found = compare_over(old_engine, new_engine, [*patients, ("another", tests.facts(other))])
    assert found.counts == {(rule, Effect.LOST): 5}
    assert found.examples[rule, Effect.LOST] == ["patient 0", "patient 1", "patient 2"]
    assert found.per_thousand(rule, Effect.LOST) == 833.3
    assert (found.bump(rule), found.bump(RULE)) == (Bump.MAJOR, Bump.NONE)


def test_tests_that_hold_errors_are_named_and_all_patients_where_they_are_asked_for(
    folder: Folder, mini: Loaded
) -> None:
    folder.edit(FILE.replace(".yaml", ".test.yaml"), "today: 2026-03-01", "todday: 2026-03-01")
    found = compare_cases(mini, folder.load(), [RULE])
    assert (found.patients, found.left_out) == (0, [f"{RULE}: its tests, which hold errors"])
    everybody = Differences(most=None)
    for number in range(5):
        everybody.note(f"patient {number}", [(RULE, Effect.LOST)])
    assert len(everybody.examples[RULE, Effect.LOST]) == 5


def test_nobody_is_no_share() -> None:
    assert Differences().per_thousand(RULE, Effect.LOST) == 0.0


@pytest.mark.parametrize(
    ("effect", "bump"),
    [
        (Effect.WORDS, Bump.PATCH),
        (Effect.GAINED, Bump.MINOR),
        (Effect.DOUBTED, Bump.MINOR),
        (Effect.SETTLED, Bump.MAJOR),
        (Effect.LOST, Bump.MAJOR),
        (Effect.OPENED, Bump.MAJOR),
        (Effect.URGENCY, Bump.MAJOR),
    ],
)
def test_each_effect_calls_for_its_version(effect: Effect, bump: Bump) -> None:
    assert effect.bump is bump
