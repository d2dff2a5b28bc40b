"""What was sent for a record and what came back: each write's request and answer, as people read them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict

from integrations.models import Dispatch, Pairing, Record
from integrations.queries.paging import Page, number, page_by_id
from integrations.systems import wire
from integrations.systems.clio.gateway import contact_path
from integrations.systems.quickbooks import address

SIZE = 20
LONG = 6_000  # characters of a body; what is longer is cut until it is asked for
# What QuickBooks may keep in a document of ours that is none of the sync's business: numbers of people and of cards.
UNSHOWN = frozenset(
    {"PrimaryTaxIdentifier", "SecondaryTaxIdentifier", "TaxIdentifier", "BusinessNumber", "GSTIN", "SSN"}
    | {"CreditCardPayment", "CheckPayment", "CCDetail"}
)


@dataclass(frozen=True, slots=True)
class Said:
    """JSON as it travelled, laid out; ``more`` is how many characters of it are left out."""

    text: str
    more: int = 0


@dataclass(frozen=True, slots=True)
class Request:
    """One write. ``answer`` is the document as it was answered; None where nothing was, or only a refusal."""

    dispatch: Dispatch
    address: str
    body: Said
    answer: Said | None
    is_whole: bool
    whole: str  # where nothing of it is cut

    @property
    def is_cut(self) -> bool:
        return bool(self.body.more or (self.answer and self.answer.more))


def requests_of(pairing: Pairing, kind: str, practice_id: str, asked: QueryDict) -> Page[Request]:
    """Those of a record on either side, the latest first, ``?whole=`` names the one that is not cut. One query."""
    found = Dispatch.objects.of(pairing.firm).filter(pairing=pairing, kind=kind, practice_id=practice_id)
    page = page_by_id(found.select_related("batch").defer("plan", "batch__body"), asked, size=SIZE)
    return Page(tuple(_requests(pairing, page.rows, asked)), page.newer, page.older)


def _requests(pairing: Pairing, rows: Iterable[Dispatch], asked: QueryDict) -> Iterator[Request]:
    whole = number(asked, "whole")
    kept = [(name, value) for name, value in asked.items() if name in ("before", "after")]
    for row in rows:
        limit = None if row.pk == whole else LONG
        answer = _said(bytes(row.answer), limit) if row.answer is not None else None
        link = f"?{urlencode([*kept, ('whole', row.pk)])}#request-{row.pk}"
        yield Request(row, _address(pairing, row), _said(bytes(row.body), limit), answer, row.pk == whole, link)


def _address(pairing: Pairing, row: Dispatch) -> str:
    """Method and path, as they were sent; of an item of a batch those of the batch."""
    if row.side == Record.Side.PRACTICE:
        return f"PATCH /api/v4/{contact_path(row.practice_id)}"
    if row.batch:
        path, params = address.of_batch(row.batch.request_id)
    else:
        path, params = address.of_write(row.entity, row.operation, row.request_id)
    return f"POST /v3/company/{pairing.ledger.external_account_id}/{path}?{urlencode(params)}"


def _said(body: bytes, limit: int | None) -> Said:
    try:
        laid_out = wire.laid_out(_without(wire.parse(body)))
    except ValueError:
        laid_out = body.decode(errors="replace")
    shown = laid_out[:limit]
    return Said(shown, len(laid_out) - len(shown))


def _without(value: object) -> object:
    """The same without what is not shown, each named where it was."""
    if isinstance(value, dict):
        return {name: "(not shown)" if name in UNSHOWN else _without(inner) for name, inner in value.items()}
    return [_without(inner) for inner in value] if isinstance(value, list) else value
