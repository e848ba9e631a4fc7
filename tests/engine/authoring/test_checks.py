"""Checks of rules, beyond the examples of their pages: the other ways to go wrong, and what must not be called wrong.

Each case puts keys into files of the small rules folder and names everything that one check then says.
"""

from __future__ import annotations

from datetime import date

import pytest

from engine.authoring.checking import check_rules
from engine.authoring.checks import CHECKS, CODES, Scope
from engine.authoring.loading import DEFAULT_FOLDER, load_rules

TODAY = date(2026, 3, 1)
R, T = "baclofen-it/warnings/renal-impairment.yaml", "baclofen-it/warnings/renal-impairment.test.yaml"
E = "baclofen-it/monitoring/epilepsy.yaml"
W = "baclofen-it/contraindications/wrong-route.yaml"
PACK = "baclofen-it/pack.yaml"
LOW, HIGH = (
    f"{{lab: lab-egfr, {word}: 30 mL/min/1.73m2, within: 12 months, as: egfr}}"
    for word in ("below", "at_or_above")
)
GENERAL = "when: {condition: epilepsy}\nunless: {sex: [male]}\n"
NO_CODE = "concepts:\n  x: {title: x, codes: {loinc: [{code: 1-8, seen: here}]}}\n"
FLAT = "loinc: [{code: 1-8, below: true, seen: here}], nowhere: [{code: a, below: true, seen: here}]"
SEEN = ", ".join(
    f"{{code: {code}, seen: '{seen}'}}"
    for code, seen in [
        ("1-8", "my memory"),
        ("2-6", "what I remember of LOINC 2.77"),
        ("3-4", "a table with 3-4 in it"),
        ("4-2", "LOINC 2.77"),
        ("5-9", "looked up on 2026-03-01"),
        ("6-7", "a site: loinc.org"),
        ("7-5", "owner/repository"),
    ]
)
ORDERED = "hooks: [order-sign]\nbrought_up_by: [order]\n"
MEASURED = {
    "concepts/x.yaml": "concepts:\n  clearance: {title: creatinine clearance, unit: mL/min, note: For this test.}\n"
}
CLEARANCE = "{{lab: clearance, within: 1 year, estimate: {}}}"
F = "findings/reduced-kidney-function.yaml"
CARD = "card:\n  indicator: warning\n  summary: Kidney function is reduced\n"


