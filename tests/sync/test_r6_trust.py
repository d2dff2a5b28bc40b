"""Trust, one way, end to end: from Clio's trust ledger to QuickBooks (rule R6)."""

# mypy: no-strict-equality

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from integrations import mapping
from integrations.core.records import parse_mark
from integrations.kinds.trust_entry import entries_of
from integrations.models import EntityLink, Mapping, Record
from integrations.sandbox.clio.switches import switch
from integrations.sandbox.http import Response, json_response
from tests.portal import START, Portal
from tests.sync.books import settled

JANUARY, FEBRUARY, MARCH = date(2026, 1, 12), date(2026, 2, 4), date(2026, 3, 9)
FULL: dict[str, Any] = {"source": "Ann Lee", "reference": "1042", "description": "Retainer"}


def trust_account(portal: Portal) -> str:
    return str(portal.clio.first_account("Trust"))


def mapped(portal: Portal, part: str = "bank", account_id: str = "") -> str:
    """The QuickBooks account that a Clio trust account is mapped to."""
    key = f"account:trust_{part}:{account_id or trust_account(portal)}"
    return Mapping.objects.of(portal.firm).get(key=key).ledger_id


def balance(portal: Portal, part: str = "bank", account_id: str = "") -> Decimal:
    """Debits less credits; what is owed on a liability is below zero."""
    return portal.quickbooks.trial_balance().get(mapped(portal, part, account_id), Decimal(0))


def deposit(portal: Portal, contact: int, amount: str | int, on: date = FEBRUARY, **options: Any) -> int:
    return portal.clio.trust_deposit(contact, Decimal(amount), on, **{**FULL, **options})


def withdraw(portal: Portal, contact: int, amount: str | int, on: date = MARCH, **options: Any) -> int:
    portal.clock.sleep(120)  # a deposit and a withdrawal entered together would be a transfer
    return portal.clio.trust_withdrawal(contact, Decimal(amount), on, **{**FULL, **options})


def later(portal: Portal, minutes: int = 11) -> None:
    portal.clock.sleep(minutes * 60)


def documents(portal: Portal) -> dict[str, tuple[str, dict[str, Any]]]:
    """Our trust documents by what they stand for: "500", "500/reversal"."""
    found = {}
    for entity in ("JournalEntry", "Purchase"):
        for doc in portal.quickbooks.all(entity):
            ref = parse_mark(doc.get("PrivateNote", ""), portal.firm.slug)
            if ref:
                found[str(ref).removeprefix("trust_entry ")] = (entity, doc)
    return found


def owed(portal: Portal) -> dict[int, Decimal]:
    """What our documents say is owed to each contact."""
    links = EntityLink.objects.of(portal.firm).filter(kind="contact").exclude(state="unlinked")
    people = {link.ledger_id: int(link.practice_id) for link in links}
    liabilities = set(
        Mapping.objects.of(portal.firm).filter(key__contains="trust_liability").values_list("ledger_id", flat=True)
    )
    sums: dict[int, Decimal] = {}
    for entity, doc in documents(portal).values():
        for line in entries_of(entity, doc):
            if line.account_id in liabilities:
                whose = people[line.name[1]] if line.name else 0
                sums[whose] = sums.get(whose, Decimal(0)) - line.amount
    return {whose: amount for whose, amount in sums.items() if amount}


# R6.1: mapping


def test_r6_1_the_recommended_mapping_makes_a_bank_and_a_liability_for_each_trust_account(portal: Portal) -> None:
    accounts = {row["Id"]: row for row in portal.quickbooks.all("Account")}
    bank, liability = accounts[mapped(portal)], accounts[mapped(portal, "liability")]
    assert (bank["AccountType"], bank["AccountSubType"]) == ("Bank", "TrustAccounts")
    assert (liability["AccountType"], liability["AccountSubType"]) == (
        "Other Current Liability",
        "TrustAccountsLiabilities",
    )


def test_r6_1_a_second_trust_account_gets_accounts_of_its_own(portal: Portal) -> None:
    other = str(portal.clio.add_bank_account("Trust", "Trust"))
    portal.map()
    ids = {
        mapped(portal),
        mapped(portal, "liability"),
        mapped(portal, "bank", other),
        mapped(portal, "liability", other),
    }
    assert len(ids) == 4


