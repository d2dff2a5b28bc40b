"""What people do in QuickBooks: to what the portal made, and beside it."""

from decimal import Decimal

from tests.properties.play.pick import FIRMS, NAMES, Pick
from tests.properties.play.stage import Doc, Play, cash

# Beside it


def customer(play: Play, pick: Pick) -> None:
    first, last = pick.one(NAMES)
    email = pick.one([f"{first}@example.com".lower(), "", "other@example.com"])
    members = {"PrimaryEmailAddr": {"Address": email}} if email else {}
    play.quickbooks.create_customer(f"{first} {last}", GivenName=first, FamilyName=last, **members)


def invoice(play: Play, pick: Pick) -> None:
    """With the number QuickBooks proposes, or one that Clio uses."""
    number = pick.one([None, *(b["number"] for b in play.bills())])
    who, on = pick.one(play.customers())["Id"], pick.day().isoformat()
    made = play.quickbooks.create_invoice(who, [(play.item(), pick.amount())], number=number, TxnDate=on)
    play.entered("Invoice", made)


def same_invoice_as_a_bill(play: Play, pick: Pick) -> None:
    """What a firm has that entered its bills by hand until now."""
    bill = pick.one(play.bills())
    who = pick.one(play.customers())["Id"]
    made = play.quickbooks.create_invoice(
        who, [(play.item(), bill["due"])], number=bill["number"], TxnDate=bill["issued_at"]
    )
    play.entered("Invoice", made)


def payment_on_our_invoice(play: Play, pick: Pick) -> None:
    paid = pick.one([d for d in play.documents("Invoice") if d["Balance"]])
    part = pick.part_of(cash(paid["Balance"]))
    _receive(play, pick, paid["CustomerRef"]["value"], part, {paid["Id"]: part})


def loose_payment(play: Play, pick: Pick) -> None:
    """Of an amount that a payment in Clio may have as well."""
    amounts = [cash(p["amount"]) for p in play.payments()] or [Decimal(100)]
    _receive(play, pick, pick.one(play.customers())["Id"], pick.one(amounts), None)


def _receive(play: Play, pick: Pick, who: str, amount: Decimal, invoices: dict[str, Decimal] | None) -> None:
    made = play.quickbooks.receive_payment(who, amount, invoices, TxnDate=pick.day().isoformat())
    play.entered("Payment", made)


def deposit(play: Play, pick: Pick) -> None:
    ids = [doc["Id"] for doc in pick.some(play.documents("Payment"))]
    play.entered("Deposit", play.quickbooks.deposit_payments(ids))


def credit_memo(play: Play, pick: Pick) -> None:
    who = pick.one(play.customers())["Id"]
    play.entered("CreditMemo", play.quickbooks.create_credit_memo(who, [(play.item(), pick.amount())]))


# To what the portal made


def change_amount(play: Play, pick: Pick) -> None:
    changed = pick.one(play.documents("Invoice"))
    first, *others = [line for line in changed["Line"] if line["DetailType"] != "SubTotalLineDetail"]
    detail = {k: v for k, v in first["SalesItemLineDetail"].items() if k not in ("Qty", "UnitPrice")}
    line = {**first, "Amount": cash(first["Amount"]) + pick.amount(), "SalesItemLineDetail": detail}
    play.quickbooks.edit("Invoice", changed["Id"], Line=[line, *others])


def renumber(play: Play, pick: Pick) -> None:
    play.quickbooks.renumber_invoice(pick.one(play.documents("Invoice"))["Id"], pick.one(["Q1", "Q2"]))


def redate(play: Play, pick: Pick) -> None:
    changed = _any_of_ours(play, pick)
    play.quickbooks.edit(changed["entity"], changed["Id"], TxnDate=pick.day().isoformat())


def retell(play: Play, pick: Pick) -> None:
    """A note or a message is nobody's business."""
    changed = pick.one(play.documents("Invoice"))
    play.quickbooks.edit("Invoice", changed["Id"], CustomerMemo={"value": pick.one(["Thank you", "Dear Ann"])})


def void(play: Play, pick: Pick) -> None:
    gone = _any_of_ours(play, pick)
    play.quickbooks.void(gone["entity"], gone["Id"])


def delete(play: Play, pick: Pick) -> None:
    gone = _any_of_ours(play, pick)
    play.quickbooks.delete(gone["entity"], gone["Id"])


def take_payment_off(play: Play, pick: Pick) -> None:
    play.quickbooks.edit("Payment", pick.one(play.documents("Payment"))["Id"], Line=[])


def change_payment(play: Play, pick: Pick) -> None:
    changed = pick.one(play.documents("Payment"))
    play.quickbooks.edit("Payment", changed["Id"], TotalAmt=cash(changed["TotalAmt"]) + pick.amount())


def delete_by_hand(play: Play, pick: Pick) -> None:
    """Something a person had entered goes away again."""
    entity = pick.one(["Payment", "Invoice", "Deposit", "CreditMemo"])
    play.quickbooks.delete(entity, pick.one(play.documents(entity, ours=False))["Id"])


def _any_of_ours(play: Play, pick: Pick) -> Doc:
    entities = ("Invoice", "Payment", "CreditMemo", "JournalEntry", "Purchase")
    return pick.one([{**doc, "entity": entity} for entity in entities for doc in play.documents(entity)])


# To its customers


def rename_customer(play: Play, pick: Pick) -> None:
    changed, (first, last) = pick.one(play.customers()), pick.one(NAMES)
    play.quickbooks.edit_customer(changed["Id"], DisplayName=f"{first} {last} II", GivenName=first)


def rename_company(play: Play, pick: Pick) -> None:
    play.quickbooks.edit_customer(pick.one(play.customers())["Id"], CompanyName=pick.one(FIRMS))


def change_customer_phone(play: Play, pick: Pick) -> None:
    number = pick.one(["555 0100", "555 0177"])
    play.quickbooks.edit_customer(pick.one(play.customers())["Id"], PrimaryPhone={"FreeFormNumber": number})


def merge_customers(play: Play, pick: Pick) -> None:
    loser, survivor = pick.two(play.customers())
    play.quickbooks.merge_customers(loser["Id"], survivor["Id"])


def deactivate(play: Play, pick: Pick) -> None:
    play.quickbooks.deactivate("Customer", pick.one(play.customers())["Id"])


def reactivate(play: Play, pick: Pick) -> None:
    idle = [doc for doc in play.quickbooks.all("Customer") if not doc["Active"]]
    play.quickbooks.reactivate("Customer", pick.one(idle)["Id"])


# To its settings


def numbering_off(play: Play, pick: Pick) -> None:
    play.quickbooks.set_custom_numbers(False)


def numbering_on(play: Play, pick: Pick) -> None:
    play.quickbooks.set_custom_numbers(True)


def close_books(play: Play, pick: Pick) -> None:
    play.quickbooks.close_books(pick.one(["2026-02-10", "2026-12-31", None]))


def apply_by_itself(play: Play, pick: Pick) -> None:
    play.quickbooks.set_preference("SalesFormsPrefs", "AutoApplyCredit", pick.one([True, False]))


BESIDE = (
    customer,
    invoice,
    same_invoice_as_a_bill,
    payment_on_our_invoice,
    loose_payment,
    loose_payment,
    deposit,
    credit_memo,
    delete_by_hand,
)
OURS = (change_amount, renumber, redate, retell, void, delete, take_payment_off, change_payment)
CUSTOMERS = (rename_customer, rename_company, change_customer_phone, merge_customers, deactivate, reactivate)
SETTINGS = (numbering_off, numbering_on, close_books, apply_by_itself)
