"""An independent check of the books: reads only what the two stand-ins hold, and knows nothing of the portal's code.

It works out from Clio's data alone what QuickBooks should hold after a sync and lists every difference.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from tests.oracle_trust import held_by_client, is_transfer

Doc = Mapping[str, Any]
ZERO = Decimal(0)
_MARK = re.compile(r"Clio (contact|invoice|payment|credit_note|trust_entry) (\d+)(?:/(\S+))? · (\S+)")


OURS = (
    ("Invoice", "invoice"),
    ("Payment", "payment"),
    ("Customer", "contact"),
    ("CreditMemo", "credit_note"),
    ("Payment", "credit_note"),
    ("JournalEntry", "trust_entry"),
)


@dataclass(frozen=True)
class Explained:
    """An open issue as far as it matters here: what it is about."""

    code: str
    kind: str
    practice_id: str


@dataclass
class Oracle:
    """``accounts`` names QuickBooks account ids by role: receivable, services, hard, soft, tax, discount, interest,
    rounding, undeposited, in_transit, trust_bank, trust_liability. ``before`` is QuickBooks's trial balance before the
    first sync."""

    clio: Mapping[str, list[Doc]]
    quickbooks: Mapping[str, list[Doc]]
    before: Mapping[str, Decimal]
    after: Mapping[str, Decimal]
    accounts: Mapping[str, str]
    slug: str
    start: date
    issues: Iterable[Explained]
    findings: list[str] = field(default_factory=list)

    def check(self) -> list[str]:
        """Every difference in words; empty when the books are right."""
        self._index()
        for bill in self.bills.values():
            self._check_bill(bill)
        self._check_payments()
        self._check_credits()
        self._check_trust()
        self._check_strays()
        self._check_customers()
        self._check_accounts()
        return self.findings

    # What there is

    def _index(self) -> None:
        self.bills = {b["id"]: b for b in self.clio["bills"] if self._in_scope(b)}
        self.activities = {a["id"]: a for a in self.clio["activities"]}
        self.lines = _grouped(self.clio["line_items"], "bill_id")
        self.charges = _grouped(self.clio["interest_charges"], "bill_id")
        valid = [a for a in self.clio["allocations"] if not a["voided_at"]]
        self.allocations = _grouped((a for a in valid if a["parent"]["type"] == "Payment"), "parent_id")
        self.every_bill = {b["id"]: b for b in self.clio["bills"]}
        self.about = {(issue.kind, issue.practice_id) for issue in self.issues}
        self.documents: dict[tuple[str, int, str], list[Doc]] = defaultdict(list)
        trusts = {account["id"] for account in self.clio["bank_accounts"] if account["type"] == "Trust"}
        rows = [row for row in self.clio["bank_transactions"] if row["bank_account_id"] in trusts]
        self.trust = [row for row in rows if date.fromisoformat(row["date"]) >= self.start]
        for entity, kind in OURS:
            for doc in self.quickbooks[entity]:
                found = _mark(doc, self.slug)
                if found and found[0] == kind:
                    self.documents[found].append(doc)
        self.expected: dict[str, Decimal] = defaultdict(lambda: ZERO)

    def _in_scope(self, bill: Doc) -> bool:
        live = bill["state"] in ("awaiting_payment", "paid") and bill["kind"] != "trust_kind"
        return live and date.fromisoformat(bill["issued_at"]) >= self.start

    def _live(self, kind: str, id: int, leg: str = "") -> list[Doc]:
        return [doc for doc in self.documents.get((kind, id, leg), ()) if not _is_void(doc)]

    def _is_posted(self, bill: Doc) -> bool:
        return bool(self._live("invoice", bill["id"]))

    def _explained(self, bill: Doc) -> bool:
        return ("invoice", str(bill["id"])) in self.about or ("contact", str(bill["client_id"])) in self.about

    # Bills

    def _check_bill(self, bill: Doc) -> None:
        legs = self._legs(bill)
        live = {leg: self._live("invoice", bill["id"], leg) for leg in legs}
        if not any(live.values()):
            if not self._explained(bill):
                self.findings.append(f"bill {bill['number']} ({bill['id']}) is neither posted nor explained")
            return
        if ("invoice", str(bill["id"])) in self.about:
            self.findings.append(f"bill {bill['number']} ({bill['id']}) is posted and has an open issue")
        for leg, amount in legs.items():
            self._check_leg(bill, leg, amount, live[leg])
        self._expect_income(bill)

    def _legs(self, bill: Doc) -> dict[str, Decimal]:
        charges = {f"interest-{c['id']}": c["total"] for c in self.charges[bill["id"]] if c["total"]}
        return {"": bill["due"] - sum(charges.values(), ZERO), **charges}

    def _check_leg(self, bill: Doc, leg: str, amount: Decimal, live: list[Doc]) -> None:
        name = f"bill {bill['number']}" + (f"/{leg}" if leg else "")
        if len(live) != 1:
            self.findings.append(f"{name} has {len(live)} live invoices")
            return
        (invoice,) = live
        if invoice["TotalAmt"] != amount:
            self.findings.append(f"{name} is {amount} in Clio and {invoice['TotalAmt']} in QuickBooks")
        if not leg and (invoice["DocNumber"], invoice["TxnDate"]) != (bill["number"], bill["issued_at"]):
            self.findings.append(f"{name} has number {invoice['DocNumber']} and date {invoice['TxnDate']}")
        self.expected["receivable"] += amount
        if leg:
            self.expected["interest"] -= amount

    def _expect_income(self, bill: Doc) -> None:
        lines = [line for line in self.lines[bill["id"]] if line["type"] != "SummaryLineItem"]
        for line in lines:
            self.expected[self._class(line)] -= line["gross"]
        tax = sum((line["tax"] + line["secondary_tax"] for line in lines), ZERO)
        gross = sum((line["gross"] for line in lines), ZERO)
        main = self._legs(bill)[""]
        self.expected["tax"] -= tax
        self.expected["discount"] += bill["discount_amount"]
        self.expected["rounding"] -= main - (gross + tax - bill["discount_amount"])

    def _class(self, line: Doc) -> str:
        if line["kind"] != "Expense":
            return "services"
        activity = self.activities.get(line.get("activity_id"), {})
        return "hard" if activity.get("type") == "HardCostEntry" else "soft"

    # Payments

    def _check_payments(self) -> None:
        types = {account["id"]: account["type"] for account in self.clio["bank_accounts"]}
        for payment in self.clio["payments"]:
            valid = [a for a in self.allocations[payment["id"]] if self._is_receivable(a["bill_id"])]
            if payment["status"] != "completed" or types.get(payment["source_bank_account_id"]) == "Operating":
                valid = []
            self._check_payment(payment, valid, types.get(payment["source_bank_account_id"]) == "Trust")

    def _is_receivable(self, bill_id: int) -> bool:
        return bill_id in self.every_bill and self.every_bill[bill_id]["kind"] != "trust_kind"

    def _check_payment(self, payment: Doc, valid: list[Doc], from_trust: bool) -> None:
        by_client, due = self._by_client(valid), self._due(payment, valid)
        legs = {key[2] for key in self.documents if key[:2] == ("payment", payment["id"]) and self._live(*key)}
        for client, amount in due.items():
            self._check_payment_leg(payment, by_client[client], str(client), amount, from_trust)
        for leg in legs - {str(client) for client in due}:
            self.findings.append(f"payment {payment['id']} should not be in QuickBooks for contact {leg}")

    def _by_client(self, allocations: Iterable[Doc]) -> dict[int, list[Doc]]:
        rows = ({**a, "client": self.every_bill[a["bill_id"]]["client_id"]} for a in allocations)
        return _grouped(rows, "client")

    def _due(self, payment: Doc, valid: list[Doc]) -> dict[int, Decimal]:
        """What of a payment is each client's: their own bills, and the payer's whatever else was received."""
        by_client = self._by_client(valid)
        in_scope = [client for client, some in by_client.items() if any(a["bill_id"] in self.bills for a in some)]
        due = {client: sum((a["amount"] for a in by_client[client]), ZERO) for client in in_scope}
        if due:
            payer = payment["contact_id"] if payment["contact_id"] in due else min(due)
            due[payer] += payment["amount"] - sum(due.values(), ZERO)
        return due

    def _check_payment_leg(
        self, payment: Doc, allocations: list[Doc], leg: str, due: Decimal, from_trust: bool
    ) -> None:
        live = self._live("payment", payment["id"], leg)
        bills = [self.bills[a["bill_id"]] for a in allocations if a["bill_id"] in self.bills]
        if not live:
            waits = any(self._explained(bill) for bill in bills) or ("payment", str(payment["id"])) in self.about
            if not waits:
                self.findings.append(f"payment {payment['id']} is neither posted nor explained")
            return
        if len(live) != 1 or live[0]["TotalAmt"] != due:
            self.findings.append(f"payment {payment['id']} is {due}; QuickBooks has {[d['TotalAmt'] for d in live]}")
        self.expected["receivable"] -= due
        self.expected["in_transit" if from_trust else "undeposited"] += due

    # Credit notes

    def _check_credits(self) -> None:
        for memo in self.clio["credit_memos"]:
            bill = self.bills.get(memo["bill_id"])
            live = self._live("credit_note", memo["id"])
            if memo["voided_at"] or bill is None or not self._is_posted(bill):
                if live:
                    self.findings.append(f"credit note {memo['id']} should not be in QuickBooks")
                continue
            found = [(doc["TotalAmt"], doc["Balance"], doc["DocNumber"], doc["TxnDate"]) for doc in live]
            if found != [(memo["amount"], ZERO, f"CN-{memo['id']}", memo["date"])]:
                self.findings.append(f"credit note {memo['id']} is {memo['amount']}; QuickBooks has {found}")
                continue
            applying = self._live("credit_note", memo["id"], "apply")
            if [doc["TotalAmt"] for doc in applying] != [ZERO]:
                self.findings.append(f"credit note {memo['id']} is applied by {len(applying)} payments of ours")
            self._check_split(bill, memo, live[0])

    def _check_split(self, bill: Doc, memo: Doc, document: Doc) -> None:
        """Every part of the bill goes back in proportion, to the cent for each rounding."""
        posted = dict.fromkeys(self.accounts.values(), ZERO)
        for row in self.quickbooks["Postings"]:
            if (row["entity"], row["id"]) == ("CreditMemo", document["Id"]):
                posted[row["account"]] = posted.get(row["account"], ZERO) + row["amount"]
        exact = dict.fromkeys(posted, ZERO)
        for role, share in self._shares(bill).items():
            exact[self.accounts[role]] += memo["amount"] * share
        for account in exact.keys() - {self.accounts["receivable"]}:
            if abs(posted[account] - exact[account]) > Decimal("0.05"):
                said = f"{posted[account]} of account {account}, not {exact[account]:.2f}"
                self.findings.append(f"credit note {memo['id']} gives back {said}")
        self.expected["receivable"] -= memo["amount"]
        for role, account in self.accounts.items():
            if role != "receivable":
                self.expected[role] += posted.pop(account, ZERO)

    def _shares(self, bill: Doc) -> dict[str, Decimal]:
        """What part of a bill each role is, with the discount taken off the items it was given on."""
        lines = [line for line in self.lines[bill["id"]] if line["type"] not in ("SummaryLineItem", "NoChargeLineItem")]
        tax = sum((line["tax"] + line["secondary_tax"] for line in lines), ZERO)
        worth: dict[str, Decimal] = defaultdict(lambda: ZERO)
        for line in lines:
            worth[self._class(line)] += line["gross"]
        on_services = bool(bill["discount"] and bill["discount"]["services_only"])
        worth["services"] -= bill["discount_amount"] if on_services else ZERO
        gross = sum(worth.values(), ZERO)
        kept = 1 if on_services or not gross else 1 - bill["discount_amount"] / gross
        whole = gross * kept + tax
        return {"tax": tax / whole, **{role: value * kept / whole for role, value in worth.items()}}

    # Trust

    def _check_trust(self) -> None:
        """Every row of a trust account since the start moves the bank and what is owed, or is explained."""
        posted = []
        for row in self.trust:
            live = self._live("trust_entry", row["id"])
            if not live and self._is_row_explained(row):
                continue
            if len(live) != 1 and not is_transfer(row, self.trust):
                self.findings.append(f"trust row {row['id']} has {len(live)} entries")
            posted.append(row)
            self.expected["trust_bank"] += row["signed"]
            self.expected["trust_liability"] -= row["signed"]
        self.findings += held_by_client(self.clio, self.quickbooks, posted, self.accounts["trust_liability"])

    def _is_row_explained(self, row: Doc) -> bool:
        about = {
            ("trust_entry", str(row["id"])),
            ("payment", str(row["payment_id"])),
            ("contact", str(row["client_id"])),
        }
        bills = [self.bills[a["bill_id"]] for a in self.allocations[row["payment_id"]] if a["bill_id"] in self.bills]
        return bool(about & self.about) or any(self._explained(bill) for bill in bills)

    # The whole

    def _check_strays(self) -> None:
        clients = {row["client_id"] for row in (*self.bills.values(), *self.trust)}
        for (kind, id, leg), docs in self.documents.items():
            live = [doc for doc in docs if not _is_void(doc)]
            if kind == "invoice" and live and (id not in self.bills or leg not in self._legs(self.bills[id])):
                self.findings.append(
                    f"invoice {live[0]['DocNumber']} stands for bill {id}/{leg}, which is not in scope"
                )
            if kind == "contact" and (len(docs) != 1 or id not in clients):
                self.findings.append(f"contact {id} has {len(docs)} customers, or nothing of it is in scope")

    def _check_customers(self) -> None:
        """Per contact: open balances of our invoices equal the balances of its posted bills."""
        clio: dict[int, Decimal] = defaultdict(lambda: ZERO)
        quickbooks: dict[int, Decimal] = defaultdict(lambda: ZERO)
        for bill in self.bills.values():
            if not self._is_posted(bill) or self._money_waits(bill):
                continue
            clio[bill["client_id"]] += bill["balance"]
            for leg in self._legs(bill):
                for invoice in self._live("invoice", bill["id"], leg):
                    quickbooks[bill["client_id"]] += invoice["Balance"]
        for client in clio.keys() | quickbooks.keys():
            if clio[client] != quickbooks[client]:
                self.findings.append(
                    f"contact {client} owes {clio[client]} in Clio, {quickbooks[client]} in QuickBooks"
                )

    def _money_waits(self, bill: Doc) -> bool:
        """Whether a payment on this bill is explained by an issue of its own, or by one of another bill it pays."""
        for id, allocations in self.allocations.items():
            if bill["id"] in {a["bill_id"] for a in allocations}:
                others = [self.bills[a["bill_id"]] for a in allocations if a["bill_id"] in self.bills]
                if ("payment", str(id)) in self.about or any(self._explained(other) for other in others):
                    return True
        return False

    def _check_accounts(self) -> None:
        moved: dict[str, Decimal] = {}
        for role, account in self.accounts.items():
            moved[account] = moved.get(account, ZERO) + self.expected[role]
        for account, expected in moved.items():
            found = self.after.get(account, ZERO) - self.before.get(account, ZERO)
            if found != expected:
                roles = [role for role, id in self.accounts.items() if id == account]
                self.findings.append(f"account {account} ({', '.join(roles)}) moved by {found}, not {expected}")


def _mark(doc: Doc, slug: str) -> tuple[str, int, str] | None:
    note = (doc.get("PrivateNote") or doc.get("Notes") or "").strip().splitlines()
    found = _MARK.fullmatch(note[-1].strip()) if note else None
    if found is None or found[4] != slug:
        return None
    return found[1], int(found[2]), found[3] or ""


def _is_void(doc: Doc) -> bool:
    return (doc.get("PrivateNote") or "").startswith("Voided")


def _grouped(rows: Iterable[Doc], key: str) -> dict[Any, list[Doc]]:
    found: dict[Any, list[Doc]] = defaultdict(list)
    for row in rows:
        found[row[key]].append(row)
    return found
