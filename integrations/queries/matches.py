"""What the first sync finds in QuickBooks already, where a person has to say whether it is the same."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Q

from integrations.issue_codes import MATCHES, code, offered
from integrations.models import Issue, Pairing, Record
from integrations.queries import links
from integrations.queries.choices import label_of
from integrations.queries.suggestions import about

SHOWN = 20
ADOPTED, PERSON = "invoice_exists", "probable_match"
OTHERS = tuple(name for name in MATCHES if name != ADOPTED)


@dataclass(frozen=True, slots=True)
class Option:
    """One answer: ``value`` is what the form sends."""

    value: str
    label: str
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    issue: Issue
    name: str
    options: tuple[Option, ...]
    practice_url: str


@dataclass(frozen=True, slots=True)
class Matches:
    """``adoptable`` are invoices whose number, customer, date and amount are equal; the first few are shown."""

    adoptable: int
    adoptions: tuple[Match, ...]
    others: int
    rows: tuple[Match, ...]


def matches(pairing: Pairing, open_by_code: Mapping[str, int]) -> Matches:
    """The first few of either sort: two queries, whatever their number."""
    open_ = Issue.objects.of(pairing.firm).filter(pairing=pairing, state=Issue.State.OPEN)
    adoptable = open_.filter(code=ADOPTED).order_by("id").values("pk")[:SHOWN]
    others = open_.filter(code__in=OTHERS).order_by("id").values("pk")[:SHOWN]
    shown = list(open_.filter(Q(pk__in=adoptable) | Q(pk__in=others)).order_by("id"))
    people = _customers(pairing, shown)
    rows = [_match(pairing, issue, people) for issue in shown]
    return Matches(
        open_by_code.get(ADOPTED, 0),
        tuple(row for row in rows if row.issue.code == ADOPTED),
        sum(open_by_code.get(name, 0) for name in OTHERS),
        tuple(row for row in rows if row.issue.code != ADOPTED),
    )


def _customers(pairing: Pairing, shown: Iterable[Issue]) -> dict[str, dict[str, object]]:
    ids = {id for issue in shown for id in _linkable(issue)}
    mine = Record.objects.of(pairing.firm).filter(pairing=pairing, side=Record.Side.LEDGER, entity="Customer")
    return dict(mine.filter(external_id__in=ids).values_list("external_id", "data"))


def _linkable(issue: Issue) -> list[str]:
    """The customers a contact may be."""
    return [str(id) for id in issue.details.get("candidates") or ()] if issue.code == PERSON else []


def _match(pairing: Pairing, issue: Issue, known: dict[str, dict[str, object]]) -> Match:
    people = tuple(_person(pairing, issue, id, known.get(id, {})) for id in _linkable(issue))
    actions = tuple(
        Option(action, label_of(issue.code, action)) for action in offered(issue) if action not in ("link", "ignore")
    )
    practice_url = links.in_practice(pairing.practice, issue.kind, issue.practice_id)
    return Match(issue, code(issue.code).name, (*people, *actions), practice_url)


def _person(pairing: Pairing, issue: Issue, id: str, data: dict[str, object]) -> Option:
    name = (issue.details.get("names") or {}).get(id) or data.get("DisplayName") or f"customer {id}"
    return Option(id, f"Link to {name}", about(data), links.in_ledger(pairing.ledger, "Customer", id))


def chosen(issue: Issue, choice: str) -> tuple[str, str]:
    """The action and its value that an answer means; what was not offered is refused by whoever carries it out."""
    return ("link", choice) if choice in _linkable(issue) else (choice, "")
