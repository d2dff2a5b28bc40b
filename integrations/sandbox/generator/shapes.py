"""What is on a generated bill: lines, discounts and taxes, by the name of the shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from integrations.sandbox.clio.office import BillLine, Discount
from integrations.sandbox.generator.stage import Stage

RATES = tuple(Decimal(rate) for rate in ("180", "225", "250", "312.50", "395", "420.75"))
WORK = (
    "Telephone conference with opposing counsel",
    "Review of title report & exceptions",
    "Draft motion to compel – revised",
    "Prépare l'audience",
    "Correspondence re: settlement",
    "Research on limitation periods",
    "Attend hearing",
    "Revise lease, §§ 4–9",
)
COSTS = ("Filing fee", "Courier", "Copies (412 pages)", "Expert's retainer", "Travel to hearing", "Transcript")


@dataclass(frozen=True, slots=True)
class Content:
    """``options`` are those of ``ClioOffice.draft_bill``."""

    lines: list[BillLine]
    options: dict[str, Any] = field(default_factory=dict)


def content(stage: Stage, shape: str) -> Content:
    return SHAPES[shape](stage)


def _service(stage: Stage) -> BillLine:
    hours = Decimal(stage.rng.randrange(1, 80)) / 10
    rng = stage.rng
    return BillLine(rng.choice(WORK), rng.choice(RATES), hours, user_id=rng.choice(stage.timekeepers))


def _services(stage: Stage, most: int = 4) -> list[BillLine]:
    return [_service(stage) for _ in range(stage.rng.randrange(1, most + 1))]


def _expense(stage: Stage, kind: str) -> BillLine:
    """An expense of this kind; the plain kind always has a category, the cost kinds sometimes."""
    categories: list[int | None] = [*stage.categories[kind]]
    vendor = stage.vendor if kind == "hard_cost" else None
    chosen = stage.rng.choice(categories if kind == "expense" else [*categories, None])
    return BillLine(stage.rng.choice(COSTS), stage.amount(5, 600), kind=kind, category_id=chosen, vendor_id=vendor)


def _plain(stage: Stage) -> Content:
    return Content(_services(stage))


def _expenses(stage: Stage) -> Content:
    kinds = ("expense", "hard_cost", "soft_cost")
    return Content([*_services(stage, 2), *(_expense(stage, kind) for kind in kinds)])


def _flat_fee(stage: Stage) -> Content:
    return Content([BillLine("Flat fee", stage.amount(500, 3_000), kind="fee")])


def _no_charge(stage: Stage) -> Content:
    return Content([*_services(stage, 2), replace(_service(stage), kind="no_charge")])


def _percent(stage: Stage) -> Content:
    rate = Decimal(stage.rng.choice(("5", "10", "12.5", "33.33")))
    return Content(_services(stage), {"discount": Discount(rate, note="Courtesy")})


def _money(stage: Stage) -> Content:
    return Content([*_services(stage), _service(stage)], {"discount": Discount(Decimal("15.00"), "money")})


def _services_only(stage: Stage) -> Content:
    off = Discount(Decimal(10), services_only=True)
    return Content([*_services(stage, 2), _expense(stage, "expense")], {"discount": off})


def _taxed(stage: Stage) -> Content:
    lines = [*_services(stage, 2), replace(_expense(stage, "soft_cost"), taxable=False)]
    return Content(lines, {"tax_rate": stage.place.taxes[0][1]})


def _two_taxes(stage: Stage) -> Content:
    first, second = (rate for _, rate in stage.place.taxes)
    return Content(_services(stage, 3), {"tax_rate": first, "secondary_tax_rate": second})


def _thirds(stage: Stage) -> Content:
    """Amounts that come out even nowhere: tax by line is a cent away from tax on the whole."""
    lines = [BillLine(work, Decimal("33.33")) for work in WORK[:3]]
    return Content(lines, {"discount": Discount(Decimal(10)), "tax_rate": stage.place.taxes[0][1]})


def _summary(stage: Stage) -> Content:
    """Two lines are hidden behind one that sums them up."""
    lines = [_service(stage), _service(stage), _service(stage)]
    return Content([*lines, BillLine("Professional services", kind="summary", covers=(0, 1))])


def _zero(stage: Stage) -> Content:
    return Content([BillLine("Consultation, waived", Decimal(0))])


def _trust_request(stage: Stage) -> Content:
    return Content([BillLine("Advance deposit", stage.amount(1_000, 5_000), kind="fee")], {"kind": "trust_kind"})


SHAPES: Mapping[str, Callable[[Stage], Content]] = {
    "plain": _plain,
    "expenses": _expenses,
    "flat_fee": _flat_fee,
    "no_charge": _no_charge,
    "percent": _percent,
    "money": _money,
    "services_only": _services_only,
    "taxed": _taxed,
    "two_taxes": _two_taxes,
    "thirds": _thirds,
    "summary": _summary,
    "zero": _zero,
    "trust_request": _trust_request,
}
DECK = (
    *("plain",) * 6,
    *("expenses",) * 3,
    *("flat_fee",) * 2,
    *("no_charge", "percent", "percent", "money", "services_only"),
    *("taxed", "taxed", "two_taxes", "thirds", "summary", "zero"),
)
