"""The matcher, and the traps of durable_rules 2.0.28 that it must not step into (D1 to D22).

Those that could end the process are in ``test_matcher_alone.py``.
"""

import re
from itertools import product

import durable_rules_engine as original  # type: ignore[import-not-found]
import pytest

from engine import matcher as module
from engine.errors import MatcherError
from engine.finding import Truth, all_of, any_of
from engine.language import All, AnyOf, FindingLeaf, NoneOf, SpecialtyLeaf, Tree
from engine.matcher import Matcher
from engine.normal_form import Expression, compile_tree

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
LEAF = SpecialtyLeaf(specialty="any")
KIDNEY = FindingLeaf(finding="kidney")


def compiled(**trees: Tree) -> dict[str, Expression]:
    """Expressions under the names given; ``kidney`` becomes the shared finding."""
    names = {name: "finding:kidney" if name == "kidney" else name for name in trees}
    return {names[name]: compile_tree(tree, (names[name],)) for name, tree in trees.items()}


def atoms(path: str, *truths: Truth) -> dict[str, Truth]:
    """The findings of a group's members, such as ``at:r.all.0`` and ``at:r.all.1`` for the path ``r.all``."""
    return {f"at:{path}.{place}": truth for place, truth in enumerate(truths)}


@pytest.mark.parametrize("truth", Truth)
def test_a_single_condition_passes_its_truth_on(truth: Truth) -> None:
    with Matcher(compiled(r=LEAF)) as matcher:
        assert matcher.decide({"at:r": truth}) == {"r": truth}


@pytest.mark.parametrize("truth", Truth)
def test_shared_findings_are_derived_and_what_uses_them_follows(truth: Truth) -> None:
    with Matcher(compiled(r=KIDNEY, s=NoneOf(none=(KIDNEY,)), kidney=LEAF)) as matcher:
        assert matcher.decide({"at:finding:kidney": truth}) == {
            "r": truth,
            "s": ~truth,
            "finding:kidney": truth,
        }


def test_a_shared_finding_is_never_taken_from_the_caller() -> None:
    with Matcher(compiled(r=KIDNEY, kidney=LEAF)) as matcher:
        assert matcher.decide({"finding:kidney": MET}) == {}
        assert matcher.decide({"finding:kidney": MET, "at:finding:kidney": NOT_MET})["r"] is NOT_MET


def test_unknown_is_concluded_at_once_or_of_many_ways_from_being_possible_and_refutable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    few, many = (All(all=(AnyOf(any=(LEAF,) * count), LEAF, LEAF)) for count in (2, 6))
    with Matcher(compiled(r=few, s=many)) as matcher:
        monkeypatch.setattr(module, "durable", core := Core())
        for truth in Truth:
            given = atoms("r.all.0.any", NOT_MET, truth) | {"at:r.all.1": MET, "at:r.all.2": MET}
            assert matcher.decide(given) == {"r": truth}
        assert len(core.facts) == 3
        for truth in Truth:
            given = atoms("s.all.0.any", *(NOT_MET,) * 5, truth) | {"at:s.all.1": MET, "at:s.all.2": MET}
            assert matcher.decide(given) == {"s": truth}
        assert len(core.facts) == 3 + 2 + 2 + 3  # what it is given each time, and one fact for each mark


def test_only_expressions_with_all_their_findings_are_decided() -> None:
    with Matcher(compiled(r=AnyOf(any=(LEAF, LEAF)), s=AnyOf(any=(LEAF, KIDNEY)), kidney=LEAF)) as matcher:
        assert matcher.decide({}) == {}
        assert matcher.decide(atoms("r.any", MET)) == {}
        assert matcher.decide(atoms("s.any", MET)) == {}
        assert matcher.decide(atoms("r.any", MET, UNKNOWN)) == {"r": MET}
        assert matcher.decide(atoms("s.any", NOT_MET) | {"at:finding:kidney": MET}) == {
            "s": MET,
            "finding:kidney": MET,
        }


def test_findings_that_no_expression_asks_for_are_ignored() -> None:
    with Matcher(compiled(r=LEAF)) as matcher:
        assert matcher.decide({"at:r": MET, "at:other": MET}) == {"r": MET}


