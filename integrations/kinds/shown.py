"""What a preview shows of a change to a document that is there: its fields as they are, and as they will be."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from integrations.core.changes import Action, Books, Change
from integrations.core.mapping import Policy
from integrations.core.money import ZERO
from integrations.core.ports import Raw
from integrations.core.read import text
from integrations.kinds import contact_fields
from integrations.kinds.catalog import Catalog
from integrations.kinds.contact_drafts import ContactDraft, CustomerDraft
from integrations.kinds.facts import APPLIED, differences
from integrations.kinds.group import Group
from integrations.kinds.payment import applied_by
from integrations.kinds.theirs import as_ours, named

Field = dict[str, str]  # label, before, after


def fields_of(
    change: Change, current: Raw | None, books: Books, group: Group, policy: Policy, catalog: Catalog
) -> list[Field]:
    """Empty for what creates, voids or only links. Raises KeyError where it needs a document that is not there yet."""
    draft = change.draft
    if isinstance(draft, ContactDraft):
        return _values(contact_fields.of_contact(draft.contact), draft.values)
    if change.action is not Action.UPDATE or draft is None or current is None:
        return []
    if isinstance(draft, CustomerDraft):
        return [*_names(draft, current), *_values(_customer(draft, current), draft.values)]
    ours = as_ours(draft, current, books)
    found = differences(change.entity, ours, current, named(policy, catalog))
    fields = [{"label": row["label"], "before": row["theirs"], "after": row["ours"]} for row in found]
    return [*fields, *_applied(group, catalog, current, ours)]


def _customer(draft: CustomerDraft, current: Raw) -> contact_fields.Values:
    return contact_fields.of_customer(current, is_company=draft.contact.is_company)


def _names(draft: CustomerDraft, current: Raw) -> Iterator[Field]:
    if draft.reactivate:
        yield {"label": "Active", "before": "no", "after": "yes"}
    elif draft.name is not None and draft.name != text(current, "DisplayName"):
        yield {"label": "Display name", "before": text(current, "DisplayName"), "after": draft.name}


def _values(before: contact_fields.Values, after: contact_fields.Values) -> list[Field]:
    return [
        {
            "label": contact_fields.LABELS[name],
            "before": contact_fields.shown(before.get(name, "")),
            "after": contact_fields.shown(value),
        }
        for name, value in after.items()
        if before.get(name, "") != value
    ]


def _applied(group: Group, catalog: Catalog, before: Raw, after: Raw) -> Iterator[Field]:
    """What a payment pays of each invoice."""
    was, will = applied_by(before), applied_by(after)
    for id in dict.fromkeys([*was, *will]):
        if was.get(id, ZERO) != will.get(id, ZERO):
            label = f"{APPLIED} {_number(group, catalog, id)}"
            yield {"label": label, "before": _said(was, id), "after": _said(will, id)}


def _said(applied: Mapping[str, Decimal], id: str) -> str:
    return f"{applied[id]:.2f}" if id in applied else ""


def _number(group: Group, catalog: Catalog, invoice_id: str) -> str:
    """By the number a person knows it by; one that is not ours by its id."""
    owner = catalog.owners.get(("Invoice", invoice_id))
    bill = group.bills.get(owner.practice_id) if owner else None
    return bill.number if bill else invoice_id
