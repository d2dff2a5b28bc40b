"""How far each list has been read: looked up once for a run, and moved in as few statements as can be."""

from datetime import datetime
from functools import cached_property

from django.db import connection

from integrations.faults import fault_point
from integrations.models import Bookmark, Cursor, Pairing

_MOVE = """
INSERT INTO integrations_cursor AS cursor (firm_id, pairing_id, stream, at)
SELECT %s, %s, row.stream, row.at FROM unnest(%s::text[], %s::timestamptz[]) AS row (stream, at)
ON CONFLICT (pairing_id, stream) DO UPDATE SET at = GREATEST(cursor.at, excluded.at)
"""


class Cursors:
    """The cursors of a pairing; one moves forward, never back."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._later: dict[str, datetime] = {}

    def at(self, stream: str) -> datetime | None:
        """From when on its changes have to be read; None where it was never read whole."""
        return self._known.get(stream)

    def move(self, stream: str, at: datetime, *, at_once: bool = True) -> None:
        """What was read up to then is kept.

        A list that showed nothing need not be moved at once: where the worker dies before ``keep`` it is read again.
        """
        self._later[stream] = at
        self._known[stream] = max(at, self._known.get(stream, at))
        if at_once:
            self.keep()

    def keep(self) -> None:
        if self._later:
            with connection.cursor() as cursor:
                streams, times = list(self._later), list(self._later.values())
                cursor.execute(_MOVE, [self._pairing.firm_id, self._pairing.pk, streams, times])
            self._later.clear()
            fault_point("cursor")

    @cached_property
    def _known(self) -> dict[str, datetime]:
        rows = Cursor.objects.of(self._pairing.firm_id).filter(pairing=self._pairing)
        return dict(rows.values_list("stream", "at"))


def reset_cursors(pairing: Pairing) -> None:
    """Everything is read again by the next run."""
    for model in (Cursor, Bookmark):
        model.objects.of(pairing.firm).filter(pairing=pairing).delete()
