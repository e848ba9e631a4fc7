"""Reasoning: what can be said of conditions before any patient is seen.

It decides whether a patient can bring some conditions to some of the three truths at the same time, and denies it only where none
can. What it knows:

- comparisons of the values of one laboratory value or vital sign, also of different times, inside what is plausible; of the age; of the
  doses of an order; of how long ago the therapy began and when the pump runs empty;
- that a sex, an action, a way of giving, a setting and a state of pregnancy is one of several;
- that an entry of a concept is one of every concept that includes it, and one of a shorter time also one of a longer time;
- ``all``, ``any``, ``none``, ``at_least`` and shared findings.

Of values of different times it supposes that their dates tell: whether each is from the shorter of the times, and that none is later
than now; and of a value for which an estimate may stand in, that it is no range. Of all else it only knows that a condition is not both
met and not met. Settings have the values that are in force. A question that takes too many steps stays open.
"""

from engine.authoring.reasoning.claims import limit_idle
from engine.authoring.reasoning.worlds import MET, NOT_MET, REFUTABLE, Goal, Reasoning

__all__ = ["MET", "NOT_MET", "REFUTABLE", "Goal", "Reasoning", "limit_idle"]
