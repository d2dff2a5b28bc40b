"""Reading both systems afresh for a reconciliation: whole lists, page by page."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from integrations.core.errors import Forbidden
from integrations.core.mapping import Policy
from integrations.core.ports import Page, Raw
from integrations.core.read import Unreadable, money, text
from integrations.core.records import Kind, Ref, parse_mark
from integrations.kinds import contact, credit_note, invoice, payment
from integrations.kinds.invoice import id_order
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import (
    ACCOUNTS,
    CHARGES,
    CONTACTS,
    LINES,
    MEMOS,
    RECEIPTS,
    TRUST_ROWS,
    ClioBooks,
    may_be_in_scope,
)
from integrations.kinds.proof.ledger import found
from integrations.kinds.proof.words import Found, Standing
from integrations.kinds.trust_entry import decode_row
from integrations.models import SyncRun
from integrations.sync.sources import Listed, Source
from integrations.sync.workspace import Workspace
from integrations.systems.quickbooks import query

FORMS = ("Invoice", "CreditMemo", "Payment", "JournalEntry", "Purchase")
ACTIVE = query.equals("Active", True)
# The plain list does not tell whether it shows bills that are void or deleted.
BILLS: Sequence[Mapping[str, str]] = ({"type": "revenue"}, {"state": "void"}, {"state": "deleted"})
FEW = 20  # bills whose lines are read one by one; of more, all lines are
MARGIN = timedelta(days=1)  # between our clock and QuickBooks's


class Clio:
    """Clio as it is now. ``as_of`` is Clio's clock when it answered first."""

    def __init__(self, source: Source, standing: Mapping[Ref, Standing], policy: Policy) -> None:
        self._source, self._policy = source, policy
        self._linked = {ref.practice_id for ref in standing if ref.kind is Kind.INVOICE}
        self._people = [ref.practice_id for ref in standing if ref.kind is Kind.CONTACT]
        self.books = ClioBooks()
        self.trust_accounts: dict[str, str] = {}  # those that are mapped, id to name
        self.as_of: datetime | None = None

    def read(self) -> ClioBooks:
        """Every list that what we post depends on. Raises RemoteError: a list that could not be read is not empty.

        What Clio does not let the user read and a run can do without is noted as closed; the rest is compared.
        """
        for filters in BILLS:
            self._keep_bills(self._rows("bills", filters=filters))
        self._read_unlisted_bills()
        self._read_parts({"status": "valid"}, {})
        self._read_lines({})
        with self._may_be_closed(CONTACTS):
            people = self._rows("contacts", ids=sorted(self._people, key=id_order)) if self._people else ()
            self.books.contacts |= {c.id: c for c in _decoded(people, contact.decode)}
        with self._may_be_closed(MEMOS):
            self.books.memos |= {m.id: m for m in _decoded(self._rows("credit_memos"), credit_note.decode_memo)}
        self._read_banks()
        return self.books

    def lists(self) -> Iterator[Listed]:
        """Every list that is known beforehand, so that all can be read before any is looked into."""
        yield from (Listed("bills", filters) for filters in BILLS)
        yield from (Listed("allocations", {"status": "valid"}), Listed("interest_charges"), Listed("credit_memos"))
        if self._linked:
            yield Listed("line_items")
        if self._people:
            yield Listed("contacts", {}, sorted(self._people, key=id_order))
        yield Listed("bank_accounts")
        with suppress(Forbidden):
            for account in filter(self._is_wanted, self._rows("bank_accounts")):
                yield Listed("bank_transactions", {"bank_account_id": text(account, "id")})

    def _is_wanted(self, account: Raw) -> bool:
        kind = text(account, "type")
        return kind == payment.OPERATING or (kind == payment.TRUST and self._policy.has_trust(text(account, "id")))

    def read_again(self, bill_id: str) -> None:
        """Rule R3.1: one bill and what pays it, together, where their lists did not fit each other."""
        self.books.forget_bill(bill_id)
        self._keep_bills(self._rows("bills", ids=[bill_id]))
        self._read_parts({"status": "valid", "bill_id": bill_id}, {"bill_id": bill_id})
        self._read_lines({"bill_id": bill_id})

    def tell_shown_lines_apart(self, bill_ids: Sequence[str]) -> None:
        """Rule R3.2: which lines a bill shows is a filter, read where all of them do not add up."""
        filters = [{"bill_id": id} for id in bill_ids] if len(bill_ids) <= FEW else [{}]
        pages = (self._rows("line_items", filters={**one, "display": "true"}) for one in filters)
        shown = {text(row, "id") for rows in pages for row in rows}
        for id in bill_ids:
            self.books.lines[id] = [replace(line, shown=line.id in shown) for line in self.books.lines[id]]

    def _read_lines(self, filters: Mapping[str, str]) -> None:
        rows = self._rows("line_items", filters=filters) if self._linked else ()
        with self._may_be_closed(LINES):
            for line in _decoded(rows, invoice.decode_line):
                if line.bill_id in self._linked:
                    self.books.lines.setdefault(line.bill_id, []).append(line)

    @contextmanager
    def _may_be_closed(self, name: str) -> Iterator[None]:
        try:
            yield
        except Forbidden:
            self.books.closed.add(name)

    def _rows(self, entity: str, ids: Sequence[str] = (), filters: Mapping[str, str] | None = None) -> Iterator[Raw]:
        for page in self._source.clio(Listed(entity, filters or {}, ids)):
            self.as_of = self.as_of or page.as_of
            yield from page.rows

    def _keep_bills(self, rows: Iterable[Raw]) -> None:
        for raw in rows:
            bill_id = text(raw, "id")
            try:
                self.books.bills[bill_id] = invoice.decode_bill(raw)
            except Unreadable as error:
                if may_be_in_scope(raw, self._policy.start_date) or bill_id in self._linked:
                    self.books.unreadable[bill_id] = str(error)

    def _read_unlisted_bills(self) -> None:
        """Bills with an invoice that no list showed: asked for by name before they count as gone."""
        if unlisted := sorted(self._linked - self.books.bills.keys() - self.books.unreadable.keys(), key=id_order):
            self._keep_bills(self._rows("bills", ids=unlisted))

    def _read_parts(self, allocations: Mapping[str, str], charges: Mapping[str, str]) -> None:
        rows = self._rows("allocations", filters=allocations)
        self.books.allocations |= {a.id: a for a in _decoded(rows, invoice.decode_allocation)}
        with self._may_be_closed(CHARGES):
            rows = self._rows("interest_charges", filters=charges)
            self.books.charges |= {c.id: c for c in _decoded(rows, invoice.decode_interest)}

    def _read_banks(self) -> None:
        """Receipts of Operating accounts (R4.1), and the whole ledgers of trust accounts that are mapped (R6.1)."""
        accounts: list[Raw] = []
        with self._may_be_closed(ACCOUNTS):
            accounts += self._rows("bank_accounts")
        for account in accounts:
            account_id, kind = text(account, "id"), text(account, "type")
            rows = self._rows("bank_transactions", filters={"bank_account_id": account_id})
            if kind == payment.OPERATING:
                with self._may_be_closed(RECEIPTS):
                    self.books.receipts |= {r.id: r for r in _decoded(rows, payment.decode_receipt) if r}
            if kind == payment.TRUST and self._policy.has_trust(account_id):
                self.trust_accounts[account_id] = text(account, "name")
                with self._may_be_closed(TRUST_ROWS):
                    self._keep_trust(rows)

    def _keep_trust(self, rows: Iterable[Raw]) -> None:
        for raw in rows:
            try:
                self.books.trust[text(raw, "id")] = decode_row(raw)
            except Unreadable as error:
                self.books.unreadable_trust[text(raw, "id")] = str(error)


