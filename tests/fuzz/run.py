"""Fuzzing the mapping with atheris: ``make fuzz SECONDS=60``; `docs/fuzzing.md` says how and what it has found.

Arguments are libFuzzer's. What it writes into the first folder that is named is its own growing corpus.
"""

from __future__ import annotations

import sys
from random import Random

import atheris

with atheris.instrument_imports(include=["engine", "fhir_adapters"]):
    from tests.fuzz.target import LONGEST, check

from tests.fuzz.mutation import mutated, seeds

POOL = seeds()
BYTES_CHANGED = 0.1
"""Share of the cases that are changed as bytes, which is how what is not JSON comes about."""


def mutate(data: bytes, most: int, seed: int) -> bytes:
    """A case like this one, changed as a document or as bytes."""
    random = Random(seed)
    if random.random() < BYTES_CHANGED:
        return bytes(atheris.Mutate(data, most))
    changed = mutated(data, random, POOL)
    return changed if len(changed) <= most else data


def main() -> None:
    """Run until libFuzzer's own limits are reached, or a defect is found."""
    atheris.Setup(sys.argv, check, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    sys.argv.append(f"-max_len={LONGEST}")
    main()
