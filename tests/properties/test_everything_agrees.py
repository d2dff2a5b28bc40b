"""Whatever people do in Clio and in QuickBooks, after each sync both agree or an issue names what does not.

A state machine plays days of random acts in a firm that is connected once and put back before every example; the
stand-ins answer in this process. The suite plays 100 examples, always the same ones. By hand, others and more:

    EXAMPLES=500 SEED=100 .venv/bin/python -m pytest -n 2 tests/properties/test_everything_agrees.py

With ``FIRST=1`` a failing example is shown as it was drawn, without the minutes that making it smaller takes.
"""

import os
from collections.abc import Callable
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from firms.models import Firm, User
from integrations.sandbox.clio.office import OfficeError
from integrations.sandbox.quickbooks.faults import Refusal
from tests.properties.play import (
    clio_bills,
    clio_contacts,
    clio_credits,
    clio_payments,
    clio_trust,
    deciding,
    quickbooks_hands,
)
from tests.properties.play.pick import Nothing, Pick
from tests.properties.play.stage import Play, Stage

Act = Callable[[Play, Pick], object]

SHARDS = 4  # so that the workers of one test session share them
BY_HAND = int(os.environ.get("EXAMPLES", 0))
EXAMPLES = (BY_HAND or 100) // SHARDS
SEED = int(os.environ.get("SEED", 0))  # of the first shard; the next one is another's
DAYS = 3 if BY_HAND else 2
TRIES = 3  # for each act, as some find nothing to happen to
AREAS: dict[str, tuple[Act, ...]] = {
    "bills": clio_bills.ACTS,
    "payments": clio_payments.ACTS,
    "credits": clio_credits.ACTS,
    "trust": clio_trust.ACTS,
    "contacts": clio_contacts.ACTS,
    "beside us in QuickBooks": quickbooks_hands.BESIDE,
    "ours in QuickBooks": quickbooks_hands.OURS,
    "customers": quickbooks_hands.CUSTOMERS,
    "settings": quickbooks_hands.SETTINGS,
    "decisions": deciding.ACTS,
}
# Few areas at a time, so that acts of one meet.
AREAS_OF_AN_EXAMPLE = st.lists(st.sampled_from(sorted(AREAS)), min_size=2, max_size=4, unique=True)
CHANCE = st.randoms(use_true_random=False)


class EverythingAgrees(RuleBasedStateMachine):
    """Each step is a day: a few acts of people, then a sync and the check of everything."""

    stage: Stage

    def __init__(self) -> None:
        super().__init__()
        self._example = self.stage.example()
        self.play = self._example.__enter__()

    def teardown(self) -> None:
        self._example.__exit__(None, None, None)

    @initialize(areas=AREAS_OF_AN_EXAMPLE)
    def an_example_about(self, areas: list[str]) -> None:
        self.acts = [AREAS[area] for area in areas]

    @rule(acts=st.integers(2, 5), chance=CHANCE)
    def a_day(self, acts: int, chance: Random) -> None:
        for _ in range(TRIES * acts):
            acts -= self._happens(chance.choice(chance.choice(self.acts)), chance)
            if not acts:
                break
        self.play.sync()

    def _happens(self, act: Act, chance: Random) -> bool:
        """Whether there was anything the act could be done to, and the two systems let it be done."""
        pick, said = Pick(chance), ""
        try:
            act(self.play, pick)
        except (Nothing, OfficeError, Refusal) as error:
            said = f": {type(error).__name__} {error}"
        note(f"  {act.__module__.rsplit('.', 1)[-1]}.{act.__name__}({', '.join(pick.story)}){said}")
        self.play.portal.clock.sleep(2)
        return not said


def _settings() -> settings:
    return settings(
        max_examples=EXAMPLES,
        stateful_step_count=1 + DAYS,
        deadline=None,
        database=None,
        print_blob=bool(BY_HAND),
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate] if os.environ.get("FIRST") else [Phase.generate, Phase.shrink],
    )


@pytest.mark.timeout(3600 if BY_HAND else 600)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_after_every_sync_everything_agrees_or_an_issue_says_why(acme: Firm, alice: User, shard: int) -> None:
    stage_of_this_firm = Stage(acme, alice)

    class Machine(EverythingAgrees):
        stage = stage_of_this_firm

    run_state_machine_as_test(seed(SEED + shard)(Machine), settings=_settings())
