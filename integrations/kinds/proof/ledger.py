"""Our documents as QuickBooks has them now, read for a reconciliation."""

from collections.abc import Iterator
from decimal import Decimal

from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import day, identifier, money, nested, rows, text
from integrations.core.records import parse_mark
from integrations.kinds.payment import applied_by
from integrations.kinds.proof.words import Found
from integrations.kinds.trust_entry import entries_of

ENTRIES = frozenset({"JournalEntry", "Purchase"})
_VOIDED = "Voided"  # QuickBooks API reference, Invoice and Payment: void; a credit memo we emptied says so too


def found(entity: str, raw: Raw, slug: str) -> Found:
    """Raises Unreadable for a document whose amounts are no amounts."""
    note, amount, amounts = text(raw, "PrivateNote"), money(raw, "TotalAmt"), list(_lines(raw))
    return Found(
        entity=entity,
        id=identifier(raw, "Id"),
        marked=parse_mark(note, slug),
        number=text(raw, "DocNumber"),
        dated=day(raw, "TxnDate"),
        customer_id=text(nested(raw, "CustomerRef"), "value"),
        amount=amount,
        lines=sum(amounts, ZERO),
        parts=tuple(sorted(amount for amount in amounts if amount)),
        reference=text(raw, "PaymentRefNum").strip(),
        balance=money(raw, "Balance" if raw.get("Balance") is not None else "RemainingCredit"),
        is_void=amount == 0 and note.startswith(_VOIDED),
        applied=applied_by(raw),
        credits=applied_by(raw, "CreditMemo"),
        deposit_to=text(nested(raw, "DepositToAccountRef"), "value"),
        entries=entries_of(entity, raw) if entity in ENTRIES else (),
    )


def _lines(raw: Raw) -> Iterator[Decimal]:
    """The amounts of a document's lines, before any tax that QuickBooks adds to them."""
    for line in rows(raw, "Line"):
        match text(line, "DetailType"):
            case "SubTotalLineDetail":
                continue
            case "DiscountLineDetail":
                yield -money(line, "Amount")
            case _:
                yield money(line, "Amount")
