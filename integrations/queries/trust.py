"""Trust at a glance: per account and client Clio's ledger, what was there before, and what stands in QuickBooks.

Read from our mirror of both systems: QuickBooks's side are the entries and checks we posted, reversals included.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO

from django.db import connection
from django.db.models import OuterRef, Q, Subquery
from django.db.models.fields.json import KT
from django.http import QueryDict

from firms.models import Firm
from integrations.core import mapping as keys
from integrations.core.money import ZERO
from integrations.core.sheets import harmless
from integrations.core.text import search_key
from integrations.models import Issue, Pairing, Record
from integrations.models import Mapping as Mapped
from integrations.queries.paging import SIZE, Page, number, words
from integrations.queries.state import OPEN

NOBODY = "0"  # rows without a client

Key = tuple[str, str]  # Clio account id, contact id


@dataclass(frozen=True, slots=True)
class Client:
    """One client's money on one account. ``posted`` is the liability our entries show since the start date.

    ``key`` is what the name is sorted and searched by.
    """

    account_id: str
    contact_id: str
    name: str
    key: str
    ledger: Decimal
    opening: Decimal
    posted: Decimal
    issues: tuple[Issue, ...] = ()

    @property
    def difference(self) -> Decimal:
        return self.ledger - self.opening - self.posted


@dataclass(frozen=True, slots=True)
class Account:
    """One Clio trust account. ``bank`` and ``liability`` are what our entries moved, both above zero for money held."""

    id: str
    name: str
    bank_name: str
    liability_name: str
    is_mapped: bool
    listed: Decimal
    ledger: Decimal = ZERO
    opening: Decimal = ZERO
    bank: Decimal = ZERO
    liability: Decimal = ZERO
    issues: tuple[Issue, ...] = ()

    @property
    def difference(self) -> Decimal:
        """What Clio holds since the start date and our entries on the bank do not."""
        return self.ledger - self.opening - self.bank

    @property
    def is_balanced(self) -> bool:
        return self.bank == self.liability


@dataclass(frozen=True, slots=True)
class OpeningLine:
    """One line of the journal entry an accountant may enter for the opening balances."""

    account: str
    client: str
    debit: Decimal = ZERO
    credit: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Overview:
    accounts: list[Account] = field(default_factory=list)
    clients: Page[Client] = field(default_factory=lambda: Page(()))
    count: int = 0
    differing: int = 0
    openings: list[Client] = field(default_factory=list)
    opening_on: date | None = None

    @property
    def is_mapped(self) -> bool:
        return any(account.is_mapped for account in self.accounts)

    @property
    def opening_lines(self) -> list[OpeningLine]:
        """Per account the bank, then what is owed to each client (rule R6.5); debits equal credits."""
        return [line for account in self.accounts for line in self._opening_of(account)]

    def _opening_of(self, account: Account) -> Iterator[OpeningLine]:
        mine = [client for client in self.openings if client.account_id == account.id]
        if account.is_mapped and mine:
            yield _line(account.bank_name, "", account.opening)
            yield from (_line(account.liability_name, client.name, -client.opening) for client in mine)


def _line(account: str, client: str, amount: Decimal) -> OpeningLine:
    return OpeningLine(account, client, max(amount, ZERO), max(-amount, ZERO))


def opening_csv(found: Overview) -> str:
    """The opening entry as CSV. What a spreadsheet would take for a formula begins with an apostrophe."""
    out = StringIO()
    sheet = csv.writer(out)
    sheet.writerow(["Date", "Account", "Customer", "Debit", "Credit", "Memo"])
    for line in found.opening_lines:
        amounts = [f"{amount:.2f}" if amount else "" for amount in (line.debit, line.credit)]
        names = [harmless(name) for name in (line.account, line.client)]
        sheet.writerow([str(found.opening_on or ""), *names, *amounts, "Trust balance before the start date"])
    return out.getvalue()


# What Clio holds ("held", with what of it was there before) by contact, and what our entries move ("posted": debits
# less credits of a QuickBooks account), where it is owed by contact as well. One statement: both are of one moment.
_SUMS = """
WITH held AS (
  SELECT trust_lines[1][1] AS account, owner_id AS contact, data->>'date' AS day, external_id AS id,
    trust_lines[1][3]::numeric AS amount
  FROM integrations_record WHERE pairing_id = %(p)s AND entity = 'trust_transactions' AND NOT is_deleted),
