"""Trust at a glance: per account and client Clio's ledger, what was there before, and what stands in QuickBooks.

Read from our mirror of both systems: QuickBooks's side are the entries and checks we posted, reversals included.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any

from django.db import connection
from django.http import QueryDict

from firms.models import Firm
from integrations.core import mapping as keys
from integrations.core.money import ZERO
from integrations.core.sheets import harmless
from integrations.core.text import fold
from integrations.models import EntityLink, Issue, Pairing, Record
from integrations.models import Mapping as Mapped
from integrations.queries.paging import SIZE, Page, number, words
from integrations.queries.state import OPEN

NOBODY = "0"  # rows without a client

Key = tuple[str, str]  # Clio account id, contact id


@dataclass(frozen=True, slots=True)
class Client:
    """One client's money on one account. ``posted`` is the liability our entries show since the start date."""

    account_id: str
    contact_id: str
    name: str
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


_LEDGER = """
WITH held AS (
  SELECT data->'bank_account'->>'id' AS account, owner_id AS contact, data->>'date' AS day, external_id AS id,
    COALESCE(substring(data->>'funds_in' from '^[0-9]+(?:[.][0-9]+)?$')::numeric, 0)
    - COALESCE(substring(data->>'funds_out' from '^[0-9]+(?:[.][0-9]+)?$')::numeric, 0) AS amount
  FROM integrations_record WHERE pairing_id = %(p)s AND entity = 'trust_transactions' AND NOT is_deleted)
SELECT account, contact, sum(amount), COALESCE(sum(amount) FILTER (WHERE day < %(start)s AND NOT EXISTS (
    SELECT 1 FROM integrations_entitylink link WHERE link.pairing_id = %(p)s AND link.kind = 'trust_entry'
      AND link.practice_id = held.id AND link.state = 'live')), 0)
FROM held GROUP BY account, contact
"""

_AMOUNT = "COALESCE(substring(line->>'Amount' from '^[0-9]+(?:[.][0-9]+)?$')::numeric, 0)"
_POSTED = f"""
WITH ours AS (
  SELECT doc.entity, doc.data FROM integrations_record doc
  WHERE doc.pairing_id = %(p)s AND doc.side = 'ledger' AND doc.entity IN ('JournalEntry', 'Purchase')
    AND NOT doc.is_deleted AND EXISTS (SELECT 1 FROM integrations_entitylink link
      WHERE link.pairing_id = doc.pairing_id AND link.kind = 'trust_entry' AND link.state <> 'unlinked'
        AND link.ledger_entity = doc.entity AND link.ledger_id = doc.external_id)),
lines AS (
  SELECT line->'JournalEntryLineDetail'->'AccountRef'->>'value' AS account,
    line->'JournalEntryLineDetail'->'Entity'->'EntityRef'->>'value' AS customer,
    {_AMOUNT} * CASE line->'JournalEntryLineDetail'->>'PostingType' WHEN 'Debit' THEN 1 ELSE -1 END AS amount
  FROM ours, jsonb_array_elements(data->'Line') AS line WHERE entity = 'JournalEntry'
  UNION ALL SELECT line->'AccountBasedExpenseLineDetail'->'AccountRef'->>'value',
    line->'AccountBasedExpenseLineDetail'->'CustomerRef'->>'value', {_AMOUNT}
  FROM ours, jsonb_array_elements(data->'Line') AS line WHERE entity = 'Purchase'
  UNION ALL SELECT data->'AccountRef'->>'value', NULL, -{_AMOUNT}
  FROM ours, jsonb_array_elements(data->'Line') AS line WHERE entity = 'Purchase')
SELECT account, COALESCE(customer, ''), sum(amount) FROM lines WHERE account IS NOT NULL GROUP BY 1, 2
"""  # noqa: S608 - the part that is put in is a constant


def overview(firm: Firm, pairing: Pairing, asked: QueryDict) -> Overview:
    """Everything of the page, by ?q=, ?differs= and ?page=. About ten queries, whatever the number of clients."""
    posted = _posted(pairing)
    accounts = _accounts(firm, pairing)
    found = _clients(firm, pairing, accounts, posted)
    wanted = _wanted(found, asked)
    start = pairing.start_date
    return Overview(
        accounts=[_with_totals(firm, pairing, account, found, posted) for account in accounts.values()],
        clients=_page(firm, pairing, wanted, asked),
        count=len(wanted),
        differing=sum(bool(client.difference) for client in found),
        openings=[client for client in found if client.opening],
        opening_on=start - timedelta(days=1) if start else None,
    )


def _accounts(firm: Firm, pairing: Pairing) -> dict[str, Account]:
    mapped = {row.key: row.name for row in Mapped.objects.of(firm).filter(pairing=pairing)}
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


def _rows(sql: str, pairing: Pairing) -> list[tuple[Any, ...]]:
    start = pairing.start_date.isoformat() if pairing.start_date else ""
    with connection.cursor() as cursor:
        cursor.execute(sql, {"p": pairing.pk, "start": start})
        return list(cursor.fetchall())


