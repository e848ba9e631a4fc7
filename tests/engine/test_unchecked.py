"""The card of what could not be checked: each reason once, with what it keeps from being known."""

from dataclasses import replace

from engine.facts import ListName
from engine.finding import BIRTH_DATE, NOTHING, SEX, Datum, Missing
from engine.unchecked import is_noted, is_uncoded, is_worded, unchecked_detail, unchecked_summary
from engine.words import noted, uncoded, vague, worded
from tests.engine.builders import rule

EPILEPSY, INJURY = rule("epilepsy"), rule("head-injury")
LATE = "the problem list did not arrive"


def missing(what: str, why: str = LATE, name: ListName | None = ListName.CONDITIONS) -> Missing:
    return Missing(what, why, name)


class TestTheLine:
    def test_names_what_is_missing(self) -> None:
        found = [(EPILEPSY, missing("epilepsy")), (INJURY, missing("the dose", "it has no unit", None))]
        assert unchecked_summary(found, "Baclofen", 139) == "Baclofen, not checked: epilepsy and the dose"

    def test_names_a_whole_list_where_it_is_missing_for_several_things(self) -> None:
        found = [(EPILEPSY, missing("epilepsy")), (INJURY, missing("head injury"))]
        assert unchecked_summary(found, "Baclofen", 139) == "Baclofen, not checked: problem list"

    def test_does_not_name_a_list_for_what_is_missing_elsewhere(self) -> None:
        orders = [
            (rule, missing(what, "1 order could not be read", None))
            for rule, what in ((EPILEPSY, "dose"), (INJURY, "route"))
        ]
        assert unchecked_summary(orders, "Baclofen", 139) == "Baclofen, not checked: dose and route"
        both = [(EPILEPSY, missing("a")), (INJURY, missing("b", LATE, ListName.ALLERGIES))]
        assert unchecked_summary(both, "Baclofen", 139) == "Baclofen, not checked: a and b"

    def test_does_not_name_a_list_where_only_one_datum_is_missing(self) -> None:
        found = [(EPILEPSY, replace(missing(what), lacks=SEX)) for what in ("clearance", "filtration rate")]
        line = unchecked_summary(found, "Baclofen", 139)
        assert line == "Baclofen, not checked: clearance and filtration rate"

    def test_is_cut_to_its_length(self) -> None:
        found = [(EPILEPSY, missing(f"condition number {n}", f"reason {n}")) for n in range(30)]
        line = unchecked_summary(found, "Baclofen", 100)
        assert len(line) <= 100
        assert line.endswith("more")


class TestTheDetail:
    def test_says_each_reason_once_with_the_rules_that_wait_for_it(self) -> None:
        found = [
            (EPILEPSY, missing("epilepsy")),
            (INJURY, missing("head injury")),
            (INJURY, missing("epilepsy")),
            (INJURY, missing("the dose", "it has no unit", None)),
        ]
        lines = unchecked_detail(found).splitlines()
        assert "silence on these points does not mean safe" in lines[0]
        assert lines[-2:] == [
            "- **epilepsy, head injury**: the problem list did not arrive. Needed for: Epilepsy, Head injury.",
            "- **the dose**: it has no unit. Needed for: Head injury.",
        ]

    def test_says_what_to_complete_in_the_record_because_nobody_can_request_it(self) -> None:
        lacking = [
            (EPILEPSY, BIRTH_DATE),
            (INJURY, SEX),
            (INJURY, BIRTH_DATE),
            (INJURY, NOTHING),
            (INJURY, None),
        ]
        requested = Datum("body weight", "vital-weight")
        found = [
            (rule, replace(missing("age"), lacks=datum)) for rule, datum in (*lacking, (INJURY, requested))
        ]
        (line,) = [line for line in unchecked_detail(found).splitlines() if line.startswith("- ")]
        assert line.endswith(
            "Needed for: Epilepsy, Head injury. To complete or correct in the patient's record: birth date, sex."
        )

    def test_words_of_the_record_are_inert(self) -> None:
        found = [(EPILEPSY, missing("<b>", "*so*"))]
        assert "**&lt;b&gt;**: \\*so\\*." in unchecked_detail(found)

    def test_entries_without_a_code_are_quoted(self) -> None:
        def line(*words: str) -> str:
            names = tuple(f"Condition/{n}" for n in range(len(words)))
            why = uncoded(ListName.CONDITIONS, len(words))
            entry = Missing("epilepsy", why, ListName.CONDITIONS, names)
            said = dict(zip(names, words, strict=True))
            return unchecked_detail([(EPILEPSY, entry), (INJURY, entry)], said).splitlines()[-1]

        reason = "- **epilepsy**: 1 entry of the problem list has no code that is known here"
        needed = "Needed for: Epilepsy, Head injury."
        assert line("Fits *so*") == f"{reason} (not coded, not checked: “Fits \\*so\\*”). {needed}"
        assert line("") == line("6204001") == f"{reason}. {needed}"
        assert "“a”, “b”, “c”, 2 more)" in line("a", "b", "a", "c", "d", "e")
        assert f"“{'x' * 59}…”" in line("x" * 80)

    def test_so_are_those_whose_code_says_too_little(self) -> None:
        why = vague(ListName.DEVICES, 1)
        entry = Missing("an intrathecal pump", why, ListName.DEVICES, ("Device/1",))
        line = unchecked_detail([(EPILEPSY, entry)], {"Device/1": "Infusion pump"}).splitlines()[-1]
        assert line == (
            "- **an intrathecal pump**: 1 entry of the list of devices has a code that says too little "
            "(it says no more than: “Infusion pump”). Needed for: Epilepsy."
        )

    def test_so_are_those_whose_words_say_what_their_code_does_not(self) -> None:
        why = worded(ListName.CONDITIONS, 1)
        entry = Missing("resistant epilepsy", why, ListName.CONDITIONS, ("Condition/1",))
        said = {"Condition/1": "Drug-resistant epilepsy"}
        assert (is_worded(entry), is_uncoded(entry)) == (True, False)
        assert unchecked_detail([(EPILEPSY, entry)], said).splitlines()[-1] == (
            "- **resistant epilepsy**: 1 entry of the problem list has words that may say so, beside a code that does not "
            "(in words: “Drug-resistant epilepsy”). Needed for: Epilepsy."
        )

    def test_so_are_those_whose_note_says_what_their_code_does_not(self) -> None:
        """Not the note itself, which may be long: the entry that it stands beside."""
        entry = Missing(
            "resistant epilepsy", noted(ListName.CONDITIONS, 1), ListName.CONDITIONS, ("Condition/1",)
        )
        assert (is_noted(entry), is_worded(entry), is_uncoded(entry)) == (True, False, False)
        assert unchecked_detail([(EPILEPSY, entry)], {"Condition/1": "Epilepsy"}).splitlines()[-1] == (
            "- **resistant epilepsy**: 1 entry of the problem list has a note that may say so, beside a code that does not "
            "(in the note of: “Epilepsy”). Needed for: Epilepsy."
        )

    def test_of_what_could_not_be_read_for_another_reason_nothing_is_quoted(self) -> None:
        entry = Missing("epilepsy", LATE, ListName.CONDITIONS, ("Condition/1",))
        order = Missing("route", "the order's route has no code that is known here", None, ("Condition/1",))
        assert "Fits" not in unchecked_detail([(EPILEPSY, entry), (INJURY, order)], {"Condition/1": "Fits"})
