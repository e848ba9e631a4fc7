"""What a change of a rule means in words, and which version it calls for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.authoring.changes import RuleChange, rule_changes
from engine.authoring.folder import Loaded
from engine.authoring.versions import Bump
from tests.engine.authoring.conftest import Folder

KIDNEY = "baclofen-it/warnings/renal-impairment.yaml"
EPILEPSY = "baclofen-it/monitoring/epilepsy.yaml"
ROUTE = "baclofen-it/contraindications/wrong-route.yaml"
EGFR = "the latest eGFR in the last 12 months"


@pytest.fixture
def changed(folder: Folder, mini: Loaded) -> Callable[[], list[RuleChange]]:
    """The rules that differ between the small folder and the edited copy of it."""
    return lambda: list(rule_changes(mini, folder.load()))


def edit(folder: Folder, *edits: tuple[str, str, str]) -> None:
    for file, old, new in edits:
        folder.edit(file, old, new)


def test_nothing_changed_is_nothing_said(changed: Callable[[], list[RuleChange]]) -> None:
    assert changed() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "bump", "words"),
    [
        # alternatives
        (KIDNEY, "  any:\n", "  any:\n    - condition: epilepsy\n", "minor", "now also fires when the patient has epilepsy"),
        (KIDNEY, "    - condition: chronic-kidney-disease\n", "    - condition: epilepsy\n", "major",
         "now also fires when the patient has epilepsy | no longer fires when only the patient has chronic kidney disease"),
        (EPILEPSY, "    - age: {at_or_above: 4 years}\n", "", "major", "no longer asks that the patient's age is at or above 4 years"),
        (EPILEPSY, "  all:\n", "  all:\n    - sex: [female]\n", "major",
         "now fires only when also the patient's recorded sex is female"),
        (EPILEPSY, "    - condition: epilepsy\n", "    - any: [condition: epilepsy, condition: pump-in-place]\n", "minor",
         "now also fires when the patient has an implanted pump"),
        (ROUTE, "  route: {other_than: route-intrathecal}\n",
         "  all:\n    - route: {other_than: route-intrathecal}\n    - condition: epilepsy\n", "major",
         "now fires only when also the patient has epilepsy"),
        (EPILEPSY, "    - condition: epilepsy\n", "    - {at_least: 1, of: [condition: epilepsy, condition: pump-in-place]}\n", "major",
         "now fires only when also at least 1 of these are so: the patient has epilepsy; the patient has an implanted pump"
         " | no longer asks that the patient has epilepsy"),
        # what keeps a rule from firing
        (EPILEPSY, "  all:\n", "  all:\n    - none: [sex: [female]]\n", "major",
         "now fires only when also it is not so that the patient's recorded sex is female"),
        (KIDNEY, "  procedure: surgery\n  status: planned\n",
         "  any:\n    - {procedure: surgery, status: planned}\n    - condition: epilepsy\n", "major",
         "no longer fires when the patient has epilepsy"),
        (KIDNEY, "  procedure: surgery\n  status: planned\n",
         "  all:\n    - {procedure: surgery, status: planned}\n    - condition: epilepsy\n", "major",
         "now also fires unless also the patient has epilepsy"),
        (KIDNEY, "unless:\n  procedure: surgery\n  status: planned\n", "", "major",
         "now also fires when an operation is planned"),
        (EPILEPSY, "if_unknown", "unless: {sex: [male]}\nif_unknown", "major", "no longer fires when the patient's recorded sex is male"),
        (ROUTE, "when:\n  route: {other_than: route-intrathecal}\n", "", "major",
         "no longer asks that the order's route is not the intrathecal route"),
        # limits
        (EPILEPSY, "at_or_above: 4 years", "at_or_above: 6 years", "major", "no longer fires between 4 years and 6 years"),
        (EPILEPSY, "at_or_above: 4 years", "at_or_above: 2 years", "major", "now also fires between 2 years and 4 years"),
        (EPILEPSY, "at_or_above: 4 years", "above: 4 years", "major", "no longer fires at exactly 4 years"),
        (EPILEPSY, "at_or_above: 4 years", "at_or_below: 4 years", "major",
         "now also fires below 4 years and no longer fires above 4 years: asks that"),
        (EPILEPSY, "at_or_above: 4 years", "between: [4 years, 9 years]", "major", "no longer fires above 9 years: asks that"),
        (EPILEPSY, "at_or_above: 4 years", "between: [24 months, 9 years]", "major",
         "now also fires between 24 months and 4 years and no longer fires above 9 years: asks that"),
        (EPILEPSY, "at_or_above: 4 years", "below: 4 years", "major",
         "now also fires below 4 years and no longer fires at or above 4 years: asks that"),
        (EPILEPSY, "at_or_above: 4 years", "above: 48 months", "major", "no longer fires at exactly"),
        (KIDNEY, "below: parameter kidney-limit", "below: 60.0 mL/min/1.73m2", "major", "asks that"),
        (KIDNEY, "below: parameter kidney-limit", "below: 45 mL/min/1.73m2", "major",
         "no longer fires between 45 mL/min/1.73m2 and 60 mL/min/1.73m2"),
        (KIDNEY, "within: 12 months", "within: 6 months", "major",
         "no longer fires beyond 6 months, up to 12 months: asks that the latest eGFR in the last 6 months"),
        (KIDNEY, "within: 12 months", "within: 2 years", "major", "now also fires beyond 12 months, up to 2 years: asks that"),
        (KIDNEY, "within: 12 months", "within: 1 year", "major", "asks that the latest eGFR in the last year"),
        (KIDNEY, "  status: planned", "  status: done", "major", "asks that"),
        # when and for whom it is asked
        (ROUTE, "[order-sign]", "[order-sign, order-select]", "minor", "now also asked at order-select"),
        (KIDNEY, "[order-select, order-sign]", "[order-sign]", "major", "no longer asked at order-select"),
        (EPILEPSY, "[order, therapy]", "[therapy]", "major", "no longer brought up by order"),
        (EPILEPSY, "status: active", "status: retired", "major", "status is retired instead of active"),
        (EPILEPSY, "if_unknown: silent", "if_unknown: tell", "major", "if_unknown is tell instead of silent"),
        (EPILEPSY, "if_unknown", "yields_to: [baclofen-it.wrong-route]\nif_unknown", "major",
         "no longer shown together with baclofen-it.wrong-route"),
        # the card
        (EPILEPSY, "indicator: info", "indicator: warning", "major", "the card is warning instead of info"),
        (EPILEPSY, "watch for seizures", "look for seizures", "patch",
         "reads “Epilepsy: look for seizures” instead of “Epilepsy: watch for seizures”"),
        (KIDNEY, "detail: Baclofen", "detail: This baclofen", "patch", "other words: detail"),
        (KIDNEY, "title: Reduced", "title: Much reduced", "patch", "other words: title"),
        (KIDNEY, "[benefit-outweighs-risk, will-monitor]", "[will-monitor]", "minor", "other choices: override_reasons"),
        (KIDNEY, "limits:", "obtain: [{label: Ask for a value, request: eGFR}]\nlimits:", "minor", "other choices: obtain"),
        (KIDNEY, "as: egfr", "as: filtration", "patch", "its file is written differently and says the same"),
        # what the rules stand on
        ("concepts/conditions.yaml", "        - {code: N18,", "        - {code: N19, seen: here}\n        - {code: N18,", "minor",
         "concept chronic-kidney-disease now also counts icd-10 N19"),
        ("concepts/conditions.yaml", "code: N18, below: true", "code: N18", "major",
         "concept chronic-kidney-disease now also counts icd-10 N18 and no longer counts icd-10 N18 and below"),
        ("concepts/conditions.yaml", "title: chronic kidney disease", "title: kidney disease", "patch",
         "concept chronic-kidney-disease has other words"),
        ("concepts/conditions.yaml", "title: chronic kidney disease", "title: chronic kidney disease\n    left_open_by: [epilepsy]",
         "minor", "concept chronic-kidney-disease is now left open by epilepsy"),
        ("concepts/conditions.yaml", "title: chronic kidney disease",
         "title: chronic kidney disease\n    texts: [nephro]\n    texts_unless: [stone]", "minor",
         "concept chronic-kidney-disease now also counts the words “nephro” and is no longer named by its words beside stone"),
        ("concepts/measurements.yaml", "[1, 250]", "[1, 300]", "major", "concept lab-egfr is different in plausible"),
        ("concepts/products.yaml", '        - {code: "387', '        - {code: "1", seen: here}\n        - {code: "387', "major",
         "concept surgery now also counts snomed 1"),
        ("baclofen-it/pack.yaml", "60 mL", "45 mL", "major",
         "no longer fires between 45 mL/min/1.73m2 and 60 mL/min/1.73m2"),
        ("override-reasons.yaml", "Will monitor", "Will watch", "patch", "override-reason will-monitor has other words"),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words_with_its_bump(
    folder: Folder,
    changed: Callable[[], list[RuleChange]],
    file: str,
    old: str,
    new: str,
    bump: str,
    words: str,
) -> None:
    folder.edit(file, old, new)
    [change] = changed()
    assert " | ".join(said.words for said in change.said).startswith(words)
    assert (change.called_for.word, change.made.word, change.enough) == (bump, "none", False)


def test_what_a_medicine_or_a_system_is_changes_every_rule_about_it(
    folder: Folder, changed: Callable[[], list[RuleChange]]
) -> None:
    edit(
        folder,
        ("concepts/medicines.yaml", "[0.5 mg/mL, 2 mg/mL]", "[2 mg/mL]"),
        ("concepts/systems.yaml", 'rxnorm"', 'RXNORM"'),
    )
    said = [[said.words for said in change.said] for change in changed()]
    both = [
        "code system rxnorm is different in uri",
        "medicine baclofen-intrathecal is different in strengths",
    ]
    assert said == [both] * 3


def test_another_title_of_a_medicine_is_other_words(
    folder: Folder, changed: Callable[[], list[RuleChange]]
) -> None:
    folder.edit("concepts/medicines.yaml", "title: intrathecal baclofen", "title: baclofen by pump")
    assert {change.called_for for change in changed()} == {Bump.PATCH}


def test_words_that_a_concept_knows_are_counted_like_codes(folder: Folder) -> None:
    folder.edit("concepts/products.yaml", "texts: [intrathec]", "texts: [intrathec, spinal]")
    before = folder.load()
    folder.edit("concepts/products.yaml", "texts: [intrathec, spinal]", "texts: [intrathec]")
    [said] = {said for change in rule_changes(before, folder.load()) for said in change.said}
    assert said == ("concept route-intrathecal no longer counts the words “spinal”", Bump.MAJOR)


def test_a_finding_that_rules_share_is_compared_like_a_condition(folder: Folder) -> None:
    folder.edit(KIDNEY, "- condition: chronic-kidney-disease", "- finding: reduced-kidney-function")
    folder.edit(KIDNEY, "  procedure: surgery\n  status: planned\n", "  none: [finding: kidneys]\n")
    finding = folder.path / "findings/reduced-kidney-function.yaml"
    folder.write(
        "findings/kidneys.yaml", finding.read_text().replace("id: reduced-kidney-function", "id: kidneys")
    )
    before = folder.load()
    for name in ("reduced-kidney-function", "kidneys"):
        folder.edit(f"findings/{name}.yaml", "  any:\n", "  any:\n    - condition: epilepsy\n")
    [change] = rule_changes(before, folder.load())
    assert [(said.words, said.bump) for said in change.said] == [
        ("finding kidneys: now also fires when the patient has epilepsy", Bump.MINOR),
        ("finding reduced-kidney-function: now also fires when the patient has epilepsy", Bump.MINOR),
    ]


def test_a_finding_in_an_exception_takes_cards_away(folder: Folder) -> None:
    folder.edit(KIDNEY, "  procedure: surgery\n  status: planned\n", "  finding: reduced-kidney-function\n")
    before = folder.load()
    folder.edit("findings/reduced-kidney-function.yaml", "  any:\n", "  any:\n    - condition: epilepsy\n")
    [change] = rule_changes(before, folder.load())
    assert change.called_for is Bump.MAJOR


def test_a_setting_that_a_rule_only_names_is_other_words_and_one_that_it_asks_for_is_not(
    folder: Folder,
) -> None:
    folder.edit(EPILEPSY, "watch for seizures", "below {parameter.kidney-limit}")
    folder.edit(
        ROUTE, "when:\n  route: {other_than: route-intrathecal}", "when:\n  {parameter: kidney-limit, is: x}"
    )
    before = folder.load()
    folder.edit("baclofen-it/pack.yaml", "60 mL", "45 mL")
    after = {change.rule: change.called_for for change in rule_changes(before, folder.load())}
    assert after["baclofen-it.epilepsy"] is Bump.PATCH
    assert after["baclofen-it.wrong-route"] is Bump.MAJOR


def test_exceptions_and_members_that_go_again(folder: Folder, mini: Loaded) -> None:
    edit(
        folder,
        (KIDNEY, "  procedure: surgery\n  status: planned\n",
         "  any:\n    - {procedure: surgery, status: planned}\n    - condition: epilepsy\n"),
        (EPILEPSY, "  all:\n", "  all:\n    - none: [sex: [female], condition: pump-in-place]\n"),
        (ROUTE, "hooks", "yields_to: [baclofen-it.epilepsy]\nhooks"),
    )  # fmt: skip
    before = folder.load()
    edit(folder, (EPILEPSY, "[sex: [female], condition: pump-in-place]", "[sex: [female]]"))
    said = {
        change.rule: [said.words for said in change.said] for change in rule_changes(before, folder.load())
    }
    assert said == {"baclofen-it.epilepsy": ["now also fires when the patient has an implanted pump"]}
    said = {change.rule: [said.words for said in change.said] for change in rule_changes(before, mini)}
    assert said["baclofen-it.renal-impairment"] == ["now also fires when the patient has epilepsy"]
    assert said["baclofen-it.wrong-route"] == ["now also shown together with baclofen-it.epilepsy"]


def test_an_exception_that_asks_for_less_takes_more_cards_away(folder: Folder) -> None:
    folder.edit(
        KIDNEY,
        "  procedure: surgery\n  status: planned\n",
        "  all:\n    - {procedure: surgery}\n    - condition: epilepsy\n",
    )
    before = folder.load()
    folder.edit(KIDNEY, "    - {procedure: surgery}\n", "")
    [change] = rule_changes(before, folder.load())
    assert [said.words for said in change.said] == ["no longer fires, whether or not an operation was done"]


VARIANTS = """\
  variants:
    - {when: {condition: epilepsy}, indicator: critical, summary: One}
    - {when: {sex: [female]}, summary: Two}
