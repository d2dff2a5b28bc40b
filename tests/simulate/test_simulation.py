"""Faults at every call, two workers, a queue that loses and doubles: nothing is lost and nothing is doubled.

The suite plays the first 50 seeds. By hand, others and more, and one again that failed:

    make simulate SEEDS=300
    make simulate SEEDS=1 SEED_FROM=17
"""

import os
from traceback import format_exc

import pytest

from firms.models import Firm, User
from tests.properties.play.stage import Stage
from tests.properties.test_everything_agrees import AREAS
from tests.simulate.simulation import Simulation

SHARDS = 4
SEEDS = int(os.environ.get("SEEDS", 50))
SEED_FROM = int(os.environ.get("SEED_FROM", 0))
PLAYED = {name: AREAS[name] for name in ("bills", "payments", "credits", "trust", "contacts")}


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_nothing_is_lost_and_nothing_doubled_whatever_fails(acme: Firm, alice: User, shard: int) -> None:
    stage = Stage(acme, alice)
    failed: list[str] = []
    for seed in range(SEED_FROM + shard, SEED_FROM + SEEDS, SHARDS):
        with stage.example() as play:
            try:
                Simulation(play, PLAYED, seed).run()
            except Exception:
                failed.append(f"make simulate SEEDS=1 SEED_FROM={seed}\n{format_exc()}")
    assert not failed, "\n\n".join(failed)
