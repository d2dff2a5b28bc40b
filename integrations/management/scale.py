"""The rows of a firm with very many links and events, made by the database itself: what screens are measured with.

The shares are those of a firm that bills monthly: of a hundred links 20 are contacts, 42 bills, 32 payments, 2 credit
notes and 4 trust rows, of which a client has eight. Ids tell kinds apart.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from firms.models import User
from integrations.models import CountedRecord, Errand, Issue, Pairing, PlannedChange, Proof, ProofDifference, SyncRun

# Where the ids of each kind begin, in Clio and in QuickBooks.
CONTACT, BILL, PAYMENT, MEMO, TRUST = (n * 10_000_000 for n in range(1, 6))
CUSTOMER, INVOICE, RECEIVED, CREDITED, ENTRY = (n * 1_000_000 for n in range(1, 6))
STRANGER = 9_000_000  # customers that nobody in Clio stands for
ACCOUNTS = 4  # trust accounts: Clio's 1 to 4, QuickBooks's banks 101 to 104 and liabilities 201 to 204
EVENTS_A_RUN = 100


@dataclass(frozen=True, slots=True)
class Size:
    links: int
    events: int

    @property
    def people(self) -> int:
        """In the team besides the owner."""
        return 1 + self.links // 5000

    def shares(self) -> dict[str, int]:
        """How many there are of each; at least one."""
        percents = {"contacts": 20, "bills": 42, "payments": 32, "memos": 2, "trust": 4, "strangers": 2, "issues": 5}
        counts = {name: self.links * percent // 100 for name, percent in percents.items()}
        counts |= {"runs": self.events // EVENTS_A_RUN, "links": self.links, "events": self.events}
        return {name: max(count, 1) for name, count in counts.items()}


def fill(pairing: Pairing, owner: User, size: Size) -> Iterator[str]:
    """Writes everything, and tells of each step once it is done."""
    given = {"firm": pairing.firm_id, "pairing": pairing.pk, **size.shares()}
    with connection.cursor() as cursor:
        for name, statement in [*_mirror(), *_links()]:
            cursor.execute(statement, given)
            yield f"{cursor.rowcount:,} {name}"
        yield f"{len(_runs(pairing, given['runs'])):,} runs"
        for name, statement in (("events", _EVENTS), ("writes", _DISPATCHES)):
            cursor.execute(statement, given)
            yield f"{cursor.rowcount:,} {name}"
    yield from _rest(pairing, owner, size.shares())
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _pick(words: str, n: str) -> str:
    listed = ", ".join(f"'{word}'" for word in words.split())
    return f"(ARRAY[{listed}])[1 + mod({n}, {len(words.split())})]"


def _name(n: str) -> str:
    first, last = (
        "Ann Ben Carla Dov Eve Farid Gwen Hugo Ida Jon Kim Lena Max",
        "Lee Moss Stone Okafor Silva Weber Rossi",
    )
    return f"{_pick(first, n)} || ' ' || {_pick(last, n)} || ' ' || {n}"


OF_CONTACT = "(1 + mod(n, %(contacts)s))"  # whose the n-th bill or trust row is
OF_BILL = "(1 + mod(n, %(bills)s))"  # what the n-th payment or credit note is for
HOLDER = "(1 + mod(n / 8, %(contacts)s))"  # whose trust money the n-th row is
PAYER = f"(1 + mod({OF_BILL}, %(contacts)s))"
AMOUNT = "to_char(100 + mod(n, 900) + 0.25, 'FM9990.00')"
DAY = "to_char(date '2024-01-01' + mod(n, 1000)::int, 'YYYY-MM-DD')"
MONEY = "'USD'"


def _party(id: str, n: str) -> str:
    return f"jsonb_build_object('id', {id} + {n}, 'name', {_name(n)})"


def _ref(id: str, n: str) -> str:
    return f"jsonb_build_object('value', ({id} + {n})::text, 'name', {_name(n)})"


def _record(side: str, entity: str, first: int, many: str, data: str, **kept: str) -> str:
    """``data`` and what is kept of it are written in terms of ``n``."""
    columns = ("owner_id", "peer_id", "key", "other_key", "words")
    values = ", ".join(kept.get(column, "''") for column in columns)
    return f"""
