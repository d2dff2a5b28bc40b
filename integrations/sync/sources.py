"""Whole lists of both systems, at once or in slices: then every page is kept until the errand is over."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import batched
from typing import NamedTuple, Protocol

from integrations.core.errors import Forbidden, Malformed, NotFound, Refused
from integrations.core.ports import Page
from integrations.sync.bookmarks import GOOD_FOR
from integrations.sync.kept import Kept
from integrations.sync.workspace import Workspace
from integrations.systems.wire import encode, parse

IDS_AT_ONCE = 100
Read = Callable[[str], Iterator[Page]]  # a list from a place on, "" being its beginning
Progress = Callable[[str], None]


class Listed(NamedTuple):
    """A list of Clio: some of its records by id, or those that fit the filters."""

    entity: str
    filters: Mapping[str, str] = {}
    ids: Sequence[str] = ()


class Source(Protocol):
    """Where whole lists come from."""

    def clio(self, wanted: Listed) -> Iterator[Page]: ...
    def quickbooks(self, entity: str, where: str) -> Iterator[Page]: ...

    def read_ahead(self, lists: Iterable[Listed] = (), queries: Iterable[tuple[str, str]] = ()) -> None:
        """Has these read before any of them is looked into. Raises RemoteError, SliceIsOver."""
        ...


class Straight:
    """Both systems themselves."""

    def __init__(self, work: Workspace) -> None:
        self._work = work

    def clio(self, wanted: Listed) -> Iterator[Page]:
        return self._work.practice.pages(wanted.entity, ids=wanted.ids, filters=wanted.filters)

    def quickbooks(self, entity: str, where: str) -> Iterator[Page]:
        return self._work.ledger.pages(entity, where)

    def read_ahead(self, lists: Iterable[Listed] = (), queries: Iterable[tuple[str, str]] = ()) -> None:
        pass


class Sliced:
    """Both systems, page by page: what an earlier slice kept is not asked for again.

    A slice has its whole time for reading; looking into what was kept comes on top of it.
    """

    def __init__(self, work: Workspace, kept: Kept, progress: Progress) -> None:
        self._work, self._kept, self._progress = work, kept, progress
        self._slice: timedelta | None = work.ends_at - work.clock.now() if work.ends_at else None
        self._has_read = False

    def clio(self, wanted: Listed) -> Iterator[Page]:
        for part in _by_ids(wanted):
            yield from self._pages(*self._of_clio(part))

    def quickbooks(self, entity: str, where: str) -> Iterator[Page]:
        return self._pages(*self._of_quickbooks(entity, where))

    def read_ahead(self, lists: Iterable[Listed] = (), queries: Iterable[tuple[str, str]] = ()) -> None:
        """What is closed to the connected user is left to whoever looks into it."""
        for wanted in lists:
            with suppress(Forbidden):
                for part in _by_ids(wanted):
                    self._fill(*self._of_clio(part))
        for entity, where in queries:
            self._fill(*self._of_quickbooks(entity, where))

    def _of_clio(self, wanted: Listed) -> tuple[str, str, Read]:
        entity, filters, ids = wanted
        said = [f"{key}={value}" for key, value in sorted(filters.items())] + [_digest(*ids)] * bool(ids)
        name = f"{entity.replace('_', ' ')} of Clio"
        pages = self._work.practice.pages
        return f"clio.{entity}?{'&'.join(said)}", name, lambda at: pages(entity, ids=ids, filters=filters, place=at)

    def _of_quickbooks(self, entity: str, where: str) -> tuple[str, str, Read]:
        stream, name = f"quickbooks.{entity}?{_digest(where)}", f"{entity} of QuickBooks"
        return stream, name, lambda at: self._work.ledger.pages(entity, where, place=at)

    def _pages(self, stream: str, name: str, read: Read) -> Iterator[Page]:
        self._fill(stream, name, read)
        for part, body in self._kept.parts(stream):
            rows = parse(body)
            assert isinstance(rows, list)
            yield Page(tuple(rows), part.as_of, part.place)

    def _fill(self, stream: str, name: str, read: Read) -> None:
        """Reads on where the stream ends. Raises RemoteError, SliceIsOver."""
        last = self._kept.last(stream)
        if last and not last.place:
            return
        self._begin_reading()
        if last and last.kept_at < self._work.clock.now() - GOOD_FOR:
            self._kept.drop(stream)
            last = None
        for page in self._rest(stream, read, last.place if last else ""):
            number = self._kept.add(stream, encode(list(page.rows)), place=page.following, as_of=page.as_of)
            self._progress(f"{name}, page {number:,}")
            self._work.pause()

    def _rest(self, stream: str, read: Read, place: str) -> Iterator[Page]:
        """From the place on; one that is not known any more begins the list anew."""
        pages = read(place)
        try:
            first = next(pages, None)
        except (Malformed, NotFound, Refused):
            if not place:
                raise
            self._kept.drop(stream)
            pages = read("")
            first = next(pages, None)
        if first is not None:
            yield first
            yield from pages

    def _begin_reading(self) -> None:
        if not self._has_read and self._slice is not None:
            self._work.ends_at = self._work.clock.now() + self._slice
        self._has_read = True


def _by_ids(wanted: Listed) -> Iterator[Listed]:
    """The parts that are asked for in one call each, so that each has its own place."""
    if not wanted.ids:
        yield wanted
    for ids in batched(wanted.ids, IDS_AT_ONCE):
        yield wanted._replace(ids=ids)


def _digest(*said: str) -> str:
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
