"""Seeding one firm: its Clio account, its QuickBooks company, and what is planted between them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import batched
from random import Random

from integrations.sandbox.clio.office import ClioOffice
from integrations.sandbox.generator import fates, shapes
from integrations.sandbox.generator.clashes import CLASHES
from integrations.sandbox.generator.history import write_history
from integrations.sandbox.generator.names import PLACES, Namer, Place
from integrations.sandbox.generator.scripts import STORIES
from integrations.sandbox.generator.stage import BillPlan, Clash, Party, Script, Stage
from integrations.sandbox.generator.trust import write_trust
from integrations.sandbox.quickbooks.office import open_company
from integrations.sandbox.store import Store

FIRST_NUMBER = 5001  # above every number QuickBooks gave by itself
BLOCK = 250  # bills written in one transaction
EARLY_SHARE = 0.15
NOTICES = ("payment_partly_outside", "trust_incomplete")


@dataclass(frozen=True, slots=True)
class Seeded:
    """``clashes`` is everything that needs a person, and nothing else does; ``notices`` is merely worth knowing."""

    account_id: int
    region: str
    realm: str
    start: date
    clashes: tuple[Clash, ...]
    notices: tuple[Clash, ...]


@dataclass(slots=True)
class _Scene:
    """A script with its planned bills and, once they exist, their ids."""

    script: Script
    plans: list[BillPlan]
    bills: dict[int, int] = field(default_factory=dict)  # position in the plans -> bill id


_Entry = tuple[BillPlan, _Scene | None, int]  # the last: the plan's position in its scene


def seed(
    store: Store,
    *,
    bills: int = 60,
    seed: int = 1,
    today: date | None = None,
    start: date | None = None,
    country: str = "US",
    name: str = "Hart & Lowe LLP",
    clashes: bool = True,
) -> Seeded:
    """A firm of ``bills`` bills, trust requests included; a new account and a new company at every call.

    ``today`` is the last day of which anything is dated (default: the store's), ``start`` the start date (default:
    1 January of that year), ``country`` US, CA, GB or AU. Raises ValueError for anything else.
    """
    if bills < 1 or country not in PLACES:
        raise ValueError("at least one bill, and one of the countries " + ", ".join(PLACES))
    last = today or store.now().date()
    stage = _stage(store, PLACES[country], name, Random(seed), start or date(last.year, 1, 1), last)
    scenes, loose = _planned(stage, bills, clashes)
    parties = _parties(stage, len(loose))
    plans = [*_loose_plans(stage, parties, loose)]
    with store.transaction():
        write_history(stage, parties, bills)
    for block in batched(_in_order(scenes, plans), BLOCK, strict=False):
        with store.transaction():
            for plan, scene, position in block:
                _make(stage, plan, scene, position)
    with store.transaction():
        found = tuple(clash for scene in scenes for clash in _play(stage, scene))
        found += tuple(write_trust(stage, bills, overdrawn=clashes))
    asked = tuple(clash for clash in found if clash.code not in NOTICES)
    told = tuple(clash for clash in found if clash.code in NOTICES)
    return Seeded(stage.clio.account_id, stage.place.region, stage.quickbooks.realm, stage.start, asked, told)


def _stage(store: Store, place: Place, name: str, rng: Random, start: date, today: date) -> Stage:
    with store.transaction():
        clio = ClioOffice.open_account(
            store, place.region, name, "Dana Hart", "dana@hartlowe.example", place.country, place.currency
        )
        company = open_company(store, name, place.country, place.currency)
        stage = Stage(rng, clio, company, place, start, today, Namer(rng, place))
        _furnish(stage)
    return stage


def _furnish(stage: Stage) -> None:
    """Bank accounts, taxes, timekeepers, expense categories and a supplier."""
    clio, (first, second) = stage.clio, stage.place.taxes
    stage.operating = clio.add_bank_account("Operating", "Operating")
    stage.trust = clio.add_bank_account("Client trust", "Trust")
    stage.cards = clio.add_bank_account("Card payments", "Operating")
    clio.set_billing(
        tax_name=first[0],
        tax_rate=Decimal(first[1]),
        secondary_tax_name=second[0],
        secondary_tax_rate=Decimal(second[1]),
        use_secondary_tax=True,
    )
    people = (("Dana Hart-Lowe", 420), ("José Ibáñez", 312), ("Anneke de Vries", 225))
    stage.timekeepers = [clio.add_user(name, rate=Decimal(rate)) for name, rate in people]
    stage.categories = {
        "expense": [clio.add_expense_category("Filing fees"), clio.add_expense_category("Travel & lodging")],
        "hard_cost": [clio.add_expense_category("Expert witnesses", "hard_cost")],
        "soft_cost": [clio.add_expense_category("Photocopies", "soft_cost", Decimal("0.25"))],
    }
    stage.vendor = clio.create_contact(type="Company", name="Deposition Services of the Coast")


def _planned(stage: Stage, bills: int, clashes: bool) -> tuple[list[_Scene], range]:
    """The scripts that fit into two thirds of the bills, and the bills that are left for chance."""
    room = bills * 2 // 3
    scenes = []
    for script in [*(CLASHES if clashes else ()), *STORIES]:
        if script.size <= room:
            scenes.append(_Scene(script, script.plan(stage)))
            room -= script.size
    return scenes, range(bills - sum(scene.script.size for scene in scenes))


def _parties(stage: Stage, bills: int) -> list[Party]:
    """The contacts chance gives bills to, the unusual ones first; and some who are never billed."""
    found = []
    for position in range(max(6, bills // 6)):
        values = stage.namer.odd() if position % 2 == 0 else None
        if values is None:
            values = stage.namer.company(email=False) if position % 20 == 19 else stage.namer.anyone()
        found.append(stage.party(values, stage.rng.choice((1, 1, 1, 2, 3))))
    for _ in range(3 + bills // 100):
        stage.party(stage.namer.anyone(), 0)
    return found


def _loose_plans(stage: Stage, parties: Sequence[Party], places: range) -> Iterator[BillPlan]:
    """Chance decides whom a bill is for (some are billed often), when, what is on it and what becomes of it."""
    looks, ends = _dealt(stage.rng, shapes.DECK), _dealt(stage.rng, fates.DECK)
    early_ends = _dealt(stage.rng, fates.EARLY_DECK)
    for place in places:
        party = parties[place] if place < len(parties) else parties[int(len(parties) * stage.rng.random() ** 2)]
        if stage.rng.random() < EARLY_SHARE:
            yield BillPlan(party, stage.before_start(), next(looks), next(early_ends))
        else:
            yield BillPlan(party, stage.in_scope(), next(looks), next(ends))


def _dealt(rng: Random, deck: Sequence[str]) -> Iterator[str]:
    """The deck in a new order again and again, so that everything comes up early and in proportion."""
    while True:
        yield from rng.sample(deck, len(deck))


def _in_order(scenes: Sequence[_Scene], plans: Sequence[BillPlan]) -> list[_Entry]:
    """Bills by date of issue; those of a scene that fall on one day keep their order."""
    every: list[_Entry] = [(plan, None, 0) for plan in plans]
    every += [(plan, scene, place) for scene in scenes for place, plan in enumerate(scene.plans)]
    return sorted(every, key=lambda entry: (entry[0].issued, entry[2]))


def _make(stage: Stage, plan: BillPlan, scene: _Scene | None, position: int) -> None:
    content = shapes.content(stage, plan.shape)
    matters = plan.party.matters if stage.rng.random() < 0.1 else plan.party.matters[:1]
    due, number = stage.later(plan.issued, 45), plan.number or _next_number(stage)
    bill_id = stage.clio.draft_bill(matters, content.lines, plan.issued, due, number=number, **content.options)
    fates.befall(stage, bill_id, plan)
    if scene is not None:
        scene.bills[position] = bill_id


def _next_number(stage: Stage) -> str:
    """One more than the highest so far; Clio's own way may look through every bill."""
    highest = int(stage.clio.store.setting(f"{stage.clio.space}:highest_number", 0))
    return str(max(highest + 1, FIRST_NUMBER))


def _play(stage: Stage, scene: _Scene) -> list[Clash]:
    return scene.script.play(stage, [scene.bills[place] for place in range(scene.script.size)], scene.plans)