@pytest.mark.parametrize("part", ["bank", "liability"])
def test_r6_1_an_account_of_another_type_is_refused_on_saving(portal: Portal, part: str) -> None:
    wrong = {row["Id"] for row in portal.quickbooks.all("Account")} - {mapped(portal, part)}
    types = {"bank": "Bank", "liability": "Other Current Liability"}
    wrong -= {row["Id"] for row in portal.quickbooks.all("Account") if row["AccountType"] == types[part]}
    for id in wrong:
        with pytest.raises(mapping.InvalidMapping, match="a trust account needs"):
            mapping.save(portal.pairing, {f"account:trust_{part}:{trust_account(portal)}": id})


def test_r6_1_two_trust_accounts_cannot_share_a_bank_or_a_liability(portal: Portal) -> None:
    other = str(portal.clio.add_bank_account("Second", "Trust"))
    portal.map()
    for part in ("bank", "liability"):
        with pytest.raises(mapping.InvalidMapping, match="more than one trust account"):
            mapping.save(portal.pairing, {f"account:trust_{part}:{other}": mapped(portal, part)})


def test_r6_1_half_a_trust_account_cannot_be_mapped(portal: Portal) -> None:
    with pytest.raises(mapping.InvalidMapping, match="both its bank and its liability"):
        mapping.save(portal.pairing, {f"account:trust_bank:{trust_account(portal)}": ""})


def test_r6_1_a_trust_account_serves_nothing_else_whatever_its_detail_type(portal: Portal) -> None:
    plain = portal.quickbooks.create_account("Plain bank", "Bank", "Checking")["Id"]
    liability = portal.quickbooks.create_account("Plain liability", "Other Current Liability")["Id"]
    mapping.read_targets(portal.workspace())
    id = trust_account(portal)
    mapping.save(portal.pairing, {f"account:trust_bank:{id}": plain, f"account:trust_liability:{id}": liability})
    with pytest.raises(mapping.InvalidMapping, match="never touch trust"):
        mapping.save(portal.pairing, {"account:deposit": plain})
    mapping.save(portal.pairing, {f"account:trust_bank:{id}": "", f"account:trust_liability:{id}": ""})
    mapping.save(portal.pairing, {"account:deposit": plain})
    with pytest.raises(mapping.InvalidMapping, match="used for bills or payments"):
        mapping.save(portal.pairing, {f"account:trust_bank:{id}": plain, f"account:trust_liability:{id}": liability})


def test_r6_1_a_type_that_changed_behind_our_back_is_refused_before_the_write(portal: Portal) -> None:
    deposit(portal, portal.contact(), 100)
    portal.quickbooks.edit(
        "Account", mapped(portal), AccountType="Other Current Asset", AccountSubType="OtherCurrentAssets"
    )
    portal.run()
    assert sorted(portal.codes()) == ["mapping_invalid", "mapping_missing"]
    assert documents(portal) == {}


def test_r6_1_an_unmapped_trust_account_is_not_read(portal: Portal) -> None:
    mapping.save(portal.pairing, dict.fromkeys(_trust_keys(portal), ""))
    deposit(portal, portal.contact(), 100)
    portal.run()
    settled(portal)
    assert not Record.objects.of(portal.firm).filter(entity="trust_transactions").exists()
    assert portal.quickbooks.all("Customer") == []


def _trust_keys(portal: Portal) -> list[str]:
    return [f"account:trust_{part}:{trust_account(portal)}" for part in ("bank", "liability")]


# R6.2


def test_r6_2_money_in_and_out_is_posted_with_the_customer_and_a_second_run_writes_nothing(portal: Portal) -> None:
    ann = portal.contact()
    into, out = deposit(portal, ann, 5000), withdraw(portal, ann, 2000)
    run = portal.run()
    assert run.counts["trust_entry"]["created"] == 2
    assert (balance(portal), balance(portal, "liability")) == (3000, -3000)
    assert owed(portal) == {ann: 3000}
    assert {name: doc["DocNumber"] for name, (_, doc) in documents(portal).items()} == {
        str(into): f"CT-{into}",
        str(out): f"CT-{out}",
    }
    settled(portal)


def test_r6_2_plan_shows_the_debit_and_credit_lines(portal: Portal) -> None:
    deposit(portal, portal.contact(), 5000)
    (change,) = [change for change in portal.plan() if change.ref.kind == "trust_entry"]
    assert [(line.debit, line.credit) for line in change.postings()] == [(5000, 0), (0, 5000)]
    assert documents(portal) == {}


