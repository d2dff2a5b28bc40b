"""The last comparison of both systems, its figures and differences, and the comparisons before it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet
from django.http import QueryDict

from firms.models import Firm
from integrations.core.money import ZERO
from integrations.core.words import written
from integrations.issue_codes import code
from integrations.models import EntityLink, Pairing, Proof, ProofDifference
from integrations.queries import links
from integrations.queries.allocated import decimal
from integrations.queries.paging import Page, page_from, words
from integrations.queries.state import moment

SIZE = 50
EARLIER = 10
WHAT = {
    "missing": "Not in QuickBooks",
    "doubled": "There twice",
    "not_linked": "Ours, but not linked",
    "unwanted": "Nothing in Clio asks for it",
    "voided": "Voided on one side",
    "amount": "Amount",
    "lines": "Lines",
    "date": "Date",
    "number": "Number",
    "reference": "Reference",
    "field": "Field",
    "customer": "Customer",
    "account": "Account",
    "applied": "What it pays",
    "balance": "Still owed",
    "by_hand": "Kept by hand",
    "unreadable": "Cannot be read",
    "receivable": "What the customer owes",
}
AS_THEY_STAND = frozenset({"number", "reference", "field", "customer", "account"})  # whatever they look like


@dataclass(frozen=True, slots=True)
class Sums:
    """One receivable or trust account: what each side says. ``liability`` is of trust alone."""

    name: str
    clio: Decimal
    quickbooks: Decimal
    liability: Decimal | None = None
    opening: Decimal = ZERO
    note: str = ""
    off: bool = False  # of several together: one of them is not equal

    @property
    def is_trust(self) -> bool:
        return self.liability is not None

    @property
    def difference(self) -> Decimal:
        return self.clio - self.quickbooks

    @property
    def is_equal(self) -> bool:
        return not (self.off or self.difference) and self.liability in (None, self.clio)


@dataclass(frozen=True, slots=True)
class Row:
    """One difference. ``because`` is what the issue that explains it is called; ``accepted_by`` and ``why`` are empty
    where nobody has accepted it.
    """

    standing: str
    kind: str
    title: str
    what: str
    clio: str
    quickbooks: str
    issue: int | None
    because: str
    accepted_by: str
    why: str
    to_do: str
    record_url: str
    practice_url: str
    ledger_url: str


def newest(pairing: Pairing) -> Proof | None:
    """The last comparison, whether or not it could be made."""
    return _of(pairing).select_related("asked_by").first()


def last_made(pairing: Pairing) -> Proof | None:
    """The last one in which both systems could be read."""
    return _of(pairing).filter(reason="").select_related("asked_by").first()


def one(pairing: Pairing, pk: int) -> Proof | None:
    return _of(pairing).filter(pk=pk).select_related("asked_by").first()


def others(pairing: Pairing, shown: Proof | None) -> list[Proof]:
    """The last few besides the one on the page, without their figures."""
    rows = _of(pairing).exclude(pk=shown.pk) if shown else _of(pairing)
    return list(rows.defer("report").select_related("asked_by")[:EARLIER])


def _of(pairing: Pairing) -> QuerySet[Proof]:
    return Proof.objects.of(pairing.firm_id).filter(pairing=pairing).order_by("-id")


def sentence(firm: Firm, proof: Proof | None) -> str:
    """What came of it, in one sentence."""
    if proof is None:
        return "Nothing compared yet"
    at = moment(firm, proof.made_at)
    if proof.reason:
        return f"Could not be compared at {at}"
    return f"{_verdict(proof)} as of {at}"


def _verdict(proof: Proof) -> str:
    if proof.unexplained:
        return f"{_differences(proof.unexplained)} that nothing explains"
    if not proof.is_equal:
        return f"{_differences(proof.differing)}, explained by {'an issue' if proof.differing == 1 else 'issues'},"
    if proof.differing:
        return f"Equal but for {_differences(proof.differing)} that {_people(proof.differing)} accepted,"
    return "Equal, as far as it could be compared," if proof.is_partial else "Equal"


def _differences(number: int) -> str:
    return "1 difference" if number == 1 else f"{number:,} differences"


def _people(number: int) -> str:
    return "somebody" if number == 1 else "people"


def receivable(proof: Proof) -> Sums:
    owed = proof.report.get("receivables") or {}
    clio, quickbooks = _amount(owed.get("clio")), _amount(owed.get("quickbooks"))
    return Sums(
        "Receivable", clio, quickbooks, note="Counts what is posted. What is not is listed with the differences."
    )


def trust(proof: Proof) -> list[Sums]:
    """Per mapped account Clio's ledger since the start date, the bank and what is owed to clients."""
    return [
        Sums(
            str(one.get("account") or one.get("practice_id")),
            _amount(one.get("clio")),
            _amount(one.get("bank")),
            _amount(one.get("liability")),
            _amount(one.get("opening")),
        )
        for one in proof.report.get("trust") or ()
    ]