INSERT INTO integrations_record (firm_id, pairing_id, side, entity, external_id, data, digest, settled, is_deleted,
  sweep, {", ".join(columns)})
SELECT %(firm)s, %(pairing)s, '{side}', '{entity}', ({first} + n)::text, jsonb_build_object({data}), md5(n::text), TRUE,
  FALSE, 1, {values} FROM generate_series(1, %({many})s) AS n"""  # noqa: S608 - every part is a constant of this module


def _mirror() -> Iterator[tuple[str, str]]:
    mail = "'person' || n || '@example.com'"
    person = f"'id', {CONTACT} + n, 'type', 'Person', 'name', {_name('n')}, 'primary_email_address', {mail}"
    named = {"key": f"lower({_name('n')})", "other_key": mail, "words": f"lower({_name('n')}) || ' | ' || {mail}"}
    yield "contacts", _record("practice", "contacts", CONTACT, "contacts", person, **named)
    customer = f"'DisplayName', {_name('n')}, 'Active', TRUE, 'PrimaryEmailAddr', jsonb_build_object('Address', {mail})"
    yield "customers", _record("ledger", "Customer", CUSTOMER, "contacts", f"'Id', {CUSTOMER} + n, {customer}", **named)
    nobody = _record("ledger", "Customer", STRANGER, "strangers", f"'Id', {STRANGER} + n, {customer}", **named)
    yield "customers of nobody", nobody
    yield "bills", _bills()
    invoice = (
        f"'Id', {INVOICE} + n, 'DocNumber', (10000 + n)::text, 'TxnDate', {DAY}, 'TotalAmt', {AMOUNT}, "
        f"'Balance', {AMOUNT}, 'CustomerRef', {_ref(str(CUSTOMER), OF_CONTACT)}"
    )
    yield "invoices", _record("ledger", "Invoice", INVOICE, "bills", invoice)
    yield "payments", _allocations("Payment", PAYMENT, "payments", 0)
    yield "credit notes", _allocations("CreditMemo", MEMO, "memos", 1_000_000)
    paid = (
        f"'Id', {RECEIVED} + n, 'TxnDate', {DAY}, 'TotalAmt', {AMOUNT}, 'CustomerRef', "
        f"{_ref(str(CUSTOMER), PAYER)}, 'Line', jsonb_build_array(jsonb_build_object('Amount', {AMOUNT}, "
        "'LinkedTxn', jsonb_build_array(jsonb_build_object('TxnType', 'Invoice', 'TxnId', "
        f"({INVOICE} + {OF_BILL})::text))))"
    )
    yield "received payments", _record("ledger", "Payment", RECEIVED, "payments", paid)
    yield from _trust()


def _bills() -> str:
    data = (
        f"'id', {BILL} + n, 'number', (10000 + n)::text, 'state', 'awaiting_payment', 'issued_at', {DAY}, "
        f"'due_at', {DAY}, 'total', {AMOUNT}, 'due', {AMOUNT}, 'balance', {AMOUNT}, "
        f"'client', {_party(str(CONTACT), OF_CONTACT)}, "
        f"'matters', jsonb_build_array(jsonb_build_object('id', n, 'display_number', {OF_CONTACT} || '-' || n))"
    )
    return _record(
        "practice", "bills", BILL, "bills", data, owner_id=f"({CONTACT} + {OF_CONTACT})::text", key="(10000 + n)::text"
    )


def _allocations(parent: str, first: int, many: str, apart: int) -> str:
    """Of a payment or a credit note; ``apart`` keeps the ids of the two apart."""
    data = (
        f"'id', n + {apart}, 'amount', {AMOUNT}, 'date', {DAY}, 'contact', {_party(str(CONTACT), PAYER)}, "
        f"'parent', jsonb_build_object('id', {first} + n, 'type', '{parent}'), "
        f"'bill', jsonb_build_object('id', {BILL} + {OF_BILL}, 'number', (10000 + {OF_BILL})::text)"
    )
    owner, peer = f"({BILL} + {OF_BILL})::text", f"({first} + n)::text"
    return _record("practice", "allocations", apart, many, data, owner_id=owner, peer_id=peer)


def _trust() -> Iterator[tuple[str, str]]:
    account = f"(1 + mod(n / 8, {ACCOUNTS}))"
    row = (
        f"'id', {TRUST} + n, 'date', {DAY}, 'funds_in', {AMOUNT}, 'funds_out', '0.00', 'source', {_name(HOLDER)}, "
        f"'description', 'Retainer', 'client', {_party(str(CONTACT), HOLDER)}, 'bank_account', "
        f"jsonb_build_object('id', {account}), 'currency', {MONEY}"
    )
    owner = f"({CONTACT} + {HOLDER})::text"
    yield "trust rows", _record("practice", "trust_transactions", TRUST, "trust", row, owner_id=owner)
    line = (
        "jsonb_build_object('Amount', {amount}, 'JournalEntryLineDetail', jsonb_build_object('PostingType', "
        "'{side}', 'AccountRef', jsonb_build_object('value', ({first} + {account})::text), 'Entity', "
        "jsonb_build_object('EntityRef', {customer})))"
    )
    given = {"amount": AMOUNT, "account": account, "customer": _ref(str(CUSTOMER), HOLDER)}
    lines = (line.format(side=side, first=first, **given) for side, first in (("Debit", 100), ("Credit", 200)))
    entry = f"'Id', {ENTRY} + n, 'TxnDate', {DAY}, 'Line', jsonb_build_array({', '.join(lines)})"
    yield "journal entries", _record("ledger", "JournalEntry", ENTRY, "trust", entry)


_KINDS = (
    ("contact", "Customer", CONTACT, CUSTOMER, "contacts"),
    ("invoice", "Invoice", BILL, INVOICE, "bills"),
    ("payment", "Payment", PAYMENT, RECEIVED, "payments"),
    ("credit_note", "CreditMemo", MEMO, CREDITED, "memos"),
    ("trust_entry", "JournalEntry", TRUST, ENTRY, "trust"),
)


def _links() -> Iterator[tuple[str, str]]:
    for kind, entity, practice, ledger, many in _KINDS:
        yield (
            f"links of {many}",
            f"""
