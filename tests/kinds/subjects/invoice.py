"""A bill and its invoice."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, group, invoice, paid
from tests.kinds.subjects import AGREED, NOTHING, Subject

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])
CHANGED = replace(POSTED, bills={"1": replace(POSTED.bills["1"], due_at=bill().issued_at)})
DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=invoice(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": CHANGED,
        "M": group([bill(state="void")], allocations=[allocation(amount=400, is_valid=False)]),
    },
    edit=lambda raw: raw.update(DocNumber="by hand"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): (NOTHING, DRIFT),
        ("U", "V"): (NOTHING, DRIFT),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE], NOTHING),
        ("C", "C"): (NOTHING, DRIFT),
        ("C", "V"): (NOTHING, DRIFT),
        ("C", "M"): (NOTHING, GONE),
        ("M", "U"): ([Action.VOID], NOTHING),
        ("M", "C"): (NOTHING, DRIFT),
        ("M", "V"): (AGREED, NOTHING),
        ("M", "M"): (NOTHING, NOTHING),
    },
)
