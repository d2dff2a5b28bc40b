"""Where the reading of a long list of Clio was interrupted: the next slice, or the next run, goes on from there.

Clio's pages go by id, so what was read stays read; what changes meanwhile shows in the next list of changes, which
begins where the interrupted reading began.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from integrations.core.errors import Malformed, NotFound, Refused
from integrations.core.ports import Page
from integrations.models import Bookmark
from integrations.sync.workspace import Workspace

GOOD_FOR = timedelta(days=1)  # how long Clio knows a page again is not documented; an older list is begun anew


def of(work: Workspace, stream: str) -> Bookmark | None:
    """Where to go on in this list."""
    mark = work.bookmarks.get(stream)
    return mark if mark and mark.set_at > work.clock.now() - GOOD_FOR else None


def pages(
    work: Workspace, mark: Bookmark | None, entity: str, since: datetime | None, filters: Mapping[str, str]
) -> Iterator[Page]:
    """The rest of the list; all of it where there is no bookmark, or Clio does not know the place any more."""
    if mark is not None:
        rest = work.practice.pages(entity, since=since, filters=filters, place=mark.place)
        try:
            first = next(rest)
        except (Malformed, NotFound, Refused):
            pass
        else:
            yield first
            yield from rest
            return
    yield from work.practice.pages(entity, since=since, filters=filters)


def put(work: Workspace, stream: str, place: str, as_of: datetime, sweep: int) -> None:
    """Notes the place of the next page. The last page has none: then the cursor says that the list was read."""
    if not place:
        return
    values = {"place": place, "as_of": as_of, "sweep": sweep, "set_at": work.clock.now()}
    mark = Bookmark(firm=work.firm, pairing=work.pairing, stream=stream, **values)
    Bookmark.objects.of(work.firm).bulk_create(
        [mark], update_conflicts=True, unique_fields=["pairing", "stream"], update_fields=list(values)
    )


def drop(work: Workspace, stream: str) -> None:
    """The list was read to its end."""
    Bookmark.objects.of(work.firm).filter(pairing=work.pairing, stream=stream).delete()
