"""What a trust row should be in QuickBooks: a journal entry or a check, and the entry that takes one back (rule R6)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from integrations.core.changes import Books
from integrations.core.mapping import Policy, Target, TrustTargets
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.posting import Posting
from integrations.core.posting import post as posted
from integrations.core.read import text
from integrations.core.records import Ref, fingerprint
from integrations.core.text import clip
from integrations.kinds.catalog import Payee
from integrations.kinds.contact import with_mark
from integrations.kinds.invoice_draft import DESCRIPTION_LENGTH, NOTE_LENGTH
from integrations.kinds.trust_entry import NUMBER_LENGTH, Entry, TrustRow

PAID_TO = "Paid to: "
# Lines of the note that are ours: they are written anew when Clio changes, what a person added stays.
LABELS = ("Received from: ", PAID_TO, "For: ", "Reference: ", "Client: ", "Matter: ", "Account: ", "Reverses: ")
# Members of a check that are not ours. An update of a check is a full one (Intuit docs: Purchase), so they go back.
PEOPLES = (
    "PrintStatus",
    "DepartmentRef",
    "PaymentMethodRef",
    "CurrencyRef",
    "ExchangeRate",
    "RemitToAddr",
    "GlobalTaxCalculation",
)


@dataclass(frozen=True, slots=True)
class TrustLine:
    """One side of an entry, debit above zero. Whose it is: a contact of Clio, or a name read from QuickBooks."""

    account: Target
    amount: Decimal
    contact: Ref | None = None
    name: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class JournalDraft:
    """A journal entry over trust accounts. ``facts`` are the labelled lines of its note."""

    ref: Ref
    number: str
    dated: date
    amount: Decimal
    lines: tuple[TrustLine, ...]
    facts: tuple[str, ...]
    title: str
    policy: Policy
    fingerprint: str
    entity: str = "JournalEntry"

    def postings(self) -> tuple[Posting, ...]:
        return _postings(self.lines)

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        body: dict[str, object] = {
            "DocNumber": self.number,
            "TxnDate": self.dated.isoformat(),
            "PrivateNote": _note(self.facts, self.ref, self.policy, current),
            "Line": [self._line(line, books) for line in self.lines],
        }
        return _numbered(body, current)

    def _line(self, line: TrustLine, books: Books) -> dict[str, object]:
        detail: dict[str, object] = {
            "PostingType": "Debit" if line.amount > 0 else "Credit",
            "AccountRef": {"value": line.account.ledger_id},
        }
        name = ("Customer", books.ledger_id(line.contact)) if line.contact else line.name
        if name:
            detail["Entity"] = {"Type": name[0], "EntityRef": {"value": name[1]}}
        return {
            "DetailType": "JournalEntryLineDetail",
            "Amount": abs(line.amount),
            "Description": described(self.facts),
            "JournalEntryLineDetail": detail,
        }


@dataclass(frozen=True, slots=True)
class CheckDraft:
    """A check drawn on the trust bank. ``keeps`` is True for a person's own check that is adopted."""

    ref: Ref
    number: str
    dated: date
    amount: Decimal
    accounts: TrustTargets
    contact: Ref | None
    payee: Payee | None
    facts: tuple[str, ...]
    title: str
    policy: Policy
    fingerprint: str
    keeps: bool = False
    entity: str = "Purchase"

    def postings(self) -> tuple[Posting, ...]:
        bank, liability = self.accounts.bank, self.accounts.liability
        return _postings((TrustLine(liability, self.amount), TrustLine(bank, -self.amount)))

    def encode(self, books: Books, current: Raw | None) -> dict[str, object]:
        body: dict[str, object] = {
            "PaymentType": "Check",
            "AccountRef": {"value": self.accounts.bank.ledger_id},
            "DocNumber": self.number,
            "TxnDate": self.dated.isoformat(),
            "PrivateNote": _note(() if self.keeps else self.facts, self.ref, self.policy, current),
            "Line": [self._line(books)],
        }
        if not self.policy.is_us:
            body["GlobalTaxCalculation"] = "NotApplicable"
        if payee := self._payee(current or {}):
            body["EntityRef"] = payee
        body |= {name: value for name in PEOPLES if (value := (current or {}).get(name))}
        return _numbered(body, current, sparse=False)

    def _payee(self, current: Raw) -> object:
        """Ours, where QuickBooks knows the name; what a person filled in stays while Clio names the same payee."""
        told = [fact for fact in self.facts if fact.startswith(PAID_TO)]
        before = [line for line in text(current, "PrivateNote").splitlines() if line.startswith(PAID_TO)]
        if self.keeps or (self.payee is None and told == before):
            return current.get("EntityRef")
        return {"value": self.payee.id, "type": self.payee.type} if self.payee else None

    def _line(self, books: Books) -> dict[str, object]:
        detail: dict[str, object] = {"AccountRef": {"value": self.accounts.liability.ledger_id}}
        if self.contact:
            detail |= {"CustomerRef": {"value": books.ledger_id(self.contact)}, "BillableStatus": "NotBillable"}
        return {
            "DetailType": "AccountBasedExpenseLineDetail",
            "Amount": self.amount,
            "Description": described(self.facts),
            "AccountBasedExpenseLineDetail": detail,
        }


