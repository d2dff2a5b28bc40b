"""What a bill adds up to: pure arithmetic on its lines, discount and taxes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.desk import CENT, ZERO, money

Line = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Taxes:
    """Rates in percent; ``compound`` puts the second tax on top of the first."""

    rate: Decimal = ZERO
    secondary_rate: Decimal = ZERO
    compound: bool = False

    def of(self, base: Decimal, secondary_base: Decimal) -> tuple[Decimal, Decimal]:
        first = base * self.rate / 100
        second = (secondary_base + (first if self.compound else ZERO)) * self.secondary_rate / 100
        return money(first), money(second)


@dataclass(frozen=True, slots=True)
class Discount:
    """A discount on the whole bill: a percentage or an amount, on everything or on services only."""

    rate: Decimal
    type: str = "percentage"
    note: str = ""
    services_only: bool = False

    def share(self, lines: Sequence[Line]) -> Decimal:
        """The part of each discounted line that is taken off, unrounded."""
        base = sum((_exact(line) for line in lines if self.covers(line)), ZERO)
        if self.type == "percentage":
            return self.rate / 100
        return min(self.rate, base) / base if base else ZERO

    def covers(self, line: Line) -> bool:
        return not self.services_only or line["kind"] == "Service"


def counted[L: Line](lines: Sequence[L]) -> list[L]:
    """Lines that make up the bill: summaries repeat others and a no-charge line is nil."""
    return [line for line in lines if line["type"] not in ("SummaryLineItem", "NoChargeLineItem")]


def gross(line: Line) -> Decimal:
    return money(line["gross"])


def taxed_lines(lines: Sequence[Line], discount: Discount | None, taxes: Taxes) -> list[dict[str, Decimal]]:
    """Per line: its own tax, rounded by itself, and its amount less its part of the discount.

    The net amounts add up to the discounted sub-total; the taxes need not add up to the bill's.
    """
    net = _spread(lines, discount)
    found = []
    for line, amount in zip(lines, net, strict=True):
        exact = _net(line, discount, lines)
        tax, second = taxes.of(exact if line["taxable"] else ZERO, exact if line["secondary_taxable"] else ZERO)
        found.append({"net": amount, "tax": tax, "secondary_tax": second})
    return found


def bill_sums(lines: Sequence[Line], discount: Discount | None, taxes: Taxes) -> dict[str, Decimal]:
    """The bill's own totals before interest; taxes are computed on the whole, not added up from the lines."""
    everything = _part(lines, lines, discount, taxes)
    services = _part([line for line in lines if line["kind"] == "Service"], lines, discount, taxes)
    total = everything["sub_total"] - everything["discount"] + everything["tax"] + everything["secondary_tax"]
    return {
        "sub_total": everything["sub_total"],
        "discount_amount": everything["discount"],
        "tax_sum": everything["tax"],
        "secondary_tax_sum": everything["secondary_tax"],
        "total_tax": everything["tax"] + everything["secondary_tax"],
        "taxable_sub_total": everything["taxable"],
        "secondary_taxable_sub_total": everything["secondary_taxable"],
        "services_sub_total": services["sub_total"],
        "services_discount_amount": services["discount"],
        "services_tax": services["tax"],
        "services_secondary_tax": services["secondary_tax"],
        "services_taxable_sub_total": services["taxable"],
        "services_secondary_taxable_sub_total": services["secondary_taxable"],
        "principal": total,
    }


def spread(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """``amount`` in cents over the weights; the parts add up exactly (largest remainder)."""
    whole = sum(weights, ZERO)
    if not weights or not whole:
        return [amount if index == 0 else ZERO for index in range(len(weights))]
    exact = [amount * weight / whole for weight in weights]
    parts = [part.quantize(CENT, rounding="ROUND_FLOOR") for part in exact]
    cents = int((amount - sum(parts, ZERO)) / CENT)
    order = sorted(range(len(parts)), key=lambda index: parts[index] - exact[index])
    for index in order[:cents]:
        parts[index] += CENT
    return parts


def _part(lines: Sequence[Line], bill: Sequence[Line], discount: Discount | None, taxes: Taxes) -> dict[str, Decimal]:
    sub_total = sum((gross(line) for line in lines), ZERO)
    off = discount.share(bill) * sum((_exact(x) for x in lines if discount.covers(x)), ZERO) if discount else ZERO
    base = sum((_net(line, discount, bill) for line in lines if line["taxable"]), ZERO)
    second = sum((_net(line, discount, bill) for line in lines if line["secondary_taxable"]), ZERO)
    tax, secondary_tax = taxes.of(base, second)
    return {
        "sub_total": sub_total,
        "discount": money(off),
        "taxable": money(base),
        "secondary_taxable": money(second),
        "tax": tax,
        "secondary_tax": secondary_tax,
    }


def _exact(line: Line) -> Decimal:
    return Decimal(str(line["gross"]))


def _net(line: Line, discount: Discount | None, bill: Sequence[Line]) -> Decimal:
    if discount is None or not discount.covers(line):
        return _exact(line)
    return _exact(line) * (1 - discount.share(bill))


def _spread(lines: Sequence[Line], discount: Discount | None) -> list[Decimal]:
    if discount is None:
        return [gross(line) for line in lines]
    weights = [gross(line) if discount.covers(line) else ZERO for line in lines]
    off = money(discount.share(lines) * sum(weights, ZERO))
    return [gross(line) - part for line, part in zip(lines, spread(off, weights), strict=True)]
