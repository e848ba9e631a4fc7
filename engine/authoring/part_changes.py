"""Changes of what a rule stands on: concepts, settings, shared findings and the rest, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from engine.authoring.fingerprints import parts_of, stated_settings
from engine.authoring.references import Reference, references
from engine.authoring.tree_changes import Said, Say, tree_changes
from engine.authoring.versions import Bump
from engine.describe import describe_condition
from engine.language import FindingLeaf, Leaf, NoneOf, Tree
from engine.logic import members_of
from engine.record_nouns import MeasurementLeaf
from engine.rule import Rule
from engine.words import listing

if TYPE_CHECKING:
    from engine.authoring.files import CodeFile, ConceptFile
    from engine.authoring.folder import Loaded

_SHOWN: Final = 6
_TURNED_ROUND: Final = frozenset({"excluding", "other_than"})
_OTHER_MEDICINES: Final = ("other_products", "other_forms", "other_routes")
_WORDS_ONLY: Final = frozenset({"title", "note"})
_MEMBERS: Final = frozenset(
    {"codes", "exclude", "includes", "left_open_by", "texts", "texts_in", "texts_not", "texts_unless"}
)


def say_with(loaded: Loaded) -> Say:
    """What puts a condition into words with the concepts of a folder."""

    def say(tree: Tree) -> str:
        return describe_condition(tree, loaded.concepts, loaded.rules.findings)

    return say


def part_changes(old: Loaded, new: Loaded, rule: Rule) -> Iterator[Said]:
    """What differs in the parts that a rule stands on before and after, by their hashes, and in the statements that it follows.

    Another statement of the label makes no other rule, but whoever reads the change should ask whether it still follows.
    """
    before, after = parts_of(old, old.rules.rule(rule.id)), parts_of(new, rule)
    against = _against(new, rule)
    named = {(reference.kind, reference.name) for reference in references(rule)}
    for part in sorted(before.keys() & after.keys()):
        if before[part] == after[part]:
            continue
        kind, _, name = part.rpartition(" ")
        if kind == "concept":
            yield _concept(name, old.concept_files[name], new.concept_files[name], name in against)
        elif kind == "parameter":
            values = [stated_settings(loaded, rule)[name] for loaded in (old, new)]
            bump = Bump.MAJOR if ("parameter", name) in named else Bump.PATCH
            yield Said(f"the setting {name} is {values[1]} instead of {values[0]}", bump)
        elif kind == "finding":
            trees = [loaded.rules.findings[name].when for loaded in (old, new)]
            for said in tree_changes(trees[0], trees[1], say_with(old), say_with(new)):
                yield Said(f"finding {name}: {said.words}", Bump.MAJOR if name in against else said.bump)
        elif kind in ("medicine", "code system"):
            both = [_defined(loaded, kind, name) for loaded in (old, new)]
            different = [field for field in both[1] if both[0][field] != both[1][field]]
            bump = Bump.PATCH if different == ["title"] else Bump.MAJOR
            yield Said(f"{part} is different in {listing(different)}", bump)
        else:
            yield Said(f"{part} has other words", Bump.PATCH)
    stated = [loaded.rules.pack_of(rule).statements for loaded in (old, new)]
    for name in rule.statements:
        if name in stated[0] and stated[0][name] != stated[1][name]:
            yield Said(f"the label's statement {name}, which it follows, reads otherwise now", Bump.NONE)


def _defined(loaded: Loaded, kind: str, name: str) -> dict[str, Any]:
    """A medicine or a code system, field by field."""
    library = loaded.concepts
    return asdict(library.medicines[name] if kind == "medicine" else library.systems[name])


def _concept(name: str, old: ConceptFile, new: ConceptFile, against: bool) -> Said:
    come, gone = _differences(_counted(old), _counted(new))
    left_out, let_in = _differences(_left_out(old), _left_out(new))
    opened, closed = _differences(set(old.left_open_by), set(new.left_open_by))
    silent, heard = _differences(set(old.texts_unless), set(new.texts_unless))
    fields = [field for field in type(new).model_fields if getattr(old, field) != getattr(new, field)]
    other = [field for field in fields if field not in _WORDS_ONLY | _MEMBERS]
    told = (
        ("now also counts", come),
        ("no longer counts", gone),
        ("now leaves out", left_out),
        ("no longer leaves out", let_in),
        ("is now left open by", opened),
        ("is no longer left open by", closed),
        ("is no longer named by its words beside", silent),
        ("is named by its words also beside", heard),
    )
    words = [f"{verb} {_few(names)}" for verb, names in told if names]
    words += [f"is different in {listing(other)}"] if other else []
    only_more = not (gone or left_out or closed or other or against or (silent and old.texts))
    bump = Bump.PATCH if not words else Bump.MINOR if only_more else Bump.MAJOR
    return Said(f"concept {name} {listing(words or ['has other words'])}", bump)


def _differences(old: set[str], new: set[str]) -> tuple[list[str], list[str]]:
    return sorted(new - old), sorted(old - new)


def _counted(concept: ConceptFile) -> set[str]:
    where = f" in {listing(concept.texts_in, last='or')}" if concept.texts_in else ""
    words = {f"the words “{text}”{where}" for text in concept.texts}
    return _codes(concept.codes) | words | {f"all of {name}" for name in concept.includes}


def _left_out(concept: ConceptFile) -> set[str]:
    return _codes(concept.exclude) | {f"the words “{text}”" for text in concept.texts_not}


def _codes(listed: Mapping[str, tuple[CodeFile, ...]]) -> set[str]:
    return {f"{system} {_code(code)}" for system, codes in listed.items() for code in codes}


def _code(code: CodeFile) -> str:
    strength = f" of {code.strength}" if code.strength else ""
    return f"{code.code} and below" if code.below else f"{code.code}{strength}"


def _few(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    return listing(names) if rest <= 0 else f"{', '.join(names[:_SHOWN])} and {rest} more"


def _against(loaded: Loaded, rule: Rule) -> set[str]:
    """The concepts and findings through which more may take a card away.

    They keep the rule from firing (in exceptions, below ``none``, or as what does not count), or what is latest under them decides: a
    newer entry under a new code displaces the one that fired.
    """
    found = {
        name
        for tree, fires in ((rule.when, True), (rule.unless, False))
        for name in _turned(loaded, tree, fires)
    }
    medicine = loaded.concepts.medicines[rule.medicine]
    found |= {name for field in _OTHER_MEDICINES if (name := getattr(medicine, field)) is not None}
    known = loaded.concepts.concepts
    found |= {other for name in found if name in known for other in loaded.concepts.leaving_open(name)}
    return found | {inner for name in found if name in known for inner in loaded.concepts.members(name)}


def _turned(loaded: Loaded, tree: Any, fires: bool) -> Iterator[str]:
    if tree is None:
        return
    if not isinstance(tree, Leaf):
        for member in members_of(tree)[1]:
            yield from _turned(loaded, member, fires != isinstance(tree, NoneOf))
        return
    for reference in references(tree):
        turned = not _TURNED_ROUND.isdisjoint(map(str, reference.path))
        if fires == turned or reference.implied or _displaces(tree, reference):
            yield reference.name
    if isinstance(tree, FindingLeaf):
        yield from _turned(loaded, loaded.rules.findings[tree.finding].when, fires)


def _displaces(leaf: Leaf, reference: Reference) -> bool:
    """Whether of all entries of a concept the latest decides."""
    measured = isinstance(leaf, MeasurementLeaf) and leaf.pick == "latest"
    return measured and reference.path[-1] in ("lab", "vital")
