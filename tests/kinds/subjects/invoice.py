"""A bill and its invoice."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import allocation, bill, group, invoice, paid
from tests.kinds.subjects import AGREED, DRIFT, GONE, SAME, Subject, does, table

POSTED = group([paid(bill(), 400)], allocations=[allocation(amount=400)])
CHANGED = replace(POSTED, bills={"1": replace(POSTED.bills["1"], due_at=bill().issued_at)})

SUBJECT = Subject(
    ref=invoice(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": CHANGED,
        "M": group([bill(state="void")], allocations=[allocation(amount=400, is_valid=False)]),
    },
    edit=lambda raw: raw.update(DocNumber="by hand"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        changed=(does(Action.UPDATE), DRIFT, DRIFT, GONE),
        missing=(does(Action.VOID), DRIFT, AGREED, SAME),
    ),
)
