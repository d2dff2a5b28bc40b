"""Comparing what Clio asks for with what QuickBooks holds, document by document (rule R10)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from integrations.core.records import Kind, Ref
from integrations.kinds.credit_note import APPLY
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import Demands
from integrations.kinds.proof.corrections import compare_correction, is_applying, is_correction
from integrations.kinds.proof.words import Difference, Expected, Found, What
from integrations.kinds.refund import REFUND, is_refund

NOTHING = "nothing"
LIVE, VOID = "live", "void"
KINDS = frozenset({Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_NOTE})
FORMS = frozenset({"Invoice", "CreditMemo"})  # sales forms, whose lines have to add up to their total


@dataclass
class Comparison:
    """``compared`` and ``equal`` count the documents of each kind."""

    differences: list[Difference] = field(default_factory=list)
    compared: Counter[Kind] = field(default_factory=Counter)
    equal: Counter[Kind] = field(default_factory=Counter)

    def add(self, kind: Kind, differences: list[Difference]) -> None:
        self.compared[kind] += 1
        self.equal[kind] += not differences
        self.differences += differences

    def add_trust(self, by_row: Mapping[str, list[Difference]]) -> None:
        for differences in by_row.values():
            self.add(Kind.TRUST_ENTRY, differences)


def compare_documents(asked: Demands, books: OurBooks) -> Comparison:
    """Every invoice, payment and credit memo that Clio asks for or that stands for something, each looked at once.

    What sets a credit memo against invoices is judged by what it does: QuickBooks may have done it by itself.
    """
    found = Comparison()
    for ref in sorted({*asked.documents, *asked.kept, *asked.unclear, *books.refs()}, key=_order):
        if ref.kind in KINDS and not _applies_a_memo(ref) and (about := _about(ref, asked, books)) is not None:
            found.add(ref.kind, about)
    return _merged_customers(found, books)


def _applies_a_memo(ref: Ref) -> bool:
    return ref.leg == APPLY or is_applying(ref)


def _order(ref: Ref) -> tuple[int, Ref]:
    return list(Kind).index(ref.kind), ref


def _about(ref: Ref, asked: Demands, books: OurBooks) -> list[Difference] | None:
    """What is to be said of one document; None where neither side has anything of it."""
    if is_correction(ref):
        return compare_correction(ref, asked, books)
    expected, every = asked.documents.get(ref), books.every_live(ref)
    live = every[0] if every else None
    doubled = [_doubled(ref, expected, every[0], other) for other in every[1:]]
    if (reason := asked.unclear.get(ref)) is not None:
        return [difference(ref, expected, live, What.UNREADABLE, reason, _sum(live)), *doubled]
    if ref in books.by_hand:
        return [_by_hand(expected, books.by_hand[ref])] if expected else None
    if ref in asked.kept:
        return _kept(ref, live, books) + doubled
    if expected is None:
        return [*_unwanted(ref, live, books), *doubled] if live else None
    return [*(_unequal(expected, live, books) if live else [_absent(ref, expected, books)]), *doubled]


def _by_hand(expected: Expected, documents: list[Found]) -> Difference:
    """A person answers for it; it stays listed, with what still bears our mark."""
    one = documents[0] if documents else None
    return difference(expected.ref, expected, one, What.BY_HAND, str(expected.amount), _sum(one))


def _kept(ref: Ref, live: Found | None, books: OurBooks) -> list[Difference]:
    """A document that stays as it is only has to be there."""
    return [] if live or books.standing[ref].is_voided else [_absent(ref, None, books)]


def _unwanted(ref: Ref, live: Found, books: OurBooks) -> list[Difference]:
    """Nothing is to be said of a payment that was paid back whole, nor of the expense that gave it back."""
    paid = Ref(ref.kind, ref.practice_id, ref.leg.removeprefix(REFUND))
    if (is_refund(ref) and books.live(paid)) or (not is_refund(ref) and live.amount and not books.net(ref, live)):
        return []
    held_by = books.payers.get(live.id, ()) if live.entity == "Invoice" else ()
    unwanted = difference(ref, None, live, What.UNWANTED, NOTHING, _sum(live))
    return [replace(unwanted, payments=frozenset(payment.practice_id for payment in held_by))]


def _absent(ref: Ref, expected: Expected | None, books: OurBooks) -> Difference:
    """Nothing live stands for it: it was never posted, or its document is gone or void."""
    clio, void = str(expected.amount) if expected else LIVE, books.linked.get(ref)
    what, said = (What.MISSING, NOTHING) if void is None else (What.VOIDED, VOID)
    absent = difference(ref, expected, void, what, clio, said)
    return replace(absent, ledger_id=books.id_of(ref), is_gone=books.is_linked(ref))


def _doubled(ref: Ref, expected: Expected | None, live: Found, other: Found) -> Difference:
    clio = str(expected.amount) if expected else NOTHING
    return difference(ref, expected, other, What.DOUBLED, clio, f"{other.amount} beside {live.id}")


def _unequal(expected: Expected, live: Found, books: OurBooks) -> list[Difference]:
    """The members of a live document that do not say what Clio says."""
    pairs = list(_members(expected, live, books))
    return [difference(expected.ref, expected, live, what, clio, said) for what, clio, said in pairs]


def _members(expected: Expected, live: Found, books: OurBooks) -> Iterator[tuple[What, str, str]]:
    if live.key not in books.owners:
        yield What.NOT_LINKED, str(expected.amount), _sum(live)
    net = books.net(expected.ref, live)
    if net != expected.amount:
        yield What.AMOUNT, str(expected.amount), str(net)
    elif live.entity in FORMS and live.lines != live.amount:
        yield What.LINES, str(expected.amount), str(live.lines)
    elif expected.lines and live.marked and live.parts not in expected.lines:
        yield What.LINES, *_of_lines(expected, live)
    if expected.dated and live.dated != expected.dated:
        yield What.DATE, str(expected.dated or ""), str(live.dated or "")
    if expected.number and not _is_numbered(expected, live):
        yield What.NUMBER, expected.number, live.number
    if expected.reference and live.reference != expected.reference:
        yield What.REFERENCE, expected.reference, live.reference
    customer = books.customer_of(expected.contact_id)
    if expected.contact_id and live.customer_id != customer:
        yield What.CUSTOMER, customer or f"contact {expected.contact_id}", live.customer_id


def _of_lines(expected: Expected, live: Found) -> tuple[str, str]:
    """The amounts only one side has; of an invoice without our mark, which a person made, the lines are theirs."""
    here = Counter(live.parts)
    clio = min((Counter(lines) for lines in expected.lines), key=lambda lines: (lines - here).total())
    return _listed(clio - here), _listed(here - clio)


def _listed(amounts: Counter[Decimal]) -> str:
    return ", ".join(str(amount) for amount in sorted(amounts.elements())) or NOTHING


def _is_numbered(expected: Expected, live: Found) -> bool:
    if not expected.starts_number:
        return live.number == expected.number
    return live.number.startswith(expected.number) and live.number[len(expected.number) :].isdigit()


def _sum(live: Found | None) -> str:
    return str(live.amount) if live else NOTHING


def difference(
    ref: Ref, expected: Expected | None, document: Found | None, what: What, clio: str, quickbooks: str
) -> Difference:
    return Difference(
        ref=ref,
        ledger_id=document.id if document else "",
        what=what,
        clio=clio,
        quickbooks=quickbooks,
        title=expected.title if expected else _title(ref, document),
        contact_id=expected.contact_id if expected else "",
        bills=expected.bills if expected else frozenset(),
    )


def _title(ref: Ref, document: Found | None) -> str:
    name = {Kind.INVOICE: "Bill", Kind.PAYMENT: "Payment", Kind.CREDIT_NOTE: "Credit note"}.get(ref.kind, "Record")
    return f"{name} {document.number if document and document.number else ref.practice_id}"


def _merged_customers(found: Comparison, books: OurBooks) -> Comparison:
    """Rule R8: where a customer is gone and everything of it is at one other, that is one difference."""
    moved: dict[str, set[str]] = {}
    for one in found.differences:
        customer = books.customer_of(one.contact_id)
        if one.what is What.CUSTOMER and customer and customer not in books.customers:
            moved.setdefault(one.contact_id, set()).add(one.quickbooks)
    merged = {contact_id for contact_id, survivors in moved.items() if len(survivors) == 1}
    rest = [d for d in found.differences if d.what is not What.CUSTOMER or d.contact_id not in merged]
    dropped = len(found.differences) - len(rest)
    return found if not dropped else replace(found, differences=rest + [_merger(c, moved[c], books) for c in merged])


def _merger(contact_id: str, survivors: set[str], books: OurBooks) -> Difference:
    (survivor,) = survivors
    ref = Ref(Kind.CONTACT, contact_id)
    return Difference(
        ref=ref,
        ledger_id=survivor,
        what=What.CUSTOMER,
        clio=books.id_of(ref),
        quickbooks=survivor,
        title=f"Customer {books.customers.get(survivor, survivor)}",
        contact_id=contact_id,
    )
