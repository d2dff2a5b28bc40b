"""The demo on the command line: one sync and what came of it, then a story whose end is judged."""

from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from integrations.management.commands import demo
from integrations.sandbox.generator.story import SCENES, Act, Step
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.world import World
from integrations.sync.reconcile import Reconciliation
from integrations.sync.workspace import Workspace
from tests.served import stand_ins_served

pytestmark = pytest.mark.timeout(300)

EDITED = SCENES[0][0]


@pytest.fixture
def world(db: None, settings: Settings, tmp_path: Path) -> Iterator[World]:
    with stand_ins_served(settings, tmp_path) as served:
        yield served


def told(monkeypatch: pytest.MonkeyPatch, *acts: Act) -> str:
    """What the demo prints when these are the acts of its story."""
    monkeypatch.setattr(demo, "SCENES", (acts,))
    out = StringIO()
    call_command("demo", "--once", "--bills", "6", "--story", "full", stdout=out)
    return out.getvalue()


def test_a_story_needs_the_demo_to_run_once() -> None:
    with pytest.raises(CommandError, match="goes with --once"):
        call_command("demo", "--story", "full")


def test_the_table_the_acts_and_the_proof_are_printed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    printed = told(monkeypatch, EDITED)
    for kind in ("contact", "invoice", "payment", "credit_note", "trust_entry"):
        assert f"\n{kind} " in printed
    assert "Requests: clio" in printed
    assert f"  {EDITED.name}" in printed
    assert "invoice updated" in printed
    assert " 0 unexplained" in printed or printed.endswith("Equal\n")


def test_an_act_that_comes_out_otherwise_ends_the_demo_with_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = Act("A bill is edited and nothing happens", EDITED.prepare, (Step(EDITED.steps[0].play),))
    with pytest.raises(CommandError, match="A bill is edited and nothing happens") as refused:
        told(monkeypatch, wrong)
    assert refused.value.returncode == 1


def test_a_difference_nobody_was_told_of_ends_the_demo_with_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    real = demo.reconcile

    def after_somebody_was_there(work: Workspace) -> Reconciliation:
        office = QuickBooksOffice(world.store, work.pairing.ledger.external_account_id)
        ours = [doc for doc in office.all("Invoice") if "Clio invoice" in doc.get("PrivateNote", "")]
        office.edit_invoice(ours[-1]["Id"], TxnDate="2026-01-02")
        return real(work)

    monkeypatch.setattr(demo, "reconcile", after_somebody_was_there)
    with pytest.raises(CommandError, match="Differences that no issue explains: 1") as refused:
        told(monkeypatch, EDITED)
    assert refused.value.returncode == 1
