"""What a person is told of a write that QuickBooks refused, did not answer, or that could not be sent."""

from collections.abc import Sequence

from integrations.core import words
from integrations.core.changes import Action, Change, Problem
from integrations.core.errors import Malformed, NotFound, Refused, RemoteError, Stale
from integrations.core.records import Kind, Ref

# QuickBooks error code to the issue it becomes (Intuit docs: error codes).
CODES = {"6140": "duplicate_number", "6240": "name_taken", "6540": "deposited_payment", "6210": "period_closed"}
TEXTS = {
    "duplicate_number": "{title} cannot be posted: its number is already used in QuickBooks.",
    "name_taken": "{title} cannot be created: a vendor, employee or customer already has the name. The next run uses "
    "the firm's name template.",
    "deposited_payment": "{title} is part of a bank deposit in QuickBooks, so it cannot be changed. Take it out of the "
    "deposit there, then choose “Try again”. Nothing was half-applied.",
    "period_closed": "{title} falls in a period that is closed in QuickBooks. It is not re-dated.",
    "rejected": "QuickBooks refused {title}. It is tried again when the bill, the mapping or the QuickBooks document "
    "has changed, or when you choose “Try again”.",
}


def ends_run(error: RemoteError) -> bool:
    """Whether the connection, not the record, is at fault: no other write would fare better."""
    return not isinstance(error, Refused | Malformed | NotFound | Stale)


def refusal(change: Change, code: str, message: str) -> Problem:
    """The issue a refusal becomes, in the bookkeeper's words with the vendor's beside them."""
    issue = CODES.get(code, "rejected")
    if issue == "name_taken" and change.entity != "Customer":
        issue = "rejected"
    said = f"{message} (code {code})" if code else message
    text = TEXTS[issue].format(title=change.title)
    message = f"{text} {said}{_half_done(change)}"
    return Problem(issue, change.ref, message, title=change.title, ledger_id=change.ledger_id)


def _half_done(change: Change) -> str:
    """Rule R6.3: of a bill paid from trust, which entry stands and which does not. Payments are written first."""
    payments = sorted(ref.practice_id for ref in change.after if ref.kind is Kind.PAYMENT)
    if change.ref.kind is not Kind.TRUST_ENTRY or not payments:
        return ""
    names = f"Payment {', '.join(payments)}"
    do = "Put right what QuickBooks complains of and choose “Try again”; enter nothing by hand."
    if change.closes:
        return (
            f" {names}, deleted in Clio, is voided in QuickBooks; the trust entry that went with it still stands, so "
            f"the trust bank and what is owed to the client are {words.amount(change.amount)} too low. {do}"
        )
    if change.action is not Action.CREATE:
        return ""
    return (
        f" {names} is posted, so the bill is paid and the money is in the in-transit account; the trust entry is not, "
        f"so the trust bank and what is owed to the client are {words.amount(change.amount)} too high. {do}"
    )


def moved_meanwhile(change: Change) -> Problem:
    """The document was changed while the run was under way; what was planned no longer fits it."""
    return Problem(
        "rejected",
        change.ref,
        f"{change.title} was changed in QuickBooks during the run, so it was not overwritten. The next run looks "
        "again.",
        title=change.title,
        ledger_id=change.ledger_id,
    )


def unresolved(ref: Ref, title: str) -> Problem:
    return Problem(
        "unresolved_write",
        ref,
        f"QuickBooks gave no clean answer when {title} was written, so it may or may not be there. The next runs find "
        "out before anything else is written for it.",
        title=title,
    )


def more_than_one(ref: Ref, title: str, entity: str, ids: Sequence[str]) -> Problem:
    """Several documents in QuickBooks may each be the one that was written; only a person can tell."""
    return Problem(
        "unresolved_write",
        ref,
        f"{title} is in QuickBooks more than once: {_listed(entity, ids)} all carry its mark. Keep one and "
        "void or delete the others there; the next run goes on with it. Until then nothing is written for it.",
        title=title,
        ledger_id=ids[0],
        details={"found": list(ids)},
    )


def _listed(entity: str, ids: Sequence[str]) -> str:
    names = [f"{entity} {id}" for id in ids]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def unresolved_in_clio(change: Change) -> Problem:
    return Problem(
        "unresolved_write",
        change.ref,
        f"Clio gave no clean answer when {change.title} was changed there, so it may or may not have been done. The "
        "next runs find out before anything else is written to the contact.",
        title=change.title,
        blocks=False,
    )


def refused_by_clio(change: Change, message: str) -> Problem:
    return Problem(
        "clio_refused",
        change.ref,
        f"{change.reason}: Clio refused it for {change.title}. {message} Both sides stay as they are; it is tried "
        "again when one of them has changed, or when you choose “Try again”.",
        title=change.title,
        ledger_id=change.ledger_id,
        blocks=False,
    )


def unread(change: Change) -> Problem:
    return Problem(
        "rejected",
        change.ref,
        f"{change.title}: QuickBooks's side ({change.entity} {change.ledger_id}) could not be read, so it was not "
        "changed.",
        title=change.title,
        ledger_id=change.ledger_id,
    )


def total_changed(change: Change, total: object, *, voided: bool) -> Problem:
    """Rule R3.3: QuickBooks's tax engine made another amount of an invoice or credit memo."""
    assert change.draft is not None
    done = (
        "It was voided at once. Switch automatic sales tax off in QuickBooks; the portal tries again when the "
        "setting has changed."
        if voided
        else "It could not be voided yet; the next run tries again. Switch automatic sales tax off in QuickBooks."
    )
    return Problem(
        "total_mismatch",
        change.ref,
        f"QuickBooks made {words.amount(total)} of {change.title}, which is {words.amount(change.draft.amount)} in "
        f"Clio (its tax engine adds tax). {done}",
        title=change.title,
        ledger_id=change.ledger_id,
    )