def test_r6_2_money_out_by_check_when_the_firm_chooses_so(portal: Portal) -> None:
    _choose_checks(portal)
    portal.quickbooks.create_vendor("Bo Ek Ltd")
    ann = portal.contact()
    deposit(portal, ann, 5000)
    out = withdraw(portal, ann, 2000, source="Bo Ek Ltd", reference="2051")
    portal.run()
    entity, check = documents(portal)[str(out)]
    assert (entity, check["PaymentType"], check["DocNumber"]) == ("Purchase", "Check", "2051")
    assert check["EntityRef"]["name"] == "Bo Ek Ltd"
    assert owed(portal) == {ann: 3000}
    settled(portal)
    portal.clio.edit_bank_transaction(out, amount=Decimal(-1500), description="Fee of an expert")
    portal.run()
    assert owed(portal) == {ann: 3500}
    settled(portal)


def _choose_checks(portal: Portal) -> None:
    pairing = portal.pairing
    pairing.trust_checks = True
    pairing.save(update_fields=["trust_checks"])


@pytest.mark.parametrize("when", ["before", "after"])
def test_r6_2_a_persons_own_check_is_offered_and_adopted(portal: Portal, when: str) -> None:
    ann = portal.contact()
    deposit(portal, ann, 5000)
    if when == "after":
        portal.run()
    check = _own_check(portal, "2051", 2000)
    out = withdraw(portal, ann, 2000, reference="2051")
    portal.run()
    assert portal.issue("check_exists").ledger_id == check["Id"]
    assert str(out) not in documents(portal)
    portal.resolve("check_exists", "adopt")
    portal.run()
    assert documents(portal)[str(out)][1]["Id"] == check["Id"]
    assert owed(portal) == {ann: 3000}
    settled(portal)


def _own_check(portal: Portal, number: str, amount: int) -> dict[str, Any]:
    expenses = next(row["Id"] for row in portal.quickbooks.all("Account") if row["Name"] == "Office Expenses")
    detail = {"AccountRef": {"value": expenses}}
    line = {"DetailType": "AccountBasedExpenseLineDetail", "Amount": amount, "AccountBasedExpenseLineDetail": detail}
    bank = {"value": mapped(portal)}
    body = {"PaymentType": "Check", "AccountRef": bank, "DocNumber": number, "TxnDate": "2026-03-09", "Line": [line]}
    return portal.quickbooks.create("Purchase", body)


def test_r6_2_a_row_without_a_client_is_posted_without_a_name(portal: Portal) -> None:
    portal.clio._entry(int(trust_account(portal)), Decimal(12), FEBRUARY, None, None, "Bank", "", "Interest")
    portal.run()
    assert owed(portal) == {0: 12}
    settled(portal, "trust_incomplete")


# R6.3


def bill_from_trust(portal: Portal, **options: Any) -> tuple[int, int, int]:
    """Contact, bill and payment: 5,000 held, a bill of 1,000 paid from it."""
    ann = portal.contact()
    deposit(portal, ann, 5000, JANUARY)
    bill = portal.bill("1000.00", contact=ann, **options)
    portal.clock.sleep(120)
    payment = portal.clio.pay_from_trust(bill, Decimal(1000), FEBRUARY, reference="TT-1")
    return ann, bill, payment


def row_of(portal: Portal, payment: int) -> int:
    rows = portal.clio.find("bank_transaction", "payment_id", payment)
    return int(next(row["id"] for row in rows if str(row["bank_account_id"]) == trust_account(portal)))


@pytest.mark.parametrize("carries", ["allocation", "bill", "both", "neither"])
def test_r6_3_a_bill_paid_from_trust(portal: Portal, carries: str) -> None:
    switch(portal.world.store, "clio_row_carries", carries)
    ann, _, payment = bill_from_trust(portal)
    run = portal.run()
    assert (run.counts["payment"]["created"], run.counts["trust_entry"]["created"]) == (1, 2)
    assert owed(portal) == {ann: 4000}
    assert (balance(portal), balance(portal, "liability")) == (4000, -4000)
    in_transit = Mapping.objects.of(portal.firm).get(key="account:in_transit").ledger_id
    assert portal.quickbooks.trial_balance()[in_transit] == 1000
    assert str(row_of(portal, payment)) in documents(portal)
    settled(portal)