"""


@pytest.mark.parametrize(
    ("old", "new", "bump", "words"),
    [
        ("summary: One", "summary: Other", "patch", "has other words when the patient has epilepsy"),
        ("indicator: critical", "indicator: info", "major", "is info when the patient has epilepsy"),
        ("indicator: critical, ", "", "major", "is warning when the patient has epilepsy"),
        ("{sex: [female]}", "{sex: [male]}", "major", "has its own words when the patient's recorded sex is male"),
        ("    - {when: {sex: [female]}, summary: Two}\n", "", "major",
         "no longer has its own words or urgency when the patient's recorded sex is female"),
        ("{when: {sex: [female]}, ", "{when: {sex: [male]}, indicator: info, ", "major",
         "is info when the patient's recorded sex is male"),
        ("{when: {sex: [female]}, ", "{when: {sex: [male]}, indicator: warning, ", "major",
         "has its own words when the patient's recorded sex is male"),
        ("    - {when: {sex: [female]}", "    - {when: {sex: [male]}, summary: Three}\n    - {when: {sex: [female]}", "minor",
         "has its own words when the patient's recorded sex is male"),
        ("    - {when: {condition", "    - {when: {sex: [male]}, summary: Three}\n    - {when: {condition", "major",
         "is warning when the patient's recorded sex is male"),
        (VARIANTS, "  variants:\n    - {when: {sex: [female]}, summary: Two}\n"
         "    - {when: {condition: epilepsy}, indicator: critical, summary: One}\n", "major",
         "its cases are looked at in another order"),
    ],
)  # fmt: skip
def test_the_cases_of_a_card(folder: Folder, old: str, new: str, bump: str, words: str) -> None:
    folder.edit(KIDNEY, "  suggestions:\n", VARIANTS + "  suggestions:\n")
    before = folder.load()
    folder.edit(KIDNEY, old, new)
    [change] = rule_changes(before, folder.load())
    assert change.said[0].words == words
    assert change.called_for.word == bump


def test_amounts_of_different_things_are_only_told_side_by_side(folder: Folder) -> None:
    folder.edit(EPILEPSY, "age: {at_or_above: 4 years}", "dose: {of: bolus, above: 50 ug}")
    before = folder.load()
    folder.edit(EPILEPSY, "50 ug", "1 ug/kg")
    [change] = rule_changes(before, folder.load())
    assert change.said[0].words.startswith("asks that the bolus is above 1 ug/kg, instead of")


def test_a_count_and_another_condition_altogether_are_told_side_by_side(folder: Folder) -> None:
    edit(
        folder,
        (EPILEPSY, "all:", "at_least: 1\n  of:"),
        (ROUTE, "route: {other_than: route-intrathecal}", "sex: [male]"),
    )
    before = folder.load()
    edit(
        folder,
        (EPILEPSY, "at_least: 1", "at_least: 2"),
        (ROUTE, "sex: [male]", "any: [sex: [female], condition: epilepsy]"),
    )
    said = [change.said[0].words.split(",")[0] for change in rule_changes(before, folder.load())]
    assert said == [
        "asks that at least 2 of these are so: the patient has epilepsy; the patient's age is at or above 4 years",
        "asks that the patient's recorded sex is female or the patient has epilepsy",
    ]


def test_codes_that_are_left_out_and_long_lists(folder: Folder) -> None:
    folder.edit(
        "concepts/conditions.yaml",
        "  epilepsy:\n",
        "  epilepsy:\n    exclude: {icd-10: [{code: G40.1, seen: here}]}\n",
    )
    before = folder.load()
    folder.edit("concepts/conditions.yaml", "G40.1", "G40.2")
    codes = "".join(f"        - {{code: X{number}, seen: here}}\n" for number in range(8))
    folder.edit(
        "concepts/conditions.yaml",
        "      icd-10:\n        - {code: G40,",
        f"      icd-10:\n{codes}        - {{code: G40,",
    )
    [change] = rule_changes(before, folder.load())
    assert change.said[0].words == (
        "concept epilepsy now also counts icd-10 X0, icd-10 X1, icd-10 X2, icd-10 X3, icd-10 X4, icd-10 X5 and 2 more, "
        "now leaves out icd-10 G40.2 and no longer leaves out icd-10 G40.1"
    )
    assert change.called_for is Bump.MAJOR


def test_a_rule_that_is_gone_can_never_raise_its_version_enough(
    folder: Folder, changed: Callable[[], list[RuleChange]]
) -> None:
    text = (folder.path / EPILEPSY).read_text().replace("baclofen-it.epilepsy", "baclofen-it.seizures")
    text = text.replace("4 years", "5 years")
    folder.write("baclofen-it/monitoring/seizures.yaml", text).remove(EPILEPSY)
    gone, new = changed()
    assert (gone.rule, gone.new) == ("baclofen-it.epilepsy", None)
    assert gone.said == (("is gone: nobody gets its card; bring it back, with  status: retired", Bump.MAJOR),)
    assert (gone.called_for, gone.made, gone.enough) == (Bump.MAJOR, Bump.NONE, False)
    assert (new.rule, new.old) == ("baclofen-it.seizures", None)
    assert new.said[0].words.startswith("is new: On opening the record or signing orders")
    assert (new.called_for, new.made, new.enough) == (Bump.NONE, Bump.NONE, True)


@pytest.mark.parametrize("status", ["retired", "draft"])
def test_a_rule_that_made_no_card_may_go(folder: Folder, status: str) -> None:
    folder.edit(EPILEPSY, "status: active", f"status: {status}")
    before = folder.load()
    [change] = rule_changes(before, folder.remove(EPILEPSY).load())
    assert change.said == ((f"is gone: it was {status}, and made no card", Bump.NONE),)
    assert change.enough


def test_a_version_that_was_raised_far_enough(
    folder: Folder, changed: Callable[[], list[RuleChange]]
) -> None:
    edit(folder, (EPILEPSY, "4 years", "5 years"), (EPILEPSY, "version: 1.0.0", "version: 2.0.0"))
    [change] = changed()
    assert (change.called_for, change.made, change.enough) == (Bump.MAJOR, Bump.MAJOR, True)


@pytest.mark.parametrize(
    ("old", "new", "words", "bump"),
    [
        (
            "A leaflet for tests",
            "Nutella",
            "label_title is Nutella, instead of A leaflet for tests",
            Bump.PATCH,
        ),
        ("example: true", "example: false", "example is false, instead of true", Bump.MAJOR),
        (
            "example: true",
            "topic_system: https://example.org/topics\nexample: true",
            "topic_system is https://example.org/topics, instead of left out",
            Bump.MAJOR,
        ),
    ],
)
def test_what_stands_on_every_card_is_told_of_the_pack(
    folder: Folder, changed: Callable[[], list[RuleChange]], old: str, new: str, words: str, bump: Bump
) -> None:
    folder.edit("baclofen-it/pack.yaml", old, new)
    [change] = changed()
    assert (change.rule, change.old, change.new) == ("baclofen-it", "0.1.0", "0.1.0")
    assert [said.words for said in change.said] == [f"{words}: it stands on each card"]
    assert (change.called_for, change.enough) == (bump, False)


def test_a_pack_that_only_has_another_version_says_nothing_else(
    folder: Folder, changed: Callable[[], list[RuleChange]]
) -> None:
    folder.edit("baclofen-it/pack.yaml", "version: 0.1.0", "version: 0.1.1")
    assert changed() == []
