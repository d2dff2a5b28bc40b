"""A credit note on a bill, and the credit memo in QuickBooks."""

from integrations.core.changes import Action
from tests.kinds.builders import bill, credit, credit_memo, group, memo, paid
from tests.kinds.subjects import AGREED, NOTHING, Subject

POSTED = group([paid(bill(), 100)], allocations=[credit()], memos=[memo()])
DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=credit_memo(),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([paid(bill(), 60)], allocations=[credit(amount=60)], memos=[memo(amount=60)]),
        "M": group([bill()], allocations=[credit(is_valid=False)], memos=[memo(is_voided=True)]),
    },
    edit=lambda raw: raw.update(DocNumber="by hand"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): (NOTHING, DRIFT),
        ("U", "V"): (NOTHING, DRIFT),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE, Action.UPDATE], NOTHING),
        ("C", "C"): (NOTHING, DRIFT),
        ("C", "V"): (NOTHING, DRIFT),
        ("C", "M"): (NOTHING, GONE),
        ("M", "U"): ([Action.VOID, Action.VOID], NOTHING),
        ("M", "C"): ([Action.VOID], DRIFT),
        ("M", "V"): ([Action.VOID, *AGREED], NOTHING),
        ("M", "M"): ([Action.VOID], NOTHING),
    },
)
