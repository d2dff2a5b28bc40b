"""A row of a trust account, and the journal entry that stands for it."""

from integrations.core.changes import Action
from integrations.core.records import Kind, Ref
from tests.kinds.subjects import DRIFT, GONE, SAME, Subject, does, table
from tests.kinds.trust_builders import ledger_of, row

POSTED = ledger_of(row())

SUBJECT = Subject(
    ref=Ref(Kind.TRUST_ENTRY, "500"),
    posted=POSTED,
    practice={"U": POSTED, "C": ledger_of(row(amount=4000)), "M": ledger_of(gone=["500"])},
    edit=lambda raw: raw.update(TxnDate="2026-02-05"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        changed=(does(Action.UPDATE), DRIFT, DRIFT, GONE),
        # what takes the entry back is a new one
        missing=(does(Action.CREATE), DRIFT, DRIFT, SAME),
    ),
)
