"""References: the names in a file that must exist elsewhere in the rules folder, and where they stand."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from engine import language as words
from engine.authoring import cases
from engine.authoring.documents import Document
from engine.authoring.files import (
    CheckException,
    ConceptFile,
    LocalCode,
    MedicineFile,
    PackDocument,
    SentenceFile,
)
from engine.authoring.problems import Problem, did_you_mean
from engine.authoring.validation import inner_models
from engine.concept import Concept
from engine.concepts import ConceptLibrary
from engine.conditions.estimates import FORMULAS
from engine.conditions.pregnancy import (
    BREASTFEEDING,
    NOT_BREASTFEEDING,
    NOT_PREGNANT,
    POSSIBLY_PREGNANT,
    PREGNANT,
)
from engine.language import FileModel, LabLeaf, VitalLeaf
from engine.quantity import Quantity
from engine.rule import CardSpec, Rule, SourceSpec, SuggestionSpec
from engine.trace import Path

NameKind = Literal[
    "check",
    "concept",
    "concept-or-medicine",
    "finding",
    "medicine",
    "override-reason",
    "parameter",
    "rule",
    "statement",
]
"""What a name can be the name of."""

MEDICINE_CONCEPTS = (
    "substance", "routes", "products", "forms", "other_products", "other_forms", "wrong_routes", "other_routes",
    "device", "presence", "removal", "other_devices",
)  # fmt: skip

REFERENCES: Final[Mapping[type[FileModel], Mapping[str, NameKind]]] = {
    ConceptFile: dict.fromkeys(("includes", "left_open_by", "texts_in"), "concept"),
    MedicineFile: dict.fromkeys(MEDICINE_CONCEPTS, "concept"),
    LocalCode: {"concept": "concept"},
    CheckException: {"code": "check"},
    PackDocument: {"medicine": "medicine"},
    Rule: {"medicine": "medicine", "yields_to": "rule"},
    CardSpec: {"override_reasons": "override-reason"},
    SuggestionSpec: {"set_route": "concept", "code": "concept"},
    SourceSpec: {"statement": "statement"},
    words.OrderLeaf: {"order": "concept", "route": "concept", "excluding": "concept"},
    words.MedicationLeaf: {"medication": "concept", "route": "concept", "excluding": "concept"},
    words.ConditionLeaf: {"condition": "concept", "excluding": "concept"},
    words.AllergyLeaf: {"allergy": "concept"},
    words.LabLeaf: {"lab": "concept", "is_": "concept"},
    words.VitalLeaf: {"vital": "concept", "is_": "concept"},
    words.ProcedureLeaf: {"procedure": "concept"},
    words.DeviceLeaf: {"device": "concept"},
    words.AppointmentLeaf: {"appointment": "concept"},
    words.EncounterLeaf: {"encounter": "concept"},
    words.ServiceLeaf: {"service": "concept"},
    words.RouteTest: {"is_": "concept", "other_than": "concept"},
    words.IngredientTest: {"is_": "concept", "other_than": "concept"},
    words.ReasonLeaf: {"reason": "concept"},
    words.CategoryLeaf: {"category": "concept"},
    words.ActionLeaf: {"reason": "concept"},
    words.SpecialtyLeaf: {"specialty": "concept"},
    words.ParameterLeaf: {"parameter": "parameter"},
    SentenceFile: {"statements": "statement"},
    words.FindingLeaf: {"finding": "finding"},
    cases.ConditionEntry: {"is_": "concept"},
    cases.AllergyEntry: {"is_": "concept"},
    cases.MeasurementEntry: {"is_": "concept", "coded": "concept"},
    cases.ProcedureEntry: {"is_": "concept"},
    cases.DeviceEntry: {"is_": "concept"},
    cases.AppointmentEntry: {"is_": "concept"},
    cases.EncounterEntry: {"is_": "concept"},
    cases.ServiceEntry: {"is_": "concept"},
    cases.IngredientEntry: {"is_": "concept"},
    cases.DosageEntry: {"route": "concept"},
    cases.MedicationEntry: {
        "is_": "concept-or-medicine", "route": "concept", "form": "concept", "status_reason": "concept", "reasons": "concept",
        "categories": "concept",
    },
    cases.Setup: {"specialties": "concept"},
    cases.Case: {"specialties": "concept"},
}  # fmt: skip
"""Which fields of which models hold names, and of what."""

IMPLIED: Final[Mapping[type[FileModel], tuple[str, ...]]] = {
    words.PregnancyLeaf: (PREGNANT, NOT_PREGNANT, POSSIBLY_PREGNANT),
    words.LactationLeaf: (BREASTFEEDING, NOT_BREASTFEEDING),
}
"""Concepts that a noun stands on without naming them."""

NO_NAMES: Final = frozenset({"any", "none"})
"""What may stand instead of a name: every order or medicine, and, in tests, no route."""

Known = Mapping[NameKind, Collection[str] | None]
"""The names there are; None where they cannot be known because a file did not load."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A name in a file, what it is the name of, and where it stands; an implied one is not written there."""

    kind: NameKind
    name: str
    path: Path
    implied: bool = False


