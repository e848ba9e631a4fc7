"""``primum rules new``: a rule by questions, or by options alone."""

import json
import shutil
from pathlib import Path

import pytest

from engine.language import NOUNS as LEAVES
from fhir_adapters.command_line.interview import NOUNS
from tests.fhir_adapters.command_line.conftest import TODAY, Run

MINI = Path(__file__).resolve().parents[2] / "fixtures" / "rules-mini"
RULE = "baclofen-it/warnings/kidney-failure.yaml"
CONDITION = "{lab: lab-egfr, below: 30 mL/min/1.73m2, within: 12 months}"
OPTIONS = {
    "--title": "Kidney failure",
    "--kind": "warning",
    "--hooks": "order-sign",
    "--condition": CONDITION,
    "--indicator": "critical",
    "--summary": "Kidney failure: do not start {medicine}",
    "--statement": "WP-02",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MINI, tmp_path / "rules"))


def given(**instead: str) -> list[str]:
    options = OPTIONS | {f"--{name}": value for name, value in instead.items()}
    return [part for option in options.items() for part in option]


def test_with_every_answer_as_an_option_nothing_is_asked(primum: Run, folder: Path) -> None:
    shown = primum(
        "rules", "new", "kidney-failure", *given(), "--rules", folder, "--today", TODAY, "--format", "json"
    )
    assert shown.exit_code == 0
    told = json.loads(shown.stdout)
    assert told["rule"] == "baclofen-it.kidney-failure"
    assert [Path(file).name for file in told["files"]] == ["kidney-failure.yaml", "kidney-failure.test.yaml"]
    assert told["sentence"].startswith(
        "On signing orders, when intrathecal baclofen is ordered and the latest eGFR"
    )
    assert primum("rules", "check", "--rules", folder).exit_code == 0
    ran = primum("rules", "test", "--rules", folder, "-k", "kidney-failure")
    assert "3 tests of 1 rule: 3 passed, 0 failed." in ran.stdout


def test_what_is_not_given_is_asked_for_with_a_sentence_of_help(primum: Run, folder: Path) -> None:
    said = [
        "Kidney Failure",
        "kidney-failure",
        "Kidney failure",
        "warning",
        "order-sign",
        "lab",
        "lab-egrf",
        "lab-egfr",
        "below",
    ]
    said += ["30", "thirty", "30 mL/min/1.73m2", "a year", "", "critical", "Kidney failure", "WP-2", "WP-02"]
    shown = primum("rules", "new", "--rules", folder, "--today", TODAY, input="\n".join(said) + "\n")
    assert shown.exit_code == 0
    assert "A name has small letters, digits and hyphens, such as" in shown.stderr
    assert "There is no concept lab-egrf" in shown.stderr
    assert "'30' has no unit: write  below: 30 mL/min/1.73m2" in shown.stderr
    assert "'thirty' is not a number followed by a unit" in shown.stderr
    assert "Write a length of time as a whole number" in shown.stderr
    assert "WP-02: " in shown.stderr
    assert "Written: " in shown.stdout
    assert (folder / RULE).read_text().count("within: 12 months") == 1


@pytest.mark.parametrize(
    ("answers", "condition"),
    [
        (["age", "below", "18 years"], "  age: {below: 18 years}"),
        (["pregnancy", "possible"], "  pregnancy: possible"),
        (["condition", "epilepsy"], "  condition: epilepsy"),
    ],
)
def test_a_condition_is_asked_for_word_by_word(
    primum: Run, folder: Path, answers: list[str], condition: str
) -> None:
    options = [part for name, value in OPTIONS.items() if name != "--condition" for part in (name, value)]
    if answers[0] == "pregnancy":
        for id_ in ("pregnancy", "pregnancy-possible", "not-pregnant"):
            file = folder / "concepts/conditions.yaml"
            file.write_text(file.read_text().rstrip() + f"\n  {id_}:\n    title: {id_}\n    codes: {{}}\n")
    shown = primum(
        "rules", "new", "kidney-failure", *options, "--rules", folder, input="\n".join(answers) + "\n"
    )
    assert shown.exit_code == 0, shown.stderr
    assert condition in (folder / RULE).read_text().splitlines()


