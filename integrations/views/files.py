"""Lists as files: CSV that is written while it is read."""

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal

from django.http import StreamingHttpResponse

from integrations.core.sheets import harmless

Cell = str | Decimal | None


def sheet(name: str, rows: Iterable[Iterable[Cell]]) -> StreamingHttpResponse:
    """A download of these rows, the heading first. Amounts are numbers, everything else is text."""
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8", headers=headers)


class _Echo:
    """What csv writes to: each line is handed on instead of kept."""

    def write(self, line: str) -> str:
        return line


def _lines(rows: Iterable[Iterable[Cell]]) -> Iterator[str]:
    """CSV with the mark by which spreadsheets know that it is UTF-8."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([harmless(cell) if isinstance(cell, str) else cell for cell in row])
