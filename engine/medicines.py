"""Medicines: whether an order or a therapy is the medicine a rule is about, and where its therapy stands.

Intrathecal and oral baclofen share their substance codes. Route, product, form and concentration decide, in the order of
:func:`identity`; where none of them is stated the answer is unknown, never "the tablet" (inventory T-ITB-DRAFT, T-ITB-CURRENT).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from engine.concepts import CodedText, ConceptLibrary, Membership
from engine.dates import DateInterval, within
from engine.doses import runs
from engine.errors import UnitError
from engine.facts import ListName, MedicationFact, PatientFacts, TherapyStatus
from engine.finding import Evidence, Missing, Truth, all_of, truth_of
from engine.free_text import Said, has_words, names, spoken_of, words_that_name
from engine.medicine import Medicine
from engine.pumps import devices_in_words, pumps_on_record
from engine.quantity import Quantity, compare
from engine.record import Record, codes_of, said_of
from engine.words import dated_ahead, entry, incomplete, lapsed, uncoded, undated


def belongs(concepts: ConceptLibrary, concept: str, codes: Iterable[CodedText]) -> Membership:
    """Whether any of several coded texts is in the concept; unknown beats no, because each of them may be the one."""
    found = {concepts.membership(concept, code.codings) for code in codes}
    if Membership.YES in found:
        return Membership.YES
    return Membership.NO if found == {Membership.NO} else Membership.UNKNOWN


def medicine_in(concepts: ConceptLibrary, concept: str, medication: MedicationFact) -> Membership:
    """Whether a medicine, or any of its active ingredients, is in a concept.

    A mixture is in the concepts of all its parts, whatever its product's code says: a part without a code may be in any. With coded
    ingredients that code need not be known. No code denies what the words beside it name: a code for paracetamol stands beside "with
    codeine", too.
    """
    coded = coded_in(concepts, concept, medication)
    if coded is not Membership.NO or not has_words(concepts, concept):
        return coded
    named = Said.of(codes_of(medication)).names(concepts, concept)
    return Membership.UNKNOWN if named else coded


def coded_in(concepts: ConceptLibrary, concept: str, medication: MedicationFact) -> Membership:
    """Whether a medicine is in a concept by its codes alone; see :func:`medicine_in`."""
    product = concepts.membership(concept, medication.product.codings)
    if product is Membership.YES or not medication.ingredients:
        return product
    ingredients = [part.code for part in medication.ingredients if part.active]
    parts = belongs(concepts, concept, (code for code in ingredients if code.codings))
    found = parts if product is Membership.UNKNOWN or parts is Membership.YES else product
    unread = not all(code.codings for code in ingredients)
    return Membership.UNKNOWN if found is Membership.NO and unread else found


def _unlisted(concepts: ConceptLibrary, concept: str, medication: MedicationFact) -> list[bool]:
    """For each code of a medicine, whether no more than a list that says it is complete keeps it out of a concept."""
    standings = [concepts.standing(code.codings) for code in codes_of(medication)]
    return [not each.listed and concepts.takes_for_complete(concept, each.systems) for each in standings]


def route_in(concepts: ConceptLibrary, concept: str, route: CodedText) -> Membership:
    """Whether a route is in a concept; without a code that is known, the concept's own words decide (CI-04)."""
    coded = concepts.membership(concept, route.codings)
    said = coded is Membership.UNKNOWN and names(concepts, concept, spoken_of(route))
    return Membership.YES if said else coded


def contradicts_itself(concepts: ConceptLibrary, medicine: Medicine, route: CodedText) -> bool:
    """Whether one route is said to be more than one of the medicine's right, wrong and other routes."""
    named = (medicine.routes, medicine.wrong_routes, medicine.other_routes)
    return sum(route_in(concepts, each, route) is Membership.YES for each in named if each is not None) > 1


def _any_route(concepts: ConceptLibrary, concept: str | None, medication: MedicationFact) -> bool:
    return concept is not None and any(
        route_in(concepts, concept, route) is Membership.YES for route in _routes(medication)
    )


def _routes(medication: MedicationFact) -> list[CodedText]:
    return [dosage.route for dosage in medication.dosages if dosage.route is not None]


