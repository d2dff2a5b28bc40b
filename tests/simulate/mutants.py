"""Ten defects, planted one at a time: the simulation has to see each.

    make simulate-mutants

prints for each the first seed that catches it, and what it found.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from django.db import connection
from django.db.models import QuerySet

from integrations import gateways
from integrations.core.ports import Clock, Verdict
from integrations.core.read import rows
from integrations.models import Dispatch, Record
from integrations.sync import batches, dispatches, mirror, recover
from integrations.sync.cursors import Cursors
from integrations.systems.quickbooks import batch, gateway
from integrations.systems.quickbooks.gateway import QuickBooksGateway
from tests.simulate.simulation import Simulation

Mutant = Callable[[Simulation], AbstractContextManager[object]]


@contextmanager
def no_request_id(_: Simulation) -> Iterator[None]:
    """Each try is a new request to QuickBooks."""
    whole = QuickBooksGateway.write_batch

    def write_batch(self: Any, body: bytes, request_id: str, entities: Mapping[str, str]) -> Mapping[str, Verdict]:
        return whole(self, body, str(uuid4()), entities)

    with (
        patch.object(gateway, "_request_id", lambda write: str(uuid4())),
        patch.object(QuickBooksGateway, "write_batch", write_batch),
    ):
        yield


@contextmanager
def no_probe(_: Simulation) -> Iterator[None]:
    """What is not known to be done is taken for not done."""

    def gone(work: Any, dispatch: Dispatch) -> bool:
        dispatches.give_up(work, dispatch, "nobody looked")
        return True

    nothing_young = patch.object(recover, "YOUNG", timedelta(0))
    with nothing_young, patch.object(recover, "_look", gone), patch.object(batches, "_seen", lambda work, sent: []):
        yield


@contextmanager
def a_probe_before_the_request_can_have_ended(_: Simulation) -> Iterator[None]:
    nothing = timedelta(0)
    with (
        patch.object(recover, "YOUNG", nothing),
        patch.object(recover, "PROBE_AFTER", nothing),
        patch.object(recover, "PROBE_AGAIN_AFTER", nothing),
        patch.object(batches, "REPLAYS", 0),
    ):
        yield


@contextmanager
def no_unique_index(_: Simulation) -> Iterator[None]:
    """Nothing keeps two runs of one firm apart but the index."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DROP INDEX one_unfinished_run_per_pairing")
    yield


@contextmanager
def no_row_lock(_: Simulation) -> Iterator[None]:
    with patch.object(QuerySet, "select_for_update", lambda self, *args, **options: self.all()):
        yield


@contextmanager
def outcome_saved_before_the_answer(_: Simulation) -> Iterator[None]:
    whole = dispatches.prepare

    def prepare(work: Any, run: Any, intents: Sequence[Any], known: Any = None) -> list[Dispatch]:
        made = whole(work, run, intents, known)
        ids = [dispatch.pk for dispatch in made]
        Dispatch.objects.of(work.firm).filter(pk__in=ids).update(state=Dispatch.State.ANSWERED)
        return made

    with patch.object(dispatches, "prepare", prepare):
        yield


@contextmanager
def cursor_moved_first(simulation: Simulation) -> Iterator[None]:
    """A list of Clio counts as read before it is."""
    whole, clock = Cursors.at, simulation.play.portal.clock

    def at(self: Cursors, stream: str) -> datetime | None:
        since = whole(self, stream)
        if since and not stream.startswith("quickbooks"):
            self.move(stream, clock.now())
        return since

    with patch.object(Cursors, "at", at):
        yield


@contextmanager
def absence_read_as_deletion(_: Simulation) -> Iterator[None]:
    """What a list lacks once is gone."""

    def note_missed(unseen: QuerySet[Record], clock: Clock) -> None:
        unseen.update(is_deleted=True, settled=False)

    with patch.object(mirror, "note_missed", note_missed):
        yield


@contextmanager
def another_company(simulation: Simulation) -> Iterator[None]:
    """Calls go to a company that a second firm keeps, with the same small ids."""
    whole = gateways.quickbooks_gateway

    def opened(**options: Any) -> Any:
        return whole(**{**options, "realm": str(int(options["realm"]) + 1)})

    with patch.object(gateways, "quickbooks_gateway", opened):
        yield


@contextmanager
def verdicts_by_position(_: Simulation) -> Iterator[None]:
    def verdicts(answer: Any, entities: Mapping[str, str], trace: Any) -> Mapping[str, Verdict]:
        told = list(rows(answer, "BatchItemResponse"))
        named = zip(entities, told, strict=False)
        found = {name: batch._verdict(item, entities[name], trace) for name, item in named}
        return {name: found.get(name) or batch._verdict(None, entities[name], trace) for name in entities}

    with patch.object(batch, "verdicts", verdicts):
        yield


MUTANTS: tuple[Mutant, ...] = (
    no_request_id,
    no_probe,
    a_probe_before_the_request_can_have_ended,
    no_unique_index,
    no_row_lock,
    outcome_saved_before_the_answer,
    cursor_moved_first,
    absence_read_as_deletion,
    another_company,
    verdicts_by_position,
)
