"""What a medication resource is about: the medicine's code, ingredients, concentration, form and batch.

STU3 and R4 have ``medicationCodeableConcept`` or ``medicationReference``, R5 has ``medication`` with a concept or a
reference; the reference may be to a contained resource, an entry of the Bundle, or something that was sent before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.facts import Ingredient
from engine.quantity import Quantity, read_value
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.elements import (
    NO_CODE,
    NOTHING,
    Json,
    Problems,
    as_list,
    boolean,
    codeable_concept,
    converted,
    date_interval,
    node,
    nodes,
    quantity,
    reference,
    text,
    unit_of,
)
from fhir_adapters.mapping.shapes import MODIFIED, modifies

Resolve = Callable[[str], Mapping[str, Any] | None]

_STRENGTHS: Final = ("strength", "strengthRatio", "strengthQuantity", "amount")


@dataclass(frozen=True, slots=True)
class Product:
    """The medicine that a resource names; ``concentration`` is its only active ingredient's, per mL."""

    code: CodedText = NO_CODE
    ingredients: tuple[Ingredient, ...] = ()
    form: CodedText | None = None
    batch_expiry: DateInterval | None = None
    concentration: Quantity | None = None
    problems: tuple[str, ...] = ()


def find(written: str | None, resolve: Resolve, *containers: Json) -> Json | None:
    """The resource that a reference means: ``#id`` in the containers, innermost first, else by ``resolve``."""
    if not written:
        return None
    if not written.startswith("#"):
        found = resolve(written)
        return found if isinstance(found, dict) else None
    for container in containers:
        for contained in nodes(container.get("contained")):
            if text(contained.get("id")).lstrip("#") == written[1:]:
                return contained
    return None


def read_product(resource: Json, resolve: Resolve, issues: DataIssues, name: str) -> Product:
    """Read the medicine of a request, statement, administration or dispense called ``name``.

    One that cannot be found has no code but the words beside the reference, and a problem, so that whatever asks
    what it is gets no answer instead of "no". Beside a code it is an ingredient of which no more is known.
    """
    stated = resource.get("medication")
    concept = codeable_concept(resource.get("medicationCodeableConcept") or stated)
    target = reference(resource.get("medicationReference") or stated)
    medication = find(target, resolve, resource)
    if medication is not None:
        return _of_medication(medication, concept, resource, resolve, issues, name)
    if target is None and (concept.codings or concept.text):
        return Product(concept)
    problem = (
        "the medicine is not stated" if target is None else "the medicine is a reference that leads nowhere"
    )
    issues.add(name, "medication", "unreadable", problem if target is None else f"{problem}: {target[:200]}")
    beside = node(resource.get("medicationReference")) or node(node(stated).get("reference"))
    words = CodedText(text=text(beside.get("display")))
    if concept.codings:
        return Product(concept, (Ingredient(words),), problems=(problem,))
    return Product(CodedText(text=concept.text or words.text), problems=(problem,))


def _of_medication(
    medication: Json, concept: CodedText, container: Json, resolve: Resolve, issues: DataIssues, name: str
) -> Product:
    problems: Problems = []
    if text(medication.get("status")) == "entered-in-error":
        problems.append("the medicine that is named was entered in error")
    elif any(map(modifies, (medication, *nodes(medication.get("ingredient"))))):
        problems.append(f"the medicine that is named cannot be read: {MODIFIED}")
    if problems:  # what it says can neither be the medicine nor deny that it is
        issues.add(name, "medication", "unreadable", problems[0])
        return Product(concept, problems=tuple(problems))
    code = codeable_concept(medication.get("code"))
    if concept.codings:
        code = CodedText((*concept.codings, *code.codings), concept.text or code.text)
    ingredients = []
    for stated in as_list(medication.get("ingredient")):
        entry = stated if isinstance(stated, dict) else {"item": stated}
        item = entry.get("itemCodeableConcept") or entry.get("item")
        ingredient = codeable_concept(item)
        if not ingredient.codings:
            link = entry.get("itemReference") or item
            found = find(reference(link), resolve, medication, container)
            beside = node(node(link).get("reference")) or node(link)
            ingredient = _substance(found, ingredient.text or text(beside.get("display")))
        if not ingredient.codings:
            problems.append("an ingredient has no code")
        active = boolean(entry.get("isActive")) is not False
        ingredients.append(Ingredient(ingredient, _strength(entry, problems), active))
    if not (code.codings or code.text or ingredients):
        problems.append("the medicine has no code")
    for problem in dict.fromkeys(problems):
        issues.add(name, "medication", "unreadable", problem)
    form = codeable_concept(medication.get("form") or medication.get("doseForm"))
    return Product(
        code,
        tuple(ingredients),
        form if form.codings or form.text else None,
        _batch_expiry(medication),
        _concentration(ingredients),
        tuple(dict.fromkeys(problems)),
    )


def _substance(found: Json | None, words: str) -> CodedText:
    code = codeable_concept((found or NOTHING).get("code"))
    return code if code.codings or code.text else CodedText(text=words)


def _batch_expiry(medication: Json) -> DateInterval | None:
    """When the batch expires; STU3 has batches on the package."""
    batches = nodes(medication.get("batch")) or nodes(node(medication.get("package")).get("batch"))
    return date_interval(batches[0].get("expirationDate")) if batches else None


def _strength(entry: Json, problems: Problems) -> Quantity | None:
    """The concentration in a mass per mL (``500 ug/mL``) where it is one, else the content of one piece."""
    what = "the strength of an ingredient"
    stated = next((entry[name] for name in _STRENGTHS if entry.get(name)), None)
    if stated is None:
        return None
    below = node(node(stated).get("denominator"))
    apiece = read_value(below.get("value")) == 1 and unit_of(below) is None
    found = quantity(node(stated).get("numerator") if apiece else stated, what, problems)
    if found is None:
        return None
    mass = converted(found, "ug/mL") or converted(found, f"{found.unit.rpartition('/')[0]}/mL")
    return (mass or found).exact


def _concentration(ingredients: list[Ingredient]) -> Quantity | None:
    strengths = [part.strength for part in ingredients if part.active and part.strength is not None]
    per_volume = [strength for strength in strengths if strength.unit.endswith("/mL")]
    return per_volume[0] if len(per_volume) == 1 else None