def test_a_shared_finding_may_not_use_another() -> None:
    with pytest.raises(MatcherError, match="r uses a shared finding that uses another one"):
        Matcher({"r": compile_tree(KIDNEY, ("r",)), **compiled(kidney=FindingLeaf(finding="heart"), s=LEAF)}
                | {"finding:heart": compile_tree(LEAF, ("heart",))})  # fmt: skip


def test_without_expressions_nothing_is_decided() -> None:
    with Matcher({}) as matcher:
        assert matcher.decide({"at:r": MET}) == {}


def test_a_closed_matcher_says_so_and_can_be_closed_again() -> None:
    matcher = Matcher(compiled(r=LEAF))
    matcher.close()
    matcher.close()
    with pytest.raises(MatcherError, match="closed"):
        matcher.decide({"at:r": MET})


def asks(*truths: Truth) -> tuple[dict[str, frozenset[Truth]], ...]:
    return ({"at:r": frozenset(truths)},)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (Expression((), (), (), ()), r"^r: durable_rules concluded nothing \(not possible, not refutable\)$"),
        (Expression(asks(MET), asks(MET), asks(MET), ()), r"^r: durable_rules concluded not_met, met \(poss"),
        (
            Expression(asks(MET), (), (), ()),
            r"^r: durable_rules concluded met \(not possible, not refutable\)$",
        ),
        (Expression(asks(MET), (), asks(MET), asks(MET)), r"^r: durable_rules concluded unknown, met "),
        (Expression((), (), (), (), asks(UNKNOWN)), r"^r: durable_rules concluded nothing$"),
        (Expression(asks(MET), (), (), (), asks(MET)), r"^r: durable_rules concluded unknown, met$"),
    ],
    ids=["nothing", "met and not met", "met but not possible", "met and unknown", "no truth", "two truths"],
)
def test_an_expression_without_exactly_one_truth_is_an_error(expression: Expression, message: str) -> None:
    with (
        Matcher({"r": expression, "s": compile_tree(LEAF, ("r",))}) as matcher,
        pytest.raises(MatcherError, match=message),
    ):
        matcher.decide({"at:r": MET})


def test_a_shared_finding_with_two_truths_is_an_error() -> None:
    torn = Expression(asks(MET), asks(MET), asks(MET), asks(MET))
    with (
        Matcher({"finding:kidney": torn, **compiled(s=KIDNEY)}) as matcher,
        pytest.raises(MatcherError, match="finding:kidney has more than one truth"),
    ):
        matcher.decide({"at:r": MET})


def test_d1_chained_flat_conjunctions_are_right_for_every_combination() -> None:
    with Matcher(compiled(r=All(all=(LEAF, KIDNEY)), kidney=AnyOf(any=(LEAF, LEAF)))) as matcher:
        for own, first, second in product(Truth, repeat=3):
            found = matcher.decide(atoms("r.all", own) | atoms("finding:kidney.any", first, second))
            kidney = any_of((first, second))
            assert found == {"r": all_of((own, kidney)), "finding:kidney": kidney}


def test_d2_one_finding_satisfies_two_conditions_that_ask_for_it() -> None:
    with Matcher(compiled(r=All(all=(KIDNEY, KIDNEY)), kidney=LEAF)) as matcher:
        assert matcher.decide({"at:finding:kidney": MET})["r"] is MET


def test_d3_absence_does_not_depend_on_the_order_of_findings() -> None:
    with Matcher(compiled(r=All(all=(LEAF, NoneOf(none=(LEAF,)))))) as matcher:
        for absent, outcome in ((MET, NOT_MET), (NOT_MET, MET), (UNKNOWN, UNKNOWN)):
            given = {"at:r.all.0": MET, "at:r.all.1.none.0": absent}
            assert matcher.decide(given) == {"r": outcome}
            assert matcher.decide(dict(reversed(given.items()))) == {"r": outcome}


def test_d4_a_group_after_another_is_not_taken_for_its_kind() -> None:
    tree = All(all=(AnyOf(any=(LEAF, LEAF)), All(all=(LEAF, LEAF))))
    with Matcher(compiled(r=tree)) as matcher:
        given = atoms("r.all.0.any", MET, NOT_MET) | atoms("r.all.1.all", MET, NOT_MET)
        assert matcher.decide(given) == {"r": NOT_MET}


