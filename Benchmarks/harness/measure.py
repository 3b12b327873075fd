"""Cases, their contenders and bars, and how they are run."""

import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from . import machine
from .environment import Environment
from .processes import Failure

# What one run of one contender showed, by the name of the measure.
Sample = dict[str, float]


@dataclass(frozen=True)
class Bar:
    """What basespacefs must reach in a case: a measure, absolute or as a ratio to another contender's."""

    measure: str
    limit: float
    is_minimum: bool
    against: str | None = None
    contender: str = "basespacefs"

    def __str__(self) -> str:
        relation = "≥" if self.is_minimum else "≤"
        return f"{self.measure} {relation} {self.limit:g}" + (f" × {self.against}" if self.against else "")

    def is_met(self, value: float) -> bool:
        return value >= self.limit if self.is_minimum else value <= self.limit


def at_least(limit: float, measure: str, against: str | None = None, **options) -> Bar:
    return Bar(measure, limit, True, against, **options)


def at_most(limit: float, measure: str, against: str | None = None, **options) -> Bar:
    return Bar(measure, limit, False, against, **options)


@dataclass(frozen=True)
class Case:
    """Something that people do with files, done by several contenders."""

    name: str
    title: str
    folders: frozenset[str]
    contenders: dict[str, Callable[[Environment], Sample]]
    bars: tuple[Bar, ...] = ()


@dataclass
class Outcome:
    """What the rounds of a case showed. A round that failed has no sample."""

    case: Case
    rounds: list[dict[str, Sample]] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)

    def median(self, contender: str, measure: str) -> float | None:
        return _median(round_.get(contender, {}).get(measure) for round_ in self.rounds)

    def value(self, bar: Bar) -> float | None:
        """What to hold against the bar: the median, or the median of the ratios within a round."""
        if bar.against is None:
            return self.median(bar.contender, bar.measure)
        return _median(
            own / other
            for round_ in self.rounds
            if (own := round_.get(bar.contender, {}).get(bar.measure)) is not None
            and (other := round_.get(bar.against, {}).get(bar.measure))
        )

    def measures(self) -> list[str]:
        """All measures, in the order in which they first appear."""
        names = (name for round_ in self.rounds for sample in round_.values() for name in sample)
        return list(dict.fromkeys(names))


def run(case: Case, bench: Environment, rounds: int) -> Outcome:
    """Runs all contenders in a new random order each round, each on a machine in the same state."""
    outcome = Outcome(case)
    for number in range(1, rounds + 1):
        samples: dict[str, Sample] = {}
        order = list(case.contenders)
        random.shuffle(order)
        for contender in order:
            machine.settle()
            start = time.monotonic()
            try:
                samples[contender] = case.contenders[contender](bench)
                shown = ", ".join(f"{value:.4g} {name}" for name, value in samples[contender].items())
            except (Failure, OSError) as error:
                outcome.failures[contender] = str(error)
                shown = f"failed: {error}"
            seconds = time.monotonic() - start
            print(f"{case.name} {number}/{rounds} {contender}: {shown} [{seconds:.0f} s]", file=sys.stderr, flush=True)
        outcome.rounds.append(samples)
    return outcome


def _median(values) -> float | None:
    present = [value for value in values if value is not None]
    return statistics.median(present) if present else None
