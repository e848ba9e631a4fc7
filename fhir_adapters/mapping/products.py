"""What a medication resource is about: the medicine's code, ingredients, concentration, form and batch.

STU3 and R4 have ``medicationCodeableConcept`` or ``medicationReference``, R5 has ``medication`` with a concept or a
reference; the reference may be to a contained resource, an entry of the Bundle, or something that was sent before.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from engine.concepts import CodedText
from engine.dates import DateInterval
from engine.facts import Ingredient
from engine.quantity import Quantity, read_value
from fhir_adapters.issues import DataIssues
from fhir_adapters.mapping.choices import either, stated
from fhir_adapters.mapping.elements import (
    NO_CODE,
    NOTHING,
    Json,
    Problems,
    as_list,
    as_one,
    boolean,
    codeable_concept,
    converted,
    date_interval,
    effect_of,
    node,
    nodes,
    quantity,
    reference,
    text,
    unit_of,
)
from fhir_adapters.mapping.shapes import MODIFIED, modifies, says_nothing
from fhir_adapters.resource_types import DSTU2

Resolve = Callable[[str], Mapping[str, Any] | None]
StrengthOf = Callable[[CodedText], Quantity | None]
"""What a mL of a product holds by its code (:meth:`engine.concepts.ConceptLibrary.strength_of`)."""

# What a client may have written in place of a reference, the medicine in words for one, is not repeated.
_REFERENCE: Final = re.compile(r"#\S*|(?:urn:|https?://)\S+|[A-Za-z]+/[A-Za-z0-9.-]+\S*")
_A_STRENGTH: Final = "the strength of an ingredient"
_NO_EXPIRY: Final = "the expiry date of the batch cannot be read"
_STRENGTHS: Final = ("strength", "strengthRatio", "strengthQuantity", "amount")


@dataclass(frozen=True, slots=True)
class Product:
    """The medicine that a resource names; ``concentration`` is that of the medicine itself, per mL (:func:`_concentration`).

    ``batch_expiry`` is that of the batch which expires first, ``batch_problem`` why another may have expired before.
    """

    code: CodedText = NO_CODE
    ingredients: tuple[Ingredient, ...] = ()
    form: CodedText | None = None
    batch_expiry: DateInterval | None = None
    batch_problem: str = ""
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
    kinds = stated(resource, ("medicationCodeableConcept", "medicationReference", "medication"))
    if len(kinds) > 1:
        return _of_several(kinds, resource, resolve, issues, name)
    said = resource.get("medication")
    concept = codeable_concept(resource.get("medicationCodeableConcept") or said)
    target = reference(resource.get("medicationReference") or node(said))
    medication = find(target, resolve, resource)
    if medication is not None:
        return _of_medication(medication, concept, resource, resolve, issues, name)
    if target is None and (concept.codings or concept.text):
        return Product(concept)
    problem = (
        "the medicine is not stated" if target is None else "the medicine is a reference that leads nowhere"
    )
    named = f": {target[:200]}" if target is not None and _REFERENCE.fullmatch(target) else ""
    issues.add(name, "medication", "unreadable", f"{problem}{named}")
    beside = node(resource.get("medicationReference")) or node(node(said).get("reference"))
    words = CodedText(text=text(beside.get("display")))
    if concept.codings:
        return Product(concept, (Ingredient(words),), batch_problem=problem, problems=(problem,))
    return Product(CodedText(text=concept.text or words.text), batch_problem=problem, problems=(problem,))


def with_strength_of_its_code(
    product: Product, strength_of: StrengthOf, issues: DataIssues, name: str
) -> Product:
    """The product with the strength that its code is known for, where none is stated; that of its one active ingredient, or of itself.

    What is stated and cannot be read is stated, and which part of a mixture a strength is of, a code does not say.
    """
    active = [part for part in product.ingredients if part.active]
    stated = any(part.strength is not None for part in product.ingredients)
    unread = any(problem.startswith(_A_STRENGTH) for problem in product.problems)
    strength = strength_of(product.code)
    if strength is None or stated or unread or len(active) > 1:
        return product
    of_code = Ingredient(active[0].code if active else product.code, strength)
    rest = tuple(part for part in product.ingredients if not part.active)
    issues.add(name, "medication", "assumed", "its strength is that of its code, as none is stated")
    return replace(product, ingredients=(of_code, *rest), concentration=strength)


def _of_several(
    kinds: Iterable[str], resource: Json, resolve: Resolve, issues: DataIssues, name: str
) -> Product:
    """The medicine where more than one of its types is there: as a mixture of what they name, so that each of them counts."""
    others = dict.fromkeys(kinds)
    found = [
        read_product({**resource, **others, kind: resource[kind]}, resolve, issues, name) for kind in others
    ]
    codes = [product.code for product in found if product.code.codings or product.code.text]
    expiry = _first(product.batch_expiry for product in found)
    unread = next((product.batch_problem for product in found if product.batch_problem), "")
    if len(set(codes)) == 1 and not any(product.ingredients or product.problems for product in found):
        return replace(found[0], batch_expiry=expiry, batch_problem=unread)
    issues.add(name, "medication[x]", "assumed", "the medicine is stated in more than one way; each counts")
    concentrations = [product.concentration for product in found if product.concentration is not None]
    return Product(
        either([code for code in codes if code.codings] or codes[:1]),
        tuple(part for product in found for part in (Ingredient(product.code), *product.ingredients)),
        next((product.form for product in found if product.form is not None), None),
        expiry,
        unread,
        concentrations[0] if len(concentrations) == 1 else None,
        tuple(dict.fromkeys(problem for product in found for problem in product.problems)),
    )


def _of_medication(
    medication: Json, concept: CodedText, container: Json, resolve: Resolve, issues: DataIssues, name: str
) -> Product:
    problems: Problems = []
    package = node(medication.get("package"))
    contents = as_list(package.get("content"))
    if text(medication.get("status")) == "entered-in-error":
        problems.append("the medicine that is named was entered in error")
    elif not says_nothing(medication.get("product")):
        problems.append(f"the medicine that is named cannot be read: {DSTU2}")
    elif any(map(modifies, (medication, *nodes(medication.get("ingredient")), package, *nodes(contents)))):
        problems.append(f"the medicine that is named cannot be read: {MODIFIED}")
    if problems:  # what it says can neither be the medicine nor deny that it is
        issues.add(name, "medication", "unreadable", problems[0])
        return Product(concept, batch_problem=problems[0], problems=tuple(problems))
    code = codeable_concept(medication.get("code"))
    if concept.codings:
        code = as_one((concept, code))
    ingredients = []
    for part in as_list(medication.get("ingredient")):
        entry = part if isinstance(part, dict) else {"item": part}
        items = stated(entry, ("itemCodeableConcept", "itemReference", "item"))
        if len(items) > 1:
            problems.append("an ingredient is stated in more than one way")
        ingredient = either(_item(entry[item], resolve, medication, container) for item in items)
        if not ingredient.codings:
            problems.append("an ingredient has no code")
        active = boolean(entry.get("isActive")) is not False
        ingredients.append(Ingredient(ingredient, _strength(entry, problems), active))
    packed = [_packed(each, container, medication, resolve, problems) for each in contents]
    concentrations = [_concentration(code, ingredients)] if ingredients else []
    concentrations += [item.concentration for item in packed]
    ingredients += [part for item in packed for part in item.ingredients]
    if not (code.codings or code.text or ingredients):
        problems.append("the medicine has no code")
    for problem in dict.fromkeys(problems):
        issues.add(name, "medication", effect_of(problem), problem)
    form = codeable_concept(medication.get("form") or medication.get("doseForm"))
    forms = {item.form for item in packed}
    if not (form.codings or form.text) and len(forms) == 1:
        form = forms.pop() or NO_CODE
    return Product(
        code,
        tuple(ingredients),
        form if form.codings or form.text else None,
        *_batches(medication, issues, name),
        concentrations[0] if len(concentrations) == 1 else None,
        tuple(dict.fromkeys(problems)),
    )


def _packed(entry: Any, container: Json, pack: Json, resolve: Resolve, problems: Problems) -> Product:
    """What STU3 writes of one item of a pack (Medication.package.content), as the ingredients that its medicine is and has.

    How many or how much of it there is (``amount``) is no strength. A pack within a pack is not opened.
    """
    raw = entry if isinstance(entry, dict) else {"item": entry}
    said = stated(raw, ("itemCodeableConcept", "itemReference", "item"))
    if len(said) > 1:
        problems.append("an item of the package is stated in more than one way")
    item = either(_item(raw[name], resolve, pack, container) for name in said)
    written = reference(raw[said[0]]) if len(said) == 1 else None
    inner = find(written, resolve, pack, container)
    if inner is None:
        found = Product(item)
    elif not says_nothing(node(inner.get("package")).get("content")):
        problems.append("what a package in a package holds is not read")
        found = Product(item, (Ingredient(NO_CODE),))
    else:
        holders = [
            *nodes(inner.get("contained")),
            *nodes(pack.get("contained")),
            *nodes(container.get("contained")),
        ]
        found = _of_medication(inner, item, {"contained": holders}, resolve, DataIssues(), "")
        problems += found.problems
    parts = found.ingredients
    if found.code.codings or found.code.text or not parts:
        parts = (Ingredient(found.code), *parts)
    if not any(part.code.codings for part in parts):
        problems.append("an item of the package has no code")
    return Product(found.code, parts, found.form, concentration=found.concentration)


def _item(item: Any, resolve: Resolve, *containers: Json) -> CodedText:
    """An ingredient by its own code, else by that of the Substance or Medication that it refers to; in words where there is none."""
    concept = codeable_concept(item)
    if concept.codings:
        return concept
    found = find(reference(item), resolve, *containers)
    code = codeable_concept((found or NOTHING).get("code"))
    beside = node(node(item).get("reference")) or node(item)
    return code if code.codings or code.text else CodedText(text=concept.text or text(beside.get("display")))


def _batches(medication: Json, issues: DataIssues, name: str) -> tuple[DateInterval | None, str]:
    """When the first of the batches expires, and whether one of them says it in a way that nobody can read.

    STU3 has batches on the package.
    """
    said = [*as_list(medication.get("batch")), *as_list(node(medication.get("package")).get("batch"))]
    dates: list[DateInterval] = []
    unread = False
    for batch in said:
        written = batch.get("expirationDate") if isinstance(batch, dict) else batch
        date = date_interval(written) if isinstance(batch, dict) and isinstance(written, str) else None
        dates += [date] if date is not None else []
        unread |= date is None and not says_nothing(written)
    if unread:
        issues.add(name, "medication", "unreadable", _NO_EXPIRY)
    return _first(dates), _NO_EXPIRY if unread else ""


def _first(dates: Iterable[DateInterval | None]) -> DateInterval | None:
    return min((date for date in dates if date is not None), key=lambda date: date.latest, default=None)


def _strength(entry: Json, problems: Problems) -> Quantity | None:
    """The concentration in a mass per mL (``500 ug/mL``) where it is one, else the content of one piece."""
    what = _A_STRENGTH
    found = {_content(entry[name], what, problems) for name in stated(entry, _STRENGTHS)}
    if len(found) > 1:
        problems.append(f"{what} is stated more than once, and differently")
    return found.pop() if len(found) == 1 else None


def _content(said: Any, what: str, problems: Problems) -> Quantity | None:
    below = node(node(said).get("denominator"))
    apiece = read_value(below.get("value")) == 1 and unit_of(below) is None
    found = quantity(node(said).get("numerator") if apiece else said, what, problems)
    if found is None:
        return None
    if found.high is not None and found.high <= 0:
        problems.append(f"{what} is not above zero")
        return None
    mass = converted(found, "ug/mL") or converted(found, f"{found.unit.rpartition('/')[0]}/mL")
    return (mass or found).exact


def _concentration(code: CodedText, ingredients: list[Ingredient]) -> Quantity | None:
    """Of the ingredient that the medicine's own code names, else of the only active one: that of another says nothing of the medicine."""
    named = [part for part in ingredients if not _codes(code).isdisjoint(_codes(part.code))]
    parts = named or [part for part in ingredients if part.active]
    if len(parts) != 1 or not parts[0].active:
        return None
    strength = parts[0].strength
    return strength if strength is not None and strength.unit.endswith("/mL") else None


def _codes(concept: CodedText) -> set[tuple[str, str]]:
    return {(coding.system, coding.code) for coding in concept.codings if coding.code}
