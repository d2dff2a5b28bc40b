"""A credit note on a bill, and the payment of nothing in QuickBooks that applies it."""

from integrations.core.changes import Action
from tests.kinds.builders import application
from tests.kinds.subjects import NOTHING, Subject, credit_note

DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=application(),
    posted=credit_note.POSTED,
    practice=credit_note.SUBJECT.practice,
    edit=lambda raw: raw.update(TxnDate="2026-12-31"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): (NOTHING, DRIFT),
        ("U", "V"): (NOTHING, DRIFT),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE, Action.UPDATE], NOTHING),
        ("C", "C"): (NOTHING, DRIFT),
        ("C", "V"): ([Action.UPDATE, Action.CREATE], NOTHING),
        ("C", "M"): ([Action.UPDATE], GONE),
        ("M", "U"): ([Action.VOID, Action.VOID], NOTHING),
        ("M", "C"): (NOTHING, DRIFT),
        ("M", "V"): ([Action.VOID, Action.VOID], NOTHING),
        ("M", "M"): ([Action.VOID], NOTHING),
    },
)
