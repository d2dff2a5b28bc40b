"""Trust rows and the entries that stand for them, one test for each sentence of rule R6."""

# An amount may be compared with a whole number.
# mypy: no-strict-equality

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations.core.changes import Action, Decision
from integrations.core.read import Unreadable
from integrations.kinds.catalog import LooseCheck, Named
from integrations.kinds.trust_entry import contact_of, decode_row, lacking
from tests.kinds.builders import change_of, codes, contact, customer, steps
from tests.kinds.ledger import Ledger
from tests.kinds.trust_builders import (
    CREATED,
    TODAY,
    balances,
    entry,
    ledger_of,
    opened,
    owed,
    row,
    trusting,
)

RAW = {
    "id": 500,
    "bank_account": {"id": 44, "name": "IOLTA", "type": "Trust"},
    "date": "2026-02-04",
    "funds_in": Decimal(5000),
    "funds_out": 0,
    "amount": Decimal(5000),
    "client": {"id": 7, "name": "Ann Lee"},
    "created_at": "2026-02-04T09:00:00Z",
}


def posted(plan: Any, ref: Any) -> list[tuple[str, Decimal, Decimal]]:
    return [(line.account, line.debit, line.credit) for line in change_of(plan, ref).postings()]


# R6.1


@pytest.mark.parametrize("word", ["deposit", "withdrawal", "check", ""])
@pytest.mark.parametrize("sign", [1, -1])
def test_r6_1_rows_are_judged_by_money_in_and_out_never_by_their_type_or_signed_amount(word: str, sign: int) -> None:
    raw = {**RAW, "transaction_type": word, "funds_in": 0, "funds_out": "12.50", "amount": sign * Decimal("12.50")}
    assert decode_row(raw).amount == Decimal("-12.50")


@pytest.mark.parametrize(
    "odd",
    [
        {"funds_in": -1},
        {"funds_out": -1},
        {"funds_in": 0},
        {"funds_in": "many"},
        {"bank_account": None},
        {"redacted": True},
    ],
)
def test_r6_1_a_row_that_tells_neither_in_nor_out_is_not_read(odd: dict[str, object]) -> None:
    with pytest.raises(Unreadable):
        decode_row({**RAW, **odd})


def test_r6_1_an_account_the_firm_did_not_map_is_left_alone() -> None:
    plan = Ledger().plan(ledger_of(row(account_id="46")), trusting())
    assert (steps(plan), codes(plan)) == ([], [])


def test_r6_1_an_account_whose_mapping_no_longer_serves_is_never_written_to() -> None:
    plan = Ledger().plan(ledger_of(row()), trusting(broken=("account:trust_bank:44",)))
    assert steps(plan) == [(Action.CREATE, customer())]
    assert codes(plan) == [("mapping_missing", entry())]


# R6.2


def test_r6_2_money_in_is_debit_trust_bank_credit_trust_liability_with_the_customer_on_both_lines() -> None:
    ledger = Ledger()
    plan = ledger.carry_out(ledger_of(row()), trusting())
    assert steps(plan) == [(Action.CREATE, customer()), (Action.CREATE, entry())]
    assert posted(plan, entry()) == [("IOLTA", 5000, 0), ("IOLTA Liability", 0, 5000)]
    raw = ledger.of(entry())
    assert (raw["DocNumber"], raw["TxnDate"]) == ("CT-500", "2026-02-04")
    names = [line["JournalEntryLineDetail"]["Entity"] for line in raw["Line"]]
    assert names == [{"Type": "Customer", "EntityRef": {"value": ledger.ledger_id(customer())}}] * 2


def test_r6_2_money_out_is_the_reverse() -> None:
    plan = Ledger().plan(ledger_of(row(), row("501", -2000)), trusting())
    assert posted(plan, entry("501")) == [("IOLTA Liability", 2000, 0), ("IOLTA", 0, 2000)]
    assert change_of(plan, entry("501")).entity == "JournalEntry"


def test_r6_2_money_out_is_a_check_when_the_firm_chooses_so_and_money_in_never_is() -> None:
    ledger, _ = opened(row(), row("501", -2000, source="Bo Ek Ltd"), trust_checks=True)
    check = ledger.of(entry("501"))
    assert ledger.links[entry()].entity == "JournalEntry"
    assert (check["PaymentType"], check["DocNumber"], check["AccountRef"]) == ("Check", "1042", {"value": "91"})
    (line,) = check["Line"]
    detail = line["AccountBasedExpenseLineDetail"]
    assert (line["Amount"], detail["AccountRef"]) == (2000, {"value": "92"})
    assert detail["CustomerRef"] == {"value": ledger.ledger_id(customer())}
    assert balances(ledger) == {"91": 3000, "92": -3000}


