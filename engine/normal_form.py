"""Normal form: a condition tree as flat, positive conjunctions, the one shape in which durable_rules is right (D1).

Nested groups and negation are where it errs (D3, D4), and an absent fact proves nothing. So each tree is compiled,
before any patient is seen, into four lists of conjunctions: when it is met, when it is not met, when it is
possible (met or unknown) and when it is refutable (not met or unknown). A tree that is both possible and refutable
is unknown; of a tree with few conjunctions a fifth list says when that is. What a conjunction asks of an atom is a
set of truths, so that *not met* and *unknown* are asked for as positively as *met*.

Atoms are conditions with a noun, known by where they stand (``at:baclofen-it.renal.when.any.0``); shared findings,
known by their id (``finding:reduced-kidney-function``); and groups of ``at_least``, which count as one condition
each and take their truth from the trace: at least 5 of 10 alone would be 252 conjunctions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, reduce
from itertools import chain, product
from typing import Final

from engine.errors import RuleFileError
from engine.finding import Truth
from engine.language import AnyOf, AtLeast, FindingLeaf, Leaf, NoneOf, Tree
from engine.logic import members_of
from engine.trace import Path, Trace

MOST_CONJUNCTIONS: Final = 64
"""A tree with more in one of its forms is refused: it is more than a reader can check, too."""

Conjunction = Mapping[str, frozenset[Truth]]
"""For each atom the truths it may have; every atom must have one of them."""

Form = tuple[Conjunction, ...]
"""The conjunctions of which at least one must hold; without any, the form never holds."""

_MET: Final = frozenset({Truth.MET})
_NOT_MET: Final = frozenset({Truth.NOT_MET})
_POSSIBLE: Final = frozenset({Truth.MET, Truth.UNKNOWN})
_REFUTABLE: Final = frozenset({Truth.NOT_MET, Truth.UNKNOWN})


_FEW: Final = 16
"""Ways of being unknown up to which they are listed; of more it is concluded that they are both possible and refutable."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled tree: the forms that hold when it is met, not met, possible or refutable, and when it is unknown if those are few."""

    met: Form
    not_met: Form
    possible: Form
    refutable: Form
    unknown: Form = ()

    @property
    def forms(self) -> dict[Truth, Form]:
        """What concludes each truth; *unknown* is not among them where it follows from possible and refutable."""
        own = {Truth.MET: self.met, Truth.NOT_MET: self.not_met}
        return own | {Truth.UNKNOWN: self.unknown} if self.unknown else own

    @property
    def atoms(self) -> frozenset[str]:
        """Every atom that some form asks about; one that others make superfluous is not among them."""
        forms = (self.met, self.not_met, self.possible, self.refutable)
        return frozenset(atom for form in forms for conjunction in form for atom in conjunction)


def compile_tree(tree: Tree, path: Path) -> Expression:
    """Compile a tree; ``path`` must tell it from every other tree, as ``(rule.id, "when")`` does.

    Raises RuleFileError when a form has more than `MOST_CONJUNCTIONS`.
    """
    met, not_met, possible, refutable = (
        tuple(_form(tree, path, wanted)) for wanted in (_MET, _NOT_MET, _POSSIBLE, _REFUTABLE)
    )
    few = len(possible) * len(refutable) <= _FEW
    unknown = tuple(_weakest(_both(possible, refutable), path)) if few else ()
    return Expression(met, not_met, possible, refutable, unknown)


def atom_of(condition: Leaf | AtLeast, path: Path) -> str:
    """Return the name of the atom for a condition at a path; a shared finding has one name wherever it is used."""
    return f"finding:{condition.finding}" if isinstance(condition, FindingLeaf) else _at(path)


@lru_cache(maxsize=8192)
def _at(path: Path) -> str:
    """The name of what stands at a path; the paths are those of the rules."""
    return "at:" + ".".join(str(step) for step in path)


def truths_of(trace: Trace, scope: Path = ()) -> dict[str, Truth]:
    """Return the truth of each atom of a trace, but not of shared findings: the matcher derives those itself.

    ``scope`` is what the path given to `compile_tree` has before the path of the trace, such as ``(rule.id,)``.
    """
    found: dict[str, Truth] = {}
    waiting = [trace]
    for part in waiting:
        kind = type(
            part.condition
        )  # isinstance takes long for models, and this runs for every rule and patient
        if kind is AtLeast or not part.children:
            if kind is not FindingLeaf:
                found[_at((*scope, *part.path))] = part.finding.truth
        else:
            waiting += part.children
    return found


def _form(tree: Tree, path: Path, wanted: frozenset[Truth]) -> list[Conjunction]:
    if isinstance(tree, Leaf | AtLeast):
        return [{atom_of(tree, path): wanted}]
    word, members = members_of(tree)
    if isinstance(tree, NoneOf):
        wanted = frozenset(~truth for truth in wanted)
    forms = [_form(member, (*path, word, place), wanted) for place, member in enumerate(members)]
    # "any" and "none" are refuted by all their members together, "all" by each one alone.
    if (Truth.NOT_MET in wanted) == isinstance(tree, AnyOf | NoneOf):
        return reduce(lambda left, right: _weakest(_both(left, right), path), forms)
    return _weakest(chain.from_iterable(forms), path)


def _both(left: Iterable[Conjunction], right: Iterable[Conjunction]) -> Iterator[Conjunction]:
    """Every conjunction of the left with every one of the right, but for those that contradict themselves."""
    for first, second in product(left, right):
        # The same atom on both sides becomes one: two patterns of a rule never match the same fact (D2).
        shared = {atom: first[atom] & second[atom] for atom in first.keys() & second.keys()}
        if all(shared.values()):
            yield {**first, **second, **shared}


def _weakest(conjunctions: Iterable[Conjunction], path: Path) -> list[Conjunction]:
    """Those that no other one makes superfluous by asking for less."""
    kept: list[Conjunction] = []
    for conjunction in conjunctions:
        if not any(_implies(conjunction, other) for other in kept):
            kept = [other for other in kept if not _implies(other, conjunction)] + [conjunction]
        if len(kept) > MOST_CONJUNCTIONS:
            raise RuleFileError(
                f"{'.'.join(map(str, path))}: these conditions combine in more than {MOST_CONJUNCTIONS} ways; "
                "make one of the groups a shared finding, or split the rule"
            )
    return kept


def _implies(stronger: Conjunction, weaker: Conjunction) -> bool:
    return all(atom in stronger and stronger[atom] <= truths for atom, truths in weaker.items())