def trust_together(proof: Proof) -> Sums | None:
    """All trust accounts as one; None where no account is kept in step. Equal only where each of them is."""
    every = trust(proof)
    if not every:
        return None
    clio, bank = _sum(one.clio for one in every), _sum(one.quickbooks for one in every)
    return Sums(
        "Trust", clio, bank, _sum(one.liability or ZERO for one in every), off=any(not o.is_equal for o in every)
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def _amount(value: object) -> Decimal:
    return decimal(value) or ZERO


def counts(proof: Proof) -> list[tuple[str, int, int, int]]:
    """Of each kind: what it is called, how many were compared, are equal, and differ."""
    checked = proof.report.get("checked") or {}
    found = ((label, checked[kind]) for kind, label in links.KINDS.items() if kind in checked)
    return [(label, row["compared"], row["equal"], row["compared"] - row["equal"]) for label, row in found]


def not_compared(proof: Proof) -> list[tuple[str, str]]:
    """Lists that Clio keeps from the connected user, and what they alone tell."""
    return [(str(row["list"]).replace("_", " "), str(row["what"])) for row in proof.report.get("not_compared") or ()]


def differences(firm: Firm, pairing: Pairing, proof: Proof, asked: QueryDict) -> Page[Row]:
    """What nothing explains first, by ?show= and ?kind=."""
    found = ProofDifference.objects.of(firm).filter(proof=proof)
    if standing := words(asked, "show"):
        found = found.filter(standing=standing)
    if kind := words(asked, "kind"):
        found = found.filter(kind=kind)
    page = page_from(found, asked, lambda row: row.position, size=SIZE)
    entities = _entities(firm, pairing, page.rows)
    return Page([_row(firm, pairing, row, entities) for row in page.rows], page.newer, page.older)


def _entities(firm: Firm, pairing: Pairing, rows: Iterable[ProofDifference]) -> Mapping[tuple[str, str], str]:
    """What the linked documents are in QuickBooks, by kind and id."""
    wanted = {(row.kind, str(row.data.get("ledger_id"))) for row in rows if row.data.get("ledger_id")}
    if not wanted:
        return {}
    kinds, ids = (set(part) for part in zip(*wanted, strict=True))
    mine = EntityLink.objects.of(firm).filter(pairing=pairing, kind__in=kinds, ledger_id__in=ids)
    return {(kind, id): entity for kind, id, entity in mine.values_list("kind", "ledger_id", "ledger_entity")}


def _row(firm: Firm, pairing: Pairing, row: ProofDifference, entities: Mapping[tuple[str, str], str]) -> Row:
    data = row.data
    ledger_id = str(data.get("ledger_id") or "")
    entity = entities.get((row.kind, ledger_id)) or links.entity_of(row.kind)
    what = str(data.get("what") or "")
    return Row(
        standing=row.standing,
        kind=links.ONE.get(row.kind, row.kind),
        title=str(data.get("title") or row.practice_id),
        what=str(data.get("field") or WHAT.get(what, what)),
        clio=_in_words(what, str(data.get("clio") or "")),
        quickbooks=_in_words(what, str(data.get("quickbooks") or "")),
        issue=data.get("issue"),
        because=code(str(data.get("code") or "")).name,
        accepted_by=str(data.get("accepted_by") or ""),
        why=str(data.get("why") or ""),
        to_do=str(data.get("to_do") or ""),
        record_url=links.record_page(firm, row.kind, row.practice_id),
        practice_url=links.in_practice(pairing.practice, row.kind, row.practice_id),
        ledger_url=links.in_ledger(pairing.ledger, entity, ledger_id),
    )


def _in_words(what: str, said: str) -> str:
    """What a side says, with its amounts and days as people write them: "1,000.00 of bill 1042, 50.00 of bill 7"."""
    if what in AS_THEY_STAND:
        return said
    return ", ".join(
        " ".join((written(first), *rest)) for first, *rest in (part.split(" ") for part in said.split(", "))
    )