def test_r6_3_both_or_neither_while_quickbooks_numbers_invoices_itself(portal: Portal) -> None:
    portal.quickbooks.set_custom_numbers(on=False)
    ann, _, payment = bill_from_trust(portal)
    run = portal.run()
    assert (portal.quickbooks.all("Payment"), run.counts["trust_entry"]["waiting"]) == ([], 1)
    assert owed(portal) == {ann: 5000}
    portal.quickbooks.set_custom_numbers(on=True)
    portal.run()
    assert owed(portal) == {ann: 4000}
    assert str(row_of(portal, payment)) in documents(portal)
    settled(portal)


def test_r6_3_a_refused_payment_keeps_its_trust_leg_back(portal: Portal) -> None:
    ann, *_ = bill_from_trust(portal)
    portal.on_write("Payment", lambda: json_response(400, {"Fault": {"type": "ValidationFault", "Error": [_fault()]}}))
    portal.run()
    assert portal.codes() == ["rejected"]
    assert owed(portal) == {ann: 5000}
    portal.resolve("rejected", "retry")
    portal.run()
    assert owed(portal) == {ann: 4000}
    settled(portal)


def _fault() -> dict[str, str]:
    return {"Message": "Invalid", "Detail": "Something is wrong", "code": "2500", "element": ""}


def test_r6_3_from_an_unmapped_account_the_payment_alone_and_warned_once(portal: Portal) -> None:
    mapping.save(portal.pairing, dict.fromkeys(_trust_keys(portal), ""))
    ann, *_ = bill_from_trust(portal)
    other = portal.bill("100.00", contact=ann)
    portal.clio.pay_from_trust(other, Decimal(100), FEBRUARY)
    portal.run()
    assert len(portal.quickbooks.all("Payment")) == 2
    assert "2 so far" in portal.issue("trust_unmapped").message
    settled(portal, "trust_unmapped")
    portal.map()
    portal.run()
    assert owed(portal) == {ann: 3900}
    settled(portal, "trust_incomplete")


def test_r6_3_on_a_bill_out_of_scope_the_trust_leg_alone(portal: Portal) -> None:
    ann, *_ = bill_from_trust(portal, issued=date(2025, 11, 3))
    portal.run()
    assert portal.quickbooks.all("Payment") == []
    assert owed(portal) == {ann: 4000}
    settled(portal)


def test_r6_3_a_payment_waits_while_the_trust_rows_may_not_be_read(portal: Portal) -> None:
    bill_from_trust(portal)

    def hidden(request: Any) -> Response | None:
        refused = "bank_transactions" in str(request.url) and trust_account(portal) in str(request.url)
        return json_response(403, {"error": {"type": "ForbiddenError", "message": "no"}}) if refused else None

    portal.wire.before.append(hidden)
    portal.run()
    assert sorted(portal.codes()) == ["permission_lost", "trust_row_missing"]
    assert portal.quickbooks.all("Payment") == []
    portal.wire.before.remove(hidden)
    portal.run()
    settled(portal)


@pytest.mark.parametrize("reading", ["removed", "reversed"])
def test_r6_3_a_deleted_payment_puts_the_money_back(portal: Portal, reading: str) -> None:
    switch(portal.world.store, "clio_deleted_payment_rows", reading)
    ann, _, payment = bill_from_trust(portal)
    portal.run()
    portal.clio.delete_payment(payment)
    for _ in range(3):
        later(portal)
        portal.run()
    assert owed(portal) == {ann: 5000}
    assert (balance(portal), balance(portal, "liability")) == (5000, -5000)
    settled(portal)


def test_r6_3_a_trust_request_that_is_paid_is_money_in_and_no_payment(portal: Portal) -> None:
    ann = portal.contact()
    request = portal.bill("900.00", contact=ann, kind="trust_kind")
    portal.clio.record_payment(
        ann, [(request, Decimal(900))], FEBRUARY, destination_id=portal.clio.first_account("Trust"), reference="7"
    )
    portal.run()
    assert (owed(portal), portal.quickbooks.all("Payment")) == ({ann: 900}, [])
    settled(portal)


# R6.4


