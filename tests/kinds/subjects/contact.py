"""A contact and its customer."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, contact, customer, group, paid
from tests.kinds.subjects import NOTHING, Subject

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])
GONE = ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=customer(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": replace(POSTED, contacts={"7": contact(phone="555 0199")}),
        "M": replace(POSTED, absent_contacts=frozenset({"7"})),
    },
    edit=lambda raw: raw.update(GivenName="Anna"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): ([Action.UPDATE], NOTHING),
        ("U", "V"): (NOTHING, NOTHING),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE], NOTHING),
        ("C", "C"): ([Action.UPDATE, Action.UPDATE], NOTHING),
        ("C", "V"): ([Action.UPDATE], NOTHING),
        ("C", "M"): (NOTHING, GONE),
        ("M", "U"): (NOTHING, ["contact_gone"]),
        ("M", "C"): (NOTHING, ["contact_gone"]),
        ("M", "V"): (NOTHING, ["contact_gone"]),
        ("M", "M"): (NOTHING, GONE),
    },
)