def _called_right(concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact) -> bool:
    """Whether the words of a route name the right one, beside a code for another: one of the two is a slip."""
    return medicine.routes is not None and any(
        names(concepts, medicine.routes, spoken_of(route)) for route in _routes(medication)
    )


def _is(concepts: ConceptLibrary, concept: str | None, codes: Iterable[CodedText]) -> bool:
    return concept is not None and belongs(concepts, concept, codes) is Membership.YES


def strengths(concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact) -> Iterator[Quantity]:
    """The stated concentrations of the medicine itself: of every active ingredient that is not known to be something else.

    One that is known by the code of a product is that of the medicine where the product is.
    """
    for part in medication.ingredients:
        other = concepts.membership(medicine.substance, part.code.codings) is Membership.NO
        if (
            part.active
            and part.strength is not None
            and (not other or _is(concepts, medicine.products, (part.code,)))
        ):
            yield part.strength


def _has_strength(
    concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact, known: Iterable[str]
) -> bool:
    for strength in strengths(concepts, medicine, medication):
        for text in known:
            with suppress(UnitError):
                if compare(strength, Quantity.parse(text)) == 0:
                    return True
    return False


def holds(concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact) -> Membership:
    """Whether an entry holds the medicine's substance, be it the medicine or a sibling: by the substance's code or a product's."""
    products = (medicine.products, medicine.other_products)
    coded = (coded_in(concepts, concept, medication) for concept in products if concept is not None)
    return (
        Membership.YES if Membership.YES in coded else medicine_in(concepts, medicine.substance, medication)
    )


def identity(concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact) -> Truth:
    """Whether this is the medicine: met, not met, or unknown when the record does not tell it from its siblings.

    The right route decides first (a tablet ordered intrathecally is a wrong order of this medicine, not the tablet); then its own
    product, its form, a sibling's product or form, a wrong parenteral route, a concentration that no sibling is sold in, an enteral
    route, unless its words name the right one, and last a concentration that both are sold in.
    What does not hold the substance is not the medicine; where nobody can tell whether it does, the answer is unknown, and so it
    is of a product that no list has, by the right route, unless its words name something else. A medicine without siblings is told
    by its substance alone.
    """
    held = holds(concepts, medicine, medication)
    if held is not Membership.YES:
        other = held is Membership.NO and not _may_be_new(concepts, medicine, medication)
        return Truth.NOT_MET if other else Truth.UNKNOWN
    if medicine.alone:
        return Truth.MET
    codes = codes_of(medication)
    form = (medication.form,) if medication.form is not None else ()
    if _any_route(concepts, medicine.routes, medication) or _is(concepts, medicine.products, codes):
        return Truth.MET
    if _is(concepts, medicine.forms, form):
        return Truth.MET
    if _is(concepts, medicine.other_products, codes) or _is(concepts, medicine.other_forms, form):
        return Truth.NOT_MET
    if _any_route(concepts, medicine.wrong_routes, medication):
        return Truth.MET
    if _has_strength(concepts, medicine, medication, medicine.own_strengths):
        return Truth.MET
    if _any_route(concepts, medicine.other_routes, medication):
        return Truth.UNKNOWN if _called_right(concepts, medicine, medication) else Truth.NOT_MET
    return Truth.MET if _has_strength(concepts, medicine, medication, medicine.strengths) else Truth.UNKNOWN


def _may_be_new(concepts: ConceptLibrary, medicine: Medicine, medication: MedicationFact) -> bool:
    """Whether nothing but its route tells what a medicine is: no list has any of its codes, and it has the name of no substance."""
    if not _any_route(concepts, medicine.routes, medication):
        return False
    said = words_that_name(said_of(medication))
    named = any(not said.isdisjoint(concepts.ingredients_of(concept)) for concept in concepts.concepts)
    return not named and all(_unlisted(concepts, medicine.substance, medication))


def identified(record: Record, medicine: Medicine, medication: MedicationFact) -> Truth:
    """The :func:`identity` of an entry of a record or an order, worked out once for all that ask."""
    key = (medicine.id, id(medication))  # the record holds every entry, so none can get the number of another
    found = record.identities.get(key)
    if found is None:
        found = record.identities[key] = identity(record.concepts, medicine, medication)
    return found