@pytest.mark.parametrize(
    ("reference", "number"), [("", "CT-501"), ("2051", "2051"), ("wire of 4 February 2026, sent", "CT-501")]
)
def test_r6_2_a_check_has_clios_number_or_one_of_ours(reference: str, number: str) -> None:
    ledger, _ = opened(row(), row("501", -2000, reference=reference), trust_checks=True)
    assert ledger.of(entry("501"))["DocNumber"] == number
    assert reference in ledger.of(entry("501"))["PrivateNote"]


@pytest.mark.parametrize(("kind", "id"), [("Vendor", "31"), ("Employee", "32")])
def test_r6_2_the_payee_is_the_quickbooks_name_that_equals_it(kind: str, id: str) -> None:
    ledger = Ledger()
    ledger.shelf.strangers = [Named(kind, id, "Bo Ek Ltd", "Bo Ek Ltd")]
    ledger.carry_out(ledger_of(row(), row("501", -2000, source="bo ek ltd")), trusting(trust_checks=True))
    assert ledger.of(entry("501"))["EntityRef"] == {"value": id, "type": kind}


def test_r6_2_a_payee_quickbooks_does_not_know_is_in_the_memo() -> None:
    ledger, _ = opened(row(), row("501", -2000, source="Bo Ek Ltd"), trust_checks=True)
    assert "EntityRef" not in ledger.of(entry("501"))
    assert "Paid to: Bo Ek Ltd" in ledger.of(entry("501"))["PrivateNote"]


@pytest.mark.parametrize("checks", [True, False])
def test_r6_2_a_persons_own_check_of_that_number_amount_and_account_is_offered_for_adoption(checks: bool) -> None:
    ledger, group = _with_own_check()
    plan = ledger.plan(group, trusting(trust_checks=checks))
    assert codes(plan) == [("check_exists", entry("501"))]
    assert plan.problems[0].ledger_id == "77"
    assert (Action.CREATE, entry("501")) not in steps(plan)


@pytest.mark.parametrize("other", [{"number": "1043"}, {"amount": Decimal("2000.01")}, {"account_id": "93"}])
def test_r6_2_another_check_is_not(other: dict[str, Any]) -> None:
    ledger, group = _with_own_check(**other)
    assert codes(ledger.plan(group, trusting())) == []


def test_r6_2_an_adopted_check_becomes_what_clio_says_and_keeps_its_payee() -> None:
    ledger, group = _with_own_check()
    decided = replace(group, decisions={(entry("501"), "check_exists"): Decision("adopt", "77")})
    plan = ledger.carry_out(decided, trusting())
    assert (change_of(plan, entry("501")).action, change_of(plan, entry("501")).ledger_id) == (Action.UPDATE, "77")
    check = ledger.of(entry("501"))
    assert check["EntityRef"] == {"value": "31", "type": "Vendor"}
    assert check["PrivateNote"] == "by hand\nClio trust_entry 501 · acme"
    assert balances(ledger) == {"91": 3000, "92": -3000}
    assert steps(ledger.plan(group, trusting())) == []


def test_r6_2_two_checks_are_posted_after_a_person_said_so() -> None:
    ledger, group = _with_own_check()
    decided = replace(group, decisions={(entry("501"), "check_exists"): Decision("post")})
    assert (Action.CREATE, entry("501")) in steps(ledger.plan(decided, trusting()))


def _with_own_check(**other: Any) -> tuple[Ledger, Any]:
    ledger, group = Ledger(), ledger_of(row(), row("501", -2000))
    ledger.shelf.drawn.append(replace(LooseCheck("77", "1042", "91", Decimal(2000)), **other))
    ledger.documents["Purchase", "77"] = {
        "Id": "77",
        "SyncToken": "0",
        "PaymentType": "Check",
        "DocNumber": "1042",
        "TxnDate": "2026-02-05",
        "AccountRef": {"value": "91"},
        "EntityRef": {"value": "31", "type": "Vendor"},
        "PrivateNote": "by hand",
        "Line": [{"Amount": Decimal(2000), "AccountBasedExpenseLineDetail": {"AccountRef": {"value": "60"}}}],
    }
    return ledger, group


