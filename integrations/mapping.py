"""Mapping Clio's books to QuickBooks items and accounts: what is recommended, what is allowed, saving it."""

from collections.abc import Iterable
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, replace
from datetime import date

from django.db import transaction

from integrations.core import mapping as keys
from integrations.core.changes import request_id
from integrations.core.errors import Refused
from integrations.core.ports import Raw, Write
from integrations.core.read import nested, text
from integrations.core.records import Kind, Ref
from integrations.models import Mapping, Pairing
from integrations.sync import mirror
from integrations.sync.settings import check_settings, known_targets, mapping_fault
from integrations.sync.workspace import Workspace
from integrations.systems.wire import encode


class InvalidMapping(ValueError):
    """A mapping cannot be saved; ``faults`` says why, by key."""

    def __init__(self, faults: MappingType[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {said}" for key, said in faults.items()))
        self.faults = dict(faults)


@dataclass(frozen=True, slots=True)
class NewAccount:
    name: str
    type: str
    subtype: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One thing to map. ``known_as`` are names of existing items or accounts that fit, best first."""

    key: str
    label: str
    why: str
    known_as: tuple[str, ...]
    account: NewAccount | None = None
    item: str = ""  # the item to create where none fits
    fallback: NewAccount | None = None  # where QuickBooks refuses an item on ``account``
    optional: bool = False

    @property
    def is_item(self) -> bool:
        return self.key.startswith("item:")


def _income(name: str, subtype: str = "OtherPrimaryIncome") -> NewAccount:
    return NewAccount(name, "Income", subtype)


FEES = _income("Legal Fee Income", "ServiceFeeIncome")
SLOTS = (
    Slot(
        keys.SERVICE,
        "Services",
        "Time and flat fees",
        ("Legal Services", "Legal Fees", "Services"),
        FEES,
        "Legal Services",
    ),
    Slot(
        keys.HARD_COST,
        "Hard costs",
        "Costs the firm paid for the client; they are an advance, so they go back to the advance account",
        ("Advanced Client Costs", "Client Costs Advanced"),
        NewAccount("Advanced Client Costs", "Other Current Asset", "OtherCurrentAssets"),
        "Advanced Client Costs",
        _income("Reimbursed Client Costs"),
    ),
    Slot(
        keys.SOFT_COST,
        "Soft costs and other expenses",
        "Copies, postage and the like, which are expensed already",
        ("Cost Recovery", "Reimbursed Expenses"),
        _income("Cost Recovery Income"),
        "Cost Recovery",
    ),
    Slot(
        keys.TAX,
        "Tax",
        "Tax on bills, as a line of its own; QuickBooks's sales-tax or VAT return is not fed",
        ("Tax on Bills",),
        NewAccount("Tax on Bills Payable", "Other Current Liability", "OtherCurrentLiabilities"),
        "Tax on Bills",
        _income("Tax on Bills"),
    ),
    Slot(
        keys.SECONDARY_TAX,
        "Second tax",
        "Only where the firm charges two; else it goes with the first",
        (),
        optional=True,
    ),
    Slot(
        keys.DISCOUNT,
        "Discounts",
        "Discounts on bills, so that gross fees stay visible",
        ("Discounts on Bills", "Discounts Given"),
        _income("Discounts Given", "DiscountsRefundsGiven"),
        "Discounts on Bills",
    ),
    Slot(
        keys.INTEREST,
        "Interest",
        "Interest charged on overdue bills",
        ("Interest on Bills",),
        _income("Interest on Bills"),
        "Interest on Bills",
    ),
    Slot(
        keys.ROUNDING,
        "Rounding",
        "Differences of up to 0.05, always visible",
        ("Rounding",),
        _income("Rounding Differences"),
        "Rounding",
    ),
    Slot(
        keys.DEPOSIT,
        "Payments received",
        "Where payments wait for their bank deposit",
        ("Undeposited Funds", "Payments to deposit"),
    ),
    Slot(
        keys.IN_TRANSIT,
        "Trust money in transit",
        "Bills paid from trust, until the money is moved at the bank",
        ("Trust Transfers in Transit",),
        NewAccount("Trust Transfers in Transit", "Other Current Asset", "OtherCurrentAssets"),
    ),
    Slot(
        keys.REFUND,
        "Refunds",
        "The bank account that refunds of deposited payments are paid from",
        ("Checking",),
        optional=True,
    ),
)


# Label, and what such a credit note is, by purpose (rule R5).
PURPOSES = {
    keys.COURTESY: ("Courtesy", "Credit notes given to please a client"),
    keys.DISCOUNTED: ("Discount", "Credit notes that Clio marks as a discount"),
    keys.BAD_DEBT: ("Bad debt", "Credit notes for what will never be paid"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What to map a slot to: an existing id, or what would be created. ``note`` says what a person should know."""

    slot: Slot
    ledger_id: str = ""
    name: str = ""
    account: str = ""
    creates: tuple[str, ...] = ()
    note: str = ""

    def report(self) -> dict[str, object]:
        return {
            "key": self.slot.key,
            "label": self.slot.label,
            "ledger_id": self.ledger_id or None,
            "name": self.name,
            "account": self.account,
            "creates": list(self.creates),
            "note": self.note,
        }


def default_start_date(today: date) -> date:
    return date(today.year, 1, 1)


def slots_of(pairing: Pairing) -> list[Slot]:
    """The fixed slots, and an optional one for each Operating account and expense category of Clio."""
    banks = [
        Slot(
            keys.deposit_key(row.id),
            f"Received on {text(row.data, 'name')}",
            "Clio operating account",
            (),
            optional=True,
        )
        for row in mirror.load(pairing, "bank_accounts")
        if text(row.data, "type") == "Operating"
    ]
    categories = [
        Slot(
            keys.category_key(row.id), f"Expenses: {text(row.data, 'name')}", "Clio expense category", (), optional=True
        )
        for row in mirror.load(pairing, "expense_categories")
    ]
    credits_ = [
        Slot(
            keys.credit_key(name),
            f"Credit notes: {label.lower()}",
            f"{why}; without an item they reduce the items of the bill",
            (),
            optional=True,
        )
        for name, (label, why) in PURPOSES.items()
    ]
    return [*SLOTS, *categories, *credits_, *banks]


def read_targets(work: Workspace) -> None:
    """Reads what can be mapped from both sides. Raises RemoteError."""
    check_settings(work)
    for entity in ("bank_accounts", "expense_categories"):
        for page in work.practice.pages(entity):
            mirror.keep_practice(work.pairing, entity, page.rows)


def recommend(work: Workspace) -> list[Proposal]:
    """A proposal for every slot that must be mapped; what is mapped and valid stays as it is."""
    known = known_targets(work.pairing)
    mapped = {row.key: row for row in Mapping.objects.of(work.firm).filter(pairing=work.pairing)}
    return [_propose(slot, mapped.get(slot.key), known) for slot in SLOTS if not slot.optional]


def _propose(slot: Slot, mapped: Mapping | None, known: dict[str, dict[str, Raw]]) -> Proposal:
    if mapped and not mapping_fault(slot.key, mapped.ledger_id, known):
        return Proposal(slot, mapped.ledger_id, mapped.name, mapped.account)
    existing = _existing(slot, known)
    if existing:
        return _to_existing(slot, existing, known)
    made = slot.item or (slot.account.name if slot.account else "")
    creates = _creates(slot, known)
    note = "" if creates else "Nothing fits in QuickBooks; choose one by hand."
    return Proposal(slot, "", made, slot.account.name if slot.account else "", creates, note)


def _existing(slot: Slot, known: dict[str, dict[str, Raw]]) -> Raw | None:
    """The item or account with the best of the known names that can serve."""
    rows = known["Item" if slot.is_item else "Account"].values()
    by_name = {text(row, "Name").casefold(): row for row in rows if row.get("Active") is not False}
    for name in slot.known_as:
        row = by_name.get(name.casefold())
        if row and not mapping_fault(slot.key, text(row, "Id"), known):
            return row
    if slot.key == keys.DEPOSIT:
        return next((row for row in rows if text(row, "AccountSubType") == "UndepositedFunds"), None)
    return None


def _to_existing(slot: Slot, row: Raw, known: dict[str, dict[str, Raw]]) -> Proposal:
    return Proposal(slot, text(row, "Id"), text(row, "Name"), account_name(slot.key, row, known))


def account_name(key: str, row: Raw, known: dict[str, dict[str, Raw]]) -> str:
    """The name of the account that an item or account posts to."""
    if not key.startswith("item:"):
        return text(row, "Name")
    account = nested(row, "IncomeAccountRef")
    return text(known["Account"].get(text(account, "value"), {}), "Name") or text(account, "name")


def _creates(slot: Slot, known: dict[str, dict[str, Raw]]) -> tuple[str, ...]:
    if slot.account is None:
        return ()
    account = f"account “{slot.account.name}” ({slot.account.type})"
    needs_account = _account_named(slot.account, known) is None
    return ((account,) if needs_account else ()) + ((f"item “{slot.item}”",) if slot.item else ())


def _account_named(wanted: NewAccount, known: dict[str, dict[str, Raw]]) -> Raw | None:
    """An active account of that name and type."""
    for row in known["Account"].values():
        if text(row, "Name").casefold() == wanted.name.casefold() and row.get("Active") is not False:
            return row if text(row, "AccountType") == wanted.type else None
    return None


def apply(work: Workspace, start_date: date | None) -> list[Proposal]:
    """Creates what is missing in QuickBooks, saves every proposal and the start date. Raises RemoteError."""
    done = [_made(work, proposal) for proposal in recommend(work)]
    save(work.pairing, {p.slot.key: p.ledger_id for p in done if p.ledger_id}, start_date)
    return done


def _made(work: Workspace, proposal: Proposal) -> Proposal:
    if proposal.ledger_id or proposal.slot.account is None:
        return proposal
    try:
        return _make(work, proposal, proposal.slot.account)
    except Refused as error:
        if proposal.slot.fallback is None:
            raise
        note = (
            f"QuickBooks does not allow this item on an account of type {proposal.slot.account.type} ({error.code}), "
        )
        note += "so it posts to an income account instead; ask your accountant whether that suits you."
        return replace(_make(work, proposal, proposal.slot.fallback), note=note)


def _make(work: Workspace, proposal: Proposal, wanted: NewAccount) -> Proposal:
    slot = proposal.slot
    account = _account_named(wanted, known_targets(work.pairing)) or _create(
        work, "Account", {"Name": wanted.name, "AccountType": wanted.type, "AccountSubType": wanted.subtype}
    )
    if not slot.is_item:
        return Proposal(slot, text(account, "Id"), text(account, "Name"), text(account, "Name"))
    body: dict[str, object] = {"Name": slot.item, "Type": "Service", "IncomeAccountRef": {"value": text(account, "Id")}}
    item = _create(work, "Item", body)
    return Proposal(slot, text(item, "Id"), text(item, "Name"), text(account, "Name"))


def _create(work: Workspace, entity: str, body: dict[str, object]) -> Raw:
    """Names are unique in QuickBooks, so a second try finds the first one's result instead of doubling it."""
    sent = encode(body)
    ref = Ref(Kind.INVOICE, f"{entity}:{body['Name']}")
    realm = work.pairing.ledger.external_account_id
    answer = work.ledger.write(Write(entity, "create", sent, request_id(realm, ref, "create", 0, sent.decode())))
    mirror.keep_ledger(work.pairing, entity, [answer], settled=True)
    return answer


def save(pairing: Pairing, chosen: MappingType[str, str], start_date: date | None = None) -> None:
    """Saves mappings by key to item or account id; an empty id unmaps. Raises InvalidMapping and then saves nothing."""
    known = known_targets(pairing)
    faults = {key: fault for key, id in chosen.items() if id and (fault := mapping_fault(key, id, known))}
    if faults:
        raise InvalidMapping(faults)
    mappings = Mapping.objects.of(pairing.firm).filter(pairing=pairing)
    with transaction.atomic():
        mappings.filter(key__in=[key for key, id in chosen.items() if not id]).delete()
        for key, id in chosen.items():
            if id:
                _save_one(pairing, key, id, known)
        if start_date and start_date != pairing.start_date:
            pairing.start_date = start_date
            pairing.save(update_fields=["start_date"])


def _save_one(pairing: Pairing, key: str, id: str, known: dict[str, dict[str, Raw]]) -> None:
    row = known["Item" if key.startswith("item:") else "Account"][id]
    account = row if not key.startswith("item:") else known["Account"][text(nested(row, "IncomeAccountRef"), "value")]
    values = {
        "ledger_id": id,
        "name": text(row, "Name"),
        "account": text(account, "Name"),
        "account_type": text(account, "AccountType"),
    }
    Mapping.objects.of(pairing.firm).update_or_create(
        pairing=pairing,
        key=key,
        defaults=values,
        create_defaults={**values, "firm": pairing.firm, "pairing": pairing, "key": key},
    )


def choices(slot: Slot, known: dict[str, dict[str, Raw]]) -> Iterable[tuple[str, str]]:
    """What a slot can be mapped to, as (id, label); what would be refused is not offered."""
    rows = known["Item" if slot.is_item else "Account"].values()
    for row in sorted(rows, key=lambda row: text(row, "Name").casefold()):
        if not mapping_fault(slot.key, text(row, "Id"), known):
            posts_to = f" → {account_name(slot.key, row, known)}" if slot.is_item else f" ({text(row, 'AccountType')})"
            yield text(row, "Id"), text(row, "Name") + posts_to
