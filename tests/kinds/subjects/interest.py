"""An interest charge on a bill, and the invoice of its own that stands for it."""

from dataclasses import replace

from integrations.core.changes import Action
from tests.kinds.builders import bill, charge, group, invoice
from tests.kinds.subjects import AGREED, NOTHING, Subject

CHARGED = bill(total=1010, due=1010, balance=1010)
POSTED = group([CHARGED], charges=[charge("5")])
DRIFT, GONE = ["drift"], ["deleted_in_ledger"]

SUBJECT = Subject(
    ref=invoice("1", "interest-5"),
    posted=POSTED,
    practice={
        "U": POSTED,
        "C": group([replace(CHARGED, number="101a")], charges=[charge("5")]),
        "M": replace(group([bill()], charges=[charge("5")]), gone_charges=frozenset({"5"})),
    },
    edit=lambda raw: raw.update(TxnDate="2026-03-03"),
    rows={
        ("U", "U"): (NOTHING, NOTHING),
        ("U", "C"): (NOTHING, DRIFT),
        ("U", "V"): (NOTHING, DRIFT),
        ("U", "M"): (NOTHING, GONE),
        ("C", "U"): ([Action.UPDATE, Action.UPDATE], NOTHING),  # the bill's own invoice is renumbered as well
        ("C", "C"): ([Action.UPDATE], DRIFT),
        ("C", "V"): ([Action.UPDATE], DRIFT),
        ("C", "M"): ([Action.UPDATE], GONE),
        ("M", "U"): ([Action.VOID], NOTHING),
        ("M", "C"): (NOTHING, DRIFT),
        ("M", "V"): (AGREED, NOTHING),
        ("M", "M"): (NOTHING, NOTHING),
    },
)