@pytest.mark.parametrize(
    ("members", "owner"),
    [
        ({"client": {"id": 7}, "matter": {"id": 70, "client": {"id": 8}}}, "7"),
        ({"client": None, "matter": {"id": 70, "client": {"id": 8}}}, "8"),
        ({"client": None, "matter": None}, ""),
    ],
)
def test_r6_2_the_customer_is_the_rows_client_else_the_matters_else_none(members: Any, owner: str) -> None:
    raw = {**RAW, **members}
    assert (decode_row(raw).contact_id, contact_of(raw)) == (owner, owner)


def test_r6_2_a_row_without_a_client_has_no_name_on_its_lines() -> None:
    ledger = Ledger()
    ledger.carry_out(ledger_of(row(contact_id="", contact_name="")), trusting())
    assert all("Entity" not in line["JournalEntryLineDetail"] for line in ledger.of(entry())["Line"])


def test_r1_3_the_client_of_a_trust_row_becomes_a_customer_and_the_row_waits_for_it() -> None:
    plan = Ledger().plan(ledger_of(row(), contacts={"7": "Clio hides this contact"}), trusting())
    assert (steps(plan), plan.waiting) == ([], (entry(),))
    assert codes(plan) == [("permission_lost", customer())]


# R6.5


def test_r6_5_rows_before_the_start_date_are_read_and_never_posted_and_make_nobody_a_customer() -> None:
    plan = Ledger().plan(ledger_of(row(dated=date(2025, 11, 3))), trusting())
    assert (steps(plan), codes(plan)) == ([], [])


def test_r6_5_a_posting_that_would_go_below_zero_is_refused() -> None:
    plan = Ledger().plan(ledger_of(row(), row("501", -5000), row("502", "-0.01")), trusting())
    assert codes(plan) == [("trust_overdraw", entry("502"))]
    assert (Action.CREATE, entry("501")) in steps(plan)


def test_r6_5_money_in_comes_first_on_its_day() -> None:
    assert codes(Ledger().plan(ledger_of(row("501", -5000), row("502")), trusting())) == []


def test_r6_5_but_not_before_its_day() -> None:
    late = row("502", dated=date(2026, 2, 5))
    assert codes(Ledger().plan(ledger_of(row("501", -5000), late), trusting())) == [("trust_overdraw", entry("501"))]


def test_r6_5_each_client_and_each_account_is_judged_by_itself() -> None:
    rows = [row(), row("501", -1, contact_id="8"), row("502", -1, account_id="45")]
    found = codes(Ledger().plan(ledger_of(*rows), trusting()))
    assert found == [("trust_overdraw", entry("501")), ("trust_overdraw", entry("502"))]


def test_r6_5_what_is_posted_already_stays_and_a_person_is_told() -> None:
    ledger, _ = opened(row(), row("501", -5000))
    plan = ledger.plan(ledger_of(row(dated=date(2026, 2, 9)), row("501", -5000)), trusting())
    assert steps(plan) == [(Action.UPDATE, entry())]
    assert codes(plan) == [("trust_overdraw", entry("501"))]
    assert not plan.problems[0].blocks


# R6.6


def test_r6_6_each_posting_carries_source_purpose_reference_client_and_matter() -> None:
    ledger, _ = opened(row(source="First Bank"))
    raw = ledger.of(entry())
    assert raw["PrivateNote"].splitlines() == [
        "Received from: First Bank",
        "For: Retainer",
        "Reference: 1042",
        "Client: Client 7",
        "Matter: 00001-Lee",
        "Account: IOLTA",
        "Clio trust_entry 500 · acme",
    ]
    assert raw["Line"][0]["Description"].startswith("Received from: First Bank · For: Retainer")


@pytest.mark.parametrize(
    ("changes", "missing"),
    [
        ({"dated": None}, ("date",)),
        ({"amount": Decimal(0)}, ("amount",)),
        ({"contact_id": ""}, ("client",)),
        ({"description": "", "source": ""}, ("description or source",)),
        ({"description": ""}, ()),
        ({"source": ""}, ()),
        ({"reference": ""}, ()),
        ({"amount": Decimal(-5), "reference": ""}, ("reference",)),
    ],
)
def test_r6_6_what_a_row_lacks(changes: dict[str, Any], missing: tuple[str, ...]) -> None:
    assert lacking(row(**changes)) == missing


def test_r6_6_rows_that_lack_something_are_posted_all_the_same() -> None:
    bare = row(contact_id="", contact_name="", description="", source="", reference="", matter="", matter_id="")
    assert steps(Ledger().plan(ledger_of(bare), trusting())) == [(Action.CREATE, entry())]


