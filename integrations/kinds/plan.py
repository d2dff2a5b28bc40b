"""The plan of one group: records and links in, changes and problems out; the same input always gives the same plan."""

from integrations.core.changes import Plan
from integrations.core.mapping import Policy
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Draftbook, Group
from integrations.kinds.invoice import TRUST_KIND
from integrations.kinds.order import arranged, hold_back
from integrations.kinds.plan_contacts import chosen_contacts, linked_contacts, plan_contact
from integrations.kinds.plan_credit_notes import plan_credit_notes
from integrations.kinds.plan_foreign import plan_foreign_payments
from integrations.kinds.plan_inactive import plan_inactive
from integrations.kinds.plan_invoices import plan_bill, plan_unreadable_bills, scoped_bills
from integrations.kinds.plan_payments import plan_payments
from integrations.kinds.plan_trust import hold_with_trust, plan_trust
from integrations.kinds.set_aside import without_set_aside
from integrations.kinds.trust_desk import trust_contacts


def plan_group(group: Group, policy: Policy, catalog: Catalog) -> Plan:
    """Plans contacts, invoices, payments, credit notes and trust of one group, in the order R1.5 wants.

    ``catalog`` is told of the names and numbers this plan claims.
    """
    book = Draftbook(group, policy, catalog)
    bills = [bill for bill in scoped_bills(book) if bill.kind != TRUST_KIND]
    billed = {bill.contact_id for bill in bills if bill.contact_id}
    wanted = billed | linked_contacts(book) | trust_contacts(book) | chosen_contacts(book)
    for contact_id in sorted(wanted):
        plan_contact(book, contact_id)
    for bill in bills:
        plan_bill(book, bill)
    plan_unreadable_bills(book)
    plan_payments(book)
    plan_credit_notes(book)
    plan_foreign_payments(book)
    desk = plan_trust(book)
    plan_inactive(book)
    hold_back(book)
    hold_with_trust(book, desk)
    book.to_practice = list(without_set_aside(book, book.to_practice))
    return book.plan(without_set_aside(book, arranged(book)))
