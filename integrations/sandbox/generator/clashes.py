"""What is planted for a person to decide: bills and contacts that clash with what is already in QuickBooks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from integrations.sandbox.generator.stage import BillPlan, Clash, Party, Script, Stage

LONG_NUMBER = "2026/LITIGATION/HART-000117-A"
_Play = Callable[[Stage, int, BillPlan], list[Clash]]


def customer(stage: Stage, party: Party, **members: Any) -> str:
    """The contact as a customer who was in QuickBooks before, with the same e-mail unless told otherwise."""
    names: dict[str, Any] = {"GivenName": party.given, "FamilyName": party.family}
    if not party.given:
        names = {"CompanyName": party.name[:100]}
    mail = {"PrimaryEmailAddr": {"Address": party.email}} if party.email else {}
    body = {"DisplayName": party.name[:500].replace(":", " -"), **names, **mail, **members}
    kept = {name: value for name, value in body.items() if value not in (None, "")}
    return str(stage.quickbooks.create("Customer", kept)["Id"])


def _one(stage: Stage) -> list[BillPlan]:
    return [BillPlan(stage.party(stage.namer.person(plain=True)), stage.in_scope(), "flat_fee")]


def _single(play: _Play) -> Script:
    def played(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
        return play(stage, bills[0], plans[0])

    return Script(1, _one, played)


def _somebody(stage: Stage) -> str:
    """A customer the firm knows nothing of in Clio."""
    values = stage.namer.company(email=False)
    mail = {"Address": stage.namer.email("office")}
    return str(stage.quickbooks.create_customer(values["name"], PrimaryEmailAddr=mail)["Id"])


def _line(stage: Stage, amount: Any) -> list[tuple[str, Any, str]]:
    item = stage.quickbooks.all("Item")[0]["Id"]
    return [(item, amount, "Legal services")]


def _number_of_an_invoice(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    number = stage.clio.bill(bill)["number"]
    on = (plan.issued - timedelta(days=9)).isoformat()
    stage.quickbooks.create_invoice(_somebody(stage), _line(stage, stage.amount()), number=number, TxnDate=on)
    return [Clash("duplicate_number", "invoice", bill, "an invoice of another customer has the number")]


def _number_of_a_credit_memo(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    number = stage.clio.bill(bill)["number"]
    on = plan.issued.isoformat()
    stage.quickbooks.create_credit_memo(_somebody(stage), _line(stage, 75), number=number, TxnDate=on)
    return [Clash("duplicate_number", "invoice", bill, "a credit memo has the number")]


def _number_of_a_receipt(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    number = stage.clio.bill(bill)["number"]
    on = plan.issued.isoformat()
    stage.quickbooks.create_sales_receipt(_somebody(stage), _line(stage, 120), number=number, TxnDate=on)
    return [Clash("duplicate_number", "invoice", bill, "a sales receipt has the number")]


def _two_of_one_contact(stage: Stage) -> list[BillPlan]:
    first = _one(stage)[0]
    return [first, replace(first, issued=stage.later(first.issued))]


def _one_number(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    first, second = bills
    stage.clio.renumber(second, stage.clio.bill(first)["number"])
    return [Clash("duplicate_number", "invoice", second, "an earlier bill has the number")]


def _long(stage: Stage) -> list[BillPlan]:
    return [replace(_one(stage)[0], number=LONG_NUMBER)]


def _too_long(stage: Stage, bills: Sequence[int], plans: Sequence[BillPlan]) -> list[Clash]:
    return [Clash("number_too_long", "invoice", bills[0], "the number has more than 21 characters")]


def _namesake_without_mail(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    customer(stage, plan.party, PrimaryEmailAddr=None)
    return [_asked(plan.party, bill, "a customer of that name has no e-mail")]


def _two_customers(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    customer(stage, plan.party)
    customer(stage, plan.party, DisplayName=f"{plan.party.name} (home)")
    return [_asked(plan.party, bill, "two customers have that name and e-mail")]


def _asked(party: Party, bill: int, what: str) -> Clash:
    return Clash("probable_match", "contact", party.id, what, (bill,))


def _entered_by_hand(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    known = stage.clio.bill(bill)
    dates = {"TxnDate": known["issued_at"], "DueDate": known["due_at"]}
    owner = customer(stage, plan.party)
    stage.quickbooks.create_invoice(owner, _line(stage, known["due"]), number=known["number"], **dates)
    return [Clash("invoice_exists", "invoice", bill, "the same invoice was entered by hand")]


def _payment_by_hand(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    owed = stage.clio.bill(bill)["balance"]
    on = stage.later(plan.issued, 20)
    payment = stage.clio.record_payment(plan.party.id, [(bill, owed)], on, reference="Check 5150")
    owner = customer(stage, plan.party)
    stage.quickbooks.receive_payment(owner, owed, TxnDate=(on - timedelta(days=2)).isoformat())
    return [Clash("payment_exists", "payment", payment, "the same payment was entered by hand")]


def _inactive(stage: Stage, bill: int, plan: BillPlan) -> list[Clash]:
    stage.quickbooks.deactivate("Customer", customer(stage, plan.party))
    return [Clash("customer_inactive", "contact", plan.party.id, "the customer is inactive", (bill,))]


CLASHES = (
    _single(_number_of_an_invoice),
    Script(2, _two_of_one_contact, _one_number),
    Script(1, _long, _too_long),
    _single(_namesake_without_mail),
    _single(_entered_by_hand),
    _single(_payment_by_hand),
    _single(_inactive),
    _single(_number_of_a_credit_memo),
    _single(_number_of_a_receipt),
    _single(_two_customers),
)
