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
from integrations.kinds.payment import TRUST
from integrations.models import Mapping, Pairing
from integrations.slots import NewAccount, Slot, slots_of
from integrations.sync import mirror
from integrations.sync.settings import check_settings, clashes, known_targets, mapping_fault, posted_account
from integrations.sync.workspace import Workspace
from integrations.systems.wire import encode


class InvalidMapping(ValueError):
    """A mapping cannot be saved; ``faults`` says why, by key."""

    def __init__(self, faults: MappingType[str, str]) -> None:
        super().__init__("; ".join(f"{key}: {said}" for key, said in faults.items()))
        self.faults = dict(faults)


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


Known = dict[str, dict[str, Raw]]  # QuickBooks accounts and items by entity and id
MAPPED = ["ledger_id", "name", "account", "account_type"]


def default_start_date(today: date) -> date:
    return date(today.year, 1, 1)


def read_targets(work: Workspace) -> None:
    """Reads what can be mapped from both sides. Raises RemoteError."""
    check_settings(work)
    for entity in ("bank_accounts", "expense_categories"):
        for page in work.practice.pages(entity):
            mirror.keep_practice(work.pairing, entity, page.rows)


@dataclass(frozen=True)
class Targets:
    """What can be mapped, to what, and what is, as last read."""

    known: Known
    slots: list[Slot]
    mapped: dict[str, Mapping]
    trust_accounts: dict[str, str]  # Clio's, id to name


def targets(pairing: Pairing) -> Targets:
    """Two queries."""
    rows = mirror.load_each(pairing, ("Account", "Item", "bank_accounts", "expense_categories"))
    trust = [row for row in rows["bank_accounts"] if text(row.data, "type") == TRUST]
    return Targets(
        known={entity: {row.id: row.data for row in rows[entity]} for entity in ("Account", "Item")},
        slots=slots_of(rows["bank_accounts"], rows["expense_categories"]),
        mapped={row.key: row for row in Mapping.objects.of(pairing.firm).filter(pairing=pairing)},
        trust_accounts={row.id: text(row.data, "name") or f"Trust account {row.id}" for row in trust},
    )


def recommend(found: Targets) -> list[Proposal]:
    """A proposal for every slot that must be mapped and for trust; what is mapped and valid stays as it is."""
    taken = {posted_account(row.key, row.ledger_id, found.known) for row in found.mapped.values()}
    wanted = (slot for slot in found.slots if not slot.optional or keys.is_trust_key(slot.key))
    return [_propose(slot, found.mapped.get(slot.key), found.known, taken) for slot in wanted]


def _propose(slot: Slot, mapped: Mapping | None, known: Known, taken: set[str]) -> Proposal:
    """``taken`` are accounts that are mapped already: a trust account is nobody else's."""
    if mapped and not mapping_fault(slot.key, mapped.ledger_id, known):
        return Proposal(slot, mapped.ledger_id, mapped.name, mapped.account)
    existing = _existing(slot, known, taken if keys.is_trust_key(slot.key) else set())
    if existing:
        return _to_existing(slot, existing, known)
    made = slot.item or (slot.account.name if slot.account else "")
    creates = _creates(slot, known)
    note = "" if creates else "Nothing fits in QuickBooks; choose one by hand."
    return Proposal(slot, "", made, slot.account.name if slot.account else "", creates, note)


def _existing(slot: Slot, known: Known, taken: set[str]) -> Raw | None:
    """The item or account with the best of the known names that can serve."""
    rows = [row for row in known["Item" if slot.is_item else "Account"].values() if text(row, "Id") not in taken]
    by_name = {text(row, "Name").casefold(): row for row in rows if row.get("Active") is not False}
    for name in slot.known_as:
        row = by_name.get(name.casefold())
        if row and not mapping_fault(slot.key, text(row, "Id"), known):
            return row
    if slot.key == keys.DEPOSIT:
        return next((row for row in rows if text(row, "AccountSubType") == "UndepositedFunds"), None)
    return _of_detail_type(slot.account.subtype, rows) if slot.sole and slot.account else None


def _of_detail_type(subtype: str, rows: Iterable[Raw]) -> Raw | None:
    """The one active account of that detail type, where there is exactly one."""
    found = [row for row in rows if text(row, "AccountSubType") == subtype and row.get("Active") is not False]
    return found[0] if len(found) == 1 else None


def _to_existing(slot: Slot, row: Raw, known: Known) -> Proposal:
    return Proposal(slot, text(row, "Id"), text(row, "Name"), account_name(slot.key, row, known))


def account_name(key: str, row: Raw, known: Known) -> str:
    """The name of the account that an item or account posts to."""
    if not key.startswith("item:"):
        return text(row, "Name")
    account = nested(row, "IncomeAccountRef")
    return text(known["Account"].get(text(account, "value"), {}), "Name") or text(account, "name")


def _creates(slot: Slot, known: Known) -> tuple[str, ...]:
    if slot.account is None:
        return ()
    account = f"account “{_free_name(slot.account, known)}” ({slot.account.type})"
    needs_account = _account_named(slot.account, known) is None
    return ((account,) if needs_account else ()) + ((f"item “{slot.item}”",) if slot.item else ())


