from collections.abc import Callable
from itertools import product

import pytest

from engine.errors import RuleFileError
from engine.finding import Finding, Truth
from engine.language import All, AnyOf, AtLeast, FindingLeaf, Leaf, NoneOf, SpecialtyLeaf, Tree
from engine.logic import evaluate
from engine.normal_form import MOST_CONJUNCTIONS, Form, compile_tree, truths_of
from engine.trace import Path

MET, NOT_MET, UNKNOWN = Truth.MET, Truth.NOT_MET, Truth.UNKNOWN
A, B, C, D = (SpecialtyLeaf(specialty=name) for name in "abcd")
KIDNEY = FindingLeaf(finding="kidney")


def holds(form: Form, truths: dict[str, Truth]) -> bool:
    return any(all(truths[atom] in allowed for atom, allowed in part.items()) for part in form)


def finding_in(at: dict[Path, Truth], kidney: Truth) -> Callable[[Leaf, Path], Finding]:
    return lambda leaf, path: Finding(kidney if leaf is KIDNEY else at[path])


@pytest.mark.parametrize(
    "tree",
    [
        A,
        All(all=(A, B, C)),
        AnyOf(any=(A, B, C)),
        NoneOf(none=(A, B)),
        NoneOf(none=(All(all=(A, B)), C)),
        All(all=(AnyOf(any=(A, B)), AnyOf(any=(C, D)))),
        AnyOf(any=(All(all=(A, NoneOf(none=(B,)))), All(all=(C, D)))),
        NoneOf(none=(NoneOf(none=(A, B)), AnyOf(any=(C, NoneOf(none=(D,)))))),
        All(all=(KIDNEY, AnyOf(any=(A, KIDNEY)))),
        AnyOf(any=(KIDNEY, NoneOf(none=(KIDNEY,)))),
        All(all=(KIDNEY, NoneOf(none=(KIDNEY, B)))),
        All(all=(A, AtLeast(at_least=2, of=(B, C, D)))),
    ],
    ids=lambda tree: tree.model_dump_json(exclude_unset=True),
)
def test_the_forms_hold_exactly_when_the_plain_evaluator_says_so(tree: Tree) -> None:
    expression = compile_tree(tree, ("when",))
    places = [leaf.path for leaf in evaluate(tree, ("when",), lambda leaf, path: Finding(MET)).leaves()]
    for kidney, *truths in product(Truth, repeat=1 + len(places)):
        at = dict(zip(places, truths, strict=True))
        trace = evaluate(tree, ("when",), finding_in(at, kidney))
        atoms = truths_of(trace) | {"finding:kidney": kidney}
        assert holds(expression.met, atoms) is (trace.truth is MET)
        assert holds(expression.not_met, atoms) is (trace.truth is NOT_MET)
        assert holds(expression.possible, atoms) is (trace.truth is not NOT_MET)
        assert holds(expression.refutable, atoms) is (trace.truth is not MET)
        assert holds(expression.unknown, atoms) is (trace.truth is UNKNOWN)


def as_sets(form: Form) -> list[dict[str, set[Truth]]]:
    return [{atom: set(truths) for atom, truths in conjunction.items()} for conjunction in form]


def test_absence_is_asked_for_as_positively_as_presence() -> None:
    expression = compile_tree(All(all=(A, NoneOf(none=(B,)))), ("when",))
    assert as_sets(expression.met) == [{"at:when.all.0": {MET}, "at:when.all.1.none.0": {NOT_MET}}]
    assert as_sets(expression.possible) == [
        {"at:when.all.0": {MET, UNKNOWN}, "at:when.all.1.none.0": {NOT_MET, UNKNOWN}},
    ]
    assert as_sets(expression.refutable) == [
        {"at:when.all.0": {NOT_MET, UNKNOWN}},
        {"at:when.all.1.none.0": {MET, UNKNOWN}},
    ]


def test_a_shared_finding_asked_for_twice_is_one_atom() -> None:
    expression = compile_tree(All(all=(KIDNEY, KIDNEY)), ("when",))
    assert as_sets(expression.met) == [{"finding:kidney": {MET}}]


def test_a_conjunction_that_contradicts_itself_is_dropped() -> None:
    expression = compile_tree(All(all=(KIDNEY, NoneOf(none=(KIDNEY,)))), ("when",))
    assert expression.met == ()
    assert as_sets(expression.possible) == [{"finding:kidney": {UNKNOWN}}]


@pytest.mark.parametrize(
    "tree", [AnyOf(any=(KIDNEY, All(all=(A, KIDNEY)))), AnyOf(any=(All(all=(A, KIDNEY)), KIDNEY))]
)
def test_a_conjunction_that_asks_for_more_than_another_is_dropped(tree: Tree) -> None:
    expression = compile_tree(tree, ("when",))
    assert as_sets(expression.met) == [{"finding:kidney": {MET}}]
    assert expression.atoms == {"finding:kidney"}


def test_at_least_is_one_atom_with_the_truth_that_the_trace_gives_it() -> None:
    tree = AnyOf(any=(AtLeast(at_least=2, of=(A, KIDNEY, B)), C))
    trace = evaluate(tree, ("when",), lambda leaf, path: Finding(NOT_MET if leaf is A else MET))
    assert compile_tree(tree, ("when",)).atoms == {"at:when.any.0", "at:when.any.1"}
    assert truths_of(trace) == {"at:when.any.0": MET, "at:when.any.1": MET}


def test_atoms_of_a_trace_are_those_of_the_compiled_tree_but_for_shared_findings() -> None:
    tree = All(all=(A, KIDNEY, NoneOf(none=(B, C))))
    trace = evaluate(tree, ("unless",), lambda leaf, path: Finding(UNKNOWN))
    atoms = compile_tree(tree, ("pack.rule", "unless")).atoms
    assert truths_of(trace, ("pack.rule",)).keys() == atoms - {"finding:kidney"}


def any_of_pairs(pairs: int) -> Tree:
    """What is met in one way for each pair, and not met in two ways for each more of them."""
    return AnyOf(any=tuple(All(all=(A, B)) for _ in range(pairs)))


def test_as_many_conjunctions_as_allowed_are_compiled() -> None:
    assert len(compile_tree(any_of_pairs(6), ("when",)).not_met) == 2**6 == MOST_CONJUNCTIONS


@pytest.mark.parametrize("tree", [any_of_pairs(7), AnyOf(any=(A,) * 65)], ids=["product", "sum"])
def test_a_tree_of_too_many_conjunctions_is_refused_with_its_place(tree: Tree) -> None:
    with pytest.raises(RuleFileError, match=r"^pack\.rule\.when\.all\.0: .* more than 64 ways; make one"):
        compile_tree(All(all=(tree,)), ("pack.rule", "when"))
