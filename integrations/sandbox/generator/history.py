"""The QuickBooks company as it was before: customers, invoices with its own numbers, payments, deposits, suppliers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from integrations.sandbox.generator.clashes import customer
from integrations.sandbox.generator.stage import Party, Stage

QUIET = timedelta(days=10)  # nothing by hand so shortly before the start date
ITEMS = (("Consulting", "Services"), ("Filing services", "Services"), ("Notary", "Sales of Product Income"))
ACCOUNTS = (("Rent or Lease", "Expense"), ("Payroll Expenses", "Expense"), ("Office Equipment", "Fixed Asset"))


@dataclass(frozen=True, slots=True)
class _Books:
    """Ids of what the history is written with."""

    customers: Sequence[str]
    items: Sequence[str]


def write_history(stage: Stage, parties: Sequence[Party], bills: int) -> None:
    """``parties`` are the contacts some of whom were customers before; grows slowly with the number of bills."""
    fit = _distinct([party for party in parties if party.is_latin and party.email and ":" not in party.name])
    count = max(3, min(len(fit) // 8, 150))
    books = _Books([*_customers(stage, fit[:count]), *_strangers(stage, 8)], _items(stage))
    _namesakes(stage, [party for party in fit[count:] if party.given and party.family])
    received = [_invoice(stage, books) for _ in range(min(24 + bills // 100, 300))]
    _deposit(stage, [payment for payment in received if payment][:10])


def _distinct(parties: Sequence[Party]) -> list[Party]:
    """Those whose name nobody else has."""
    heard = Counter(party.name for party in parties)
    return [party for party in parties if heard[party.name] == 1]


def _customers(stage: Stage, parties: Sequence[Party]) -> list[str]:
    """The same people as in Clio, with equal e-mails; some filed the other way round, one below a parent."""
    found: list[str] = []
    for position, party in enumerate(parties):
        members = {"DisplayName": _turned(party)} if position % 3 == 1 and party.given else {}
        if position == 2:
            parent = stage.quickbooks.create_customer("Referrals")
            found.append(customer(stage, party, ParentRef={"value": parent["Id"]}, **members))
            continue
        found.append(customer(stage, party, **members))
    return found


def _turned(party: Party) -> str:
    """Family name first."""
    return f"{party.family}, {party.name.removesuffix(party.family).strip()}"


def _strangers(stage: Stage, count: int) -> list[str]:
    found = []
    for _ in range(count):
        name = stage.namer.company(email=False)["name"]
        mail = {"Address": stage.namer.email("accounts")}
        found.append(str(stage.quickbooks.create_customer(name, PrimaryEmailAddr=mail)["Id"]))
    stage.quickbooks.deactivate("Customer", _retired(stage))
    return found


def _retired(stage: Stage) -> str:
    mail = {"Address": stage.namer.email("former")}
    return str(stage.quickbooks.create_customer(stage.namer.company()["name"], PrimaryEmailAddr=mail)["Id"])


def _namesakes(stage: Stage, parties: Sequence[Party]) -> None:
    """A supplier, an employee and another customer who merely have the name of a contact."""
    quickbooks = stage.quickbooks
    if parties:
        quickbooks.create_vendor(parties[0].name)
    if len(parties) > 2:
        employee = parties[1]
        quickbooks.create_employee(employee.given, employee.family, DisplayName=employee.name)
        customer(stage, parties[2], PrimaryEmailAddr={"Address": stage.namer.email("somebody.else")})
    quickbooks.create_vendor("County Recorder")
    quickbooks.create_vendor("Messenger & Courier Co.")


def _items(stage: Stage) -> list[str]:
    quickbooks = stage.quickbooks
    for name, type_ in ACCOUNTS:
        quickbooks.create_account(name, type_)
    accounts = {account["Name"]: account["Id"] for account in quickbooks.all("Account")}
    return [str(quickbooks.create_item(name, accounts[income])["Id"]) for name, income in ITEMS]


def _invoice(stage: Stage, books: _Books) -> str:
    """An invoice of the time before under QuickBooks's own number; returns the payment of it, or nothing."""
    rng = stage.rng
    owner = rng.choice(books.customers)
    lines = [(rng.choice(books.items), stage.amount(50, 900), "Services") for _ in range(rng.randrange(1, 4))]
    on = stage.start - QUIET - timedelta(days=rng.randrange(20, 200))
    due = on + timedelta(days=30)
    made = stage.quickbooks.create_invoice(owner, lines, TxnDate=on.isoformat(), DueDate=due.isoformat())
    if rng.random() < 0.2:
        return ""
    return _received(stage, owner, made["Id"], Decimal(made["TotalAmt"]), on)


def _received(stage: Stage, owner: str, invoice: str, amount: Decimal, on: date) -> str:
    paid = on + timedelta(days=stage.rng.randrange(1, 20))
    dated = {"TxnDate": paid.isoformat(), "PaymentRefNum": str(stage.rng.randrange(100, 999))}
    return str(stage.quickbooks.receive_payment(owner, amount, {invoice: amount}, **dated)["Id"])


def _deposit(stage: Stage, payments: Sequence[str]) -> None:
    """The first payments were taken to the bank."""
    if not payments:
        return
    made = stage.quickbooks.deposit_payments(payments)
    stage.quickbooks.edit("Deposit", made["Id"], TxnDate=(stage.start - QUIET).isoformat())
