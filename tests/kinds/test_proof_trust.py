"""Trust in a reconciliation: what our entries for each row come to, near-misses first."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from integrations.core.records import Ref, mark
from integrations.kinds.catalog import Catalog
from integrations.kinds.group import Draftbook, LinkState
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.ledger import found
from integrations.kinds.proof.trust import TrustBooks, TrustSums, compare_trust, trust_demands, trust_sums
from integrations.kinds.proof.words import Difference, Found, Standing, What
from integrations.kinds.trust_entry import TrustRow
from tests.kinds.builders import START, customer, money
from tests.kinds.trust_builders import (
    CREATED,
    FEBRUARY,
    entry,
    ledger_of,
    row,
    trusting,
)

PEOPLE = {
    customer("7"): Standing(customer("7"), "Customer", "70"),
    customer("8"): Standing(customer("8"), "Customer", "80"),
}
NAMES = {"70": "Ann Lee", "80": "Bo Ek"}
ACCOUNTS = {id: to for id in ("44", "45") if (to := trusting().trust(id))}
BANKS = {to.bank.ledger_id for to in ACCOUNTS.values()}
BANK, LIABILITY = ACCOUNTS["44"].bank, ACCOUNTS["44"].liability
OTHER_BANK, OTHER_LIABILITY = ACCOUNTS["45"].bank, ACCOUNTS["45"].liability


def standing(*refs: Ref, entity: str = "JournalEntry", over: tuple[Ref, ...] = ()) -> dict[Ref, Standing]:
    """Entry 601 for the first ref, 602 for the second and so on."""
    return PEOPLE | {ref: Standing(ref, entity, str(601 + at), ref in over) for at, ref in enumerate(refs)}


def journal(id: str, *lines: tuple[str, object, str], on: date = FEBRUARY, number: str = "CT-500", **raw: Any) -> Found:
    """An entry of (account, amount, customer) lines, debits above zero, as QuickBooks returns it."""
    listed = [
        {
            "Amount": abs(money(amount)),
            "JournalEntryLineDetail": {
                "PostingType": "Debit" if money(amount) > 0 else "Credit",
                "AccountRef": {"value": account},
                "Entity": {"Type": "Customer", "EntityRef": {"value": who}} if who else {},
            },
        }
        for account, amount, who in lines
    ]
    return found(
        "JournalEntry", {"Id": id, "DocNumber": number, "TxnDate": on.isoformat(), "Line": listed, **raw}, "acme"
    )


def money_in(amount: object = 5000, who: str = "70", id: str = "601", **changes: Any) -> Found:
    return journal(id, (BANK.ledger_id, amount, who), (LIABILITY.ledger_id, -money(amount), who), **changes)


def proven(rows: list[TrustRow], links: Mapping[Ref, Standing], *documents: Found) -> dict[str, list[Difference]]:
    return compare_trust(*asked(rows, links, *documents))


def asked(rows: list[TrustRow], links: Mapping[Ref, Standing], *documents: Found) -> tuple[Any, TrustBooks]:
    states = {ref: LinkState(ref, to.entity, to.ledger_id, "", "", to.is_voided) for ref, to in links.items()}
    book = Draftbook(replace(ledger_of(*rows), links=states), trusting(), Catalog())
    return trust_demands(book, {}), TrustBooks(OurBooks.of(links, documents, NAMES), BANKS)


def named(rows: list[TrustRow], links: Mapping[Ref, Standing], *documents: Found) -> list[tuple[Ref, What, str, str]]:
    every = proven(rows, links, *documents).values()
    return [(one.ref, one.what, one.clio, one.quickbooks) for differences in every for one in differences]


# Near-misses


def test_money_in_and_money_out_are_equal_and_counted() -> None:
    rows = [row(), row("501", -2000)]
    out = money_in(-2000, id="602", number="CT-501")
    assert proven(rows, standing(entry(), entry("501")), money_in(), out) == {"500": [], "501": []}


def test_a_check_is_as_good_as_an_entry_and_has_no_number_of_ours() -> None:
    raw = {
        "Id": "601",
        "DocNumber": "1042",
        "TxnDate": "2026-02-04",
        "AccountRef": {"value": BANK.ledger_id},
        "TotalAmt": money(2000),
        "Line": [
            {
                "Amount": money(2000),
                "AccountBasedExpenseLineDetail": {
                    "AccountRef": {"value": LIABILITY.ledger_id},
                    "CustomerRef": {"value": "70"},
                },
            }
        ],
    }
    assert named([row("500", -2000)], standing(entry(), entity="Purchase"), found("Purchase", raw, "acme")) == []


def test_rows_from_before_the_start_date_ask_for_nothing_unless_they_are_posted() -> None:
    early = row(dated=START - timedelta(days=1))
    assert proven([early], standing()) == {}
    assert named([early], standing(entry()), money_in(on=START - timedelta(days=1))) == []


def test_a_transfer_within_one_clients_money_asks_for_nothing() -> None:
    rows = [row("500", -300, created_at=CREATED), row("501", 300, created_at=CREATED)]
    assert proven(rows, standing()) == {}


def test_a_transfer_between_two_clients_is_one_entry_for_both_rows() -> None:
    rows = [row("500", -300, created_at=CREATED), row("501", 300, created_at=CREATED, contact_id="8")]
    over = journal("601", (LIABILITY.ledger_id, 300, "70"), (LIABILITY.ledger_id, -300, "80"))
    links = standing(entry())
    links[entry("501", "transfer")] = Standing(entry("501", "transfer"), "JournalEntry", "601")
    assert proven(rows, links, over) == {"500": []}
    turned = journal("601", (LIABILITY.ledger_id, -300, "70"), (LIABILITY.ledger_id, 300, "80"))
    assert named(rows, links, turned) == [(entry(), What.AMOUNT, "-300.00", "300.00")]


def test_an_entry_that_was_taken_back_and_posted_anew_comes_to_what_clio_says() -> None:
    links = standing(entry(), entry("500", "reversal"), entry("500", "2"), over=(entry(),))
    back = money_in(-5000, id="602", number="CT-500-R")
    anew = money_in(4000, id="603", number="CT-500-2", on=date(2026, 3, 15))
    assert named([row(amount=4000)], links, money_in(), back, anew) == []


def test_a_row_that_is_gone_and_was_taken_back_comes_to_nothing() -> None:
    links = standing(entry(), entry("500", "reversal"), over=(entry(),))
    assert proven([], links, money_in(), money_in(-5000, id="602")) == {"500": []}


def test_unmapped_accounts_are_not_compared() -> None:
    assert proven([row(account_id="99")], standing()) == {}


def test_an_entry_kept_by_hand_is_listed_as_such() -> None:
    wanted, _ = asked([row()], standing())
    books = TrustBooks(OurBooks.of(standing(), [], NAMES, [entry()]), BANKS)
    assert [(one.what, one.clio) for one in compare_trust(wanted, books)["500"]] == [(What.BY_HAND, "5000.00")]
    gone, _ = asked([], standing())
    assert compare_trust(gone, books) == {}


def test_a_row_that_cannot_be_read_is_never_equal() -> None:
    wanted, books = asked([], standing(entry()), money_in())
    unreadable = replace(wanted, unreadable={"500": "Clio hides this row"})
    assert [(one.what, one.clio) for one in compare_trust(unreadable, books)["500"]] == [
        (What.UNREADABLE, "Clio hides this row")
    ]


# Differences


def test_a_row_nobody_posted_and_an_entry_that_was_deleted_are_missing() -> None:
    assert named([row()], standing()) == [(entry(), What.MISSING, "5000.00", "nothing")]
    (one,) = proven([row()], standing(entry()))["500"]
    assert (one.what, one.ledger_id, one.contact_id) == (What.MISSING, "601", "7")


@pytest.mark.parametrize(
    ("entry_", "what", "quickbooks"),
    [
        (money_in("5000.01"), What.AMOUNT, "5000.01"),
        (money_in(-5000), What.AMOUNT, "-5000.00"),
        (money_in(who="80"), What.CUSTOMER, "80"),
        (money_in(on=date(2026, 2, 5)), What.DATE, "2026-02-05"),
        (money_in(number="CT-5"), What.NUMBER, "CT-5"),
        (journal("601", (BANK.ledger_id, 5000, "70"), ("1", -5000, "70")), What.ACCOUNT, "1, 91"),
    ],
)
def test_whatever_a_person_changes_is_named(entry_: Found, what: What, quickbooks: str) -> None:
    assert [(one[1], one[3]) for one in named([row()], standing(entry()), entry_)] == [(what, quickbooks)]


def test_an_entry_of_a_row_that_clio_no_longer_has_is_unwanted_until_it_is_taken_back() -> None:
    assert named([], standing(entry()), money_in()) == [(entry(), What.UNWANTED, "nothing", "5000.00")]


def test_a_copy_with_our_mark_is_doubled_and_counts_in_neither_figure() -> None:
    copy = money_in(id="777", PrivateNote=mark(entry(), "acme"))
    (one,) = proven([row()], standing(entry()), money_in(), copy)["500"]
    assert (one.what, one.ledger_id) == (What.DOUBLED, "777")


def test_an_entry_that_no_link_knows_is_named_as_such() -> None:
    assert [one[1] for one in named([row()], standing(), money_in(PrivateNote=mark(entry(), "acme")))] == [
        What.NOT_LINKED
    ]


# Sums


def sums(rows: list[TrustRow], links: Mapping[Ref, Standing], *documents: Found) -> dict[str, TrustSums]:
    wanted, books = asked(rows, links, *documents)
    targets = {id: (f"IOLTA {id}", accounts) for id, accounts in ACCOUNTS.items()}
    return {one.account_id: one for one in trust_sums(wanted, books, targets, {"70": "7", "80": "8"})}


def test_each_account_is_summed_from_the_start_date_with_its_opening_apart() -> None:
    rows = [row("499", 5000, dated=date(2025, 11, 3)), row("500", -2000)]
    found_ = sums(rows, standing(entry()), money_in(-2000))["44"]
    assert (found_.opening, found_.clio, found_.bank, found_.liability) == (
        money(5000),
        money(-2000),
        money(-2000),
        money(-2000),
    )
    assert found_.clients == {"7": (money(-2000), money(-2000))}


def test_a_missing_entry_shows_in_bank_and_liability_and_at_its_client() -> None:
    rows = [row(), row("501", 300, contact_id="8")]
    found_ = sums(rows, standing(entry(), entry("501")), money_in())["44"]
    assert (found_.clio, found_.bank, found_.liability) == (money(5300), money(5000), money(5000))
    assert found_.clients["8"] == (money(300), money(0))


def test_entries_of_rows_that_are_gone_count_for_the_account_they_are_on() -> None:
    on_other = journal("601", (OTHER_BANK.ledger_id, 100, ""), (OTHER_LIABILITY.ledger_id, -100, ""))
    found_ = sums([], standing(entry()), on_other)
    assert (found_["44"].bank, found_["45"].bank, found_["45"].clients) == (
        money(0),
        money(100),
        {"": (money(0), money(100))},
    )
