"""Amounts: Decimals of one currency in whole cents, parsed from whatever a system sends."""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


LARGEST = Decimal(10) ** 15  # QuickBooks API reference: amounts have at most 15 digits


def cents(value: Decimal) -> Decimal:
    """``value`` rounded half up to the cent; there is no negative zero."""
    return value.quantize(CENT, ROUND_HALF_UP) + ZERO


def amount(value: object) -> Decimal:
    """A system's number, text or null as whole cents; null is zero. Raises ValueError on anything else."""
    return cents(number(value))


def number(value: object) -> Decimal:
    """A system's number, text or null as an exact Decimal; null is zero. Raises ValueError on anything else."""
    if value is None or value == "":
        return ZERO
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        raise ValueError(f"not an amount: {value!r}")
    try:
        parsed = Decimal(value)
    except InvalidOperation as error:
        raise ValueError(f"not an amount: {value!r}") from error
    if not parsed.is_finite() or abs(parsed) >= LARGEST:
        raise ValueError(f"not an amount: {value!r}")
    return parsed


def allocate(total: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """Splits ``total`` in whole cents in proportion to ``weights`` by largest remainder; the parts add up to it.

    Weights are not negative and not all zero, and ``total`` has no part of a cent (ValueError).
    """
    if total != cents(total):
        raise ValueError("parts of a cent cannot be allocated")
    whole = sum(weights, Decimal(0))
    if whole <= 0 or any(weight < 0 for weight in weights):
        raise ValueError("weights must be positive")
    exact = [total * weight / whole for weight in weights]
    floors = [(share // CENT) * CENT for share in exact]
    spare = int((total - sum(floors, ZERO)) / CENT)
    step = CENT if spare >= 0 else -CENT
    order = sorted(range(len(weights)), key=lambda i: (floors[i] - exact[i]) * (1 if spare >= 0 else -1))
    for index in order[: abs(spare)]:
        floors[index] += step
    return floors
