"""A contact and its customer."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, contact, customer, group, paid
from tests.kinds.subjects import CONTACT_GONE, GONE, SAME, Subject, does, table

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])

SUBJECT = Subject(
    ref=customer(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": replace(POSTED, contacts={"7": contact(phone="555 0199")}),
        "M": replace(POSTED, absent_contacts=frozenset({"7"})),
    },
    edit=lambda raw: raw.update(GivenName="Anna"),
    rows=table(
        unchanged=(SAME, does(Action.UPDATE), SAME, GONE),
        changed=(does(Action.UPDATE), does(Action.UPDATE, Action.UPDATE), does(Action.UPDATE), GONE),
        missing=(CONTACT_GONE, CONTACT_GONE, CONTACT_GONE, GONE),
    ),
)