def test_a_limit_of_something_else_is_asked_for_again_at_once(primum: Run, folder: Path) -> None:
    options = [part for name, value in OPTIONS.items() if name != "--condition" for part in (name, value)]
    said = ["lab", "lab-egfr", "below", "50 mg", "50 G/L", "50 mL/min/1.73m2", ""]
    shown = primum(
        "rules", "new", "kidney-failure", *options, "--rules", folder, input="\n".join(said) + "\n"
    )
    assert shown.exit_code == 0, shown.stderr
    told = " ".join(shown.stderr.split())
    assert "is measured in mL/min/1.73m2, not in mg: write the amount in mL/min/1.73m2." in told
    assert told.count("Limit: ") == 3
    assert "below: 50 mL/min/1.73m2" in (folder / RULE).read_text()


def test_what_is_not_asked_for_is_named(primum: Run, folder: Path) -> None:
    options = [part for name, value in OPTIONS.items() if name != "--condition" for part in (name, value)]
    shown = primum(
        "rules", "new", "kidney-failure", *options, "--rules", folder, input="sex\ncondition\nepilepsy\n"
    )
    told = " ".join(shown.stderr.split())
    others = told.partition("known in a file and to --condition: ")[2].partition(".")[0].split(", ")
    assert {*others} == {*LEAVES} - {*NOUNS} > {"sex", "order", "dose"}
    assert "More of them are written into the file, below all or any." in told
    assert "below all (both must be so) or any (one is enough)" in " ".join(shown.stdout.split())
    assert "- {condition: epilepsy}" in shown.stdout
    assert f"primum rules check --rules {folder}" in shown.stdout


@pytest.mark.parametrize(
    ("instead", "said"),
    [
        ({"hooks": "order-sing"}, "There is no hook order-sing"),
        ({"hooks": " , "}, "Name at least one."),
        ({"condition": "lab-egfr"}, "--condition is written as in a rule file"),
        ({"condition": "{lab: ["}, "--condition is written as in a rule file"),
        ({"condition": "{condition: epilepsi}"}, "There is no concept epilepsi: did you mean epilepsy?"),
        ({"condition": "{lab: lab-egfr, below: 5 mg, within: 1 year}"}, "write the amount in mL/min/1.73m2."),
        ({"summary": "{egfr.value} is low"}, "Nothing fills {egfr.value}: name a condition with  as: egfr."),
        ({"statement": ""}, "leave --statement out and say --beyond"),
        ({"statement": "WP-99"}, "There is no statement WP-99 in baclofen-it."),
        ({"summary": "x" * 140}, "Summary has more than 139 characters."),
        ({"title": " "}, "Title is empty."),
        ({"title": "two\nlines"}, "Title is one line"),
        ({"beyond": "Ours."}, "A rule follows a statement of the label, or says with --beyond"),
        ({"medicine": "aspirin"}, "Medicine is one of "),
        ({"pack": "other"}, "Pack is one of baclofen-it."),
    ],
)
def test_an_option_that_will_not_do_writes_nothing(
    primum: Run, folder: Path, instead: dict[str, str], said: str
) -> None:
    shown = primum("rules", "new", "kidney-failure", *given(**instead), "--rules", folder)
    assert shown.exit_code == 2
    assert said in shown.stderr
    assert not (folder / RULE).exists()


def test_a_rule_that_is_there_is_not_written_over(primum: Run, folder: Path) -> None:
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert (
        "There is a rule epilepsy already."
        in primum("rules", "new", "epilepsy", *given(), "--rules", folder).stderr
    )
    (folder / RULE).write_text("mine")
    shown = primum("rules", "new", "kidney-failure", *given(), "--rules", folder)
    assert shown.exit_code == 2
    assert "kidney-failure.yaml already." in shown.stderr
    assert (folder / RULE).read_text() == "mine"
    assert {path: path.read_bytes() for path in before} == before


def test_a_rule_may_come_from_beyond_the_label(primum: Run, folder: Path) -> None:
    options = [part for name, value in OPTIONS.items() if name != "--statement" for part in (name, value)]
    shown = primum("rules", "new", "kidney-failure", *options, "--beyond", "Ours.", "--rules", folder)
    assert shown.exit_code == 0
    assert "- beyond: Ours." in (folder / RULE).read_text()


