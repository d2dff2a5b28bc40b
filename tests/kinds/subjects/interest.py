"""An interest charge on a bill, and the invoice of its own that stands for it."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import bill, charge, group, invoice
from tests.kinds.subjects import AGREED, DRIFT, GONE, SAME, Subject, does, table

CHARGED = bill(total=1010, due=1010, balance=1010)
POSTED = group([CHARGED], charges=[charge("5")])

SUBJECT = Subject(
    ref=invoice("1", "interest-5"),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([replace(CHARGED, number="101a")], charges=[charge("5")]),
        "M": replace(group([bill()], charges=[charge("5")]), gone_charges=frozenset({"5"})),
    },
    edit=lambda raw: raw.update(TxnDate="2026-03-03"),
    rows=table(
        unchanged=(SAME, DRIFT, DRIFT, GONE),
        # the bill's own invoice is renumbered as well
        changed=(
            does(Action.UPDATE, Action.UPDATE),
            does(Action.UPDATE, says="drift"),
            does(Action.UPDATE, says="drift"),
            does(Action.UPDATE, says="deleted_in_ledger"),
        ),
        missing=(does(Action.VOID), DRIFT, AGREED, SAME),
    ),
)
