"""A ledger of a few lines: carries plans out, refuses what QuickBooks refuses, and remembers what it was told."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from integrations.core.changes import LOCAL, Action, Change, Plan
from integrations.core.mapping import Policy
from integrations.core.merge import Agreed
from integrations.core.posting import Posting
from integrations.core.records import Kind, Ref
from integrations.kinds import contact_fields, payment
from integrations.kinds.catalog import Catalog, Settlement
from integrations.kinds.contact import decode_customer
from integrations.kinds.contact_drafts import ContactDraft, CustomerDraft, after_ledger, fields_with
from integrations.kinds.contact_fields import Values
from integrations.kinds.documents import ledger_fingerprint
from integrations.kinds.group import Document, Group, LinkState
from integrations.kinds.plan import plan_group
from integrations.kinds.theirs import GIVEN_UP
from integrations.kinds.trust_entry import entries_of
from tests.contract import qbo_schema
from tests.kinds.shelf import Shelf

Applied = Mapping[str, Mapping[str, int]]  # entity to document id to amount


class Refused(Exception):
    """The ledger does not take this write."""


@dataclass
class Ledger:
    """``documents`` are by entity and id, as the ledger would return them; ``bodies`` are the writes it took,
    ``to_clio`` the fields of contacts that were to be written to Clio."""

    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    links: dict[Ref, LinkState] = field(default_factory=dict)
    shelf: Shelf = field(default_factory=Shelf)
    memos: dict[str, dict[str, Any]] = field(default_factory=dict)
    bodies: list[tuple[Change, dict[str, Any]]] = field(default_factory=list)
    posted: dict[Ref, tuple[Posting, ...]] = field(default_factory=dict)
    left: dict[Ref, Mapping[str, object]] = field(default_factory=dict)
    to_clio: list[Values] = field(default_factory=list)
    last_id: int = 100

    # Books

    def ledger_id(self, ref: Ref) -> str:
        return self.links[ref].ledger_id

    def is_ours(self, txn_type: str, txn_id: str) -> bool:
        return (txn_type, txn_id) in self.shelf.linked

    # Reading

    def of(self, ref: Ref) -> dict[str, Any]:
        """The document of a linked ref, to look at or to change as a person would."""
        return self.documents[self.links[ref].entity, self.links[ref].ledger_id]

    def delete(self, ref: Ref) -> None:
        """What was applied to it is the payer's again."""
        link = self.links[ref]
        del self.documents[link.entity, link.ledger_id]
        self.shelf.numbers = [held for held in self.shelf.numbers if held[1] != (link.entity, link.ledger_id)]
        self._release(link.ledger_id)

    def delete_by_hand(self, number: str) -> None:
        """Somebody deletes a document that is no longer linked."""
        (key,) = [key for key, raw in self.documents.items() if raw.get("DocNumber") == number]
        del self.documents[key]

    def void(self, ref: Ref) -> None:
        """What a person's void leaves: nothing in it, nothing applied, and the word in its note. Names have no void."""
        raw = self.of(ref)
        if ref.kind is Kind.CONTACT:
            return
        raw["TotalAmt"], raw["Line"], raw["PrivateNote"] = Decimal("0.00"), [], f"Voided - {raw['PrivateNote']}"
        self._release(raw["Id"])

    def _release(self, ledger_id: str) -> None:
        """Nothing is applied to it any more; a payment of nothing keeps no side of what it set against each other."""
        for payer in self.payments():
            payer["Line"] = [line for line in payer["Line"] if line["LinkedTxn"][0]["TxnId"] != ledger_id]
            sides = {line["LinkedTxn"][0]["TxnType"] for line in payer["Line"]}
            if not payer["TotalAmt"] and sides != {"CreditMemo", "Invoice"}:
                payer["Line"] = []
        self._settle()

    def invoices(self) -> list[dict[str, Any]]:
        return [raw for (entity, _), raw in self.documents.items() if entity == "Invoice"]

    def payments(self) -> list[dict[str, Any]]:
        return [raw for (entity, _), raw in self.documents.items() if entity == "Payment"]

    def credit_memos(self) -> list[dict[str, Any]]:
        return [raw for (entity, _), raw in self.documents.items() if entity == "CreditMemo"]

    def balances(self) -> dict[str, Decimal]:
        """Debits less credits by account name, of everything we wrote and did not take back."""
        sums: dict[str, Decimal] = {}
        for ref, postings in self.posted.items():
            for line in postings if not self.links[ref].is_voided else ():
                sums[line.account] = sums.get(line.account, Decimal(0)) + line.debit - line.credit
        return {account: amount for account, amount in sums.items() if amount}

    def known(self, group: Group) -> Group:
        """The group with what is linked and what the ledger says of it."""
        documents = {ref: self._document(link) for ref, link in self.links.items()}
        return replace(group, links=dict(self.links), documents=documents, left=dict(self.left))

    def _document(self, link: LinkState) -> Document:
        raw = self.documents.get((link.entity, link.ledger_id))
        return Document(None, "") if raw is None else Document(raw, ledger_fingerprint(link.entity, raw))

    # What people and QuickBooks itself do

    def by_hand(self, entity: str, amount: object, applied: Applied, contact_ref: Ref, **members: Any) -> str:
        """A payment or credit memo that did not come from Clio; returns its id."""
        self.last_id += 1
        id, customer = str(self.last_id), {"value": self.links[contact_ref].ledger_id}
        lines = [
            payment.linked(doc, Decimal(part), kind) for kind, some in applied.items() for doc, part in some.items()
        ]
        head = {"Id": id, "SyncToken": "0", "CustomerRef": customer, "TxnDate": "2026-02-20", "Line": lines}
        self.documents[entity, id] = {**head, "TotalAmt": Decimal(str(amount)), "LinkedTxn": [], **members}
        self._note_settlements()
        self._settle()
        return id

    def take_off(self, payment_id: str) -> None:
        """Somebody deletes a payment that did not come from Clio."""
        del self.documents["Payment", payment_id]
        self._note_settlements()
        self._settle()

    def _note_settlements(self) -> None:
        self.shelf.uses.clear()
        for raw in self.payments():
            paid, used = payment.applied_by(raw), payment.applied_by(raw, "CreditMemo")
            customer_id = raw["CustomerRef"]["value"]
            self.shelf.uses.append(Settlement(raw["Id"], customer_id, raw["TotalAmt"], paid, used))

    # Writing

    def plan(self, group: Group, policy: Policy) -> Plan:
        """What would be done."""
        return plan_group(self.known(group), policy, self.catalog())

    def catalog(self) -> Catalog:
        found = self.shelf.catalog()
        found.credit_memos = self.memos
        return found

    def carry_out(self, group: Group, policy: Policy) -> Plan:
        """Plans and writes in the order of the plan. Raises Refused where the ledger would refuse a write."""
        plan = self.plan(group, policy)
        for ref, known in plan.agreed.items():
            base = self.links[ref].base
            self.links[ref] = replace(self.links[ref], base={**base, "fields": fields_with(base, known)})
        for change in plan.changes:
            self.write(change)
        return plan

    def write(self, change: Change) -> None:
        if isinstance(change.draft, ContactDraft):
            self._write_to_clio(change.ref, change.draft)
            return None
        current = self.documents.get((change.entity, change.ledger_id))
        before = self.links.pop(change.replaces) if change.replaces else None
        if change.closes:
            self.links[change.closes] = replace(self.links[change.closes], is_voided=True)
        if change.action is Action.UNLINK or (change.action is Action.ACCEPT and current is None):
            return self._give_up(change)
        if change.action is Action.MOVE:
            assert before
            self.links[change.ref] = replace(before, ref=change.ref)
            return None
        if change.action is Action.VOID and change.draft is None:
            self._void(change, current or {})
        elif change.action not in LOCAL:
            current = self._store(change, current)
        assert current is not None
        self._link(change, current)

    def _give_up(self, change: Change) -> None:
        """The link is forgotten, or stays although its document is gone."""
        link = self.links.pop(change.ref)
        base = dict(change.base or {})
        if change.action is Action.ACCEPT:
            self.links[change.ref] = replace(link, practice_fingerprint=change.practice_fingerprint, base=base)
        elif isinstance(said := base.get(GIVEN_UP), Mapping):
            self.left[change.ref] = said

    def _write_to_clio(self, ref: Ref, draft: ContactDraft) -> None:
        """Clio takes every value as it is."""
        self.to_clio.append(draft.values)
        known = contact_fields.to_json({name: Agreed(value, value) for name, value in draft.values.items()})
        base = self.links[ref].base
        self.links[ref] = replace(self.links[ref], base={**base, "fields": fields_with(base, known)})

    def _store(self, change: Change, current: dict[str, Any] | None) -> dict[str, Any]:
        assert change.draft is not None
        body = change.draft.encode(self, current)
        self.bodies.append((change, body))
        if qbo_schema.available():
            qbo_schema.check_request(change.entity, "create" if current is None else "update", body)
        if current is None:
            self.last_id += 1
            current = {"Id": str(self.last_id), "SyncToken": "0"}
        raw = {**current, **{key: value for key, value in body.items() if key not in ("sparse", "SyncToken")}}
        self.documents[change.entity, raw["Id"]] = raw
        self.posted[change.ref] = change.postings()
        if change.entity in ("Invoice", "CreditMemo"):
            raw["TotalAmt"] = sum((line.get("Amount", Decimal(0)) for line in raw["Line"]), Decimal("0.00"))
            self.shelf.numbers.append((raw["DocNumber"], (change.entity, raw["Id"])))
        if change.entity == "Purchase":
            raw["TotalAmt"] = sum((line["Amount"] for line in raw["Line"]), Decimal("0.00"))
        entries = entries_of("JournalEntry", raw) if change.entity == "JournalEntry" else ()
        if sum((entry.amount for entry in entries), Decimal(0)):
            raise Refused(f"{change.ref} is not balanced")
        if change.entity == "Customer":
            self.shelf.add(decode_customer(raw))
        self._settle()
        return raw

    def _void(self, change: Change, raw: dict[str, Any]) -> None:
        raw["TotalAmt"], raw["Line"] = Decimal("0.00"), []
        if change.entity == "Invoice" and raw["LinkedTxn"]:
            raise Refused(f"{change.ref} is still paid")
        self._settle()

    def _link(self, change: Change, raw: Mapping[str, Any]) -> None:
        ref, draft = change.ref, change.draft
        base: Mapping[str, object] = change.base or {}
        if change.base is None and isinstance(draft, CustomerDraft):
            known = self.links[ref].base if ref in self.links else {}
            base = after_ledger(known, draft.base(change.action), raw)
        self.links[ref] = LinkState(
            ref,
            change.entity,
            raw["Id"],
            change.practice_fingerprint,
            ledger_fingerprint(change.entity, raw),
            change.action is Action.VOID or change.closes == ref,
            base,
        )
        if change.joins:
            self.links[change.joins] = replace(self.links[ref], ref=change.joins)
        self.shelf.linked[change.entity, raw["Id"]] = ref

    def _settle(self) -> None:
        """Balances and what settles what; more than an invoice is worth cannot be applied to it."""
        applied: dict[tuple[str, str], list[tuple[str, Decimal]]] = {}
        for raw in self.payments():
            paid, used = payment.applied_by(raw), payment.applied_by(raw, "CreditMemo")
            amounts = [*paid.values(), *used.values()]
            if sum(paid.values()) - sum(used.values()) > raw["TotalAmt"] or any(amount <= 0 for amount in amounts):
                raise Refused(f"payment {raw['Id']} of {raw['TotalAmt']} applies {paid} and uses {used}")
            for entity, lines in (("Invoice", paid), ("CreditMemo", used)):
                for ledger_id, amount in lines.items():
                    self._same_customer(raw, self.documents.get((entity, ledger_id), raw))
                    applied.setdefault((entity, ledger_id), []).append((raw["Id"], amount))
        for entity, raw in (
            *(("Invoice", r) for r in self.invoices()),
            *(("CreditMemo", r) for r in self.credit_memos()),
        ):
            payers = applied.get((entity, raw["Id"]), [])
            raw["Balance"] = raw["TotalAmt"] - sum(amount for _, amount in payers)
            raw["LinkedTxn"] = [{"TxnId": id, "TxnType": "Payment"} for id, _ in payers]
            if raw["Balance"] < 0:
                raise Refused(f"more is applied to {entity} {raw['DocNumber']} than its {raw['TotalAmt']}")

    def _same_customer(self, payment_: dict[str, Any], other: dict[str, Any]) -> None:
        if payment_["CustomerRef"]["value"] != other["CustomerRef"]["value"]:
            raise Refused(f"payment {payment_['Id']} is of another customer than what it is linked to")