class Core:
    """The library's C core with some functions replaced, and a list of the facts it was given."""

    def __init__(self, **replaced: object) -> None:
        self.facts: list[str] = []
        self.__dict__.update(replaced)

    def __getattr__(self, name: str) -> object:
        return getattr(original, name)

    def assert_fact(self, handle: int, fact: str) -> tuple[int, int]:
        self.facts.append(fact)
        answer: tuple[int, int] = original.assert_fact(handle, fact)
        return answer


def test_d5_d6_only_small_integers_of_our_own_reach_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    hostile = ('"', "1e-07", "{", "\\", "\0", "é")
    trees = {name: compile_tree(All(all=(LEAF, KIDNEY)), (name,)) for name in hostile}
    monkeypatch.setattr(module, "durable", core := Core())
    with Matcher(trees | compiled(kidney=LEAF)) as matcher:
        given = {f"at:{name}.all.0": MET for name in hostile} | {"at:finding:kidney": UNKNOWN}
        assert matcher.decide(given) == dict.fromkeys((*hostile, "finding:kidney"), UNKNOWN)
    assert all(re.fullmatch(r'\{"id":\d{1,3}(,"t\d{1,3}":[123]){1,64}\}', fact) for fact in core.facts)


def test_d7_an_error_on_the_way_is_raised_and_the_next_evaluation_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: object) -> None:
        raise original.error("error code: 0")

    with Matcher(compiled(r=AnyOf(any=(LEAF, LEAF)))) as matcher:
        for function in ("assert_fact", "start_action_for_state", "complete_and_start_action"):
            matcher.decide(atoms("r.any", MET, MET))
            monkeypatch.setattr(module, "durable", Core(**{function: fail}))
            with pytest.raises(MatcherError, match="durable_rules: "):
                matcher.decide(atoms("r.any", MET, MET))
            monkeypatch.undo()
            assert matcher.decide(atoms("r.any", NOT_MET, NOT_MET)) == {"r": NOT_MET}