def test_r6_4_a_transfer_between_two_clients_moves_no_bank_money(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ek", "bo@example.com")
    deposit(portal, ann, 5000)
    portal.clock.sleep(120)
    out, into = portal.clio.trust_transfer(Decimal(300), MARCH, contact_id=ann, to_contact_id=bo, reference="T")
    run = portal.run()
    assert run.counts["trust_entry"]["created"] == 2
    assert owed(portal) == {ann: 4700, bo: 300}
    assert balance(portal) == 5000
    assert [line.account_id for line in entries_of(*documents(portal)[str(out)])] == [mapped(portal, "liability")] * 2
    joined = EntityLink.objects.of(portal.firm).get(kind="trust_entry", practice_id=into)
    assert (joined.leg, joined.ledger_id) == ("transfer", documents(portal)[str(out)][1]["Id"])
    settled(portal)
    portal.clio.delete_bank_transaction(into)
    for _ in range(3):
        later(portal)
        portal.run()
    assert (owed(portal), balance(portal)) == ({ann: 4700}, 4700)
    settled(portal)


def test_r6_4_a_transfer_within_one_clients_money_is_not_posted(portal: Portal) -> None:
    ann = portal.contact()
    deposit(portal, ann, 5000)
    portal.clock.sleep(120)
    portal.clio.trust_transfer(Decimal(300), MARCH, contact_id=ann, to_matter_id=portal.matter(ann), reference="T")
    portal.run()
    assert len(documents(portal)) == 1
    settled(portal)


def test_r6_4_between_two_trust_accounts_each_row_stands(portal: Portal) -> None:
    other = portal.clio.add_bank_account("Second", "Trust")
    portal.map()
    ann = portal.contact()
    deposit(portal, ann, 5000)
    portal.clock.sleep(120)
    portal.clio.trust_transfer(Decimal(300), MARCH, contact_id=ann, to_bank_account_id=other, reference="T")
    portal.run()
    assert (balance(portal), balance(portal, "bank", str(other))) == (4700, 300)
    assert owed(portal) == {ann: 5000}
    settled(portal)


def test_r6_4_the_second_row_seen_later(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ek", "bo@example.com")
    deposit(portal, ann, 5000)
    portal.clock.sleep(120)
    portal.clio.trust_withdrawal(ann, Decimal(300), MARCH, **FULL)
    portal.run()
    portal.clio.trust_deposit(bo, Decimal(300), MARCH, **FULL)
    portal.run()
    assert (owed(portal), balance(portal)) == ({ann: 4700, bo: 300}, 5000)
    settled(portal)


# R6.5


def test_r6_5_trust_5000_in_november_start_1_january_2000_out_on_4_february(portal: Portal) -> None:
    """Posted −2,000; opening 5,000 offered; no overdraft."""
    ann = portal.contact()
    deposit(portal, ann, 5000, date(2025, 11, 20))
    withdraw(portal, ann, 2000, FEBRUARY)
    portal.run()
    assert (owed(portal), balance(portal)) == ({ann: -2000}, -2000)
    settled(portal)


def test_r6_5_clients_of_nothing_but_earlier_rows_stay_out(portal: Portal) -> None:
    deposit(portal, portal.contact(), 5000, date(2025, 11, 20))
    portal.run()
    assert (portal.quickbooks.all("Customer"), documents(portal)) == ([], {})
    settled(portal)


def test_r6_5_a_posting_that_would_go_below_zero_is_refused_until_clio_is_put_right(portal: Portal) -> None:
    ann = portal.contact()
    into = deposit(portal, ann, 5000, FEBRUARY)
    out = withdraw(portal, ann, 2000, JANUARY)  # dated before the money came
    portal.run()
    issue = portal.issue("trust_overdraw")
    assert issue.practice_id == str(out) and "−2,000.00" in issue.message
    assert owed(portal) == {ann: 5000}
    portal.clio.edit_bank_transaction(into, date=JANUARY)
    portal.run()
    assert owed(portal) == {ann: 3000}
    settled(portal)


def test_r6_5_a_row_that_moves_to_another_client_is_judged_in_both_ledgers(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ek", "bo@example.com")
    first, second = deposit(portal, ann, 1000, FEBRUARY), deposit(portal, ann, 1000, JANUARY, reference="8")
    withdraw(portal, ann, 1500, date(2026, 2, 5))
    portal.run()
    assert owed(portal) == {ann: 500}
    deposit(portal, ann, 1000, MARCH, reference="9")
    portal.clio.edit_bank_transaction(first, contact_id=bo)
    portal.run()
    assert owed(portal) == {ann: 500, bo: 1000}
    assert portal.codes() == ["trust_overdraw"]
    assert "posted already" in portal.issue("trust_overdraw").message
    assert second


# R6.6


def test_r6_6_incomplete_rows_are_posted_and_listed_in_one_issue_for_the_account(portal: Portal) -> None:
    ann = portal.contact()
    good = deposit(portal, ann, 5000)
    bare = deposit(portal, ann, 10, source="", description="")
    out = withdraw(portal, ann, 5, reference="")
    portal.run()
    assert owed(portal) == {ann: 5005}
    issue = portal.issue("trust_incomplete")
    assert issue.severity == "info"
    assert issue.details["rows"] == [
        {"id": str(bare), "lacks": ["description or source"]},
        {"id": str(out), "lacks": ["reference"]},
    ]
    assert str(good) not in issue.message
    assert "2 rows of" in issue.message
    assert (
        "deposit of 10.00 on " in issue.message
        and "Ann Lee (description or source); withdrawal of 5.00 on " in issue.message
    )
    settled(portal, "trust_incomplete")
    portal.clio.edit_bank_transaction(bare, source="Ann")
    portal.clio.edit_bank_transaction(out, reference="2051")
    portal.run()
    settled(portal)


# R6.7


def test_r6_7_an_edited_row_is_updated_in_place(portal: Portal) -> None:
    ann, bo = portal.contact(), portal.contact("Bo", "Ek", "bo@example.com")
    id = deposit(portal, ann, 5000)
    portal.run()
    before = documents(portal)[str(id)][1]["Id"]
    portal.clio.edit_bank_transaction(id, amount=Decimal(4000), contact_id=bo, date=MARCH)
    portal.run()
    assert documents(portal)[str(id)][1]["Id"] == before
    assert (owed(portal), documents(portal)[str(id)][1]["TxnDate"]) == ({bo: 4000}, "2026-03-09")
    settled(portal)


def test_r6_7_in_closed_books_a_reversal_is_proposed_and_a_person_confirms_it(portal: Portal) -> None:
    ann = portal.contact()
    id = deposit(portal, ann, 5000, JANUARY)
    portal.run()
    portal.quickbooks.close_books("2026-01-31")
    portal.clio.edit_bank_transaction(id, amount=Decimal(4000))
    portal.run()
    assert owed(portal) == {ann: 5000}
    portal.resolve("period_closed", "reverse")
    portal.run()
    assert owed(portal) == {ann: 4000}
    assert set(documents(portal)) == {str(id), f"{id}/reversal", f"{id}/2"}
    settled(portal, "books_closed")


def test_r6_7_a_deleted_row_is_reversed_when_it_was_missing_twice(portal: Portal) -> None:
    ann = portal.contact()
    kept, gone = deposit(portal, ann, 5000), deposit(portal, ann, 70, reference="8")
    portal.run()
    portal.clio.delete_bank_transaction(gone)
    portal.run()
    portal.run()
    assert owed(portal) == {ann: 5070}
    later(portal)
    portal.run()
    assert owed(portal) == {ann: 5000}
    back = documents(portal)[f"{gone}/reversal"][1]
    assert back["TxnDate"] == portal.today.isoformat()
    assert EntityLink.objects.of(portal.firm).get(practice_id=gone, leg="").state == "voided"
    assert kept
    settled(portal)


def test_r6_7_two_deletions_that_cancel_out_are_noticed_within_a_day(portal: Portal) -> None:
    ann = portal.contact()
    deposit(portal, ann, 5000)
    into, out = deposit(portal, ann, 70, reference="8"), withdraw(portal, ann, 70, reference="9")
    portal.run()
    portal.clio.delete_bank_transaction(into)
    portal.clio.delete_bank_transaction(out)
    later(portal)
    portal.run()
    assert len(documents(portal)) == 3
    later(portal, 24 * 60)
    portal.run()
    later(portal)
    portal.run()
    assert set(documents(portal)) >= {f"{into}/reversal", f"{out}/reversal"}
    assert owed(portal) == {ann: 5000}
    settled(portal)


@pytest.mark.parametrize("how", ["cut", "forbidden", "empty", "unlisted"])
def test_r6_7_a_failed_partial_or_empty_read_is_evidence_of_nothing(portal: Portal, how: str) -> None:
    ann = portal.contact()
    deposit(portal, ann, 5000), deposit(portal, ann, 70, reference="8")
    portal.run()

    def spoil(path: str, parsed: Any) -> None:
        if how == "empty" and path.endswith("/bank_transactions.json"):
            parsed["data"] = []
        if how == "unlisted" and path.endswith("/bank_accounts.json"):
            parsed["data"] = [row for row in parsed["data"] if row["type"] != "Trust"]

    def refuse(request: Any) -> Response | None:
        if how in ("cut", "forbidden") and "fields=id&" in str(request.url):
            return json_response(403 if how == "forbidden" else 400, {"error": {"type": "Oops", "message": "no"}})
        return None

    portal.wire.tamper.append(spoil)
    portal.wire.before.append(refuse)
    for _ in range(4):
        later(portal, 12 * 60)
        portal.run()
    assert not Record.objects.of(portal.firm).filter(entity="trust_transactions", is_deleted=True).exists()
    assert len(documents(portal)) == 2
    portal.wire.tamper.remove(spoil)
    portal.wire.before.remove(refuse)
    portal.run()
    settled(portal)


def test_r6_7_a_quiet_account_is_not_swept_again(portal: Portal) -> None:
    deposit(portal, portal.contact(), 5000)
    portal.run()
    sent = len(portal.log)
    later(portal)
    portal.run()
    assert not [
        query
        for _, path, query in portal.log[sent:]
        if path.endswith("bank_transactions.json") and "fields=id&" in query
    ]


def test_money_the_account_began_with_causes_no_sweep(portal: Portal) -> None:
    account_id = portal.clio.first_account("Trust")
    portal.clio.save("bank_account", portal.clio.take("bank_account", account_id) | {"balance": Decimal(777)})
    test_r6_7_a_quiet_account_is_not_swept_again(portal)


# R6.8 and R8


def test_r6_8_trust_touches_neither_income_nor_expense_nor_receivables(portal: Portal) -> None:
    _choose_checks(portal)
    ann = portal.contact()
    deposit(portal, ann, 5000)
    withdraw(portal, ann, 2000, reference="2051")
    portal.run()
    assert set(portal.quickbooks.trial_balance()) == {mapped(portal), mapped(portal, "liability")}


def test_r8_a_trust_entry_that_a_person_re_dates_is_drift(portal: Portal) -> None:
    id = deposit(portal, portal.contact(), 5000)
    portal.run()
    portal.quickbooks.edit("JournalEntry", documents(portal)[str(id)][1]["Id"], TxnDate="2026-02-05")
    portal.run()
    assert [(issue.code, issue.practice_id) for issue in portal.issues()] == [("drift", str(id))]


def test_r8_a_trust_entry_that_a_person_deletes_is_not_created_again(portal: Portal) -> None:
    id = deposit(portal, portal.contact(), 5000)
    portal.run()
    portal.quickbooks.delete("JournalEntry", documents(portal)[str(id)][1]["Id"])
    portal.run()
    portal.run()
    assert [(issue.code, issue.practice_id) for issue in portal.issues()] == [("deleted_in_ledger", str(id))]
    assert documents(portal) == {}


@pytest.mark.parametrize("entity", ["JournalEntry", "Purchase"])
@pytest.mark.parametrize("arrived", [True, False])
def test_an_unanswered_trust_write_is_found_or_sent_again_and_never_doubled(
    portal: Portal, entity: str, arrived: bool
) -> None:
    _choose_checks(portal)
    ann = portal.contact()
    deposit(portal, ann, 5000, JANUARY)
    if entity == "Purchase":
        portal.run()
        withdraw(portal, ann, 2000, reference="2051")
    kind = "timeout_after" if arrived else "500_before"
    portal.on_write(entity, lambda: portal.world.quickbooks.fail_next(kind, 3))
    portal.run()
    assert "unresolved_write" in portal.codes()
    portal.until_quiet(12)
    portal.run()
    assert len(documents(portal)) == (2 if entity == "Purchase" else 1)
    settled(portal)


def test_the_start_date_decides_what_is_posted(portal: Portal) -> None:
    assert portal.pairing.start_date == START
    ann = portal.contact()
    deposit(portal, ann, 10, START - timedelta(days=1))
    deposit(portal, ann, 20, START, reference="8")
    portal.run()
    assert owed(portal) == {ann: 20}
    settled(portal)
