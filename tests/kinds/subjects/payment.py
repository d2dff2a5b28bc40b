"""A payment on a bill, and the payment in QuickBooks."""

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, group, paid, payment
from tests.kinds.subjects import AGREED, NOTHING, Subject

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])
DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=payment(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([paid(bill(), 300)], allocations=[allocation(amount=300)]),
        "M": group([bill()], allocations=[allocation(amount=400, is_valid=False)]),
    },
    edit=lambda raw: raw.update(PaymentRefNum="by hand"),
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
