"""A firm at play: connected and mapped once, put back to that state before every example, with a clock of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from firms.models import Firm, User
from integrations.models import Issue, SyncRun
from integrations.models import Mapping as MappingRow
from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.clio.switches import switch
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.store import Store
from integrations.sandbox.world import World
from tests.portal import START, Portal, make_portal
from tests.properties.play.agreement import Named
from tests.properties.play.pick import FIRST_DAY
from tests.properties.play.trust_agreement import TrustAgreement
from tests.sync.test_generated_firm import ROLES

Doc = dict[str, Any]
BEGIN = datetime(2026, 11, 24, 12, tzinfo=UTC)
QUARTER_OF_AN_HOUR = 900
OUR_OWN_FAULT = ("not_planned", "rejected", "unresolved_write")
SEEN_TWICE = 700  # rule R1.4: what is absent counts when it was missed twice, ten minutes apart
TRANSACTIONS = ("Invoice", "Payment", "CreditMemo", "JournalEntry", "Purchase", "Deposit", "SalesReceipt")


class StillStore(Store):
    """Its time only moves when it is moved on, so that an example happens the same way whenever it is played."""

    def now(self) -> datetime:
        return BEGIN + timedelta(seconds=float(self.setting("clock:offset_s", 0.0)))

    def kept(self) -> bytes:
        return self._db.serialize()

    def put_back(self, state: bytes) -> None:
        self._db.deserialize(state)


class Stage:
    """The firm every example starts from: two clients, what they owe and paid, one of them too much; synced once."""

    def __init__(self, firm: Firm, owner: User) -> None:
        self.store = StillStore()
        switch(self.store, "clio_payment_of_others", "accepted")
        self.portal = make_portal(firm, owner, store=self.store)
        self.portal.clio.add_bank_account("Second trust", "Trust")
        self.portal.map()
        ann, bo = self.portal.contact(), self.portal.contact("Bo", "Ng", "bo@example.com")
        paid = self.portal.bill("100.00", contact=ann)
        self.portal.clio.record_payment(ann, [(paid, Decimal(100))], FIRST_DAY, amount=Decimal(140))
        self.portal.pay(self.portal.bill("250.01", contact=bo, tax_rate="8.25"), 40)
        self.portal.bill("1000.00", contact=ann)
        self.portal.clio.trust_deposit(bo, Decimal(1000), FIRST_DAY, source="Bo Ng", reference="1")
        self.portal.run()
        self.before = self.store.kept()
        self.mapped = _mapped(self.portal)

    @contextmanager
    def example(self) -> Iterator["Play"]:
        """One example; whatever it does to the database and to the stand-ins is taken back."""
        self.store.put_back(self.before)
        self.portal.world = World(self.store)  # forgets how many calls it was sent
        self.portal.wire.watch()
        self.portal.wire.serve(self.portal.world)
        here = transaction.savepoint_create()
        try:
            play = Play(self.portal, self.mapped)
            play.note_clients()
            yield play
        finally:
            transaction.set_rollback(False)  # whatever failed in between is undone with the rest
            transaction.savepoint_rollback(here)


@dataclass
class Play:
    """What the acts work on. ``by_hand`` are the documents that people entered in QuickBooks.

    ``vanished`` is set by an act that leaves something absent without a trace, which counts only when seen twice.
    """

    portal: Portal
    mapped: Mapping[str, str]  # QuickBooks ids by mapping key; no act changes it
    by_hand: set[tuple[str, str]] = field(default_factory=set)
    adopted: dict[tuple[str, str], str] = field(default_factory=dict)
    once_clients: set[int] = field(default_factory=set)
    once_rows: set[int] = field(default_factory=set)
    transfers: list[tuple[int, int]] = field(default_factory=list)
    vanished: bool = False

    @property
    def clio(self) -> ClioOffice:
        return self.portal.clio

    @property
    def quickbooks(self) -> QuickBooksOffice:
        return self.portal.quickbooks

    # What there is to act on, oldest first

    def bills(self, *states: str) -> list[Doc]:
        kept = (self.clio.bill(doc["id"]) for doc in self.clio.all("bill"))
        return [bill for bill in kept if not states or bill["state"] in states]

    def contacts(self) -> list[int]:
        return [doc["id"] for doc in self.clio.all("contact")]

    def payments(self, status: str = "completed") -> list[Doc]:
        return [p for p in self.clio.all("payment") if p["status"] == status and not p["voided_at"]]

    def documents(self, entity: str, *, ours: bool = True) -> list[Doc]:
        """Documents in QuickBooks that the portal made, or those that people entered, without voided ones."""
        found = self.quickbooks.all(entity)
        return [doc for doc in found if ((entity, doc["Id"]) not in self.by_hand) == ours and not _is_void(doc)]

    def customers(self) -> list[Doc]:
        return [doc for doc in self.quickbooks.all("Customer") if doc["Active"]]

    def item(self) -> str:
        return str(self.quickbooks.all("Item")[0]["Id"])

    def entered(self, entity: str, doc: Doc) -> Doc:
        """Notes that a person entered this document."""
        self.by_hand.add((entity, doc["Id"]))
        return doc

    # A sync and what has to be true after it

    def sync(self) -> None:
        """One run on its schedule, the check of everything, and a second run that must find nothing to do."""
        self.portal.clock.sleep(QUARTER_OF_AN_HOUR)
        run = self._run()
        if self.vanished or _waits(run):
            self.portal.clock.sleep(SEEN_TWICE)
            self._run()
        self.vanished = False
        self.note_clients()
        findings = self.judged()
        assert findings == [], "\n".join([*findings, *self._issues_in_words()])
        self._run_again()

    def _run(self) -> SyncRun:
        people, entries = self._rows_of_clio(), self._entries_of_contacts()
        run = self.portal.run()
        assert (run.outcome in ("in_sync", "issues"), run.reason) == (True, ""), f"{run.outcome}: {run.reason}"
        odd = [issue.message for issue in self.portal.issues() if issue.code in OUR_OWN_FAULT]
        assert odd == [], odd
        assert self._rows_of_clio() == people, "a row appeared or went in Clio"
        assert entries <= self._entries_of_contacts(), "an entry of a contact was removed in Clio"
        created = [entry for entry in self.portal.log if entry[0] in ("POST", "DELETE") and "/clio/api/" in entry[1]]
        assert created == [], created
        return run

    def _rows_of_clio(self) -> dict[str, int]:
        kinds = ("contact", "bill", "matter", "bank_transaction", "bank_account")
        return {kind: sum(1 for _ in self.clio.all(kind)) for kind in kinds}

    def _entries_of_contacts(self) -> set[int]:
        parts = ("email_addresses", "phone_numbers", "addresses")
        return {row["id"] for doc in self.clio.all("contact") for part in parts for row in doc[part]}

    def _run_again(self) -> None:
        """A sync straight after another has nothing left to write, and says the same."""
        open_, written = self._issues(), self._writes()
        self._run()
        more = self._writes()[len(written) :]
        assert more == [], f"a second sync writes {more}: {self.portal.wire.sent[-len(more) :]}"
        assert self._issues() == open_, f"a second sync says {self._issues()}, the first {open_}"

    def _writes(self) -> list[tuple[str, str, str]]:
        """Every write either side has received."""
        return [e for e in self.portal.log if e[0] != "GET" and ("/v3/" in e[1] or "/clio/api/" in e[1])]

    def _issues(self) -> list[tuple[str, str, str, str, str]]:
        return sorted((i.code, i.kind, i.practice_id, i.leg, i.state) for i in self.kept_issues())

    def kept_issues(self) -> list[Issue]:
        return list(Issue.objects.of(self.portal.firm).exclude(state=Issue.State.CLOSED).order_by("id"))

    def _issues_in_words(self) -> list[str]:
        found = self.kept_issues()
        return [
            f"  issue {i.code} {i.state} {i.kind} {i.practice_id}/{i.leg} {i.ledger_id}: {i.message}" for i in found
        ]

    def note_clients(self) -> None:
        self.once_clients |= {bill["client_id"] for bill in self.bills() if bill["issued_at"] >= "2026"}
        trust = self._trust_accounts()
        rows = [row for row in self.clio.all("bank_transaction") if row["bank_account_id"] in trust]
        self.once_rows |= {row["id"] for row in rows if row["date"] >= "2026"}  # such a row stays posted when re-dated
        self.once_clients |= {row["client_id"] for row in rows if row["id"] in self.once_rows}

    def _trust_accounts(self) -> dict[int, tuple[str, str]]:
        banks = {int(key.rpartition(":")[2]): id for key, id in self.mapped.items() if ":trust_bank:" in key}
        return {account: (bank, self.mapped[f"account:trust_liability:{account}"]) for account, bank in banks.items()}

    def _accounts(self, snapshot: dict[str, list[Doc]]) -> dict[str, str]:
        sold = [item for item in snapshot["Item"] if item.get("IncomeAccountRef")]
        income = {item["Id"]: item["IncomeAccountRef"]["value"] for item in sold}
        return {role: income[self.mapped[key]] for key, role in ROLES.items()} | {
            "receivable": self.quickbooks.account_id("receivable"),
            "undeposited": self.mapped["account:deposit"],
            "in_transit": self.mapped["account:in_transit"],
        }

    def judged(self) -> list[str]:
        """What an independent checker finds."""
        snapshot = self.quickbooks.snapshot()
        return TrustAgreement(
            clio=self.clio.snapshot(),
            quickbooks=snapshot,
            before={},
            after={},
            accounts=self._accounts(snapshot),
            slug=self.portal.firm.slug,
            start=START,
            issues=[_named(issue) for issue in self.kept_issues()],
            by_hand=frozenset(self.by_hand),
            adopted=self.adopted,
            once_clients=frozenset(self.once_clients),
            trust_accounts=self._trust_accounts(),
            transfers=tuple(self.transfers),
        ).check()


def _waits(run: SyncRun) -> bool:
    """Whether something had to let go first, and takes hold of its new place with the next run."""
    return any(words["waiting"] for words in run.counts.values())


def _named(issue: Issue) -> Named:
    return Named(issue.code, issue.kind, issue.practice_id, issue.severity, issue.leg, issue.ledger_id)


def _mapped(portal: Portal) -> dict[str, str]:
    return dict(MappingRow.objects.of(portal.firm).filter(pairing=portal.pairing).values_list("key", "ledger_id"))


def _is_void(doc: Doc) -> bool:
    return str(doc.get("PrivateNote") or "").startswith("Voided")


def cash(value: object) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.01"))