@pytest.mark.parametrize(
    ("code", "files", "said"),
    [
        ("title-duplicate", {R: "title: epilepsy\nstatus: retired\n"}, []),
        (
            "review-out-of-order",
            {R: "review: {state: approved, by: clinical pharmacist, on: 2026-03-02, next: 2027-01-01}\n"},
            ["nobody can have approved the rule on a day to come"],
        ),
        ("review-overdue", {R: "status: retired\nreview: {state: unreviewed, next: 2020-01-01}\n"}, []),
        ("parameter-unused", {R: f"when: {LOW}\n{CARD}  detail: 'Below {{parameter.kidney-limit}}.'\n"}, []),
        ("parameter-unused", {R: f"when: {{all: [{LOW}, {{parameter: kidney-limit, is: x}}]}}\n"}, []),
        (
            "parameter-unused",
            {R: "when: [\n", PACK: "parameters:\n  spare: {value: 1, note: None yet.}\n"},
            [],
        ),
        (
            "parameter-unused",
            {R: "kind: y\n", PACK: "parameters:\n  spare: {value: 1, note: None yet.}\n"},
            [],
        ),
        (
            "mutant-astray",
            {"baclofen-it/equivalent-mutants.yaml": "equivalent:\n  - rule: x\n", R: "kind: y\n"},
            [],
        ),
        (
            "sentence-unaccounted",
            {"baclofen-it/sentences.yaml": "sentences:\n  - {id: L001.1, sha256: 0123456789abcdef}\n"},
            ["no statement says L001.1"],
        ),
        ("contraindication-softened", {W: "kind: warning\n"}, []),
        (
            "group-idle",
            {R: f"when:\n  at_least: 1\n  of: [{LOW}, {{condition: epilepsy}}]\n"},
            ["at least one of them is any"],
        ),
        (
            "group-idle",
            {R: f"when:\n  at_least: 2\n  of: [{LOW}, {{condition: epilepsy}}]\n"},
            ["all of them is all"],
        ),
        ("group-idle", {R: f"when:\n  none:\n    - none: [{LOW}]\n"}, ["none of none is any"]),
        (
            "group-idle",
            {R: f"when:\n  any:\n    - any: [{LOW}, {{sex: [male]}}]\n    - {{condition: epilepsy}}\n"},
            ["any stands in any"],
        ),
        ("group-idle", {R: f"when:\n  none: [{LOW}]\n"}, []),
        (
            "never-asked",
            {R: "hooks: [order-sign]\nbrought_up_by: [record]\n"},
            ["the record brings the rule up, and at all of its hooks orders are under review"],
        ),
        ("never-asked", {R: "hooks: [order-sign]\nbrought_up_by: [therapy]\n"}, []),
        (
            "estimate-unfit",
            {R: "when: {lab: lab-egfr, within: 1 year, estimate: creatinine-and-weight, as: egfr}\n"},
            ["eGFR is measured in mL/min/1.73m2, and the estimate from creatinine-and-weight is in mL/min"],
        ),
        (
            "estimate-unfit",
            {R: "when: {lab: lab-egfr, within: 1 year, estimate: creatinine, as: egfr}\n"},
            [],
        ),
        ("estimate-unfit", {R: "when: {lab: no-such, within: 1 year, estimate: creatinine, as: egfr}\n"}, []),
        (
            "estimate-unfit",
            {R: "when: {lab: epilepsy, within: 1 year, estimate: creatinine, as: egfr}\n"},
            ["epilepsy has no unit, and the estimate from creatinine is in mL/min/1.73m2"],
        ),
        (
            "estimate-unfit",
            {R: f"when: {CLEARANCE.format('creatinine')}\n", **MEASURED},
            [
                "creatinine clearance is measured in mL/min, and the estimate from creatinine is in mL/min/1.73m2"
            ],
        ),
        ("estimate-unfit", {R: f"when: {CLEARANCE.format('creatinine-and-weight')}\n", **MEASURED}, []),
        (
            "estimate-unfit",
            {F: f"when:\n  any:\n    - {CLEARANCE.format('creatinine')}\n", **MEASURED},
            [
                "creatinine clearance is measured in mL/min, and the estimate from creatinine is in mL/min/1.73m2"
            ],
        ),
        ("unit-mismatch", {R: "when: {lab: no-such, below: 3 g, within: 1 year, as: egfr}\n"}, []),
        (
            "yields-in-circle",
            {R: "yields_to: [baclofen-it.renal-impairment]\n"},
            ["a rule cannot yield to itself"],
        ),
        (
            "yields-in-circle",
            {R: "yields_to: [baclofen-it.epilepsy]\n", E: "yields_to: [baclofen-it.no-rule]\n"},
            [],
        ),
        ("yields-in-vain", {R: "yields_to: [baclofen-it.no-rule]\n"}, []),
        (
            "yields-in-vain",
            {R: "yields_to: [baclofen-it.epilepsy]\n", E: "experimental: true\n"},
            ["baclofen-it.epilepsy is not shown"],
        ),
        (
            "yields-in-vain",
            {R: "yields_to: [baclofen-it.epilepsy]\n", E: "medicine: other\n"},
            ["baclofen-it.epilepsy is about another medicine"],
        ),
        (
            "yields-in-vain",
            {R: "yields_to: [baclofen-it.epilepsy]\n", E: "hooks: [patient-view]\n"},
            ["baclofen-it.epilepsy is asked at other hooks"],
        ),
        (
            "yields-in-vain",
            {R: "yields_to: [baclofen-it.epilepsy]\n", E: "brought_up_by: [therapy]\n"},
            ["baclofen-it.epilepsy is brought up by something else"],
        ),
        ("yields-in-vain", {R: "brought_up_by: [record]\nyields_to: [baclofen-it.epilepsy]\n"}, []),
        (
            "always-true",
            {R: "when: {lab: lab-egfr, below: 900 mL/min/1.73m2, within: 12 months, as: egfr}\n"},
            [],
        ),
        (
            "threshold-implausible",
            {R: "when: {lab: lab-egfr, below: 0.5 mL/min/1.73m2, within: 12 months, as: egfr}\n"},
            ["no believable value meets this"],
        ),
        (
            "never-true",
            {R: f"when:\n  all:\n    - {LOW}\n    - all: [{{sex: [male]}}, {{sex: [female]}}]\n"},
            ["this can be met for nobody"],
        ),
        (
            "condition-implied",
            {R: f"when:\n  all: [{LOW}, {LOW.replace('30', '60')}]\n"},
            ["the others are never met without this"],
        ),
        (
            "condition-implied",
            {R: f"when:\n  at_least: 2\n  of: [{LOW}, {LOW.replace('30', '60')}, {{sex: [male]}}]\n"},
            [],
        ),
        ("condition-implied", {R: f"when:\n  any: [{LOW}, {LOW}]\n"}, []),
        ("condition-implied", {R: f"when:\n  all: [{LOW}, {HIGH}]\n"}, []),
        ("unless-never-applies", {R: f"when: {LOW}\nunless:\n  all: [{LOW}, {HIGH}]\n"}, []),
        ("unless-always-applies", {R: f"when:\n  all: [{LOW}, {HIGH}]\nunless: {{sex: [male]}}\n"}, []),
        (
            "variant-never-shown",
            {R: f"when: {LOW}\n{CARD}  variants: [{{when: {HIGH}, indicator: info}}]\n"},
            ["nobody who meets the rule can meet this"],
        ),
        (
            "variant-never-shown",
            {R: f"when: {LOW}\n{CARD}  variants: [{{when: {{all: [{LOW}, {HIGH}]}}, indicator: info}}]\n"},
            [],
        ),
        (
            "variant-never-shown",
            {R: f"when: {{all: [{LOW}, {HIGH}]}}\n{CARD}  variants: [{{when: {HIGH}, indicator: info}}]\n"},
            [],
        ),
        # Rules of other kinds, without a condition, or that yield are not said to overlap.
        ("rule-overlaps", {R: "kind: precaution\nwhen: {condition: epilepsy}\nunless: {sex: [male]}\n"}, []),
        ("rule-overlaps", {E: "hooks: [order-sign]\nbrought_up_by: [order]\n", R: GENERAL + CARD}, []),
        (
            "rule-overlaps",
            {E: ORDERED + "when: {all: [{condition: epilepsy}, {sex: [female]}]}\n", R: GENERAL + CARD},
            ["baclofen-it.renal-impairment is met whenever this rule is"],
        ),
        (
            "rule-shadowed",
            {
                R: "yields_to: [baclofen-it.epilepsy]\nwhen: {condition: epilepsy}\n" + CARD,
                E: "yields_to: [baclofen-it.renal-impairment]\n",
            },
            [],
        ),
        ("html-in-text", {R: CARD + "  detail: A value < 30 is low, and > 200 is not believed.\n"}, []),
        (
            "misread-notation",
            {R: CARD + "  detail: Begin with 1.0 mg or 5 µg QD, at most 100 IU.\n"},
            [
                "U and IU are read as a number",
                "a zero behind the point is read as ten times as much",
                "these letters are read as another interval",
                "µg is read as mg",
            ],
        ),
        (
            "misread-notation",
            {R: CARD + "  detail: Version 2.0 of the leaflet. Begin with 0.5 mg or 10.5 mg a day.\n"},
            [],
        ),
        (
            "shouting",
            {R: CARD + "  detail: The eGFR after CKD-EPI, from a LOINC code. MRI and ECG are not needed.\n"},
            [],
        ),
        ("shouting", {R: CARD + "  detail: Stop the pump!\n"}, ["this shouts"]),
        (
            "placeholder-unknown",
            {R: CARD + "  suggestions: [{label: 'Lower {medicine}', delete: order}]\n"},
            ["{medicine} is not filled in here"],
        ),
        ("plausible-missing", {"concepts/x.yaml": "concepts: {x: {titel: x}}\n"}, []),
        (
            "placeholder-empty",
            {R: "when: {specialty: surgery, as: who}\n" + CARD + "  detail: '{who.label}'\n"},
            ["who never has a label"],
        ),
        (
            "indicator-unfit",
            {R: "kind: information\ncard: {indicator: critical, summary: Stop}\n"},
            ["information does not stop an order"],
        ),
        (
            "critical-without-suggestion",
            {
                R: "hooks: [patient-view]\nbrought_up_by: [record]\ncard: {indicator: critical, summary: Stop}\n"
            },
            [],
        ),
        (
            "suggestion-without-order",
            {R: "brought_up_by: [therapy]\nobtain: [{label: Hold it, set_status: on-hold}]\n" + CARD},
            ["no order brings this rule up, so there is none to change"],
        ),
        (
            "below-unfit",
            {"concepts/x.yaml": f"concepts:\n  x: {{title: x, exclude: {{{FLAT}}}}}\n"},
            ["codes of loinc that begin with 1-8 are not below it"],
        ),
        (
            "code-unseen",
            {"concepts/x.yaml": f"concepts:\n  x: {{title: x, codes: {{loinc: [{SEEN}]}}}}\n"},
            [f"nobody can look up where {code} was seen" for code in ("1-8", "2-6", "3-4")],
        ),
        (
            "plausible-missing",
            {"concepts/x.yaml": NO_CODE, R: "when: {vital: x, below: 5 /min, within: 1 day, as: egfr}\n"},
            ["x names no unit"],
        ),
        ("plausible-missing", {R: "when: {vital: no-such, below: 5 mm[Hg], within: 1 day, as: egfr}\n"}, []),
        (
            "met-untested",
            {
                T: "tests:\n  - {name: a card, conditions: [chronic-kidney-disease], expect: {card: warning}}\n"
            },
            [],
        ),
        ("silence-untested", {R: "status: draft\n", T: "tests:\n  - {name: a card, expect: met}\n"}, []),
        (
            "missing-data-untested",
            {
                R: "when: {parameter: kidney-limit, is: x}\nunless: {batch: expired}\n" + CARD,
                T: "tests:\n  - {name: a card, expect: met}\n",
            },
            [],
        ),
        (
            "limit-untested",
            {E: "when: {age: {between: [4 years, 46 years]}}\n"},
            ["no test stands at 46 a (when)"],
        ),
        (
            "limit-untested",
            {R: "when: {lab: lab-egfr, below: 900 mL/min/1.73m2, within: 12 months, as: egfr}\n"},
            [],
        ),
        ("limit-untested", {R: "when: {lab: no-such, below: 60 mg/dL, within: 12 months, as: egfr}\n"}, []),
        (
            "limit-untested",
            {R: "when: {lab: lab-egfr, below: 60 mg/dL, within: 12 months, as: egfr}\n"},
            ["no test stands at 60 mg/dL (when)"],
        ),
        (
            "unknown-check",
            {"check-exceptions.yaml": "exceptions: [{id: x, code: never-treu, reason: y}]\n"},
            ["there is no check never-treu"],
        ),
        (
            "tests-missing",
            {
                "check-exceptions.yaml": "exceptions: [{id: baclofen-it.new, code: tests-missing, reason: y}]\n",
                "baclofen-it/new.yaml": "COPY",
            },
            [],
        ),
    ],
)
def test_what_a_check_says(folder, code, files, said):
    for file, text in files.items():
        if text == "COPY":
            copied = (
                (folder.path / E)
                .read_text(encoding="utf-8")
                .replace("baclofen-it.epilepsy", "baclofen-it.new")
            )
            folder.write(file, copied)
        else:
            folder.merge(file, text)
    problems = check_rules(folder.load(), TODAY)
    assert sorted(problem.message for problem in problems if problem.code == code) == said


def test_the_rules_that_ship_are_clean_and_every_exception_is_used():
    loaded = load_rules(DEFAULT_FOLDER, examples=True)
    assert [problem.render() for problem in check_rules(loaded, date(2026, 12, 1))] == []


def test_codes_are_told_apart_and_listed_by_family():
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes)
    families = [check.family for check in CHECKS]
    assert sorted(families, key=list(dict.fromkeys(families)).index) == families


def test_without_a_day_no_adjustment_of_a_site_is_over(mini):
    assert [*CODES["adjustment-expired"].problems(Scope(mini))] == []
