"""What has to be true of both systems after any sync, whatever people did: the oracle, record by record.

A difference counts only where no open or accepted issue names its record. That one thing of Clio never has two live
documents, and that nothing stands in QuickBooks that nobody entered, is excused by no issue at all.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from tests.oracle import ZERO, Doc, Explained, Oracle, _is_void, _mark

TRANSACTIONS = ("Invoice", "Payment", "CreditMemo", "JournalEntry", "Purchase", "Deposit", "SalesReceipt")
# Infos that stand for a difference; the others only tell.
TELLING = ("bill_in_draft", "payment_only_in_quickbooks")


@dataclass(frozen=True)
class Named(Explained):
    """An issue that is open, decided or accepted, and everything it names."""

    severity: str = "error"
    leg: str = ""
    ledger_id: str = ""

    @property
    def excuses(self) -> bool:
        return self.severity != "info" or self.code in TELLING


@dataclass
class Agreement(Oracle):
    """``by_hand`` are documents people entered, ``adopted`` those of them that stand for something of Clio by now.

    ``once_clients`` are contacts that have or had a bill dated from the start date on.
    """

    by_hand: frozenset[tuple[str, str]] = frozenset()
    adopted: Mapping[tuple[str, str], str] = field(default_factory=dict)
    once_clients: frozenset[int] = frozenset()

    def check(self) -> list[str]:
        self._index()
        self._postings = self._posted()
        self._check_nothing_twice()
        for bill in self.bills.values():
            self._check_bill(bill)
        self._check_gone_bills()
        self._check_payments()
        self._check_money_by_itself()
        self._check_kept_money()
        for memo in self.clio["credit_memos"]:
            self._check_credit(memo)
        for contact in self.clio["contacts"]:
            self._check_contact(contact)
        self._check_customers()
        return self.findings

    # What there is

    def _index(self) -> None:
        super()._index()
        naming = [issue for issue in self.issues if isinstance(issue, Named) and issue.excuses]
        self.about = {(issue.kind, issue.practice_id) for issue in naming}
        self.codes = {issue.code for issue in naming if not issue.kind}
        self.named_documents = {issue.ledger_id for issue in naming if issue.ledger_id}
        for (kind, practice_id), ledger_id in self.adopted.items():
            self._adopt(kind, int(practice_id), ledger_id)

    def _adopt(self, kind: str, practice_id: int, ledger_id: str) -> None:
        """A person's own invoice that stands for a bill from now on; payments get our mark when they are adopted."""
        held = {doc["Id"] for doc in self._live(kind, practice_id)}
        if kind == "invoice" and ledger_id not in held:
            self.documents[kind, practice_id, ""] += [d for d in self.quickbooks["Invoice"] if d["Id"] == ledger_id]

    def _posted(self) -> dict[tuple[str, str], dict[str, Decimal]]:
        """Debits less credits by account, of every document."""
        found: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(lambda: ZERO))
        for row in self.quickbooks["Postings"]:
            found[row["entity"], row["id"]][row["account"]] += row["amount"]
        return found

    def _ours(self, entity: str) -> list[Doc]:
        """Live documents that no person entered."""
        return [d for d in self.quickbooks[entity] if (entity, d["Id"]) not in self.by_hand and not _is_void(d)]

    # Never twice, never from nowhere

    def _check_nothing_twice(self) -> None:
        for (kind, id, leg), docs in self.documents.items():
            live = [doc["Id"] for doc in docs if not _is_void(doc) and doc.get("Active", True)]
            if len(live) > 1:
                self.findings.append(f"{kind} {id}/{leg} has {len(live)} live documents: {live}")
            if kind == "contact" and id not in self.once_clients:
                self.findings.append(f"contact {id} became a customer and never had a bill in scope")
        for entity in TRANSACTIONS:
            for doc in self._ours(entity):
                if _mark(doc, self.slug) is None and not self._applied_itself(entity, doc):
                    self.findings.append(f"{entity} {doc['Id']} is live, and neither a person's nor marked as ours")

    @staticmethod
    def _applied_itself(entity: str, doc: Doc) -> bool:
        """QuickBooks may set credits against invoices by itself, by a payment of nothing."""
        return entity == "Payment" and not doc["TotalAmt"]

    # Bills

    def _excused(self, kind: str, id: object) -> bool:
        return (kind, str(id)) in self.about

    def _explained(self, bill: Doc) -> bool:
        return super()._explained(bill) or "numbering_setting_off" in self.codes

    def _check_bill(self, bill: Doc) -> None:
        if self._explained(bill):
            return
        legs = self._legs(bill)
        live = {leg: self._live("invoice", bill["id"], leg) for leg in legs}
        if not all(len(docs) == 1 for docs in live.values()):
            counts = {leg: len(docs) for leg, docs in live.items()}
            self.findings.append(f"bill {bill['number']} ({bill['id']}) has {counts} live invoices and no issue")
            return
        if self._money_waits(bill):
            return  # what pays it may have to let go first, so it waits behind that very issue (rule R1.5)
        self.expected.clear()
        for leg, amount in legs.items():
            self._check_leg(bill, leg, amount, live[leg])
            self._check_leg_belongs(bill, leg, live[leg][0])
        self._expect_income(bill)
        self._check_postings(f"bill {bill['number']}", "Invoice", [docs[0] for docs in live.values()])

    def _check_leg_belongs(self, bill: Doc, leg: str, invoice: Doc) -> None:
        if invoice["CustomerRef"]["value"] not in self._customers_of(bill["client_id"]):
            self.findings.append(f"bill {bill['number']}/{leg} is billed to customer {invoice['CustomerRef']}")
        if not leg and invoice.get("DueDate") != bill["due_at"]:
            self.findings.append(f"bill {bill['number']} is due {bill['due_at']}, its invoice {invoice.get('DueDate')}")

    def _customers_of(self, contact: int) -> set[str]:
        """Customers that may stand for a contact: the marked one; without one, any that is marked as nobody else's."""
        own = {doc["Id"] for doc in self.documents.get(("contact", contact, ""), ())}
        if own:
            return own
        return {doc["Id"] for doc in self.quickbooks["Customer"] if not _mark(doc, self.slug)}

    def _check_postings(self, name: str, entity: str, docs: Iterable[Doc]) -> None:
        """The accounts these documents post to are those Clio's figures belong to."""
        wanted: Counter[str] = Counter()
        for role, amount in self.expected.items():
            wanted[self.accounts[role]] += amount  # type: ignore[assignment]
        for doc in docs:
            for account, amount in self._postings[entity, doc["Id"]].items():
                wanted[account] -= amount  # type: ignore[assignment]
        off = {account: str(amount) for account, amount in wanted.items() if amount}
        if off:
            self.findings.append(f"{name} is posted to other accounts than it should be, by {off}")

    def _check_gone_bills(self) -> None:
        """Live invoices stand for bills that are in scope, or whose reason to stand an issue tells."""
        for (kind, id, leg), docs in self.documents.items():
            live = [doc for doc in docs if not _is_void(doc)]
            if kind != "invoice" or not live:
                continue
            bill = self.every_bill.get(id, {})
            known = id in self.bills and leg in self._legs(bill)
            if not known and not self._excused("invoice", id) and not self._explained_client(bill):
                self.findings.append(f"invoice {live[0]['DocNumber']} stands for {id}/{leg}, which is not in scope")

    def _explained_client(self, bill: Doc) -> bool:
        return bool(bill) and self._explained(bill)

    # Payments

    def _waits(self, payment: Doc, allocations: Iterable[Doc]) -> bool:
        """Whether an issue names the payment, a bill it pays, its contact, or the document another was to replace."""
        bills = [self.every_bill[a["bill_id"]] for a in allocations if a["bill_id"] in self.every_bill]
        return (
            self._excused("payment", payment["id"])
            or self._excused("contact", payment["contact_id"])
            or any(self._explained(bill) for bill in bills)
            or any(doc["Id"] in self.named_documents for doc in self._posted_of(payment))
        )

    def _posted_of(self, payment: Doc) -> list[Doc]:
        return [doc for key in self.documents if key[:2] == ("payment", payment["id"]) for doc in self._live(*key)]

    def _check_payment(self, payment: Doc, valid: list[Doc], from_trust: bool) -> None:
        every = [a for a in self.clio["allocations"] if a["parent_id"] == payment["id"]]
        if not self._waits(payment, every):
            super()._check_payment(payment, valid, from_trust)

    def _check_payment_leg(
        self, payment: Doc, allocations: list[Doc], leg: str, due: Decimal, from_trust: bool
    ) -> None:
        self.expected.clear()
        super()._check_payment_leg(payment, allocations, leg, due, from_trust)
        live = self._live("payment", payment["id"], leg)
        if len(live) != 1:
            return
        name = f"payment {payment['id']}"
        self._check_postings(name, "Payment", live)
        on = min(a["date"] for a in self.allocations[payment["id"]])
        if live[0]["TxnDate"] != on:
            self.findings.append(f"{name} is of {on}; QuickBooks has {live[0]['TxnDate']}")
        if live[0]["CustomerRef"]["value"] not in self._customers_of(int(leg)):
            self.findings.append(f"{name} came from contact {leg}; QuickBooks has {live[0]['CustomerRef']}")

    def _check_money_by_itself(self) -> None:
        """Without any mark: each payment that no person entered is one of Clio's, by date and amount."""
        left = Counter(
            (p["TxnDate"], p["TotalAmt"]) for p in self._ours("Payment") if p["TotalAmt"] and not self._is_named(p)
        )
        for payment in self.clio["payments"]:
            rows = self.allocations[payment["id"]]
            if rows and payment["status"] == "completed":
                on, whole = min(a["date"] for a in rows), payment["amount"]
                left.subtract((on, part) for part in [*self._due(payment, rows).values()] or [whole])
        for (on, amount), count in left.items():
            if count > 0:
                self.findings.append(f"{count} payments of {amount} on {on} are in QuickBooks and not in Clio")

    def _check_kept_money(self) -> None:
        """Money of a posted payment that Clio took off its bills and kept is in QuickBooks still."""
        held: Counter[int] = Counter()
        operating = {account["id"] for account in self.clio["bank_accounts"] if account["type"] == "Operating"}
        for row in self.clio["bank_transactions"]:
            if row["payment_id"] and row["bank_account_id"] in operating:
                held[row["payment_id"]] += row["signed"]
        posted = {id for kind, id, _ in self.documents if kind == "payment"}
        live = {key[1] for key in self.documents if key[0] == "payment" and self._live(*key)}
        for payment in self.clio["payments"]:
            rows = [a for a in self.clio["allocations"] if a["parent_id"] == payment["id"]]
            is_over = payment["id"] in posted - live and all(a["voided_at"] for a in rows)
            if held[payment["id"]] > 0 and is_over and not self._waits(payment, rows):
                name = f"payment {payment['id']}"
                self.findings.append(f"{name} is over in QuickBooks; Clio's bank has {held[payment['id']]} of it")

    def _is_named(self, doc: Doc) -> bool:
        found = _mark(doc, self.slug)
        return doc["Id"] in self.named_documents or found is None or self._waits_by_id(found[1])

    def _waits_by_id(self, payment_id: int) -> bool:
        payment = next((p for p in self.clio["payments"] if p["id"] == payment_id), None)
        rows = [a for a in self.clio["allocations"] if a["parent_id"] == payment_id]
        return payment is None or self._waits(payment, rows)

    # Contacts

    def _check_contact(self, contact: Doc) -> None:
        """Names and addresses are equal; what Clio has no entry for, QuickBooks may know alone."""
        (customer, *others) = self.documents.get(("contact", contact["id"], ""), ()) or ({},)
        if not customer or others or self._excused("contact", contact["id"]):
            return
        pairs = _names(contact, customer) | {
            "e-mail": (_primary(contact["email_addresses"]), customer.get("PrimaryEmailAddr", {}).get("Address", "")),
            "phone": (_primary(contact["phone_numbers"]), customer.get("PrimaryPhone", {}).get("FreeFormNumber", "")),
        }
        for name, (ours, theirs) in pairs.items():
            if ours and ours != theirs:
                self.findings.append(f"contact {contact['id']} has {name} {ours}, in QuickBooks {theirs or 'none'}")

    # Credit notes

    def _check_credit(self, memo: Doc) -> None:
        rows = [a for a in self.clio["allocations"] if a["parent_id"] == memo["id"]]
        bills = [self.every_bill[a["bill_id"]] for a in rows if a["bill_id"] in self.every_bill]
        if self._excused("credit_note", memo["id"]) or any(self._explained(bill) for bill in bills):
            return
        scoped = [a for a in rows if not a["voided_at"] and a["bill_id"] in self.bills]
        wanted = [(f"CN-{memo['id']}", memo["date"], sum((a["amount"] for a in scoped), ZERO))] if scoped else []
        live = self._live("credit_note", memo["id"])
        found = [(doc.get("DocNumber"), doc["TxnDate"], doc["TotalAmt"]) for doc in live]
        if found != wanted:
            self.findings.append(f"credit note {memo['id']} should be {wanted}; QuickBooks has {found}")
        elif live:
            self._check_credit_split(memo, bills[0], live[0])

    def _check_credit_split(self, memo: Doc, bill: Doc, doc: Doc) -> None:
        """The credit takes off each item its share of the bill less its discount, to the cent a rounding may move.

        What the bill itself has no room for takes off interest, of which there must be as much.
        """
        if doc["CustomerRef"]["value"] not in self._customers_of(bill["client_id"]):
            self.findings.append(f"credit note {memo['id']} is given to customer {doc['CustomerRef']}")
        posted = dict(self._postings["CreditMemo", doc["Id"]])
        interest = posted.get(self.accounts["interest"], ZERO)
        charged = sum((charge["total"] for charge in self.charges[bill["id"]]), ZERO)
        shares: dict[str, Decimal] = defaultdict(lambda: ZERO)
        shares[self.accounts["interest"]] = min(interest, charged)
        for role, share in self._shares(bill).items():
            shares[self.accounts[role]] += (memo["amount"] - shares[self.accounts["interest"]]) * share
        if posted.pop(self.accounts["receivable"], ZERO) != -memo["amount"]:
            self.findings.append(f"credit note {memo['id']} does not take its amount off what is owed")
        for account in shares.keys() | posted.keys():
            if abs(shares[account] - posted.get(account, ZERO)) > self._rounding(bill):
                self.findings.append(f"credit note {memo['id']} takes {posted} off, not {dict(shares)}")
                return

    def _rounding(self, bill: Doc) -> Decimal:
        """A cent for each line and tax that shares are rounded for."""
        return (2 * len(self.lines[bill["id"]]) + 2) * Decimal("0.01")

    # Balances

    def _check_customers(self) -> None:
        """Bill by bill: what is open on its invoices is what it owes."""
        for bill in self.bills.values():
            if self._explained(bill) or not self._is_posted(bill) or self._money_waits(bill):
                continue
            open_ = sum(
                (i["Balance"] for leg in self._legs(bill) for i in self._live("invoice", bill["id"], leg)), ZERO
            )
            if open_ != bill["balance"]:
                self.findings.append(f"bill {bill['number']} owes {bill['balance']}, in QuickBooks {open_}")

    def _money_waits(self, bill: Doc) -> bool:
        """Whether an issue names anything that pays, paid or reduced this bill, or what that also pays."""
        ids = {a["parent_id"] for a in self.clio["allocations"] if a["bill_id"] == bill["id"]}
        payments = ids & {payment["id"] for payment in self.clio["payments"]}
        noted = any(self._excused("credit_note", id) for id in ids)
        return noted or any(self._waits_by_id(id) for id in payments) or self._is_paid_by_hand(bill)

    def _is_paid_by_hand(self, bill: Doc) -> bool:
        """Whether a person's payment that an issue names is applied to the bill's invoices."""
        for leg in self._legs(bill):
            for invoice in self._live("invoice", bill["id"], leg):
                if {txn["TxnId"] for txn in invoice.get("LinkedTxn", ())} & self.named_documents:
                    return True
        return False


def _names(contact: Doc, customer: Doc) -> dict[str, tuple[str, str]]:
    """A person's names, or a company's; what the customer of a person has for a company is not Clio's."""
    if contact["type"] == "Company":
        return {"company name": (contact["name"], customer.get("CompanyName", ""))}
    return {
        "given name": (contact["first_name"], customer.get("GivenName", "")),
        "family name": (contact["last_name"], customer.get("FamilyName", "")),
    }


def _primary(rows: Iterable[Doc]) -> str:
    """The value of a contact's main row."""
    return next((row.get("address") or row["number"] for row in rows if row["primary"]), "")
