"""Trust money of a generated firm: advances, payments out, transfers, from before the start date and after it."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from integrations.sandbox.generator.stage import Clash, Party, Stage

FIRST_CHEQUE = 2001
PAYEES = ("County Recorder", "Messenger & Courier Co.", "Court Clerk", "Expert Witness Bureau")
_Fate = Callable[[Stage, Party, date], list[Clash]]


def write_trust(stage: Stage, bills: int, *, overdrawn: bool) -> list[Clash]:
    """Clients with trust money and no bill, ``overdrawn`` one with too little; more of them the larger the firm."""
    party = stage.party(stage.namer.person(plain=True), 2)
    found = _too_early(stage, party, stage.start) if overdrawn else []
    for position in range(max(len(FATES), min(bills // 12, 200))):
        party = stage.party(stage.namer.person(plain=True), 2)
        found += FATES[position % len(FATES)](stage, party, stage.in_scope())
    return found


def _advance(stage: Stage, party: Party, on: date, amount: Decimal, matter: int | None = None) -> int:
    return stage.clio.trust_deposit(
        party.id,
        amount,
        on,
        matter_id=matter,
        source=party.name,
        reference=stage.reference(),
        description="Advance on fees",
    )


def _pay_out(stage: Stage, party: Party, on: date, amount: Decimal, matter: int | None = None, **texts: Any) -> int:
    stage.cheques += 1
    said = {
        "source": stage.rng.choice(PAYEES),
        "reference": str(FIRST_CHEQUE + stage.cheques),
        "description": "Paid for the client",
    }
    return stage.clio.trust_withdrawal(party.id, amount, on, matter_id=matter, **{**said, **texts})


def _held(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Money that stays."""
    _advance(stage, party, on, stage.amount(500, 9_000))
    return []


def _spent(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Every cent is paid out again, on the day it came or later."""
    much, part = stage.amount(2_000, 9_000), stage.amount(100, 1_500)
    _advance(stage, party, on, much, party.matters[0])
    _pay_out(stage, party, on, part, party.matters[0])
    _pay_out(stage, party, stage.later(on), much - part, party.matters[0])
    return []


def _opening(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Money of before the start date, part of which is paid out after it."""
    before = stage.start - timedelta(days=stage.rng.randrange(1, 300))
    _advance(stage, party, before, stage.amount(3_000, 8_000))
    _pay_out(stage, party, stage.start - timedelta(days=1), stage.amount(100, 900))
    _pay_out(stage, party, on, stage.amount(100, 1_900))
    return []


def _moved(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Between two matters of a client, and from them to another client."""
    other = stage.party(stage.namer.person(plain=True))
    first, second = party.matters
    _advance(stage, party, on, stage.amount(4_000, 6_000), first)
    stage.clio.trust_transfer(Decimal(1_500), on, contact_id=party.id, matter_id=first, to_matter_id=second)
    later = stage.later(on)
    stage.clio.trust_transfer(
        Decimal(700), later, contact_id=party.id, matter_id=second, to_contact_id=other.id, description="Settlement"
    )
    return []


def _corrected(stage: Stage, party: Party, on: date) -> list[Clash]:
    """A row that was typed wrongly, and one that should not have been typed at all."""
    wrong = _advance(stage, party, on, stage.amount(1_000, 2_000))
    stage.clio.edit_bank_transaction(wrong, amount=stage.amount(2_000, 3_000))
    stage.clio.delete_bank_transaction(_advance(stage, party, on, stage.amount(50, 90)))
    return []


def _scant(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Rows that say too little of themselves."""
    stage.clio.trust_deposit(party.id, stage.amount(1_000, 2_000), on)
    row = _pay_out(stage, party, on, stage.amount(20, 900), source="", reference="", description="")
    return [Clash("trust_incomplete", "trust_entry", row, "a row without payee, purpose and reference")]


def _too_early(stage: Stage, party: Party, on: date) -> list[Clash]:
    """Paid out the day before the money came, which Clio lets pass."""
    came = on + timedelta(days=1)
    _advance(stage, party, came, Decimal(2_000))
    row = _pay_out(stage, party, on, Decimal(1_250))
    return [Clash("trust_overdraw", "trust_entry", row, "more is paid out than was held that day")]


FATES: Sequence[_Fate] = (_held, _spent, _opening, _moved, _corrected, _scant)
