"""What a person decides about a customer that stands for nobody in Clio: whose it is, or that it need not be seen."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from firms.models import User
from integrations.core.ports import Clock
from integrations.issue_codes import code
from integrations.models import EntityLink, IgnoredCustomer, Issue, Pairing, Record, SyncEvent
from integrations.resolving import resolve

MATCH = "probable_match"  # the planner takes the answer to this question as it is


class CannotLink(ValueError):
    """The two cannot be linked; the text says why."""


def link(pairing: Pairing, contact_id: str, customer_id: str, user: User, clock: Clock, note: str = "") -> Issue:
    """Decides that this contact is this customer; the next run links them. Raises CannotLink, and then nothing changes.

    Only the run itself links: it alone knows that nobody is writing to either of the two meanwhile.
    """
    with transaction.atomic():
        list(Pairing.objects.of(pairing.firm).select_for_update().filter(pk=pairing.pk))  # one decision at a time
        contact = _known(pairing, Record.Side.PRACTICE, "contacts", contact_id, "That contact is no longer in Clio.")
        customer = _known(pairing, Record.Side.LEDGER, "Customer", customer_id, "That customer is not in QuickBooks.")
        if customer.get("Active") is False:
            raise CannotLink("The customer is inactive. Make it active in QuickBooks, and sync; then link it.")
        _refuse_linked(pairing, contact_id, customer_id)
        issue = _question(pairing, contact_id, customer_id, contact, customer, clock)
        resolve(issue, "link", user, clock, value=customer_id, note=note)
        ignored_of(pairing).filter(ledger_id=customer_id).delete()
    return issue


def _mirrored(pairing: Pairing, side: str, entity: str, id: str) -> QuerySet[Record]:
    return Record.objects.of(pairing.firm).filter(pairing=pairing, side=side, entity=entity, external_id=id)


def _known(pairing: Pairing, side: str, entity: str, id: str, missing: str) -> dict[str, Any]:
    live = _mirrored(pairing, side, entity, id).filter(is_deleted=False)
    data: dict[str, Any] | None = live.values_list("data", flat=True).first()
    if data is None:
        raise CannotLink(missing)
    return data


def _refuse_linked(pairing: Pairing, contact_id: str, customer_id: str) -> None:
    links = EntityLink.objects.of(pairing.firm).filter(pairing=pairing, kind="contact")
    links = links.exclude(state=EntityLink.State.UNLINKED)
    if taken := links.filter(practice_id=contact_id).first():
        raise CannotLink(f"That contact already stands for customer {taken.ledger_id}. A contact has one customer.")
    if taken := links.filter(ledger_id=customer_id).first():
        raise CannotLink(f"That customer already stands for contact {taken.practice_id}. A customer has one contact.")
    if decided := decided_links(pairing).filter(value=customer_id).exclude(practice_id=contact_id).first():
        raise CannotLink(f"Somebody has decided already that the customer is {decided.title}.")


def decided_links(pairing: Pairing) -> QuerySet[Issue]:
    """Decisions of this sort that the next run carries out; ``value`` is the customer."""
    issues = Issue.objects.of(pairing.firm).filter(pairing=pairing, code=MATCH, kind="contact")
    return issues.filter(state=Issue.State.DECIDED, action="link")


def _question(
    pairing: Pairing, contact_id: str, customer_id: str, contact: dict[str, Any], customer: dict[str, Any], clock: Clock
) -> Issue:
    """The issue that asks who the contact is: the open one, or one opened for this answer."""
    issues = Issue.objects.of(pairing.firm)
    asked = issues.filter(pairing=pairing, code=MATCH, kind="contact", practice_id=contact_id, leg="")
    if known := asked.exclude(state=Issue.State.CLOSED).first():
        return known
    name = str(contact.get("name") or f"Contact {contact_id}")
    theirs = str(customer.get("DisplayName") or f"Customer {customer_id}")
    return issues.create(
        firm=pairing.firm,
        pairing=pairing,
        code=MATCH,
        severity=code(MATCH).severity,
        kind="contact",
        practice_id=contact_id,
        title=name[:600],
        message=f"{name} in Clio was chosen for the customer “{theirs}”, which stood for nobody in Clio.",
        details={"candidates": [customer_id], "names": {customer_id: theirs}},
        opened_at=clock.now(),
    )


def ignored_of(pairing: Pairing) -> QuerySet[IgnoredCustomer]:
    return IgnoredCustomer.objects.of(pairing.firm).filter(pairing=pairing)


def ignore(pairing: Pairing, customer_id: str, user: User, clock: Clock, note: str = "") -> None:
    """Takes the customer off the list, and keeps who did so and why. Raises CannotLink for one that is not there."""
    data = _known(pairing, Record.Side.LEDGER, "Customer", customer_id, "That customer is not in QuickBooks.")
    with transaction.atomic():
        who = {"ignored_by": user, "ignored_at": clock.now(), "note": note}
        _, made = ignored_of(pairing).get_or_create(pairing=pairing, ledger_id=customer_id, defaults=who)
        if made:
            _journal(pairing, customer_id, str(data.get("DisplayName") or ""), user, clock, f"Ignored{_because(note)}")


def list_again(pairing: Pairing, customer_id: str, user: User, clock: Clock) -> None:
    """Puts an ignored customer back on the list."""
    with transaction.atomic():
        removed, _ = ignored_of(pairing).filter(ledger_id=customer_id).delete()
        if removed:
            customers = _mirrored(pairing, Record.Side.LEDGER, "Customer", customer_id)
            name = customers.values_list("data__DisplayName", flat=True).first()
            _journal(pairing, customer_id, str(name or ""), user, clock, "Listed again")


def _because(note: str) -> str:
    return f": {note}" if note else ""


def _journal(pairing: Pairing, customer_id: str, name: str, user: User, clock: Clock, message: str) -> None:
    SyncEvent.objects.of(pairing.firm).create(
        firm=pairing.firm,
        pairing=pairing,
        at=clock.now(),
        actor=user,
        kind="contact",
        ledger_entity="Customer",
        ledger_id=customer_id,
        outcome=SyncEvent.Outcome.DECIDED,
        title=(name or f"Customer {customer_id}")[:600],
        message=message,
    )
