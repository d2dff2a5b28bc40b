"""Planning the fields of a linked contact, both ways (rule R7)."""

from collections.abc import Mapping

from integrations.core.changes import Action, Change, Decision, Problem
from integrations.core.mapping import ALL_FIELDS, Policy
from integrations.core.merge import Conflict, Merged, merge
from integrations.core.records import Ref, Side
from integrations.kinds import contact_fields
from integrations.kinds.contact import Contact, display_name
from integrations.kinds.contact_drafts import ContactDraft, CustomerDraft
from integrations.kinds.contact_fields import LABELS, Base, ContactRules, Value, Values, shown
from integrations.kinds.group import Draftbook, LinkState

SIDES = {"clio": Side.PRACTICE, "quickbooks": Side.LEDGER}
CONFLICT = "contact_conflict"


def plan_fields(book: Draftbook, contact: Contact, link: LinkState) -> None:
    """Carries what one side changed to the other, and asks about what both changed."""
    base = contact_fields.from_json(link.base.get("fields"))
    ours = contact_fields.of_contact(contact)
    theirs = _theirs(book, contact, base, ours)
    wanted = _preferred(book.policy, ours) | _picked(book.decision(contact.ref, CONFLICT), ours, theirs)
    merged = merge(ours, theirs, base, ContactRules(theirs), wanted)
    if any(base.get(name) != both for name, both in merged.agreed.items()):
        book.agreed[contact.ref] = contact_fields.to_json(merged.agreed)
    if merged.conflicts:
        book.report(_conflict(contact, link, merged.conflicts))
    if merged.to_practice:
        book.add_for_practice(_to_practice(contact, link, merged.to_practice))
    _to_ledger(book, contact, link, merged)


def _theirs(book: Draftbook, contact: Contact, base: Base, ours: Values) -> dict[str, Value]:
    """QuickBooks's side; where the customer has not been read it counts as unchanged."""
    document = book.document(contact.ref)
    if document is not None and document.raw is not None:
        return contact_fields.of_customer(document.raw, is_company=contact.is_company)
    return {name: base[name].ledger if name in base else value for name, value in ours.items()}


def _preferred(policy: Policy, ours: Values) -> dict[str, Side]:
    """What the firm always wants."""
    asked = {name: policy.prefer.get(name, policy.prefer.get(ALL_FIELDS, "")) for name in ours}
    return {name: SIDES[side] for name, side in asked.items() if side in SIDES}


def _picked(decision: Decision | None, ours: Values, theirs: Values) -> dict[str, Side]:
    """What a person chose; a choice between values that are no longer there is none."""
    if decision is None:
        return {}
    seen = decision.seen.get("fields")
    picks = picks_of(decision, seen if isinstance(seen, Mapping) else {})
    return {name: side for name, side in picks.items() if name in ours and _as_seen(seen, name, ours, theirs)}


def picks_of(decision: Decision, seen: Mapping[str, object]) -> dict[str, Side]:
    """Field to the side a person chose: one by one (``phone=clio fax=quickbooks``), or one side for all they saw."""
    if decision.action in ("use_clio", "use_quickbooks"):
        return dict.fromkeys(seen, SIDES[decision.action.removeprefix("use_")])
    pairs = (word.partition("=")[::2] for word in decision.value.split())
    return {name: SIDES[side] for name, side in pairs if side in SIDES}


def _as_seen(seen: object, name: str, ours: Values, theirs: Values) -> bool:
    was = seen.get(name) if isinstance(seen, Mapping) else None
    there = (shown(ours[name]), shown(theirs[name]))
    return isinstance(was, Mapping) and (was.get("clio"), was.get("quickbooks")) == there


def _to_practice(contact: Contact, link: LinkState, values: Values) -> Change:
    return Change(
        action=Action.UPDATE,
        ref=contact.ref,
        entity="contacts",
        title=contact.name,
        reason=f"{_listed(values)} changed in QuickBooks, written to Clio",
        ledger_id=link.ledger_id,
        draft=ContactDraft(contact, values),
        side=Side.PRACTICE,
    )


def _to_ledger(book: Draftbook, contact: Contact, link: LinkState, merged: Merged[Value]) -> None:
    name = None
    if link.base.get("name") != contact.name:
        name = name_for(book, contact, link.ledger_id)
        if name is None:
            return book.report(name_taken(book, contact, link.ledger_id))
        book.catalog.claim_name(name, link.ledger_id)
    if name is None and not merged.to_ledger:
        return None if merged.to_practice or merged.conflicts else book.keep(contact.ref)
    draft = CustomerDraft(contact, name, book.policy, values=merged.to_ledger)
    return book.add(Change.of(Action.UPDATE, draft, link.ledger_id, "changed in Clio"))


def _conflict(contact: Contact, link: LinkState, conflicts: Mapping[str, Conflict[Value]]) -> Problem:
    hints = [f"{LABELS[name]}: {conflict.why}" for name, conflict in conflicts.items() if conflict.why]
    return Problem(
        CONFLICT,
        contact.ref,
        f"{contact.name} does not say the same in Clio and in QuickBooks: {_listed(conflicts)}. Neither side was "
        f"overwritten. Choose for each field which one counts.{''.join(f' {hint}' for hint in hints)}",
        title=contact.name,
        ledger_id=link.ledger_id,
        blocks=False,
        details={"fields": {name: _told(conflict) for name, conflict in conflicts.items()}},
    )


def _told(conflict: Conflict[Value]) -> dict[str, str]:
    only = next((name for name, side in SIDES.items() if side is conflict.only), "")
    return {
        "clio": shown(conflict.practice),
        "quickbooks": shown(conflict.ledger),
        "base": shown(conflict.base.practice) if conflict.base else "",
        **({"why": conflict.why} if conflict.why else {}),
        **({"only": only} if only else {}),
    }


def _listed(names: Mapping[str, object]) -> str:
    """The fields in words: "phone, e-mail"."""
    return ", ".join(LABELS[name].lower() for name in names)


def name_for(book: Draftbook, contact: Contact, own_id: str) -> str | None:
    """Rule R2.2: the plain name, else the firm's template; None where both belong to somebody else."""
    for name in (display_name(contact), display_name(contact, book.policy.name_template)):
        if book.catalog.name_is_free(name, own_id):
            return name
    return None


def name_taken(book: Draftbook, contact: Contact, ledger_id: str) -> Problem:
    """A customer that is there keeps its name and everything else until one is free; its bills go on."""
    plain, templated = display_name(contact), display_name(contact, book.policy.name_template)
    return Problem(
        "name_taken",
        contact.ref,
        f"QuickBooks already has “{plain}” and “{templated}”, so {contact.name} cannot be "
        f"{'renamed' if ledger_id else 'created'}. Rename one of them in QuickBooks, or change the name template.",
        title=contact.name,
        ledger_id=ledger_id,
        blocks=not ledger_id,
    )


def contact_gone(ref: Ref, title: str, link: LinkState) -> Problem:
    """Rule R7: a contact deleted in Clio, or merged into another one there."""
    return Problem(
        "contact_gone",
        ref,
        f"{title} can no longer be seen in Clio: deleted, merged into another contact, or hidden from the user who "
        "connected it. The customer stays in QuickBooks as it is and is no longer kept in step.",
        title=title,
        ledger_id=link.ledger_id,
        blocks=False,
    )