ours AS (
  SELECT doc.trust_lines AS lines FROM integrations_record doc
  WHERE doc.pairing_id = %(p)s AND doc.side = 'ledger' AND doc.entity IN ('JournalEntry', 'Purchase')
    AND NOT doc.is_deleted AND EXISTS (SELECT 1 FROM integrations_entitylink link
      WHERE link.pairing_id = doc.pairing_id AND link.kind = 'trust_entry' AND link.state <> 'unlinked'
        AND link.ledger_entity = doc.entity AND link.ledger_id = doc.external_id)),
posted AS (
  SELECT lines[n][1] AS account, CASE WHEN lines[n][1] = ANY(%(owed)s) THEN lines[n][2] END AS customer,
    sum(lines[n][3]::numeric) AS amount
  FROM (SELECT lines, generate_subscripts(lines, 1) AS n FROM ours) AS line GROUP BY 1, 2),
whose AS (
  SELECT account, amount, COALESCE((SELECT person.practice_id FROM integrations_entitylink person
    WHERE person.pairing_id = %(p)s AND person.kind = 'contact' AND person.state <> 'unlinked'
      AND person.ledger_id = posted.customer LIMIT 1), %(nobody)s) AS contact
  FROM posted)
SELECT 'held', account, contact, sum(amount), COALESCE(sum(amount) FILTER (WHERE day < %(start)s AND NOT EXISTS (
    SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = %(p)s AND link.kind = 'trust_entry'
      AND link.practice_id = held.id AND link.state = 'live')), 0)
FROM held GROUP BY account, contact
UNION ALL SELECT 'posted', account, contact, sum(amount), 0 FROM whose GROUP BY account, contact
"""


def overview(firm: Firm, pairing: Pairing, asked: QueryDict) -> Overview:
    """Everything of the page, by ?q=, ?differs= and ?page=. About ten queries, whatever the number of clients."""
    mapped = list(Mapped.objects.of(firm).filter(pairing=pairing))
    held, posted = _sums(pairing, mapped)
    accounts = _accounts(firm, pairing, mapped)
    found = _clients(firm, pairing, accounts, held, _by_client(mapped, posted))
    wanted = _wanted(found, asked)
    page = _page(wanted, asked)
    issues = _issues(firm, pairing, {client.contact_id for client in page.rows}, accounts)
    start = pairing.start_date
    return Overview(
        accounts=[_with_totals(account, found, mapped, posted, issues) for account in accounts.values()],
        clients=replace(page, rows=[replace(row, issues=tuple(issues.get(row.contact_id, ()))) for row in page.rows]),
        count=len(wanted),
        differing=sum(bool(client.difference) for client in found),
        openings=[client for client in found if client.opening],
        opening_on=start - timedelta(days=1) if start else None,
    )


def _accounts(firm: Firm, pairing: Pairing, mappings: Iterable[Mapped]) -> dict[str, Account]:
    mapped = {row.key: row.name for row in mappings}
    rows = Record.objects.of(firm).filter(pairing=pairing, entity="bank_accounts").order_by("id")
    return {
        row.external_id: Account(
            row.external_id,
            str(row.data.get("name") or f"Trust account {row.external_id}"),
            mapped.get(keys.trust_bank_key(row.external_id), ""),
            mapped.get(keys.trust_liability_key(row.external_id), ""),
            keys.trust_bank_key(row.external_id) in mapped,
            _decimal(row.data.get("balance")),
        )
        for row in rows
        if row.data.get("type") == "Trust"
    }


def _decimal(value: object) -> Decimal:
    try:
        return Decimal(str(value))
    except ArithmeticError:
        return ZERO


def _sums(
    pairing: Pairing, mappings: Iterable[Mapped]
) -> tuple[dict[Key, tuple[Decimal, Decimal]], dict[Key, Decimal]]:
    """(ledger and opening) by Clio account and contact; debits less credits by QuickBooks account and contact."""
    start = pairing.start_date.isoformat() if pairing.start_date else ""
    owed = list(_of_mappings(mappings, keys.TRUST_LIABILITY))
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"p": pairing.pk, "start": start, "nobody": NOBODY, "owed": owed})
        rows = cursor.fetchall()
    held = {(account, of): (amount, opening) for what, account, of, amount, opening in rows if what == "held"}
    return held, {(account, of): amount for what, account, of, amount, _ in rows if what == "posted"}


def _clients(
    firm: Firm,
    pairing: Pairing,
    accounts: Mapping[str, Account],
    ledger: Mapping[Key, tuple[Decimal, Decimal]],
    posted: Mapping[Key, Decimal],
) -> list[Client]:
    """Every client of a mapped account, those that differ first, then by name."""
    mapped = {id for id, account in accounts.items() if account.is_mapped}
    ids = {key for key in (*ledger, *posted) if key[0] in mapped}
    names = _names(firm, pairing, {contact for _, contact in ids})
    found = [
        Client(
            account,
            contact,
            *(names.get(contact) or _unknown(contact)),
            *ledger.get((account, contact), (ZERO, ZERO)),
            posted.get((account, contact), ZERO),
        )
        for account, contact in ids
    ]
    return sorted(found, key=lambda client: (not client.difference, client.key, client.account_id))


def _by_client(mappings: Iterable[Mapped], entries: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """What is owed to each contact on the liability of each Clio account."""
    accounts, found = _of_mappings(mappings, keys.TRUST_LIABILITY), dict[Key, Decimal]()
    for (account, contact), amount in entries.items():
        if account in accounts:
            key = (accounts[account], contact)
            found[key] = found.get(key, ZERO) - amount
    return found


def _of_mappings(mappings: Iterable[Mapped], start: str) -> dict[str, str]:
    """QuickBooks account id to the Clio account it is mapped for."""
    return {row.ledger_id: row.key.removeprefix(start) for row in mappings if row.key.startswith(start)}


def _unknown(contact: str) -> tuple[str, str]:
    name = "No client" if contact == NOBODY else f"Contact {contact}"
    return name, search_key(name)


def _names(firm: Firm, pairing: Pairing, ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Of each its name, and what it is sorted and searched by."""
    contacts = Record.objects.of(firm).filter(pairing=pairing, side=Record.Side.PRACTICE, entity="contacts")
    rows = contacts.filter(external_id__among=ids)
    return {id: (name, key) for id, name, key in rows.values_list("external_id", KT("data__name"), "key") if name}