def test_where_the_label_says_nothing_the_author_is_asked_where_the_rule_comes_from(
    primum: Run, folder: Path
) -> None:
    options = [part for name, value in OPTIONS.items() if name != "--statement" for part in (name, value)]
    options[options.index("--hooks") + 1] = "order-sign, order-sign"
    shown = primum("rules", "new", "kidney-failure", *options, "--rules", folder, input="\n\nOurs.\n")
    assert shown.exit_code == 0
    assert "Beyond is empty." in shown.stderr
    text = (folder / RULE).read_text()
    assert "- beyond: Ours." in text
    assert "hooks: [order-sign]" in text


def test_when_nobody_answers_nothing_is_written(primum: Run, folder: Path) -> None:
    shown = primum("rules", "new", "--rules", folder, input="")
    assert shown.exit_code == 1
    assert not (folder / RULE).exists()


def test_every_answer_is_judged_when_it_is_given(primum: Run, folder: Path) -> None:
    """What is wrong is said before the next question, so that nobody has to begin again."""
    asked: list[tuple[str, str]] = [
        ("-kidney-", "A name has small letters, digits and hyphens"),
        ("epilepsy", "There is a rule epilepsy already."),
        ("pack", "There is a file rules/baclofen-it/pack.yaml already."),
        ("low-filtration", ""),
        ("", "Title is empty."),
        ("x" * 61, "Title has more than 60 characters."),
        ("Low filtration", ""),
        ("warming", "Kind is one of contraindication, warning, "),
        ("warning", ""),
        ("order-sing", "There is no hook order-sing; the hooks are "),
        (",", "Name at least one."),
        ("patient-view", ""),
        ("labs", "Condition is one of condition, allergy, "),
        ("lab: lab-egfr", "Answer with that word alone."),
        ("lab", ""),
        ("eGF", "There is no concept eGF. Of that name: lab-egfr."),
        ("zz", "There is no concept zz."),
        ("epilepsy", "epilepsy is nothing that is measured: its concept has no unit."),
        ("lab-egfr", ""),
        ("under", "Comparison is one of below, at_or_below, "),
        ("below", ""),
        ("60", "'60' has no unit: write  below: 60 mL/min/1.73m2."),
        ("60 mg", "eGFR is measured in mL/min/1.73m2, not in mg: write the amount in mL/min/1.73m2."),
        ("60 mL/min/1.73m2", ""),
        ("lately", "Write a length of time as a whole number"),
        ("6 months", ""),
        ("urgent", "Indicator is one of info, warning, critical."),
        ("warning", ""),
        ("eGFR of {gfr.value}", "Nothing fills {gfr.value}: did you mean {egfr.value}?"),
        ("eGFR of {egfr.value} on {egfr.date}", ""),
        ("WP-7", "There is no statement WP-7 in baclofen-it."),
        ("WP-02", ""),
    ]
    shown = primum("rules", "new", "--rules", folder, input="".join(f"{said}\n" for said, _ in asked))
    assert shown.exit_code == 0, shown.stderr
    told = [line for line in shown.stderr.splitlines() if any(said and said in line for _, said in asked)]
    assert [said for _, said in asked if said and not any(said in line for line in told)] == []
    assert len(told) == sum(bool(said) for _, said in asked)
    text = (folder / "baclofen-it/warnings/low-filtration.yaml").read_text()
    assert "brought_up_by: [therapy]\n" in text
    assert "  as: egfr\n" in text
    assert primum("rules", "check", "--rules", folder).exit_code == 0


def test_a_group_is_written_with_a_line_for_each_condition(primum: Run, folder: Path) -> None:
    group = "{all: [{condition: epilepsy}, {age: {below: 4 years}}]}"
    shown = primum("rules", "new", "kidney-failure", *given(condition=group), "--rules", folder)
    assert shown.exit_code == 0, shown.stderr
    assert (
        "  all:\n    - {condition: epilepsy}\n    - {age: {below: 4 years}}\n" in (folder / RULE).read_text()
    )


def test_where_no_pack_is_there_is_nothing_to_ask(primum: Run, tmp_path: Path) -> None:
    shown = primum("rules", "new", "--rules", tmp_path)
    assert (shown.exit_code, shown.stderr.startswith("There is no pack here")) == (1, True)