INSERT INTO integrations_entitylink (firm_id, pairing_id, kind, practice_id, leg, ledger_entity, ledger_id, state,
  practice_fingerprint, ledger_fingerprint, base, linked_at)
SELECT %(firm)s, %(pairing)s, '{kind}', ({practice} + n)::text, '', '{entity}', ({ledger} + n)::text, 'live',
  md5('p' || n), md5('l' || n), '{{}}', now() FROM generate_series(1, %({many})s) AS n""",  # noqa: S608
        )


# The first run found everything, as many events as there are bills; the others share the rest. One bill has very many.
_EVENTS = f"""
WITH run AS (SELECT id, started_at, row_number() OVER (ORDER BY id) AS place
  FROM integrations_syncrun WHERE pairing_id = %(pairing)s)
INSERT INTO integrations_syncevent (firm_id, pairing_id, run_id, at, kind, practice_id, leg, ledger_entity, ledger_id,
  outcome, code, title, message, amount, currency, postings)
SELECT %(firm)s, %(pairing)s, run.id, run.started_at + n * interval '1 microsecond', kind,
  (CASE kind WHEN 'contact' THEN {CONTACT} + {OF_CONTACT} WHEN 'payment' THEN {PAYMENT} + 1 + mod(n, %(payments)s)
   ELSE {BILL} + bill END)::text, '',
  CASE kind WHEN 'contact' THEN 'Customer' WHEN 'payment' THEN 'Payment' ELSE 'Invoice' END,
  (CASE kind WHEN 'contact' THEN {CUSTOMER} + {OF_CONTACT} WHEN 'payment' THEN {RECEIVED} + 1 + mod(n, %(payments)s)
   ELSE {INVOICE} + bill END)::text,
  outcome, CASE WHEN outcome IN ('issue', 'closed') THEN 'drift' ELSE '' END,
  CASE kind WHEN 'contact' THEN {_name(OF_CONTACT)} WHEN 'payment' THEN 'Payment ' || n
   ELSE 'Bill ' || 10000 + bill END,
  CASE outcome WHEN 'issue' THEN 'The invoice was changed in QuickBooks.' ELSE '' END,
  CASE kind WHEN 'contact' THEN NULL ELSE {AMOUNT}::numeric END, {MONEY},
  CASE WHEN kind = 'invoice' AND outcome = 'created' THEN jsonb_build_array(
    jsonb_build_object('account', 'Accounts Receivable (A/R)', 'debit', {AMOUNT}, 'credit', '0'),
    jsonb_build_object('account', 'Legal Fees', 'debit', '0', 'credit', {AMOUNT})) ELSE '[]' END
