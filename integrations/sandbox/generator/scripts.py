"""Bills that belong together without being a problem: one payment over several, money left over and used later."""

from collections.abc import Sequence
from decimal import Decimal

from integrations.sandbox.generator.stage import BillPlan, Clash, Script, Stage


def _several(stage: Stage) -> list[BillPlan]:
    party = stage.party(stage.namer.anyone(), matters=2)
    first = stage.in_scope()
    return [BillPlan(party, stage.later(first) if place else first, "flat_fee") for place in range(3)]


def _one_payment(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    """One cheque pays two bills and a part of the third."""
    owed = [(bill, stage.clio.bill(bill)["balance"]) for bill in bills]
    last, balance = owed[-1]
    on = stage.later(max(plan.issued for plan in plans))
    parts = [*owed[:-1], (last, (balance / 2).quantize(Decimal("0.01")))]
    stage.clio.record_payment(plans[0].party.id, parts, on, reference=stage.reference())
    return []


def _overpaid(stage: Stage) -> list[BillPlan]:
    party = stage.party(stage.namer.anyone())
    first = stage.in_scope()
    return [BillPlan(party, first, "flat_fee"), BillPlan(party, stage.later(first), "flat_fee")]


def _use_the_rest(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    """Too much is paid on the first bill; what is left helps to pay the second."""
    first, second = bills
    owed, rest = stage.clio.bill(first)["balance"], Decimal(200)
    on = stage.later(plans[0].issued, 10)
    stage.clio.record_payment(plans[0].party.id, [(first, owed)], on, owed + rest, reference="Check 20417")
    stage.clio.pay_from_operating_funds(second, rest, stage.later(max(on, plans[1].issued)))
    return []


def _across_the_start(stage: Stage) -> list[BillPlan]:
    party = stage.party(stage.namer.anyone())
    return [BillPlan(party, stage.before_start(), "flat_fee"), BillPlan(party, stage.in_scope(), "flat_fee")]


def _pay_all(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    """One cheque pays a bill of before the start date and one of after it."""
    owed = [(bill, stage.clio.bill(bill)["balance"]) for bill in bills]
    on = stage.later(plans[-1].issued)
    payment = stage.clio.record_payment(plans[0].party.id, owed, on, reference=stage.reference())
    return [Clash("payment_partly_outside", "payment", payment, "it also pays a bill of before the start date")]


def _only_earlier(stage: Stage) -> list[BillPlan]:
    return [BillPlan(stage.party(stage.namer.anyone()), stage.before_start(), "flat_fee")]


def _pay_after_the_start(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    """A payment of this year for a bill of last year only."""
    owed = [(bill, stage.clio.bill(bill)["balance"]) for bill in bills]
    stage.clio.record_payment(plans[0].party.id, owed, stage.in_scope(), reference="Check 1999")
    return []


def _request(stage: Stage) -> list[BillPlan]:
    return [BillPlan(stage.party(stage.namer.anyone()), stage.in_scope(), "trust_request")]


def _fund_trust(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    """A request for a deposit is paid into trust."""
    (bill,), (plan,) = bills, plans
    owed = stage.clio.bill(bill)["balance"]
    stage.clio.record_payment(
        plan.party.id, [(bill, owed)], stage.later(plan.issued), destination_id=stage.trust, reference="Wire 77120"
    )
    return []


STORIES = (
    Script(3, _several, _one_payment),
    Script(2, _overpaid, _use_the_rest),
    Script(2, _across_the_start, _pay_all),
    Script(1, _only_earlier, _pay_after_the_start),
    Script(1, _request, _fund_trust),
)