def test_r6_6_a_row_without_a_date_cannot_be_posted_and_is_named() -> None:
    assert codes(Ledger().plan(ledger_of(row(dated=None)), trusting())) == [("date_missing", entry())]


def test_a_row_in_another_currency_is_never_posted() -> None:
    assert codes(Ledger().plan(ledger_of(row(currency="CAD")), trusting())) == [("currency_mismatch", entry())]


# R6.7


@pytest.mark.parametrize(
    "edit",
    [
        {"amount": Decimal(4000)},
        {"dated": date(2026, 2, 9)},
        {"contact_id": "8"},
        {"account_id": "45"},
        {"description": "Retainer, second"},
        {"matter_id": "71"},
        {"amount": Decimal(-1), "dated": date(2026, 2, 9)},
    ],
)
def test_r6_7_edited_in_clio_the_entry_is_updated_in_place(edit: dict[str, Any]) -> None:
    ledger, _ = opened(row(), row("499", 10))
    changed = ledger_of(row(**edit), row("499", 10))
    plan = ledger.carry_out(changed, trusting())
    assert (Action.UPDATE, entry()) in steps(plan)
    assert len([key for key in ledger.documents if key[0] == "JournalEntry"]) == 2
    assert steps(ledger.plan(changed, trusting())) == []
    assert sum(balances(ledger).values()) == 0


def test_r6_7_renaming_a_client_or_a_matter_rewrites_no_trust_record() -> None:
    ledger, _ = opened(row())
    renamed = ledger_of(row(contact_name="Ann Ek", matter="00009-Ek"), contacts=[contact("7", "Client 7")])
    assert steps(ledger.plan(renamed, trusting())) == []


def test_r6_7_what_a_person_wrote_into_the_note_stays_when_clio_changes() -> None:
    ledger, _ = opened(row())
    raw = ledger.of(entry())
    raw["PrivateNote"] = "Seen by the auditor\n" + raw["PrivateNote"]
    ledger.carry_out(ledger_of(row(description="Second retainer")), trusting())
    note = ledger.of(entry())["PrivateNote"].splitlines()
    assert "Seen by the auditor" in note and "For: Second retainer" in note and "For: Retainer" not in note
    assert note[-1] == "Clio trust_entry 500 · acme"


def test_r6_7_a_posted_form_stays_when_the_firm_chooses_the_other() -> None:
    ledger, group = opened(row(), row("501", -2000))
    assert steps(ledger.plan(group, trusting(trust_checks=True))) == []
    plan = ledger.carry_out(ledger_of(row(), row("501", -1500)), trusting(trust_checks=True))
    assert change_of(plan, entry("501")).entity == "JournalEntry"


def test_r6_7_a_check_that_becomes_money_in_is_reversed_and_posted_anew() -> None:
    ledger, _ = opened(row(), row("501", -2000), trust_checks=True)
    plan = ledger.carry_out(ledger_of(row(), row("501", 300)), trusting())
    assert steps(plan) == [(Action.CREATE, entry("501", "reversal")), (Action.CREATE, entry("501", "2"))]
    assert owed(ledger) == {"7": 5300}


def test_r6_7_in_a_closed_period_the_reversing_entry_is_proposed_and_nothing_is_written() -> None:
    ledger, _ = opened(row())
    closed = trusting(close_date=date(2026, 2, 28))
    plan = ledger.plan(ledger_of(row(amount=Decimal(4000))), closed)
    assert (steps(plan), codes(plan)) == ([], [("period_closed", entry())])
    details = plan.problems[0].details
    assert details["also"] == ["reverse"]
    assert details["reversing"] == [
        {"account": "IOLTA Liability", "debit": "5000.00", "credit": "0.00"},
        {"account": "IOLTA", "debit": "0.00", "credit": "5000.00"},
    ]


