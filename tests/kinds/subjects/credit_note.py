"""A credit note on a bill, and the credit memo in QuickBooks."""

from integrations.core.changes import Action
from tests.kinds.builders import bill, credit, credit_memo, group, memo, paid
from tests.kinds.subjects import DRIFT, GONE, SAME, Subject, does, table

POSTED = group([paid(bill(), 100)], allocations=[credit()], memos=[memo()])

SUBJECT = Subject(
    ref=credit_memo(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([paid(bill(), 60)], allocations=[credit(amount=60)], memos=[memo(amount=60)]),
        "M": group([bill()], allocations=[credit(is_valid=False)], memos=[memo(is_voided=True)]),
    },
    edit=lambda raw: raw.update(DocNumber="by hand"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        changed=(does(Action.UPDATE, Action.UPDATE), DRIFT, DRIFT, GONE),
        missing=(
            does(Action.VOID, Action.VOID),
            does(Action.VOID, says="drift"),
            does(Action.VOID, Action.ACCEPT),
            does(Action.VOID),
        ),
    ),
)
