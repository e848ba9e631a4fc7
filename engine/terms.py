"""Terms: what the models of all files and all conditions are made of: lengths of time, quantities, comparisons in words."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator
from pydantic_core import PydanticCustomError

from engine.errors import UnitError
from engine.quantity import Comparison, Quantity, compare


class FileModel(BaseModel):
    """What every model of a file shares: unknown keys are errors, and a loaded file does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


_DURATION = re.compile(r"^([1-9]\d*) (hour|day|week|month|year)s?$")


def _duration(text: str) -> str:
    if not _DURATION.match(text):
        raise ValueError(
            "write a length of time as a whole number and hours, days, weeks, months or years, such as '12 months'"
        )
    return text


def _quantity(text: str) -> str:
    try:
        Quantity.parse(text)
    except UnitError as problem:
        raise ValueError(str(problem)) from None
    return text


def _day(value: Any) -> Any:
    if isinstance(value, int | float):  # pydantic takes it for the seconds since 1970
        raise PydanticCustomError("date_type", "not a day")
    return value


YesNo = Annotated[bool, Strict()]
"""true or false; the words yes and no are text, and 1 is a number."""

Whole = Annotated[int, Strict()]
"""A whole number, not one in quotes."""

Number = Annotated[float, Strict()]
"""A number, whole or not, without a unit."""

Day = Annotated[date, BeforeValidator(_day)]
"""A calendar day."""

DurationText = Annotated[
    str, AfterValidator(_duration), Field(description="A length of time such as '12 months'.")
]
QuantityText = Annotated[
    str, AfterValidator(_quantity), Field(description="A number with its unit, such as '60 mL/min/1.73m2'.")
]


def duration(text: str) -> tuple[int, str]:
    """The amount and the unit (singular) of a checked length of time."""
    match = _DURATION.match(text)
    if match is None:
        raise ValueError("not a length of time")
    return int(match[1]), match[2]


class Leaf(FileModel):
    """What every condition with a clinical noun may also carry; ``noun`` is the word that begins it in a file."""

    noun: ClassVar[str] = ""
    as_: str | None = Field(
        None,
        alias="as",
        pattern=r"^[a-z][a-z0-9_]*$",
        description="A name for the card's placeholders, such as {egfr.value}.",
    )
    because: str | None = Field(None, description="Why this condition is here, for the next reader.")


class Bounded(FileModel):
    """A comparison in words; at most one."""

    below: QuantityText | None = Field(None, description="Smaller than this.")
    at_or_below: QuantityText | None = Field(None, description="This or smaller.")
    above: QuantityText | None = Field(None, description="Greater than this.")
    at_or_above: QuantityText | None = Field(None, description="This or greater.")
    between: tuple[QuantityText, QuantityText] | None = Field(
        None, description="From the first to the second, both included."
    )

    @model_validator(mode="after")
    def _one_comparison(self) -> Bounded:
        given = [name for name in COMPARISONS if getattr(self, name) is not None]
        if len(given) > 1:
            raise ValueError(f"one comparison only, not {' and '.join(given)}")
        if self.between is not None and not _rising(*map(Quantity.parse, self.between)):
            raise ValueError("between goes from the smaller amount to the greater one of the same kind")
        return self

    @property
    def comparison(self) -> tuple[Comparison, tuple[Quantity, ...]] | None:
        """The word and its one or two quantities; None when no comparison is written."""
        for name in COMPARISONS:
            value = getattr(self, name)
            if value is not None:
                texts = value if isinstance(value, tuple) else (value,)
                return name, tuple(map(_read, texts))
        return None


@lru_cache(maxsize=1024)
def _read(text: str) -> Quantity:
    """An amount of a rule, read once for all patients."""
    return Quantity.parse(text)


def _rising(first: Quantity, second: Quantity) -> bool:
    try:
        return compare(first, second) <= 0
    except UnitError:
        return False


COMPARISONS: tuple[Comparison, ...] = ("below", "at_or_below", "above", "at_or_above", "between")
