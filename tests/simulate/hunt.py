"""Plants each defect and looks for a seed that shows it: ``make simulate-mutants``. Not part of the suite.

make simulate-mutants SEEDS=60
"""

import os

import pytest

from firms.models import Firm, User
from tests.properties.play.stage import Stage
from tests.simulate.mutants import MUTANTS, Mutant
from tests.simulate.simulation import Simulation
from tests.simulate.test_simulation import PLAYED

SEEDS = int(os.environ.get("SEEDS", 40))
SEED_FROM = int(os.environ.get("SEED_FROM", 0))


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_the_simulation_sees_it(acme: Firm, alice: User, mutant: Mutant, capsys: pytest.CaptureFixture[str]) -> None:
    stage = Stage(acme, alice)
    for seed in range(SEED_FROM, SEED_FROM + SEEDS):
        with stage.example() as play:
            simulation = Simulation(play, PLAYED, seed)
            try:
                with mutant(simulation):
                    simulation.run()
            except Exception as caught:
                with capsys.disabled():
                    print(f"\n{mutant.__name__}: seed {seed}: {str(caught).strip().splitlines()[-1][:150]}")
                return
    pytest.fail(f"no seed from {SEED_FROM} to {SEED_FROM + SEEDS - 1} shows {mutant.__name__}")
