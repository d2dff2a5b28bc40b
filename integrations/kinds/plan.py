"""The plan of one group: records and links in, changes and problems out; the same input always gives the same plan."""

from integrations.core.changes import Action, Change, Plan, ordered
from integrations.core.mapping import Policy
from integrations.core.records import Kind
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Draftbook, Group
from integrations.kinds.invoice import TRUST_KIND
from integrations.kinds.plan_contacts import plan_contact
from integrations.kinds.plan_invoices import plan_bill, scoped_bills
from integrations.kinds.plan_payments import plan_payments


def plan_group(group: Group, policy: Policy, catalog: Catalog) -> Plan:
    """Plans contacts, invoices and payments of one group, in the order R1.5 wants.

    ``catalog`` is told of the names and numbers this plan claims.
    """
    book = Draftbook(group, policy, catalog)
    bills = [bill for bill in scoped_bills(book) if bill.kind != TRUST_KIND]
    for contact_id in sorted({bill.contact_id for bill in bills if bill.contact_id}):
        plan_contact(book, contact_id)
    for bill in bills:
        plan_bill(book, bill)
    plan_payments(book)
    return book.plan(ordered(tuple(book.changes.values()), _stage))


def _stage(change: Change) -> int:
    """Contacts, then payments that let go, then invoices, then payments that take hold."""
    if change.ref.kind is Kind.CONTACT:
        return 0
    if change.ref.kind is Kind.PAYMENT:
        return 1 if change.action is Action.VOID else 3
    return 2