FROM (SELECT n, {_pick("invoice invoice payment contact", "n / 7")} AS kind,
    {_pick("created updated updated created issue closed updated voided adopted updated", "n")} AS outcome,
    CASE WHEN mod(n, 50) = 0 THEN 1 ELSE {OF_BILL} END AS bill
  FROM generate_series(1, %(events)s) AS n) AS made
JOIN run ON run.place = CASE WHEN n <= %(bills)s THEN 1 ELSE 1 + mod(n, %(runs)s) END
"""  # noqa: S608 - every part is a constant of this module
_LINE = f"jsonb_build_object('Amount', {AMOUNT}, 'Description', 'Drafting and calls', 'LineNum', line)"
_LINES = f"(SELECT jsonb_agg({_LINE}) FROM generate_series(1, 12) AS line)"  # noqa: S608
_WRITTEN = (
    f"'DocNumber', (10000 + bill)::text, 'TxnDate', {DAY}, 'CustomerRef', {_ref(str(CUSTOMER), OF_CONTACT)}, 'Line', "
    f"{_LINES}"
)
_REQUEST = f"convert_to(jsonb_build_object({_WRITTEN})::text, 'UTF8')"
_ANSWER = f"convert_to(jsonb_build_object('Id', {INVOICE} + bill, 'SyncToken', '0', {_WRITTEN})::text, 'UTF8')"
# One for each bill, and very many for the first.
_DISPATCHES = f"""
WITH run AS (SELECT min(id) AS id, min(started_at) AS at FROM integrations_syncrun WHERE pairing_id = %(pairing)s)
INSERT INTO integrations_dispatch (firm_id, pairing_id, run_id, item, side, kind, practice_id, leg, action, entity,
  operation, request_id, revision, body, body_sha256, state, attempts, prepared_at, sent_at, answered_at, ledger_id,
  error_code, error, vendor_id, plan, answer)
SELECT %(firm)s, %(pairing)s, run.id, '', 'ledger', 'invoice', ({BILL} + bill)::text, '', 'create', 'Invoice', 'create',
  'scale-' || n, 1, {_REQUEST}, md5(n::text), 'answered', 1, run.at, run.at, run.at, ({INVOICE} + bill)::text, '', '',
  '', '{{}}', {_ANSWER}
FROM run, (SELECT n, CASE WHEN n <= %(bills)s THEN n ELSE 1 END AS bill
  FROM generate_series(1, %(bills)s + 100) AS n) AS written