def _postings(lines: Iterable[TrustLine]) -> tuple[Posting, ...]:
    """Debits first; two clients' lines on one liability account are two lines."""
    shown = [posted(line.account.account, line.amount) for line in lines]
    return tuple(sorted(shown, key=lambda line: line.credit > 0))


def _numbered(body: dict[str, object], current: Raw | None, *, sparse: bool = True) -> dict[str, object]:
    """The whole body, with what an update needs besides; an entry without a number is sent without one."""
    kept = {name: value for name, value in body.items() if value != ""}
    if current is None:
        return kept
    key: dict[str, object] = {"Id": text(current, "Id"), "SyncToken": text(current, "SyncToken")}
    return key | ({"sparse": True} if sparse else {}) | kept


def _note(facts: Iterable[str], ref: Ref, policy: Policy, current: Raw | None) -> str:
    """Our facts, what a person wrote besides, and our mark as the last line."""
    ours = tuple(facts)
    before = text(current or {}, "PrivateNote").splitlines()
    added = [line for line in before if not (ours and line.startswith(LABELS))]
    return with_mark("\n".join([*ours, *added]), ref, policy.slug, NOTE_LENGTH)


def described(facts: Iterable[str]) -> str:
    return clip(" · ".join(facts), DESCRIPTION_LENGTH)


def facts_of(row: TrustRow, client: str) -> tuple[str, ...]:
    """What a trust record has to say, one labelled line each (rule R6.6): source or payee, purpose, reference, client,
    matter.
    """
    purpose = " · ".join(part for part in (row.description, row.bill_number and f"bill {row.bill_number}") if part)
    told = (
        (PAID_TO if row.is_out else "Received from: ", row.source),
        ("For: ", purpose),
        ("Reference: ", row.reference),
        ("Client: ", client or row.contact_name),
        ("Matter: ", row.matter),
        ("Account: ", row.account_name),
    )
    return tuple(f"{label}{value}" for label, value in told if value)


def entry_number(practice_id: str, suffix: str = "") -> str:
    """CT- and Clio's id; "" where that is more than QuickBooks takes."""
    number = f"CT-{practice_id}{suffix}"
    return number if len(number) <= NUMBER_LENGTH else ""


def check_number(row: TrustRow, suffix: str = "") -> str:
    """Clio's cheque number where QuickBooks takes it; it is in the note in any case."""
    fits = 0 < len(row.reference) <= NUMBER_LENGTH
    return row.reference if fits else entry_number(row.id, suffix)


def row_fingerprint(row: TrustRow, other: TrustRow | None = None) -> str:
    """64 characters: what moves money, then what is only told of it. ``other`` is the money-in row of a transfer.

    Names of contacts and numbers of matters and bills are left out: renaming one changes no trust record.
    """
    moved = [row.account_id, row.dated, row.amount, row.contact_id, other.contact_id if other else None]
    told = [row.description, row.source, row.reference, row.matter_id, other.matter_id if other else ""]
    return fingerprint(moved) + fingerprint(told)


def moves_the_same(one: str, other: str) -> bool:
    """Whether two row fingerprints differ at most in what is told, not in what moves money."""
    return one[:32] == other[:32]


def sides(row: TrustRow, accounts: TrustTargets, contact: Ref | None) -> tuple[TrustLine, ...]:
    """Rule R6.2: money in is debit bank, credit liability; money out the reverse. Debits first."""
    bank = TrustLine(accounts.bank, row.amount, contact)
    liability = TrustLine(accounts.liability, -row.amount, contact)
    return (liability, bank) if row.is_out else (bank, liability)


def transfer_sides(
    amount: Decimal, accounts: TrustTargets, giver: Ref | None, receiver: Ref | None
) -> tuple[TrustLine, ...]:
    """Rule R6.4: the bank is not moved; what is owed to one client is owed to the other."""
    liability = accounts.liability
    return (TrustLine(liability, amount, giver), TrustLine(liability, -amount, receiver))


def reversed_lines(entries: Iterable[Entry], names: Mapping[str, str]) -> tuple[TrustLine, ...]:
    """The same accounts and customers with debit and credit changed places; lines of nothing are left out.

    ``names`` are the accounts the firm mapped, for a document that names none.
    """
    found = []
    for entry in entries:
        name = entry.account or names.get(entry.account_id, entry.account_id)
        if entry.amount:
            found.append(TrustLine(Target(entry.account_id, name, name), -entry.amount, name=entry.name))
    return tuple(found)


def worth(lines: Iterable[TrustLine]) -> Decimal:
    """The sum of the debits."""
    return sum((line.amount for line in lines if line.amount > 0), ZERO)
