"""Changes to a JSON document that leave it JSON: nearly all of what a byte changed at random breaks is only its syntax."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any, Final

CORPUS: Final = Path(__file__).resolve().parent / "corpus"
ODD: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 0.1, 1e-300, 1e300, 10**30,
    "", " ", "\u0000", "\ud800", "0", "-0", "1e999", "NaN", "Infinity", "<1", ">60",
    "1 - 2", "1,5", "½", "2020", "2020-13", "2020-02-30", "0000-01-01", "9999-12-31", "9999-12-31T23:59:60.999999999+14:00",
    "0001-01-01T00:00:00+14:00", "2020-01-01T24:00:00Z", "2026-05-01T12:00:00", "mg", "ug/h", "mg/mL/h", "10*9/L", "[IU]", "{tablet}", "m2",
    "active", "entered-in-error", "unknown", "draft", "stopped", "#m", "#", "/", "Patient/p1", "Patient/", "urn:uuid:0", "http://x/MedicationRequest/r1",
    "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc", "2160-0", "72607000", "M03BX01", "G40", "intrathecal",
    "x" * 5000, [], {}, [None], [[]], [{}], {"coding": []}, {"reference": "#m"}, {"value": 1},
)  # fmt: skip
"""What stands where something else is expected, and what parsers trip over."""
DEEP: Final = (50, 400, 3000)
"""How deep a value is nested, where one is: what is ordinary, what libraries allow, what they do not."""

Step = tuple[Any, Any]


def seeds() -> list[bytes]:
    """The corpus, in the order of its names."""
    return [file.read_bytes() for file in sorted(CORPUS.glob("*.json"))]


def _places(value: Any) -> Iterator[Step]:
    """Every container with the key or index of a member."""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        keys = list(here) if isinstance(here, dict) else range(len(here)) if isinstance(here, list) else ()
        for key in keys:
            yield here, key
            waiting.append(here[key])


def mutated(data: bytes, random: Random, pool: list[bytes], *, most: int = 4) -> bytes:
    """A document like this one with a few changes; another of the pool where this is not JSON, or too deep to copy."""
    for document in (data, random.choice(pool)):
        try:
            return _changed(json.loads(document), random, pool, most)
        except (ValueError, RecursionError):
            continue
    return data


def _changed(value: Any, random: Random, pool: list[bytes], most: int) -> bytes:
    document = {"": value}
    for _ in range(random.randint(1, most)):
        places = list(_places(document))
        container, key = random.choice(places)
        _change(container, key, random, pool, places)
    return json.dumps(document[""]).encode()


def _change(container: Any, key: Any, random: Random, pool: list[bytes], places: list[Step]) -> None:
    value = container[key]
    match random.randrange(9):
        case 0 | 1:
            container[key] = deepcopy(random.choice(ODD))
        case 2:
            there, other = random.choice(places)
            container[key] = deepcopy(there[other])
        case 3:
            there, other = random.choice(list(_places({"": json.loads(random.choice(pool))})))
            container[key] = there[other]
        case 4 if isinstance(container, dict) and key != "":
            del container[key]
        case 5 if isinstance(container, dict) and key != "":
            names = [name for there, name in places if isinstance(there, dict) and name != ""]
            container[random.choice(names)] = container.pop(key)
        case 6 if isinstance(container, list):
            container.insert(random.randint(0, len(container)), deepcopy(value))
        case 7:
            container[key] = [value] if random.random() < 0.9 else _nested(value, random.choice(DEEP[:2]))
        case _:
            container[key] = _scalar(value, random)


def _nested(value: Any, depth: int) -> Any:
    for _ in range(depth):
        value = [value]
    return value


def _scalar(value: Any, random: Random) -> Any:
    """A text or number that is nearly this one."""
    if isinstance(value, str) and value:
        place = random.randrange(len(value))
        return (
            value[:place]
            + random.choice("0123456789-:.TZ+ /#|<>~eµ%\u0000")
            + value[place + random.randint(0, 1) :]
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        return random.choice((-value, value * 1000, value / 1000, str(value), value + 1))
    return deepcopy(random.choice(ODD))
