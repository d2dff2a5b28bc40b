"""What a person does not want done: a held change that was discarded stays undone until it is another one."""

from collections.abc import Iterable

from integrations.core.blast import digest_of
from integrations.core.changes import Action, Change, Problem
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Draftbook

SET_ASIDE = "set_aside"
WOULD = {
    Action.VOID: "void it",
    Action.UNLINK: "let go of it",
    Action.CREATE: "take it back with a new entry",
    Action.UPDATE: "change it",
}


def without_set_aside(book: Draftbook, changes: Iterable[Change]) -> tuple[Change, ...]:
    """The changes that go on. One that was set aside stays listed as accepted; what depends on it waits behind it."""
    kept: list[Change] = []
    stuck: set[Ref] = set()
    dropped: dict[Ref, list[Change]] = {}
    for change in changes:
        if digest_of(change) in book.group.set_aside.get(change.ref, ()):
            dropped.setdefault(change.ref, []).append(change)
            stuck |= set() if change.ref.kind is Kind.CONTACT else {change.ref}
        elif change.after & stuck:
            stuck.add(change.ref)
            book.wait(change.ref)
            book.catalog.forget(change.ref)
        else:
            kept.append(change)
    for ref, left in dropped.items():
        book.report(_said(ref, left))
    return tuple(kept)


def _said(ref: Ref, left: list[Change]) -> Problem:
    change = left[0]
    why = f" ({change.reason})" if change.reason else ""
    message = (
        f"The sync would {WOULD.get(change.action, 'change it')}{why}. A person discarded that, so it stays as it is."
    )
    details = {"changes": sorted(digest_of(one) for one in left)}
    return Problem(
        SET_ASIDE, ref, message, change.title, change.ledger_id, blocks=False, accepted=True, details=details
    )