"""  # noqa: S608


def _rest(pairing: Pairing, owner: User, shares: dict[str, int]) -> Iterator[str]:
    """What there is less of, and what other parts of the portal often add columns to."""
    firm, now, number = pairing.firm, timezone.now(), shares["issues"]
    yield f"{len(Issue.objects.of(firm).bulk_create(_issue(pairing, now, n) for n in range(1, number + 1))):,} issues"
    report = {"receivables": {"clio": "1000.00", "quickbooks": "900.00"}, "trust": [], "checked": {}}
    proofs = Proof.objects.of(firm)
    common: dict[str, Any] = {"is_equal": False, "differing": number, "unexplained": number, "report": report}
    every = [Proof(pairing=pairing, made_at=now - timedelta(days=90 - n), is_nightly=True, **common) for n in range(90)]
    last = proofs.bulk_create(every)[-1]
    rows = ProofDifference.objects.of(firm).bulk_create(_difference(last, n) for n in range(1, number + 1))
    yield f"{len(rows):,} differences"
    asked = {"asked_by": owner, "asked_at": now, "heartbeat_at": now, "finished_at": now}
    result = {"counts": {"invoice": {"create": number}}, "totals": _lines(n=1)}
    made: Any = Errand.objects.of(firm)
    yield f"{_tried(pairing, asked, shares['bills']):,} records of a start date"
    errand = made.create(pairing=pairing, purpose="preview", state="done", result=result, **asked)
    changes = PlannedChange.objects.of(firm).bulk_create(_change(errand, n) for n in range(1, number + 1))
    yield f"{len(changes):,} changes of the preview"


def _tried(pairing: Pairing, asked: dict[str, Any], number: int) -> int:
    """A start date that brings in every bill there is; how many rows it counts."""
    counted = {"count": number, "amount": "1000.00"}
    parts = ("bills_in", "bills_out", "payments_in", "payments_out", "trust_in", "trust_out")
    result = dict.fromkeys(parts, counted) | {
        "start": "2024-01-01",
        "owed_in": "0",
        "owed_out": "0",
        "clients": 1,
        "unreadable": 0,
        "closed": [],
        "unread": "",
        "receivable": {"clio": "0", "quickbooks": "0", "accounts": ["1"]},
        "trust": [],
    }
    made: Any = Errand.objects.of(pairing.firm)
    errand = made.create(pairing=pairing, purpose="start", state="done", result=result, **asked)
    rows: Any = (
        {"practice_id": str(BILL + n), "label": f"Bill {10_000 + n}", "amount": 100, "owed": n % 2, "currency": "USD"}
        for n in range(1, number + 1)
    )
    made = (CountedRecord(pairing=pairing, errand=errand, part="bills_in", **row) for row in rows)
    return len(CountedRecord.objects.of(pairing.firm).bulk_create(made, batch_size=2000))


CODES = ("drift", "duplicate_number", "near_duplicate_number", "number_too_long", "deleted_in_ledger")


def _issue(pairing: Pairing, now: datetime, n: int) -> Issue:
    """Of five three are closed, one is accepted and one open."""
    code, state = CODES[n // 3 % 5], ("closed", "closed", "closed", "accepted", "open")[n % 5]
    return Issue(
        pairing=pairing,
        code=code,
        severity="warning" if code == "near_duplicate_number" else "error",
        state=state,
        kind="invoice",
        practice_id=str(BILL + n),
        ledger_id=str(INVOICE + n),
        title=f"Bill {10_000 + n}",
        message=f"Invoice {10_000 + n} was changed in QuickBooks.",
        opened_at=now - timedelta(minutes=n),
        closed_at=now if state == "closed" else None,
    )


def _difference(proof: Proof, n: int) -> ProofDifference:
    said = {"what": "amount", "title": f"Bill {10_000 + n}", "clio": "1.00", "quickbooks": "2.00"}
    about = {"kind": "invoice", "practice_id": str(BILL + n)}
    data = {**said, "ledger_id": str(INVOICE + n)}
    return ProofDifference(
        pairing_id=proof.pairing_id, proof=proof, position=n, standing="unexplained", data=data, **about
    )


def _change(errand: Errand, n: int) -> PlannedChange:
    data = {"title": f"Bill {10_000 + n}", "amount": "100.25", "entity": "Invoice", "lines": _lines(n)}
    about = {"kind": "invoice", "action": "create", "practice_id": str(BILL + n)}
    return PlannedChange(pairing_id=errand.pairing_id, errand=errand, position=n, data=data, **about)


def _lines(n: int) -> list[dict[str, str]]:
    amount = f"{100 + n % 900}.25"
    debit = {"account": "Accounts Receivable (A/R)", "debit": amount, "credit": "0"}
    return [debit, {"account": "Legal Fees", "debit": "0", "credit": amount}]


def _runs(pairing: Pairing, number: int) -> list[SyncRun]:
    """One every quarter of an hour; of seven one needed somebody."""
    now, done = timezone.now(), {"created": 40, "updated": 30, "unchanged": 900, "issues": 30}
    every = []
    for n in range(number):
        at = now - (number - n) * timedelta(minutes=15)
        ended = {"started_at": at, "heartbeat_at": at, "finished_at": at + timedelta(seconds=40), "state": "finished"}
        run: Any = {"outcome": "in_sync" if n % 7 else "issues", "trigger": "schedule", "counts": {"invoice": done}}
        every.append(SyncRun(pairing=pairing, requests={"clio": 12, "quickbooks_writes": 3}, **ended, **run))
    return SyncRun.objects.of(pairing.firm).bulk_create(every, batch_size=2000)