def _account_named(wanted: NewAccount, known: Known) -> Raw | None:
    """An active account of that name and type."""
    for row in known["Account"].values():
        if text(row, "Name").casefold() == wanted.name.casefold() and row.get("Active") is not False:
            return row if text(row, "AccountType") == wanted.type else None
    return None


def _free_name(wanted: NewAccount, known: Known) -> str:
    """The name, or one that says whose it is where an account of another type, or an inactive one, has it."""
    names = {text(row, "Name").casefold() for row in known["Account"].values()}
    return wanted.name if wanted.name.casefold() not in names else f"{wanted.name} (from Clio)"


def apply(work: Workspace, start_date: date | None) -> list[Proposal]:
    """Creates what is missing in QuickBooks, saves every proposal and the start date. Raises RemoteError."""
    found = targets(work.pairing)
    done = [_made(work, proposal, found.known) for proposal in recommend(found)]
    save(work.pairing, {p.slot.key: p.ledger_id for p in done if p.ledger_id}, start_date)
    return done


def _made(work: Workspace, proposal: Proposal, known: Known) -> Proposal:
    if proposal.ledger_id or proposal.slot.account is None:
        return proposal
    try:
        return _make(work, proposal, proposal.slot.account, known)
    except Refused as error:
        if proposal.slot.fallback is None:
            raise
        note = (
            f"QuickBooks does not allow this item on an account of type {proposal.slot.account.type} ({error.code}), "
        )
        note += "so it posts to an income account instead; ask your accountant whether that suits you."
        return replace(_make(work, proposal, proposal.slot.fallback, known), note=note)


def _make(work: Workspace, proposal: Proposal, wanted: NewAccount, known: Known) -> Proposal:
    """What is created is known from then on."""
    slot = proposal.slot
    body: dict[str, object] = {"AccountType": wanted.type, "AccountSubType": wanted.subtype}
    account = _account_named(wanted, known)
    if account is None:
        account = _create(work, "Account", {"Name": _free_name(wanted, known), **body})
        known["Account"][text(account, "Id")] = account
    if not slot.is_item:
        return Proposal(slot, text(account, "Id"), text(account, "Name"), text(account, "Name"))
    body = {"Name": slot.item, "Type": "Service", "IncomeAccountRef": {"value": text(account, "Id")}}
    item = _create(work, "Item", body)
    known["Item"][text(item, "Id")] = item
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
    mappings = Mapping.objects.of(pairing.firm).filter(pairing=pairing)
    faults = {key: fault for key, id in chosen.items() if id and (fault := mapping_fault(key, id, known))}
    if faults := faults or _together({**dict(mappings.values_list("key", "ledger_id")), **chosen}, chosen, known):
        raise InvalidMapping(faults)
    with transaction.atomic():
        mappings.filter(key__in=[key for key, id in chosen.items() if not id]).delete()
        rows = [_row(pairing, key, id, known) for key, id in chosen.items() if id]
        mappings.bulk_create(rows, update_conflicts=True, unique_fields=["pairing", "key"], update_fields=MAPPED)
        if start_date and start_date != pairing.start_date:
            pairing.start_date = start_date
            pairing.save(update_fields=["start_date"])


def _together(every: MappingType[str, str], chosen: MappingType[str, str], known: Known) -> dict[str, str]:
    """What is wrong with the mappings side by side: a trust account used twice, or only half of one mapped."""
    faults = {key: said for key, said in clashes(every, known).items() if key in chosen}
    for key in chosen:
        if key.startswith(keys.TRUST_BANK):
            other = keys.trust_liability_key(key.removeprefix(keys.TRUST_BANK))
            if bool(every.get(key)) != bool(every.get(other)):
                lacking = other if every.get(key) else key
                faults.setdefault(lacking, "a trust account needs both its bank and its liability, or neither")
    return faults


def _row(pairing: Pairing, key: str, id: str, known: Known) -> Mapping:
    row = known["Item" if key.startswith("item:") else "Account"][id]
    account = row if not key.startswith("item:") else known["Account"][text(nested(row, "IncomeAccountRef"), "value")]
    return Mapping(
        firm_id=pairing.firm_id,
        pairing=pairing,
        key=key,
        ledger_id=id,
        name=text(row, "Name"),
        account=text(account, "Name"),
        account_type=text(account, "AccountType"),
    )


def choices(slot: Slot, known: Known) -> Iterable[tuple[str, str]]:
    """What a slot can be mapped to, as (id, label); what would be refused is not offered."""
    rows = known["Item" if slot.is_item else "Account"].values()
    for row in sorted(rows, key=lambda row: text(row, "Name").casefold()):
        if not mapping_fault(slot.key, text(row, "Id"), known):
            posts_to = f" → {account_name(slot.key, row, known)}" if slot.is_item else f" ({text(row, 'AccountType')})"
            yield text(row, "Id"), text(row, "Name") + posts_to
