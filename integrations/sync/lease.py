"""A run's hold on its pairing: it says that it lives, and learns when another worker has given it up for dead."""

from integrations.models import SyncRun
from integrations.sync.workspace import Workspace


class TakenOver(Exception):
    """Another worker closed this run; nothing more is written by it."""


def beat(work: Workspace, run: SyncRun, **said: object) -> None:
    """Says that the run lives, and what it does (``said``: columns of the run), in one statement. Raises TakenOver.

    A beat that is late is no harm as long as nobody needed the pairing meanwhile.
    """
    run.heartbeat_at = work.clock.now()
    mine = SyncRun.objects.of(work.firm).filter(pk=run.pk, finished_at=None)
    if not mine.update(heartbeat_at=run.heartbeat_at, **said):
        raise TakenOver(f"run {run.pk} was closed by another worker")