def models_in(model: FileModel, path: Path = ()) -> Iterator[tuple[Path, FileModel]]:
    """The model and every model inside it, with their places, in the order of the file."""
    yield path, model
    for field, info in type(model).model_fields.items():
        value = getattr(model, field)
        place = (*path, info.alias or field)
        if isinstance(value, FileModel):
            yield from models_in(value, place)
        inner: Iterable[tuple[str | int, Any]] = ()
        if isinstance(value, tuple):
            inner = enumerate(value)
        elif isinstance(value, dict):
            inner = value.items()
        for key, entry in inner:
            if isinstance(entry, FileModel):
                yield from models_in(entry, (*place, key))


def comparisons_in(
    rule: Rule, library: ConceptLibrary
) -> Iterator[tuple[Path, LabLeaf | VitalLeaf, tuple[str, tuple[Quantity, ...]], Concept]]:
    """Every laboratory value and vital sign that a rule compares: its place, how it is compared, and the concept it is of."""
    for path, model in models_in(rule):
        if isinstance(model, LabLeaf | VitalLeaf) and model.comparison is not None:
            concept = library.concepts.get(model.lab if isinstance(model, LabLeaf) else model.vital)
            if concept is not None:
                yield path, model, model.comparison, concept


def references(model: FileModel, path: Path = ()) -> Iterator[Reference]:
    """Every name in a model that must exist elsewhere."""
    for place, inner in models_in(model, path):
        implied = IMPLIED.get(type(inner), ())
        if isinstance(inner, words.LabLeaf) and inner.estimate is not None:
            implied = FORMULAS[inner.estimate].needs
        yield from (Reference("concept", name, place, implied=True) for name in implied)
        for field, kind in REFERENCES.get(type(inner), {}).items():
            value = getattr(inner, field)
            key = type(inner).model_fields[field].alias or field
            if isinstance(value, str) and value not in NO_NAMES:
                yield Reference(kind, value, (*place, key))
            for number, name in enumerate(value if isinstance(value, tuple) else ()):
                yield Reference(kind, name, (*place, key, number))


def written_names(model: type[FileModel], data: Mapping[str, Any], path: Path = ()) -> Iterator[Reference]:
    """Every name in data that does not fit its model, as far as it can be told what they are names of."""
    for field, kind in REFERENCES.get(model, {}).items():
        key = model.model_fields[field].alias or field
        value = data.get(key)
        for number, name in enumerate(value) if isinstance(value, list) else ((None, value),):
            if isinstance(name, str) and name not in NO_NAMES:
                yield Reference(kind, name, (*path, key) if number is None else (*path, key, number))
    for place, inner, entry in inner_models(model, data):
        keys = cases.spread(entry) if issubclass(inner, cases.Coded) else entry
        if isinstance(keys, dict):
            yield from written_names(inner, keys, (*path, *place))


def unknown_names(
    document: Document, model: type[FileModel], found: FileModel | None, known: Known, data: Any = None
) -> Iterator[Problem]:
    """A problem for every name that does not exist, with the nearest one that does.

    Where the document (or ``data`` that stands for it) does not fit the model, the names that are written in it are looked up: an
    author is told of everything at once.
    """
    written = document.data if data is None else data
    for reference in references(found) if found is not None else written_names(model, written):
        names = known.get(reference.kind)
        if names is None or reference.name in names:
            continue
        message = f"there is no {reference.kind.replace('-', ' ')} {reference.name}"
        mend = did_you_mean(reference.name, names, few=6)
        if not mend and reference.kind == "concept":
            mend = f"primum concepts find {reference.name}  looks names and codes up"
        if reference.implied:
            message, mend = f"{message}, on which this condition stands", "define it in rules/concepts"
        # In an entry of one line the name has no place of its own.
        own = reference.path in document.values
        mark = document.mark(reference.path) if own else document.find(reference.path, reference.name)
        yield document.problem_at(mark, f"unknown-{reference.kind}", message, mend)