def test_r6_7_a_person_confirms_it_and_the_row_is_posted_anew_in_the_open_period() -> None:
    ledger, _ = opened(row())
    closed, changed = trusting(close_date=date(2026, 2, 28)), ledger_of(row(amount=Decimal(4000)))
    decided = replace(changed, decisions={(entry(), "period_closed"): Decision("reverse")})
    plan = ledger.carry_out(decided, closed)
    assert steps(plan) == [(Action.CREATE, entry("500", "reversal")), (Action.CREATE, entry("500", "2"))]
    assert [ledger.of(entry("500", leg))["TxnDate"] for leg in ("", "reversal", "2")] == [
        "2026-02-04",
        "2026-03-15",
        "2026-03-15",
    ]
    assert [ledger.of(entry("500", leg))["DocNumber"] for leg in ("", "reversal", "2")] == [
        "CT-500",
        "CT-500-R",
        "CT-500-2",
    ]
    assert owed(ledger) == {"7": 4000}
    later = ledger.plan(replace(changed, run_date=TODAY + timedelta(days=9)), closed)
    assert (steps(later), codes(later)) == ([], [])


def test_r6_7_only_the_words_changed_in_a_closed_period_is_said_and_nothing_more() -> None:
    ledger, _ = opened(row())
    plan = ledger.plan(ledger_of(row(description="Advance")), trusting(close_date=date(2026, 2, 28)))
    assert (steps(plan), codes(plan)) == ([], [("trust_text_closed", entry())])
    assert not plan.problems[0].blocks


def test_r6_7_a_row_first_seen_in_a_closed_period_is_not_posted_and_not_re_dated() -> None:
    plan = Ledger().plan(ledger_of(row()), trusting(close_date=date(2026, 2, 28)))
    assert codes(plan) == [("period_closed", entry())]
    assert "also" not in plan.problems[0].details


@pytest.mark.parametrize("checks", [True, False])
def test_r6_7_gone_in_clio_it_is_reversed_by_an_entry_of_the_runs_date(checks: bool) -> None:
    ledger, _ = opened(row(), row("501", -2000), trust_checks=checks)
    left = ledger_of(row(), gone=["501"])
    plan = ledger.carry_out(left, trusting(close_date=date(2026, 2, 28)))
    assert steps(plan) == [(Action.CREATE, entry("501", "reversal"))]
    assert change_of(plan, entry("501", "reversal")).closes == entry("501")
    back = ledger.of(entry("501", "reversal"))
    assert (back["TxnDate"], back["DocNumber"]) == ("2026-03-15", "CT-501-R")
    assert "Reverses: " in back["PrivateNote"]
    assert back["PrivateNote"].endswith("\nClio trust_entry 501/reversal · acme")
    assert (balances(ledger), owed(ledger)) == ({"91": 5000, "92": -5000}, {"7": 5000})
    assert steps(ledger.plan(left, trusting())) == []


def test_r6_7_a_row_that_comes_back_is_posted_anew() -> None:
    ledger, group = opened(row())
    ledger.carry_out(ledger_of(gone=["500"]), trusting())
    plan = ledger.carry_out(group, trusting())
    assert steps(plan) == [(Action.CREATE, entry("500", "2"))]
    assert owed(ledger) == {"7": 5000}
    ledger.carry_out(ledger_of(gone=["500"]), trusting())
    assert ledger.of(entry("500", "reversal-2"))["DocNumber"] == "CT-500-R2"
    assert owed(ledger) == {}


def test_r6_7_a_row_that_was_never_posted_leaves_nothing_when_it_goes() -> None:
    assert steps(Ledger().plan(ledger_of(gone=["500"]), trusting())) == []


def test_r6_7_a_posted_row_that_is_worth_nothing_any_more_is_reversed() -> None:
    ledger, _ = opened(row())
    plan = ledger.plan(ledger_of(row(amount=0)), trusting())
    assert steps(plan) == [(Action.CREATE, entry("500", "reversal"))]


def test_r6_7_without_the_runs_date_nothing_is_reversed() -> None:
    ledger, _ = opened(row())
    plan = ledger.plan(replace(ledger_of(gone=["500"]), run_date=None), trusting())
    assert (steps(plan), plan.waiting) == ([], (entry(),))


# R6.8


def test_r6_8_nothing_of_trust_touches_income_expense_or_receivables() -> None:
    rows = [row(), row("501", -2000), row("502", -100, contact_id="8"), row("503", 100, contact_id="8")]
    ledger, _ = opened(*rows, trust_checks=True)
    ledger.carry_out(ledger_of(*rows[:1], gone=["501", "502", "503"]), trusting())
    assert set(balances(ledger)) == {"91", "92"}


# R8


def test_r8_what_a_person_changed_is_drift_and_what_they_deleted_is_not_created_again() -> None:
    ledger, group = opened(row())
    ledger.of(entry())["TxnDate"] = "2026-02-05"
    assert codes(ledger.plan(group, trusting())) == [("drift", entry())]
    ledger.delete(entry())
    plan = ledger.plan(group, trusting())
    assert (steps(plan), codes(plan)) == ([], [("deleted_in_ledger", entry())])


