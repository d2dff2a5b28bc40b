"""What a held run would do to records that are linked, as people read it."""

from dataclasses import dataclass
from decimal import Decimal

from django.http import QueryDict

from firms.models import Firm
from integrations.models import HeldChange, Issue, Pairing
from integrations.queries import links
from integrations.queries.paging import Page, page_from, words

SIZE = 50
TAKES_BACK = {"contact": "Let go", "trust_entry": "Reverse"}
MANY = {
    "contact": "customers",
    "invoice": "invoices",
    "payment": "payments",
    "credit_note": "credit memos",
    "trust_entry": "trust entries",
}  # what is changed stands in QuickBooks


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of a kind one sort of change is about, of how many that are linked."""

    kind: str
    action: str
    label: str
    word: str
    number: int
    linked: int
    is_over: bool  # it is what the run is held for


@dataclass(frozen=True, slots=True)
class Change:
    word: str
    title: str
    reason: str
    amount: Decimal | None
    record_url: str
    practice_url: str
    ledger_url: str


@dataclass(frozen=True, slots=True)
class Held:
    """``seen`` stands for this very list, so that a decision is about no other."""

    seen: str
    counts: tuple[Count, ...]
    changes: Page[Change]
    kind: str
    action: str


def held(firm: Firm, issue: Issue, pairing: Pairing, asked: QueryDict) -> Held | None:
    """The list of a held run, by ?kind= and ?action=; None for any other issue."""
    if issue.code != "run_held" or issue.state == Issue.State.CLOSED:
        return None
    kind, action = words(asked, "kind"), words(asked, "action")
    found = HeldChange.objects.of(firm).filter(pairing=pairing)
    found = found.filter(kind=kind) if kind else found
    found = found.filter(action=action) if action else found
    page = page_from(found, asked, lambda row: row.position, size=SIZE)
    changes = Page([_change(firm, pairing, row) for row in page.rows], page.newer, page.older)
    return Held(str(issue.details.get("seen", "")), tuple(_counts(issue)), changes, kind, action)


def word_of(kind: str, action: str) -> str:
    return "Change" if action == "update" else TAKES_BACK.get(kind, "Void")


def _counts(issue: Issue) -> list[Count]:
    over = [tuple(sort) for sort in issue.details.get("sorts", ())]
    return [
        Count(
            kind=row["kind"],
            action=row["action"],
            label=MANY.get(row["kind"], row["kind"]),
            word=word_of(row["kind"], row["action"]),
            number=row["number"],
            linked=row["linked"],
            is_over=(row["kind"], row["action"]) in over,
        )
        for row in issue.details.get("counts", ())
    ]


def _change(firm: Firm, pairing: Pairing, row: HeldChange) -> Change:
    data = row.data
    return Change(
        word_of(row.kind, row.action),
        str(data.get("title") or f"{links.ONE.get(row.kind, row.kind)} {row.practice_id}"),
        str(data.get("reason") or ""),
        None if row.kind == "contact" else Decimal(str(data.get("amount") or 0)),
        links.record_page(firm, row.kind, row.practice_id),
        links.in_practice(pairing.practice, row.kind, row.practice_id),
        links.in_ledger(pairing.ledger, str(data.get("entity") or ""), str(data.get("ledger_id") or "")),
    )
