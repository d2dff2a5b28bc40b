"""Plans of whole histories: carried out they leave nothing to do, and the ledger owes what Clio owes."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any

from hypothesis import given, settings

from integrations.core.money import ZERO
from integrations.core.records import Kind, Ref
from integrations.kinds.group import Group
from integrations.kinds.invoice import in_scope
from integrations.kinds.plan import plan_group
from tests.kinds.builders import START, codes, policy, steps
from tests.kinds.ledger import Ledger
from tests.properties.practice import SEEDS, history_of


def settled(ledger: Ledger, group: Group) -> None:
    """Carries out plans until nothing is left: one, or two where payments that change places let go first."""
    if ledger.carry_out(group, policy()).waiting:
        ledger.carry_out(group, policy())
    left = ledger.plan(group, policy())
    assert (steps(left), left.waiting) == ([], ())


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_a_plan_on_its_own_outcome_is_empty(seed: int) -> None:
    ledger = Ledger()
    for group in history_of(seed):
        settled(ledger, group)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_the_ledger_owes_what_clio_owes(seed: int) -> None:
    ledger = Ledger()
    for group in history_of(seed):
        settled(ledger, group)
        owed: dict[str, Decimal] = {}
        for ref, link in ledger.links.items():
            if ref.kind is Kind.INVOICE:
                raw = ledger.documents["Invoice", link.ledger_id]
                owed[ref.practice_id] = owed.get(ref.practice_id, ZERO) + raw["Balance"]
        scoped = [b for b in group.bills.values() if in_scope(b, START) or b.id in owed]
        assert owed == {b.id: ZERO if b.is_gone else b.balance for b in scoped if not b.is_gone or b.id in owed}


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_the_cash_of_a_payment_is_posted_exactly_once(seed: int) -> None:
    ledger = Ledger()
    for group in history_of(seed):
        settled(ledger, group)
    cash: dict[str, Decimal] = {}
    for ref, link in ledger.links.items():
        if ref.kind is Kind.PAYMENT:
            raw = ledger.documents["Payment", link.ledger_id]
            cash[ref.practice_id] = cash.get(ref.practice_id, ZERO) + raw["TotalAmt"]
    posted = {ref.practice_id for ref in ledger.links if ref.kind is Kind.INVOICE}
    for payment in group.payments.values():
        pays = any(a.bill_id in posted for a in payment.valid)
        assert cash.get(payment.id, ZERO) == (payment.amount if pays else ZERO)


@settings(max_examples=80, deadline=None)
@given(SEEDS)
def test_a_credit_note_is_worth_what_it_takes_off_posted_bills_and_all_of_it_is_applied(seed: int) -> None:
    ledger = Ledger()
    for group in history_of(seed):
        settled(ledger, group)
    for ref, link in ledger.links.items():
        if ref.kind is Kind.CREDIT_NOTE and not ref.leg:
            raw = ledger.documents["CreditMemo", link.ledger_id]
            valid = group.credit_notes[ref.practice_id].valid
            assert (raw["TotalAmt"], raw["Balance"]) == (sum((a.amount for a in valid), ZERO), ZERO)
    posted = {ref.practice_id for ref in ledger.links if ref.kind is Kind.INVOICE}
    wanted = {note.id for note in group.credit_notes.values() if any(a.bill_id in posted for a in note.valid)}
    live = {ref.practice_id for ref, link in ledger.links.items() if not ref.leg and not link.is_voided}
    assert wanted <= live


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_the_same_input_gives_the_same_plan_whatever_its_order(seed: int) -> None:
    ledger, history, random = Ledger(), history_of(seed), Random(seed)
    for group in history[:-1]:
        ledger.carry_out(group, policy())
    known = ledger.known(history[-1])
    plans = [plan_group(one, policy(), ledger.catalog()) for one in (known, _shuffled(known, random))]
    assert steps(plans[0]) == steps(plans[1])
    assert [c.practice_fingerprint for c in plans[0].changes] == [c.practice_fingerprint for c in plans[1].changes]
    assert (codes(plans[0]), plans[0].waiting) == (codes(plans[1]), plans[1].waiting)


def _shuffled(group: Group, random: Random) -> Group:
    def mixed(mapping: Mapping[Any, Any]) -> dict[Any, Any]:
        keys = list(mapping)
        random.shuffle(keys)
        return {key: mapping[key] for key in keys}

    names = ("contacts", "bills", "lines", "allocations", "charges", "payments", "credit_notes", "links", "documents")
    parts: dict[str, Any] = {name: mixed(getattr(group, name)) for name in names}
    return replace(group, **parts)


@settings(max_examples=50, deadline=None)
@given(SEEDS)
def test_debits_equal_credits_and_each_step_follows_what_it_needs(seed: int) -> None:
    ledger = Ledger()
    for group in history_of(seed):
        done: set[Ref] = set()
        plan = ledger.plan(group, policy())
        assert len({change.ref for change in plan.changes}) == len(plan.changes)
        for change in plan.changes:
            lines = change.postings()
            assert sum((p.debit for p in lines), ZERO) == sum((p.credit for p in lines), ZERO)
            assert not (change.after & {c.ref for c in plan.changes}) - done
            assert not change.after & (set(plan.waiting) - {c.ref for c in plan.changes})
            done.add(change.ref)
        for change in plan.changes:
            ledger.write(change)