def _with_totals(
    account: Account,
    clients: Iterable[Client],
    mappings: Iterable[Mapped],
    entries: Mapping[Key, Decimal],
    issues: Mapping[str, list[Issue]],
) -> Account:
    mine = [client for client in clients if client.account_id == account.id]
    banks = {id for id, of in _of_mappings(mappings, keys.TRUST_BANK).items() if of == account.id}
    return replace(
        account,
        ledger=sum((client.ledger for client in mine), ZERO),
        opening=sum((client.opening for client in mine), ZERO),
        liability=sum((client.posted for client in mine), ZERO),
        bank=sum((amount for (id, _), amount in entries.items() if id in banks), ZERO),
        issues=tuple(issue for issue in issues.get(f"account-{account.id}", ()) if issue.state in OPEN),
    )


def _wanted(found: list[Client], asked: QueryDict) -> list[Client]:
    search = search_key(words(asked, "q"))
    named = [client for client in found if search in client.key] if search else found
    return [client for client in named if client.difference] if words(asked, "differs") else named


def _page(wanted: list[Client], asked: QueryDict) -> Page[Client]:
    at = number(asked, "page") or 1
    return Page(
        wanted[(at - 1) * SIZE : at * SIZE],
        newer=_address(asked, at - 1) if at > 1 else "",
        older=_address(asked, at + 1) if len(wanted) > at * SIZE else "",
    )


def _address(asked: QueryDict, page: int) -> str:
    kept = asked.copy()
    kept["page"] = str(page)
    return f"?{kept.urlencode()}"


def _issues(firm: Firm, pairing: Pairing, contacts: set[str], accounts: Iterable[str]) -> dict[str, list[Issue]]:
    """Open and accepted issues of these contacts, their trust rows and whole accounts, by what they are about."""
    rows = Record.objects.of(firm).filter(pairing=pairing, entity="trust_transactions", owner_id__in=contacts)
    owner = rows.filter(external_id=OuterRef("practice_id")).values("owner_id")[:1]
    asked = Q(kind="trust_entry", practice_id__in=rows.values("external_id"))
    asked |= Q(kind="contact", practice_id__in=contacts) | Q(practice_id__in=[f"account-{id}" for id in accounts])
    about = Issue.objects.of(firm).filter(asked, pairing=pairing).exclude(state=Issue.State.CLOSED)
    found: dict[str, list[Issue]] = {}
    for issue in about.annotate(owner=Subquery(owner)).order_by("-kind", "id"):  # of the rows first
        of = issue.owner if issue.kind == "trust_entry" else None  # type: ignore[attr-defined]
        found.setdefault(of or issue.practice_id, []).append(issue)
    return found
