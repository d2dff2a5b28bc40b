"""What a QuickBooks document says, field by field as people read it, and where two versions of it differ (R8)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations.core import words
from integrations.core.ports import Raw
from integrations.core.read import Unreadable, money, nested, rows, text

Name = Callable[[str, str], str]  # (CustomerRef, id) to what the customer is called; empty where nobody knows
Difference = dict[str, str]  # label, ours, theirs: as an issue keeps them

HEADS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "Invoice": (
        ("Number", "DocNumber"),
        ("Date", "TxnDate"),
        ("Due date", "DueDate"),
        ("Customer", "CustomerRef"),
        ("Amount", "TotalAmt"),
    ),
    "CreditMemo": (
        ("Number", "DocNumber"),
        ("Date", "TxnDate"),
        ("Customer", "CustomerRef"),
        ("Amount", "TotalAmt"),
    ),
    "Payment": (
        ("Amount", "TotalAmt"),
        ("Date", "TxnDate"),
        ("Customer", "CustomerRef"),
        ("Reference", "PaymentRefNum"),
        ("Deposited to", "DepositToAccountRef"),
    ),
    "JournalEntry": (("Number", "DocNumber"), ("Date", "TxnDate")),
    "Purchase": (
        ("Number", "DocNumber"),
        ("Date", "TxnDate"),
        ("Paid from", "AccountRef"),
        ("Payee", "EntityRef"),
        ("Amount", "TotalAmt"),
    ),
}
LINED = frozenset({"Invoice", "CreditMemo", "JournalEntry", "Purchase"})  # a payment's lines are compared elsewhere
APPLIED = "Applied to invoice"  # and its number: how much a payment or credit pays of it
MEASURES = ("Amount", "Date", "Due date", APPLIED)  # a number or a reference is no amount, whatever it looks like
LINE_REFS = ("ItemRef", "AccountRef", "CustomerRef")


@dataclass(frozen=True, slots=True)
class Fact:
    """``value`` is what is compared, ``shown`` what a person reads."""

    value: str
    shown: str


def differences(entity: str, ours: Raw, theirs: Raw, name: Name) -> list[Difference]:
    """The fields in which two versions of one document differ, in the order of its form."""
    left, right = _facts(entity, ours, name), _facts(entity, theirs, name)
    nothing = Fact("", "")
    return [
        {"label": label, "ours": left.get(label, nothing).shown, "theirs": right.get(label, nothing).shown}
        for label in dict.fromkeys([*left, *right])
        if left.get(label, nothing).value != right.get(label, nothing).value
    ]


def said(differing: Sequence[Difference], most: int = 3) -> str:
    """The differences as part of a sentence: “amount 100.00 → 100.01, date …”."""
    parts = [_in_words(row) for row in differing[:most]]
    more = len(differing) - most
    return ", ".join([*parts, f"{more} more"] if more > 0 else parts)


def _in_words(row: Difference) -> str:
    ours, theirs = (written(row["label"], row[side]) or "none" for side in ("ours", "theirs"))
    return f"{row['label'].lower()} {ours} → {theirs}"


def written(label: str, value: str) -> str:
    """What a field of this label says, as people read it."""
    return words.written(value) if label.startswith(MEASURES) else value


def _facts(entity: str, raw: Raw, name: Name) -> dict[str, Fact]:
    found = {label: _head(raw, member, name) for label, member in HEADS.get(entity, ())}
    if entity in LINED:
        found |= {f"Line {at}": fact for at, fact in enumerate(_lines(raw, name), start=1)}
    return found


def _head(raw: Raw, member: str, name: Name) -> Fact:
    if member == "TotalAmt":
        return Fact(_amount(raw, member), _amount(raw, member))
    if member.endswith("Ref"):
        id = text(nested(raw, member), "value")
        return Fact(id, _called(member, nested(raw, member), name))
    return Fact(text(raw, member), text(raw, member))


def _amount(raw: Raw, member: str) -> str:
    """What is no amount is shown as it stands."""
    try:
        return f"{money(raw, member):.2f}"
    except Unreadable:
        return text(raw, member)


def _called(member: str, ref: Raw, name: Name) -> str:
    id = text(ref, "value")
    return text(ref, "name") or name(member, id) or id


def _lines(raw: Raw, name: Name) -> Iterator[Fact]:
    for line in rows(raw, "Line"):
        kind = text(line, "DetailType")
        if kind != "SubTotalLineDetail":
            yield _line(line, nested(line, kind), name)


def _line(line: Raw, detail: Raw, name: Name) -> Fact:
    refs = {member: nested(detail, member) for member in LINE_REFS}
    refs["EntityRef"] = nested(nested(detail, "Entity"), "EntityRef")
    named = [_called(member, ref, name) for member, ref in refs.items() if text(ref, "value")]
    amount, described, posted = _amount(line, "Amount"), text(line, "Description"), text(detail, "PostingType")
    shown = " · ".join(part for part in (posted, *named, described, words.written(amount)) if part)
    return Fact("|".join((posted, *(text(ref, "value") for ref in refs.values()), described, amount)), shown)