def test_d11_more_rules_than_a_ruleset_takes_are_spread_over_several(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []

    def create_ruleset(name: str, definition: str) -> object:
        made.append(definition.count('"all"'))
        return original.create_ruleset(name, definition)

    monkeypatch.setattr(module, "durable", Core(create_ruleset=create_ruleset))
    trees = {f"r{n}": compile_tree(AnyOf(any=(LEAF, KIDNEY)), (f"r{n}",)) for n in range(100)}
    with Matcher(trees | compiled(kidney=LEAF)) as matcher:
        for truth in Truth:
            given = {f"at:r{n}.any.0": NOT_MET for n in range(100)} | {"at:finding:kidney": truth}
            assert matcher.decide(given) == dict.fromkeys((*trees, "finding:kidney"), truth)
    assert len(made) > 1
    assert max(made) < 255


def test_d11_a_tree_as_large_as_allowed_still_fits() -> None:
    tree = AnyOf(any=tuple(All(all=(LEAF, LEAF)) for _ in range(6)))
    with Matcher(compiled(r=AnyOf(any=(LEAF,) * 64), s=tree)) as matcher:
        places = compile_tree(tree, ("s",)).atoms
        for last in Truth:
            given = atoms("r.any", *(NOT_MET,) * 63, last)
            given |= dict.fromkeys(places, NOT_MET) | atoms("s.any.5.all", MET, last)
            assert matcher.decide(given) == {"r": last, "s": last}


def test_d11_what_the_library_refuses_is_an_error_and_leaves_nothing_behind(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deleted: list[int] = []

    def create_ruleset(name: str, definition: str) -> object:
        if definition.count('"all"') > 100:
            raise original.error("Could not create ruleset, error code: 108")
        return original.create_ruleset(name, definition)

    core = Core(create_ruleset=create_ruleset, delete_ruleset=deleted.append)
    monkeypatch.setattr(module, "durable", core)
    with pytest.raises(MatcherError, match="durable_rules: Could not create ruleset, error code: 108"):
        Matcher(compiled(r=LEAF, s=AnyOf(any=(LEAF,) * 64), t=LEAF))
    assert len(deleted) == 1


def test_d12_only_what_a_decidable_expression_asks_for_is_asserted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Matcher(compiled(r=LEAF, s=AnyOf(any=(LEAF, LEAF)))) as matcher:
        monkeypatch.setattr(module, "durable", core := Core())
        matcher.decide({"at:r": MET, "at:other": MET} | atoms("s.any", MET))
    assert core.facts == ['{"id":0,"t0":3}']  # the condition of r


def test_d14_a_fact_that_no_rule_asks_for_is_not_an_error() -> None:
    met_only = Expression(asks(MET), asks(NOT_MET), asks(MET), asks(NOT_MET))
    with Matcher({"r": met_only}) as matcher:
        assert matcher.decide({"at:r": MET}) == {"r": MET}
        with pytest.raises(MatcherError, match="concluded nothing"):
            matcher.decide({"at:r": UNKNOWN})


def test_d15_a_truth_that_follows_in_many_ways_follows_once() -> None:
    tree = All(all=(AnyOf(any=(KIDNEY, LEAF, LEAF)), AnyOf(any=(LEAF, KIDNEY, LEAF))))
    with Matcher(compiled(r=tree, kidney=AnyOf(any=(LEAF, LEAF)))) as matcher:
        for truth in Truth:
            given = dict.fromkeys(compile_tree(tree, ("r",)).atoms, truth) | atoms(
                "finding:kidney.any", truth, truth
            )
            assert matcher.decide(given) == {"r": truth, "finding:kidney": truth}


def test_d17_one_finding_serves_every_rule_that_asks_for_it() -> None:
    with Matcher({name: compile_tree(LEAF, ("same",)) for name in "abc"}) as matcher:
        assert matcher.decide({"at:same": MET}) == dict.fromkeys("abc", MET)


def test_d19_sessions_are_emptied_by_deleting_them_never_by_retracting_facts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After a rule with several patterns has fired, to retract its facts reads and writes beyond an array."""
    ended: list[str] = []

    def delete_state(handle: int, session: str) -> None:
        ended.append(session)
        original.delete_state(handle, session)

    def refuse(*_: object) -> None:
        raise AssertionError("retracted")

    with Matcher(compiled(r=All(all=(LEAF, LEAF, LEAF)))) as matcher:
        core = Core(delete_state=delete_state, retract_fact=refuse, retract_facts=refuse)
        monkeypatch.setattr(module, "durable", core)
        for _ in range(3):
            assert matcher.decide(atoms("r.all", MET, MET, MET)) == {"r": MET}
    assert ended == ["0"] * 3


@pytest.mark.parametrize("count", [15, 16, 17, 40, 63, 64])
def test_d20_a_match_holds_facts_and_not_conditions(count: int) -> None:
    with Matcher(compiled(r=All(all=(LEAF,) * count), s=NoneOf(none=(LEAF,) * count))) as matcher:
        for last in Truth:
            given = atoms("r.all", *(MET,) * (count - 1), last)
            given |= atoms("s.none", *(NOT_MET,) * (count - 1), last)
            assert matcher.decide(given) == {"r": last, "s": ~last}


@pytest.mark.parametrize("count", [16, 17])
def test_d20_more_shared_findings_than_a_match_can_hold_are_refused(count: int) -> None:
    """Each shared finding is a fact of its own, and one match holds 16 facts."""
    shared = {f"finding:f{n}": compile_tree(LEAF, (f"finding:f{n}",)) for n in range(count)}
    tree = All(all=tuple(FindingLeaf(finding=f"f{n}") for n in range(count)))
    trees = {"r": compile_tree(tree, ("r",)), **shared}
    if count > 16:
        with pytest.raises(MatcherError, match="r asks, with its shared findings, for more than"):
            Matcher(trees)
        return
    with Matcher(trees) as matcher:
        for last in Truth:
            given = {f"at:finding:f{n}": MET for n in range(count - 1)} | {f"at:finding:f{count - 1}": last}
            assert matcher.decide(given)["r"] is last


def test_d22_a_ruleset_whose_building_would_never_end_is_refused_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The library has a table of 512 comparisons and looks for a free place in it for ever when it is full."""

    def create_ruleset(*_: object) -> None:
        raise AssertionError("built")

    shared = {f"finding:{n}": compile_tree(All(all=(LEAF,) * 10), (str(n),)) for n in range(15)}
    tree = All(all=tuple(FindingLeaf(finding=str(n)) for n in range(15)))
    monkeypatch.setattr(module, "durable", Core(create_ruleset=create_ruleset))
    with pytest.raises(MatcherError, match="r asks, with its shared findings, for more than a ruleset takes"):
        Matcher({"r": compile_tree(tree, ("r",)), **shared})