@dataclass(frozen=True, slots=True)
class Therapy:
    """The patient's therapy with a medicine (T-ITB-CURRENT): whether there is one, from which entries, and since when.

    ``earlier`` are entries that have ended and that it goes on from: a new order for each new dose does not begin it anew.
    ``suspected`` says, of one that is unknown, that something points to it (a pump, an entry of the substance); an entry that could
    be anything does not.
    """

    certainty: Truth
    medications: tuple[MedicationFact, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    missing: tuple[Missing, ...] = ()
    earlier: tuple[MedicationFact, ...] = ()
    suspected: bool = False

    @property
    def started(self) -> DateInterval | None:
        """The earliest start that the record names."""
        entries = (*self.medications, *self.earlier)
        starts = [start for m in entries if (start := m.started or m.authored) is not None]
        return min(starts, key=lambda start: (start.earliest, start.latest)) if starts else None


def therapy(medicine: Medicine, record: Record) -> Therapy:
    """Where the patient's therapy with the medicine stands, from medicines, devices, diagnoses and procedures that tell of a pump.

    What the orders under review change comes last, and what was only given after what runs. A pump alone does not say which drug
    it holds: that therapy is unknown, and says so. So it is with a device that is known in words alone, of whatever kind.
    """
    facts, concepts = record.facts, record.concepts
    changed = {order.replaces for order in facts.orders} | {order.reference for order in facts.orders}
    listed = sorted(
        record.holding(medicine), key=lambda m: (m.reference in changed, m.kind in _GIVEN, _newest_first(m))
    )
    certain: list[MedicationFact] = []
    alike: list[MedicationFact] = []
    late: list[MedicationFact] = []
    unrenewed: list[MedicationFact] = []
    for medication in listed:
        own, now = identified(record, medicine, medication), _is_now(medicine, medication, facts)
        if all_of((own, now)) is Truth.MET:
            certain.append(medication)
        elif all_of((own, now)) is Truth.UNKNOWN:
            over = medication.status is TherapyStatus.ENDED and medication.kind not in _GIVEN
            (alike if own is Truth.UNKNOWN else unrenewed if over else late).append(medication)
    if certain:
        earlier = _earlier(record, medicine, certain, listed)
        return Therapy(Truth.MET, tuple(certain), tuple(map(entry, certain)), earlier=earlier)
    what = f"whether the patient has {medicine.title}"
    missing = list(incomplete(ListName.MEDICATIONS, facts.medications, what))
    for doubtful, why in (
        (alike, _not_told_apart(len(alike))),
        (late, _of_no_known_day(late, facts.now)),
        (unrenewed, lapsed(ListName.MEDICATIONS, len(unrenewed))),
    ):
        if doubtful:
            missing.append(Missing(what, why, ListName.MEDICATIONS, tuple(m.reference for m in doubtful)))
    pumps = pumps_on_record(medicine, record)
    if pumps:
        missing.append(Missing(what, _PUMP, ListName.DEVICES))
    in_words = devices_in_words(medicine, record)
    if in_words:
        why = uncoded(ListName.DEVICES, len(in_words))
        missing.append(Missing(what, why, ListName.DEVICES, tuple(each.reference for each in in_words)))
    if missing:
        found = (*alike, *late, *unrenewed)
        suspected = bool(pumps or late or unrenewed) or _of_the_substance(concepts, medicine, alike)
        return Therapy(
            Truth.UNKNOWN,
            found,
            (*map(entry, found), *pumps, *map(entry, in_words)),
            tuple(missing),
            suspected=suspected,
        )
    return Therapy(Truth.NOT_MET)


def _of_the_substance(
    concepts: ConceptLibrary, medicine: Medicine, medications: Iterable[MedicationFact]
) -> bool:
    return any(medicine_in(concepts, medicine.substance, m) is Membership.YES for m in medications)


def _earlier(
    record: Record,
    medicine: Medicine,
    current: Sequence[MedicationFact],
    listed: Sequence[MedicationFact],
) -> tuple[MedicationFact, ...]:
    """The entries that have ended and that current therapy goes on from, with no longer gap than it takes to count as current."""
    gap = timedelta(days=medicine.current_for_days)
    starts = [start.earliest for m in current if (start := m.started or m.authored) is not None]
    own = {id(m) for m in current}
    ended = [m for m in listed if m.status is TherapyStatus.ENDED and id(m) not in own]
    found: list[MedicationFact] = []
    first = min(starts, default=None)
    for medication in sorted(ended, key=_last_given):
        began, last = medication.started or medication.authored, medication.ended
        if first is None or began is None or first - (last or began).latest > gap:
            continue
        if identified(record, medicine, medication) is Truth.MET:
            found.append(medication)
            first = min(first, began.earliest)
    return tuple(found)


def _of_no_known_day(given: list[MedicationFact], now: datetime) -> str:
    """Why nobody knows when some entries were given, as a clause: no date of any tells, or all lie ahead."""
    dates = [medication.started or medication.authored for medication in given]
    ahead = all(date is not None and date.earliest > now for date in dates)
    return (dated_ahead if ahead else undated)(ListName.MEDICATIONS, len(given))


_GIVEN = ("administration", "dispense")


def _is_now(medicine: Medicine, medication: MedicationFact, facts: PatientFacts) -> Truth:
    """Whether an entry is therapy now; what was given or handed out counts for as long as the medicine's own definition says.

    For as long may go on what is active although its time is over: a renewal that nobody wrote.
    """
    if medication.status is TherapyStatus.PLANNED:
        return Truth.NOT_MET
    if medication.kind not in _GIVEN:
        if medication.status is TherapyStatus.CURRENT:
            return Truth.MET
        over = medication.ended
        lately = over and within(over.up_to(facts.now), facts.now, medicine.current_for_days, "day")
        return Truth.NOT_MET if medication.status_certain or lately is False else Truth.UNKNOWN
    given = medication.started or medication.authored
    if given is None:
        return Truth.UNKNOWN
    return truth_of(within(given.up_to(facts.now), facts.now, medicine.current_for_days, "day"))


def _newest_first(medication: MedicationFact) -> tuple[float, str]:
    began = medication.started or medication.authored
    return (-began.latest.timestamp() if began is not None else inf, medication.reference)


def ended(medicine: Medicine, record: Record) -> Therapy:
    """Therapy that the record tells of only as ended, or by a pump, the last to end first (DC-06).

    It is not met as soon as an order or a statement of it is current or planned. Single doses are no therapy that could end.
    """
    what = f"whether therapy with {medicine.title} has ended"
    concepts = record.concepts
    listed = [m for m in record.holding(medicine) if m.kind in ("request", "statement") and runs(m)]
    standing = [m for m in listed if m.status is not TherapyStatus.ENDED]
    truths = [identified(record, medicine, m) for m in standing]
    if Truth.MET in truths:
        return Therapy(Truth.NOT_MET)
    missing = list(incomplete(ListName.MEDICATIONS, record.facts.medications, what))
    doubtful = tuple(m.reference for m, truth in zip(standing, truths, strict=True) if truth is Truth.UNKNOWN)
    if doubtful:
        missing.append(Missing(what, _not_told_apart(len(doubtful)), ListName.MEDICATIONS, doubtful))
    over = (m for m in listed if m.status is TherapyStatus.ENDED)
    past = sorted((m for m in over if identified(record, medicine, m) is Truth.MET), key=_last_given)
    pumps = pumps_on_record(medicine, record) if not past else ()
    if pumps:
        missing.append(Missing(what, _PUMP, ListName.DEVICES))
    truth = Truth.UNKNOWN if missing else Truth.MET if past else Truth.NOT_MET
    suspected = bool(past or pumps) or _of_the_substance(concepts, medicine, standing)
    return Therapy(truth, tuple(past), (*map(entry, past), *pumps), tuple(missing), suspected=suspected)


def _last_given(medication: MedicationFact) -> tuple[float, str]:
    last = medication.ended or medication.started or medication.authored
    return (-last.latest.timestamp() if last is not None else inf, medication.reference)


_PUMP = "a pump is on record, but not which medicine it holds"


def _not_told_apart(count: int) -> str:
    return f"{count} current {'entry' if count == 1 else 'entries'} of the medication list cannot be told apart from it"
