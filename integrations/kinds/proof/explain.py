"""Which issue, if any, says why a record differs; what nobody was told of stays unexplained."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from integrations.core import lookalikes
from integrations.core.records import Kind, Ref
from integrations.kinds.proof.words import Difference, What

EXTRA = frozenset({What.DOUBLED, What.NOT_LINKED, What.UNWANTED})
EVERYTHING = frozenset(What)
# Only what a code is about does it explain: an accepted change must not cover up that the document was deleted later.
EXPLAINS: Mapping[str, frozenset[What]] = {
    "drift": EVERYTHING - {What.MISSING, What.DOUBLED, What.NOT_LINKED},
    "deleted_in_ledger": frozenset({What.MISSING, What.BY_HAND}),
    "unresolved_write": EVERYTHING,
    "payment_only_in_quickbooks": frozenset({What.BALANCE, What.RECEIVABLE}),
    "credit_missing": frozenset({What.APPLIED, What.BALANCE, What.RECEIVABLE}),
    "credit_applied_elsewhere": frozenset({What.APPLIED, What.BALANCE, What.RECEIVABLE}),
    "credit_left_open": frozenset({What.APPLIED, What.BALANCE, What.RECEIVABLE}),
    "credit_partly_outside": frozenset(),
    "payment_partly_outside": frozenset(),
    "bill_in_draft": frozenset(),
    "trust_incomplete": frozenset(),
    "trust_text_closed": frozenset(),
    **dict.fromkeys(lookalikes.CODES, frozenset()),  # what looks like another document is posted all the same
}
ABOUT_GONE = frozenset({"drift", "deleted_in_ledger"})
USUALLY = EVERYTHING - {What.DOUBLED, What.NOT_LINKED}  # any other issue keeps a record from being posted or changed
# What happened to one document does not keep those that depend on it from being posted.
NOT_IN_THE_WAY = frozenset({"drift", *(code for code, what in EXPLAINS.items() if not what)})
# What an issue about a changed document calls the member that differs.
LABELS = {
    What.AMOUNT: "Amount",
    What.UNWANTED: "Amount",
    What.DATE: "Date",
    What.NUMBER: "Number",
    What.REFERENCE: "Reference",
    What.VOIDED: "State",
}
# Firm-wide issues that keep everything of these kinds waiting.
FIRM_WIDE: Mapping[str, frozenset[Kind]] = {
    "numbering_setting_off": frozenset({Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_NOTE}),
    "mapping_missing": frozenset({Kind.INVOICE, Kind.PAYMENT, Kind.CREDIT_NOTE}),
    "run_held": frozenset(Kind),
    "reconnect": frozenset(Kind),
    "not_synced": frozenset(Kind),
    "permission_lost": frozenset(Kind),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """An issue that is not closed; ``ref`` is None where it is about the firm.

    ``fields`` is what QuickBooks said when somebody had changed a document there, by the name of the field.
    ``decided_by`` and ``note`` are who accepted it and why.
    """

    id: int
    code: str
    ref: Ref | None
    is_accepted: bool
    fields: Mapping[str, str] = field(default_factory=dict)
    decided_by: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A difference and the issue that says why, or None."""

    difference: Difference
    reason: Reason | None

    @property
    def is_accepted(self) -> bool:
        return self.reason is not None and self.reason.is_accepted


@dataclass
class Reasons:
    """Issues by the record they are about."""

    about: dict[tuple[Kind, str], list[Reason]] = field(default_factory=dict)
    firm: list[Reason] = field(default_factory=list)

    @classmethod
    def of(cls, reasons: Iterable[Reason]) -> "Reasons":
        """Open ones come before accepted ones, so that a difference is accepted only where nothing is open."""
        found = cls()
        for reason in sorted(reasons, key=lambda reason: (reason.is_accepted, reason.id)):
            if reason.ref is None:
                found.firm.append(reason)
            else:
                found.about.setdefault((reason.ref.kind, reason.ref.practice_id), []).append(reason)
        return found

    def explain(self, difference: Difference) -> Explained:
        """The nearest issue: about the document itself, another leg, what it depends on, the firm."""
        return Explained(difference, next(self._candidates(difference), None))

    def _candidates(self, one: Difference) -> Iterator[Reason]:
        own = [r for r in self.about.get((one.ref.kind, one.ref.practice_id), ()) if _fits(r, one)]
        yield from (reason for reason in own if reason.ref == one.ref)
        yield from own
        if one.what is What.UNWANTED:  # an invoice is voided once the payments that hold on to it let go
            held = ((Kind.PAYMENT, id) for id in sorted(one.payments))
            yield from (r for r in self._in_the_way(held) if not r.is_accepted)
        if one.what in EXTRA or one.is_gone:
            return  # what was posted and is gone, or is there once too often, waits for nothing
        yield from self._in_the_way(_depends_on(one))
        yield from (reason for reason in self.firm if one.ref.kind in FIRM_WIDE.get(reason.code, ()))

    def _in_the_way(self, keys: Iterable[tuple[Kind, str]]) -> Iterator[Reason]:
        for key in keys:
            yield from (r for r in self.about.get(key, ()) if r.code not in NOT_IN_THE_WAY)


def _fits(reason: Reason, one: Difference) -> bool:
    """Whether the issue is about this; a figure that was changed once more since then is another difference.

    What a person accepted does not cover up that the document was deleted or voided later.
    """
    if one.is_gone and reason.is_accepted and reason.code not in ABOUT_GONE:
        return False
    if one.what not in EXPLAINS.get(reason.code, USUALLY):
        return False
    label = one.field or LABELS.get(one.what)
    if label is None or not reason.fields:
        return True
    return label in reason.fields and (one.what is What.VOIDED or reason.fields[label] == one.quickbooks)


def _depends_on(one: Difference) -> Iterator[tuple[Kind, str]]:
    if one.contact_id:
        yield Kind.CONTACT, one.contact_id
    for bill_id in sorted(one.bills):
        yield Kind.INVOICE, bill_id
    for payment_id in sorted(one.payments):
        yield Kind.PAYMENT, payment_id
