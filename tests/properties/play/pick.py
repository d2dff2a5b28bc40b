"""Chance: which of the things there are an act happens to."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from random import Random

# Few and alike, so that amounts, days and names of different records meet.
AMOUNTS = [Decimal(text) for text in ("100.00", "40.00", "250.01", "0.01", "1000.00", "33.33")]
NAMES = [("Ann", "Lee"), ("Ann", "Lea"), ("Bo", "Ng")]
FIRMS = ["Lee Inc", "Ng & Co", "Ann Lee"]
FIRST_DAY = date(2026, 2, 2)


class Nothing(Exception):
    """There is nothing the act could happen to."""


class Pick:
    """What is drawn for one act; ``story`` tells it. Whatever comes first is what a small failing example has."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self.story: list[str] = []

    def one[T](self, things: Sequence[T]) -> T:
        """Any of these; raises Nothing when there are none."""
        if not things:
            raise Nothing
        chosen = things[self._chance.randint(0, len(things) - 1) if len(things) > 1 else 0]
        self.story.append(_short(chosen))
        return chosen

    def some[T](self, things: Sequence[T], at_most: int = 3) -> list[T]:
        """One to ``at_most`` different ones of these."""
        left, found = list(things), []
        for _ in range(self.number(1, min(at_most, max(len(left), 1)))):
            found.append(self.one(left))
            left.remove(found[-1])
        return found

    def two[T](self, things: Sequence[T]) -> tuple[T, T]:
        """Two different ones of these."""
        first = self.one(things)
        return first, self.one([thing for thing in things if thing != first])

    def number(self, low: int, high: int) -> int:
        return self._chance.randint(low, high)

    def amount(self) -> Decimal:
        return self.one(AMOUNTS)

    def part_of(self, whole: Decimal) -> Decimal:
        """All of it, half of it or a cent."""
        half = (whole / 2).quantize(Decimal("0.01"))
        return self.one([part for part in (whole, half, Decimal("0.01")) if 0 < part <= whole])

    def day(self) -> date:
        return FIRST_DAY + timedelta(days=self.one([0, 3, 40]))


def _short(thing: object) -> str:
    if isinstance(thing, dict):
        return f"{thing.get('id') or thing.get('Id')}"
    return getattr(thing, "__name__", str(thing))
