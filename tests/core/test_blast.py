"""How much one run may take back or change of what is linked (rule R1.5)."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import pytest

from integrations.core.blast import LIMITS, Shown, Touch, digest_of, too_many, touches
from integrations.core.changes import Action, Change
from integrations.core.posting import Posting, post
from integrations.core.records import Kind, Ref, Side


@dataclass(frozen=True)
class Draft:
    ref: Ref
    fingerprint: str = "as in Clio"
    entity: str = "Invoice"
    title: str = "Bill 1"
    amount: Decimal = Decimal(100)
    dated: date | None = date(2026, 2, 2)
    account: str = "Income"
    values: dict[str, str] = field(default_factory=dict)

    def postings(self) -> tuple[Posting, ...]:
        return (post("Accounts Receivable", self.amount), post(self.account, -self.amount))

    def encode(self, books: object, current: object) -> dict[str, object]:
        return {}


def invoice(number: int) -> Ref:
    return Ref(Kind.INVOICE, str(number))


def void(number: int, **parts: object) -> Change:
    return Change(Action.VOID, invoice(number), "Invoice", f"Bill {number}", ledger_id=str(number), **parts)


def update(number: int, **parts: object) -> Change:
    return Change.of(Action.UPDATE, Draft(invoice(number), **parts), str(number))


NOTHING = Shown()


def found(changes: list[Change], linked: int = 1000) -> list[Touch]:
    return touches(changes, [invoice(number) for number in range(linked)], [])


def over(changes: list[Change], linked: int, shown: Shown = NOTHING, earlier=None) -> dict[tuple[Kind, Action], int]:
    return too_many(found(changes), {Kind.INVOICE: linked}, shown, earlier or {})


@pytest.mark.parametrize(
    "action, linked, allowed",
    [
        (Action.VOID, 6, 5),
        (Action.VOID, 250, 5),
        (Action.VOID, 299, 5),
        (Action.VOID, 300, 6),
        (Action.VOID, 1000, 20),
        (Action.UPDATE, 26, 25),
        (Action.UPDATE, 84, 25),
        (Action.UPDATE, 90, 27),
        (Action.UPDATE, 1000, 300),
    ],
)
def test_so_many_are_allowed_and_one_more_is_not(action: Action, linked: int, allowed: int) -> None:
    made = void if action is Action.VOID else update
    changes = [made(number) for number in range(allowed + 1)]
    assert over(changes[:allowed], linked) == {}
    assert over(changes, linked) == {(Kind.INVOICE, action): allowed + 1}
    assert LIMITS[action].allows(allowed, linked)


def test_what_is_created_or_adopted_does_not_count() -> None:
    drafts = [Draft(invoice(number)) for number in range(50)]
    assert found([Change.of(Action.CREATE, draft) for draft in drafts]) == []
    assert found([Change.of(Action.ADOPT, draft, "1") for draft in drafts]) == []


def test_what_is_not_linked_yet_does_not_count() -> None:
    assert touches([update(1), void(2)], [], []) == []


def test_what_a_person_decided_does_not_count() -> None:
    assert touches([update(1), void(2)], [invoice(1), invoice(2)], [invoice(1), invoice(2)]) == []


def test_an_entry_that_is_reversed_counts_as_taken_back() -> None:
    entry, reversal = Ref(Kind.TRUST_ENTRY, "7"), Ref(Kind.TRUST_ENTRY, "7", "reversal")
    change = Change(Action.CREATE, reversal, "JournalEntry", "Reversal", closes=entry)
    assert [touch.sort for touch in touches([change], [entry], [])] == [(Kind.TRUST_ENTRY, Action.VOID)]


def test_a_contact_that_is_let_go_counts_as_taken_back() -> None:
    contact = Ref(Kind.CONTACT, "7")
    change = Change(Action.UNLINK, contact, "Customer", "Ann", ledger_id="1")
    assert [touch.sort for touch in touches([change], [contact], [])] == [(Kind.CONTACT, Action.VOID)]


def test_a_payment_entered_anew_counts_for_the_one_it_replaces() -> None:
    old, new = Ref(Kind.PAYMENT, "1", "5"), Ref(Kind.PAYMENT, "2", "5")
    change = Change(Action.UPDATE, new, "Payment", "Payment", replaces=old)
    assert [touch.record for touch in touches([change], [old], [])] == ["1"]


def test_the_documents_of_one_record_count_once() -> None:
    memo, applied = Ref(Kind.CREDIT_NOTE, "7"), Ref(Kind.CREDIT_NOTE, "7", "apply")
    changes = [Change(Action.VOID, ref, "CreditMemo", "Credit note 7") for ref in (memo, applied)]
    counted = {touch.record for touch in touches(changes, [memo, applied], [])}
    assert counted == {"7"}


def test_what_was_let_through_does_not_count_again() -> None:
    changes = [void(number) for number in range(6)]
    shown = Shown(frozenset((c.ref, digest_of(c)) for c in changes), frozenset({(Kind.INVOICE, Action.VOID)}))
    assert over(changes, 10) != {}
    assert over(changes, 10, shown) == {}


def test_of_what_was_held_for_being_taken_back_not_one_more_goes_on() -> None:
    changes = [void(number) for number in range(7)]
    shown = Shown(frozenset((c.ref, digest_of(c)) for c in changes[:6]), frozenset({(Kind.INVOICE, Action.VOID)}))
    assert over(changes, 10, shown) == {(Kind.INVOICE, Action.VOID): 1}


def test_updates_that_came_since_are_judged_by_themselves() -> None:
    changes = [update(number) for number in range(60)]
    sorts = frozenset({(Kind.INVOICE, Action.UPDATE)})
    shown = Shown(frozenset((c.ref, digest_of(c)) for c in changes[:30]), sorts)
    assert over(changes[:55], 60, shown) == {}
    assert over(changes, 60, shown) == {(Kind.INVOICE, Action.UPDATE): 30}


def test_something_else_done_to_a_shown_document_was_not_shown() -> None:
    before, after = update(1), update(1, account="Other income")
    assert digest_of(before) != digest_of(after)
    assert digest_of(update(1, amount=Decimal(90))) != digest_of(before)
    assert digest_of(update(1, values={"email": "ann@example.com"})) != digest_of(before)
    assert digest_of(void(1)) != digest_of(before)


def test_the_day_on_which_something_is_taken_back_makes_it_nothing_else() -> None:
    entry = Ref(Kind.TRUST_ENTRY, "7")
    drafts = [Draft(Ref(Kind.TRUST_ENTRY, "7", "reversal"), dated=date(2026, 3, on)) for on in (1, 2)]
    digests = {digest_of(Change(Action.CREATE, d.ref, d.entity, d.title, draft=d, closes=entry)) for d in drafts}
    assert len(digests) == 1


def test_a_change_in_clio_and_one_in_quickbooks_are_two() -> None:
    contact = Ref(Kind.CONTACT, "7")
    sides = [Change(Action.UPDATE, contact, "Customer", "Ann", side=side) for side in Side]
    assert len({digest_of(change) for change in sides}) == 2


def test_what_earlier_slices_of_the_run_did_counts_along() -> None:
    earlier = {(Kind.INVOICE, Action.VOID): {"100", "101", "102"}}
    assert over([void(1), void(2)], 10, earlier=earlier) == {}
    assert over([void(1), void(2), void(3)], 10, earlier=earlier) == {(Kind.INVOICE, Action.VOID): 6}
    assert over([], 10, earlier={(Kind.INVOICE, Action.VOID): set("1234567")}) == {}