def _decoded[T](rows: Iterable[Raw], decode: Callable[[Raw], T]) -> Iterator[T]:
    """The readable ones; what is missing of a bill shows in its sums, which then do not add up."""
    for raw in rows:
        with suppress(Unreadable):
            yield decode(raw)


class QuickBooks:
    """Our documents in QuickBooks as they are now. ``as_of`` is its clock when it answered first."""

    def __init__(self, work: Workspace, source: Source) -> None:
        self._work, self._source = work, source
        self._found: dict[tuple[str, str], Found] = {}
        self._memos: set[str] = set()  # our credit memos: whoever uses one of them matters
        self.customers: dict[str, Raw] = {}  # the active ones that are linked
        self.as_of: datetime | None = None

    def read(self, standing: Mapping[Ref, Standing], left: Iterable[Ref]) -> OurBooks:
        """Whatever is linked, and whatever carries a mark of ours; ``left`` is kept by hand. Raises RemoteError."""
        linked = {link.key for link in standing.values()}
        self._memos = {id for entity, id in linked if entity == "CreditMemo"}
        for entity in FORMS:
            for where in self._since_the_first_run():
                self._keep(entity, self._pages(entity, where), linked)
            self._read_by_id(entity, linked)
        names, bearers = self._customers({id for entity, id in linked if entity == "Customer"})
        return OurBooks.of(standing, self._found.values(), names, left, bearers)

    def queries(self) -> Iterator[tuple[str, str]]:
        """Every query that is known beforehand."""
        yield from ((entity, where) for entity in FORMS for where in self._since_the_first_run())
        yield "Customer", ACTIVE

    def _since_the_first_run(self) -> list[str]:
        """All that we ever wrote was written during a run; whatever date it bears, it changed since the first one."""
        first = SyncRun.objects.of(self._work.firm).order_by("id").first()
        return [query.since(first.started_at - MARGIN)] if first else []

    def _read_by_id(self, entity: str, linked: set[tuple[str, str]]) -> None:
        """Linked documents that did not show: those that were there before us, or have just changed."""
        unseen = sorted((id for kind, id in linked - self._found.keys() if kind == entity), key=id_order)
        for where in query.within_each("Id", unseen):
            self._keep(entity, self._pages(entity, where), linked)

    def _keep(self, entity: str, pages: Iterator[Page], linked: set[tuple[str, str]]) -> None:
        for page in pages:
            for document in _decoded(page.rows, lambda raw: found(entity, raw, self._work.firm.slug)):
                if document.key in linked or document.marked or document.credits.keys() & self._memos:
                    self._found[document.key] = document

    def balance_of(self, account_id: str) -> tuple[str, Decimal] | None:
        """Name and balance of one account, as QuickBooks counts it now; None where it is not there."""
        for page in self._pages("Account", query.equals("Id", account_id)):
            for raw in page.rows:
                return text(raw, "Name"), money(raw, "CurrentBalance")
        return None

    def _customers(self, linked: set[str]) -> tuple[dict[str, str], dict[Ref, list[str]]]:
        """Names of the active customers by id, and the ids of those that bear a mark of ours."""
        names: dict[str, str] = {}
        bearers: dict[Ref, list[str]] = {}
        every = [raw for page in self._pages("Customer", ACTIVE) for raw in page.rows]
        self.customers = {id: raw for raw in every if (id := text(raw, "Id")) in linked}
        for customer in _decoded(every, contact.decode_customer):
            names[customer.id] = customer.display_name
            if ref := parse_mark(customer.notes, self._work.firm.slug):
                bearers.setdefault(ref, []).append(customer.id)
        return names, bearers

    def _pages(self, entity: str, where: str) -> Iterator[Page]:
        for page in self._source.quickbooks(entity, where):
            self.as_of = self.as_of or page.as_of
            yield page