def _clients(
    firm: Firm, pairing: Pairing, accounts: Mapping[str, Account], entries: Mapping[Key, Decimal]
) -> list[Client]:
    """Every client of a mapped account, those that differ first, then by name."""
    ledger = {(account, contact): (held, opening) for account, contact, held, opening in _rows(_LEDGER, pairing)}
    posted = _by_client(firm, pairing, entries)
    mapped = {id for id, account in accounts.items() if account.is_mapped}
    ids = {key for key in (*ledger, *posted) if key[0] in mapped}
    names = _names(firm, pairing, {contact for _, contact in ids})
    found = [
        Client(
            account,
            contact,
            names.get(contact) or ("No client" if contact == NOBODY else f"Contact {contact}"),
            *ledger.get((account, contact), (ZERO, ZERO)),
            posted.get((account, contact), ZERO),
        )
        for account, contact in ids
    ]
    return sorted(found, key=lambda client: (not client.difference, fold(client.name), client.account_id))


def _posted(pairing: Pairing) -> dict[Key, Decimal]:
    """Debits less credits by QuickBooks account and customer."""
    return {(account, customer): amount for account, customer, amount in _rows(_POSTED, pairing)}


def _by_client(firm: Firm, pairing: Pairing, entries: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """What is owed to each contact on the liability of each Clio account."""
    accounts = _of_mappings(firm, pairing, keys.TRUST_LIABILITY)
    links = EntityLink.objects.of(firm).filter(pairing=pairing, kind="contact").exclude(state="unlinked")
    people = dict(links.values_list("ledger_id", "practice_id"))
    found: dict[Key, Decimal] = {}
    for (account, customer), amount in entries.items():
        if account in accounts:
            key = (accounts[account], people.get(customer, NOBODY))
            found[key] = found.get(key, ZERO) - amount
    return found


def _of_mappings(firm: Firm, pairing: Pairing, start: str) -> dict[str, str]:
    """QuickBooks account id to the Clio account it is mapped for."""
    rows = Mapped.objects.of(firm).filter(pairing=pairing, key__startswith=start)
    return {row.ledger_id: row.key.removeprefix(start) for row in rows}


def _names(firm: Firm, pairing: Pairing, ids: Iterable[str]) -> dict[str, str]:
    rows = Record.objects.of(firm).filter(pairing=pairing, entity="contacts", external_id__in=list(ids))
    return {id: str(data.get("name") or "") for id, data in rows.values_list("external_id", "data")}


def _with_totals(
    firm: Firm, pairing: Pairing, account: Account, clients: Iterable[Client], entries: Mapping[Key, Decimal]
) -> Account:
    mine = [client for client in clients if client.account_id == account.id]
    banks = {id for id, of in _of_mappings(firm, pairing, keys.TRUST_BANK).items() if of == account.id}
    open_ = Issue.objects.of(firm).filter(pairing=pairing, practice_id=f"account-{account.id}", state__in=OPEN)
    return replace(
        account,
        ledger=sum((client.ledger for client in mine), ZERO),
        opening=sum((client.opening for client in mine), ZERO),
        liability=sum((client.posted for client in mine), ZERO),
        bank=sum((amount for (id, _), amount in entries.items() if id in banks), ZERO),
        issues=tuple(open_.order_by("id")),
    )


def _wanted(found: list[Client], asked: QueryDict) -> list[Client]:
    search = fold(words(asked, "q"))
    named = [client for client in found if search in fold(client.name)]
    return [client for client in named if client.difference] if words(asked, "differs") else named


def _page(firm: Firm, pairing: Pairing, wanted: list[Client], asked: QueryDict) -> Page[Client]:
    at = number(asked, "page") or 1
    rows = wanted[(at - 1) * SIZE : at * SIZE]
    issues = _issues(firm, pairing, {client.contact_id for client in rows})
    return Page(
        [replace(client, issues=tuple(issues.get(client.contact_id, ()))) for client in rows],
        newer=_address(asked, at - 1) if at > 1 else "",
        older=_address(asked, at + 1) if len(wanted) > at * SIZE else "",
    )


def _address(asked: QueryDict, page: int) -> str:
    kept = asked.copy()
    kept["page"] = str(page)
    return f"?{kept.urlencode()}"


def _issues(firm: Firm, pairing: Pairing, contacts: set[str]) -> dict[str, list[Issue]]:
    """Open and accepted issues of these contacts and of their trust rows, by contact."""
    rows = Record.objects.of(firm).filter(pairing=pairing, entity="trust_transactions", owner_id__in=contacts)
    owners = dict(rows.values_list("external_id", "owner_id"))
    about = Issue.objects.of(firm).filter(pairing=pairing).exclude(state=Issue.State.CLOSED).order_by("id")
    found: dict[str, list[Issue]] = {}
    for issue in about.filter(kind="trust_entry", practice_id__in=owners):
        found.setdefault(owners[issue.practice_id], []).append(issue)
    for issue in about.filter(kind="contact", practice_id__in=contacts):
        found.setdefault(issue.practice_id, []).append(issue)
    return found