@pytest.mark.parametrize(
    ("how", "action", "legs"),
    [
        ("changed", "restore", [(Action.UPDATE, "")]),
        ("deleted", "restore", [(Action.CREATE, "")]),
        ("changed", "accept_theirs", [(Action.ACCEPT, "")]),
        ("changed", "unlink", [(Action.UNLINK, "")]),
        ("deleted", "unlink", [(Action.UNLINK, "")]),
    ],
)
def test_r8_what_a_person_decides_is_carried_out(how: str, action: str, legs: list[tuple[Action, str]]) -> None:
    ledger, group = opened(row())
    code = "drift" if how == "changed" else "deleted_in_ledger"
    if how == "changed":
        ledger.of(entry())["TxnDate"] = "2026-02-05"
    else:
        ledger.delete(entry())
    plan = ledger.carry_out(replace(group, decisions={(entry(), code): Decision(action)}), trusting())
    assert steps(plan) == [(what, entry("500", leg)) for what, leg in legs]
    again = ledger.plan(group, trusting())
    assert steps(again) == []
    assert all(problem.accepted for problem in again.problems)


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_r8_a_reversal_is_restored_as_it_was(how: str) -> None:
    ledger, _ = opened(row())
    gone = ledger_of(gone=["500"])
    ledger.carry_out(gone, trusting())
    ref = entry("500", "reversal")
    before = dict(ledger.of(ref))
    if how == "changed":
        ledger.of(ref)["TxnDate"] = "2026-03-16"
    else:
        ledger.delete(ref)
    code = "drift" if how == "changed" else "deleted_in_ledger"
    decided = replace(gone, decisions={(ref, code): Decision("restore")}, run_date=date(2026, 4, 1))
    ledger.carry_out(decided, trusting())
    assert {name: ledger.of(ref)[name] for name in ("TxnDate", "DocNumber", "Line", "PrivateNote")} == {
        name: before[name] for name in ("TxnDate", "DocNumber", "Line", "PrivateNote")
    }
    assert (balances(ledger), steps(ledger.plan(gone, trusting()))) == ({}, [])


def test_r8_a_payee_that_a_person_fills_in_is_no_drift_and_stays() -> None:
    ledger, _ = opened(row(), row("501", -2000, source="Bo Ek Ltd"), trust_checks=True)
    ledger.of(entry("501"))["EntityRef"] = {"value": "31", "type": "Vendor"}
    group = ledger_of(row(), row("501", -1500, source="Bo Ek Ltd"))
    assert codes(ledger.carry_out(group, trusting())) == []
    assert ledger.of(entry("501"))["EntityRef"]["value"] == "31"
    ledger.carry_out(ledger_of(row(), row("501", -1500, source="Someone else")), trusting())
    assert not ledger.bodies[-1][1].get("EntityRef")


def test_r8_a_changed_or_deleted_reversal_is_told() -> None:
    ledger, _ = opened(row())
    gone = ledger_of(gone=["500"])
    ledger.carry_out(gone, trusting())
    ledger.of(entry("500", "reversal"))["TxnDate"] = "2026-03-16"
    assert codes(ledger.plan(gone, trusting())) == [("drift", entry("500", "reversal"))]
    ledger.delete(entry("500", "reversal"))
    assert codes(ledger.plan(gone, trusting())) == [("deleted_in_ledger", entry("500", "reversal"))]


@pytest.mark.parametrize("how", ["changed", "deleted"])
def test_r8_a_reversal_whose_entry_a_person_changed_or_deleted_is_told_until_they_cancel_again(how: str) -> None:
    ledger, _ = opened(row())
    gone = ledger_of(gone=["500"])
    ledger.carry_out(gone, trusting())
    if how == "changed":
        for line in ledger.of(entry())["Line"]:
            line["Amount"] = Decimal("900.00")
    else:
        ledger.delete(entry())
    assert codes(ledger.plan(gone, trusting())) == [("reversal_apart", entry("500", "reversal"))]
    assert steps(ledger.plan(gone, trusting())) == []
    for ref in [entry("500", "reversal"), *([entry()] if how == "changed" else [])]:
        ledger.delete(ref)
    assert codes(ledger.plan(gone, trusting())) == []


def test_the_created_time_is_read() -> None:
    assert decode_row(RAW).created_at == CREATED
