"""A credit note on a bill, and the payment of nothing in QuickBooks that applies it."""

from integrations.core.changes import Action
from tests.kinds.builders import application
from tests.kinds.subjects import DRIFT, GONE, SAME, Subject, credit_note, does, table

SUBJECT = Subject(
    ref=application(),
    posted=credit_note.POSTED,
    practice=credit_note.SUBJECT.practice,
    edit=lambda raw: raw.update(TxnDate="2026-12-31"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        changed=(
            does(Action.UPDATE, Action.UPDATE),
            DRIFT,
            does(Action.UPDATE, Action.CREATE),
            does(Action.UPDATE, says="deleted_in_ledger"),
        ),
        missing=(does(Action.VOID, Action.VOID), DRIFT, does(Action.VOID, Action.VOID), does(Action.VOID)),
    ),
)
