"""A payment on a bill, and the payment in QuickBooks."""

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, group, paid, payment
from tests.kinds.subjects import AGREED, DRIFT, GONE, SAME, Subject, does, table

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])

SUBJECT = Subject(
    ref=payment(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([paid(bill(), 300)], allocations=[allocation(amount=300)]),
        "M": group([bill()], allocations=[allocation(amount=400, is_valid=False)]),
    },
    edit=lambda raw: raw.update(PaymentRefNum="by hand"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        changed=(does(Action.UPDATE), DRIFT, DRIFT, GONE),
        missing=(does(Action.VOID), DRIFT, AGREED, SAME),
    ),
)
