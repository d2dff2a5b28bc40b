"""What an errand has read or worked out so far, from slice to slice, for whichever worker has the next one."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from integrations.faults import fault_point
from integrations.models import Errand, KeptPart
from integrations.sync.workspace import Workspace


class Kept:
    """Parts of streams, each in the order in which it was kept."""

    def __init__(self, work: Workspace, errand: Errand) -> None:
        self.work, self.errand = work, errand
        self._rows = KeptPart.objects.of(errand.firm).filter(errand=errand)

    def last(self, stream: str) -> KeptPart | None:
        """The last part, without what is in it; its number tells how many there are."""
        return self._rows.filter(stream=stream).defer("body").order_by("-number").first()

    def parts(self, stream: str) -> Iterator[tuple[KeptPart, bytes]]:
        """One after the other, so that a long stream is never in memory as a whole."""
        rows = self._rows.filter(stream=stream).order_by("number")
        for part in rows.iterator(50):
            yield part, zlib.decompress(part.body)

    @contextmanager
    def adding(self, stream: str, body: bytes, *, place: str = "", as_of: datetime | None = None) -> Iterator[int]:
        """Keeps the next part, whose number it gives, with what the block writes, or neither. Raises TakenOver."""
        now, last = self.work.clock.now(), self.last(stream)
        number = last.number + 1 if last else 1
        with transaction.atomic():
            self.work.hold.check()
            yield number
            KeptPart.objects.of(self.errand.firm).create(
                pairing=self.errand.pairing,
                errand=self.errand,
                stream=stream,
                number=number,
                place=place,
                as_of=as_of or now,
                kept_at=now,
                body=zlib.compress(body, 1),
            )
        fault_point("kept")

    def add(self, stream: str, body: bytes, *, place: str = "", as_of: datetime | None = None) -> int:
        with self.adding(stream, body, place=place, as_of=as_of) as number:
            return number

    def drop(self, *streams: str) -> None:
        """All of these streams, or everything where none is named."""
        rows = self._rows.filter(stream__in=streams) if streams else self._rows
        rows.delete()


def forget(errand: Errand) -> None:
    """It is over, or begins anew."""
    KeptPart.objects.of(errand.firm_id).filter(errand=errand).delete()
