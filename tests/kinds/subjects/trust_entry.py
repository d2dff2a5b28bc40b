"""A row of a trust account, and the journal entry that stands for it."""

from integrations.core.changes import Action
from integrations.core.records import Kind, Ref
from tests.kinds.subjects import NOTHING, Subject
from tests.kinds.trust_builders import ledger_of, row

POSTED = ledger_of(row())
DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=Ref(Kind.TRUST_ENTRY, "500"),
    posted=POSTED,
    practice={"U": POSTED, "C": ledger_of(row(amount=4000)), "M": ledger_of(gone=["500"])},
    edit=lambda raw: raw.update(TxnDate="2026-02-05"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): (NOTHING, DRIFT),
        ("U", "V"): (NOTHING, DRIFT),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE], NOTHING),
        ("C", "C"): (NOTHING, DRIFT),
        ("C", "V"): (NOTHING, DRIFT),
        ("C", "M"): (NOTHING, GONE),
        ("M", "U"): ([Action.CREATE], NOTHING),  # the entry that takes it back
        ("M", "C"): (NOTHING, DRIFT),
        ("M", "V"): (NOTHING, DRIFT),
        ("M", "M"): (NOTHING, NOTHING),
    },
)
