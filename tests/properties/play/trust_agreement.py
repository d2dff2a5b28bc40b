"""What has to be true of trust money: account by account and client by client, since the start date."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from tests.oracle import ZERO, Doc, _is_void, _mark
from tests.properties.play.agreement import Agreement

NOBODY = 0
Sums = dict[tuple[int, int], Decimal]  # by Clio account and contact


@dataclass
class TrustAgreement(Agreement):
    """``trust_accounts``: a Clio trust account to its QuickBooks bank and liability; ``transfers``: rows out and in."""

    trust_accounts: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    transfers: Collection[tuple[int, int]] = ()

    def check(self) -> list[str]:
        super().check()
        self._entries = self._trust_documents()
        self._other_row = self._rows_of_one_entry()
        self._check_clients()
        for row in self._rows():
            self._check_row(row)
        for docs in self._entries.values():
            for entity, doc in docs:
                self._check_nothing_else(entity, doc)
        return self.findings

    def _trust_documents(self) -> dict[int, list[tuple[str, Doc]]]:
        """Our live documents by the row they stand for, reversals too."""
        found: dict[int, list[tuple[str, Doc]]] = defaultdict(list)
        for entity in ("JournalEntry", "Purchase"):
            for doc in self.quickbooks[entity]:
                mark = _mark(doc, self.slug)
                if mark and mark[0] == "trust_entry" and not _is_void(doc):
                    found[mark[1]].append((entity, doc))
        return found

    def _rows(self) -> list[Doc]:
        """Rows of mapped trust accounts since the start date."""
        rows = (row for row in self.clio["bank_transactions"] if row["bank_account_id"] in self.trust_accounts)
        return [row for row in rows if date.fromisoformat(row["date"]) >= self.start]

    def _rows_of_one_entry(self) -> dict[int, Doc]:
        """From each row of a transfer within one account to its other row: one entry stands for both (R6.4)."""
        rows = {row["id"]: row for row in self.clio["bank_transactions"]}
        kept = [(rows[a], rows[b]) for a, b in self.transfers if a in rows and b in rows]
        within = [(out, into) for out, into in kept if out["bank_account_id"] == into["bank_account_id"]]
        return {row["id"]: other for pair in within for row, other in (pair, pair[::-1])}

    def _row_waits(self, row: Doc) -> bool:
        """Whether an issue names the row, or the one it shares its entry with, or what they belong to."""
        other = self._other_row.get(row["id"])
        return self._is_named_row(row) or (other is not None and self._is_named_row(other))

    def _is_named_row(self, row: Doc) -> bool:
        """Whether an issue names the row, its client, or the payment or bill it belongs to."""
        about = (("trust_entry", row["id"]), ("contact", row["client_id"]), ("invoice", row["bill_id"]))
        if any(self._excused(kind, id) for kind, id in about):
            return True
        return bool(row["payment_id"]) and super()._waits_by_id(row["payment_id"])

    def _waits(self, payment: Doc, allocations: Iterable[Doc]) -> bool:
        """A payment from trust also waits with its row."""
        rows = [row for row in self.clio["bank_transactions"] if row["payment_id"] == payment["id"]]
        named = any(self._excused("trust_entry", row["id"]) for row in rows)
        return named or super()._waits(payment, allocations)

    # Client by client

    def _check_clients(self) -> None:
        """The change of what is owed to each client is that of Clio's balance, but for rows an issue names."""
        waiting = {row["id"] for row in self.clio["bank_transactions"] if self._row_waits(row)}
        waiting |= {int(id) for kind, id in self.about if kind == "trust_entry"}
        clio: Sums = defaultdict(lambda: ZERO)
        for row in self.clio["bank_transactions"]:
            counts = row["date"] >= self.start.isoformat() or row["id"] in self._entries  # re-dated once it was posted
            if row["bank_account_id"] in self.trust_accounts and counts and row["id"] not in waiting:
                clio[row["bank_account_id"], row["client_id"] or NOBODY] += row["signed"]
        quickbooks = self._owed(waiting)
        for key in clio.keys() | quickbooks.keys():
            if clio[key] != quickbooks[key]:
                self.findings.append(f"trust {key} moved by {clio[key]} in Clio, by {quickbooks[key]} in QuickBooks")

    def _owed(self, waiting: set[int]) -> Sums:
        accounts = {liability: id for id, (_, liability) in self.trust_accounts.items()}
        contacts = {doc["Id"]: key[1] for key, docs in self.documents.items() if key[0] == "contact" for doc in docs}
        found: Sums = defaultdict(lambda: ZERO)
        for row_id, docs in self._entries.items():
            for entity, doc in docs if row_id not in waiting else ():
                for account, amount, customer in _lines(entity, doc):
                    if account in accounts:
                        found[accounts[account], contacts.get(customer, NOBODY)] -= amount
        return found

    # Row by row

    def _check_row(self, row: Doc) -> None:
        if row["id"] in self._other_row or self._row_waits(row):
            return
        bank, liability = self.trust_accounts[row["bank_account_id"]]
        found = [
            (doc["TxnDate"], self._postings[entity, doc["Id"]][bank], self._postings[entity, doc["Id"]][liability])
            for entity, doc in self._entries.get(row["id"], ())
            if (_mark(doc, self.slug) or ("", 0, ""))[2] == ""
        ]
        if found != [(row["date"], row["signed"], -row["signed"])]:
            self.findings.append(f"trust row {row['id']} is {row['signed']} on {row['date']}; QuickBooks has {found}")

    def _check_nothing_else(self, entity: str, doc: Doc) -> None:
        """Trust money never touches income, expense or receivables; only people may make it so."""
        allowed = {account for pair in self.trust_accounts.values() for account in pair}
        others = {a: amount for a, amount in self._postings[entity, doc["Id"]].items() if amount and a not in allowed}
        if others and not self._excused("trust_entry", (_mark(doc, self.slug) or ("", 0, ""))[1]):
            self.findings.append(f"{entity} {doc['Id']} of trust posts to {others}")


def _lines(entity: str, doc: Doc) -> Iterable[tuple[str, Decimal, str]]:
    """(account, debit less credit, customer id) of each line; a check's bank is not among them."""
    for line in doc["Line"]:
        if entity == "JournalEntry" and "JournalEntryLineDetail" in line:
            detail = line["JournalEntryLineDetail"]
            sign = 1 if detail["PostingType"] == "Debit" else -1
            entity_ref = detail.get("Entity", {})
            who = entity_ref.get("EntityRef", entity_ref).get("value", "")
            yield detail["AccountRef"]["value"], sign * line["Amount"], who
        elif entity == "Purchase" and "AccountBasedExpenseLineDetail" in line:
            detail = line["AccountBasedExpenseLineDetail"]
            who = detail.get("CustomerRef", {}).get("value", "")
            yield detail["AccountRef"]["value"], line["Amount"], who
