"""Reading both systems afresh and comparing them: what is in the books, not what we remember of it (rule R10).

Of our own tables only the links (which document stands for what), the mappings and the issues are used; the mirror is
never read, and nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.core.mapping import IN_TRANSIT, Policy, Target, TrustTargets
from integrations.core.read import nested, rows, text
from integrations.core.records import Kind, Ref
from integrations.kinds import contact_fields
from integrations.kinds.contact_fields import LABELS, Base
from integrations.kinds.proof.books import OurBooks
from integrations.kinds.proof.clio import LINES, Demands, demands
from integrations.kinds.proof.compare import Comparison
from integrations.kinds.proof.contacts import People
from integrations.kinds.proof.explain import Explained, Reason, Reasons
from integrations.kinds.proof.owed import Owed, compare
from integrations.kinds.proof.transit import InTransit, in_transit
from integrations.kinds.proof.trust import TrustBooks, TrustSums, compare_trust, trust_sums
from integrations.kinds.proof.words import Standing
from integrations.kinds.theirs import GIVEN_UP
from integrations.models import EntityLink, Issue, SyncRun
from integrations.models import Mapping as MappingRow
from integrations.sync.afresh import Clio, QuickBooks
from integrations.sync.policy import NotReady
from integrations.sync.sources import Source, Straight
from integrations.sync.workspace import Workspace

READ_AGAIN_AT_MOST = 20  # bills that changed while their lists were being read
NOT_CLOSED = (Issue.State.OPEN, Issue.State.DECIDED, Issue.State.ACCEPTED)


@dataclass(frozen=True)
class Reconciliation:
    """What came of it. ``open_run`` is a run that was under way meanwhile, so that figures may have moved.

    ``closed`` are the lists that Clio does not let the connected user read: what they tell is not compared.
    """

    explained: list[Explained]
    comparison: Comparison
    owed: list[Owed]
    trust: list[TrustSums]
    in_transit: InTransit | None  # None where no account is mapped for it
    customers: Mapping[str, str]  # contact id to the customer's name
    clio_as_of: datetime
    quickbooks_as_of: datetime
    open_run: int | None
    closed: frozenset[str]

    @property
    def is_equal(self) -> bool:
        """Whether nothing differs, or every difference is accepted."""
        return all(one.is_accepted for one in self.explained)


def reconcile(work: Workspace, source: Source | None = None) -> Reconciliation:
    """Raises NotReady where there is nothing to compare yet, RemoteError where one side could not be read; SliceIsOver
    where the source is read in slices.
    """
    runs, source = _Runs(work), source or Straight(work)
    standing, policy = _standing(work), _policy(work)
    clio, quickbooks = Clio(source, standing, policy), QuickBooks(work, source)
    source.read_ahead(clio.lists(), quickbooks.queries())
    asked = _asked(clio, standing, policy)
    books = quickbooks.read(standing, _left(work) - standing.keys())
    people = People(clio.books.contacts, quickbooks.customers, _agreed(work))
    comparison, sums = compare(asked, books, people)
    trust = _trust(clio, policy)
    trust_books = TrustBooks(books, {accounts.bank.ledger_id for _, accounts in trust.values()})
    if clio.books.knows_trust:
        comparison.add_trust(compare_trust(asked.trust, trust_books))
    reasons = Reasons.of(_reasons(work))
    return Reconciliation(
        explained=[reasons.explain(one) for one in comparison.differences],
        comparison=comparison,
        owed=sums,
        in_transit=_in_transit(quickbooks, books, policy),
        trust=trust_sums(asked.trust, trust_books, trust, books.contacts()) if clio.books.knows_trust else [],
        customers={contact_id: books.customers.get(id, "") for id, contact_id in books.contacts().items()},
        clio_as_of=clio.as_of or work.clock.now(),
        quickbooks_as_of=quickbooks.as_of or work.clock.now(),
        open_run=runs.meanwhile(),
        closed=frozenset(clio.books.closed),
    )


def _asked(clio: Clio, standing: Mapping[Ref, Standing], policy: Policy) -> Demands:
    """Rule R3.1: what does not add up is read again, all of one bill together, before anybody is told."""
    read = clio.read()
    asked = demands(read, standing, policy)
    again = sorted(asked.mismatched)[:READ_AGAIN_AT_MOST]
    for bill_id in again:
        clio.read_again(bill_id)
    asked = demands(read, standing, policy) if again else asked
    if asked.unlined and LINES not in read.closed:
        clio.tell_shown_lines_apart(sorted(asked.unlined))
        asked = demands(read, standing, policy)
    return asked


def _trust(clio: Clio, policy: Policy) -> dict[str, tuple[str, TrustTargets]]:
    """Mapped trust accounts of Clio: id to name and accounts in QuickBooks."""
    known = {id: (name, policy.trust(id)) for id, name in clio.trust_accounts.items()}
    return {id: (name, accounts) for id, (name, accounts) in known.items() if accounts}


def _in_transit(quickbooks: QuickBooks, books: OurBooks, policy: Policy) -> InTransit | None:
    target = policy.target(IN_TRANSIT)
    known = quickbooks.balance_of(target.ledger_id) if target else None
    return in_transit(books, target.ledger_id, *known) if target and known else None


def _standing(work: Workspace) -> dict[Ref, Standing]:
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing).exclude(state=EntityLink.State.UNLINKED)
    rows = links.values_list("kind", "practice_id", "leg", "ledger_entity", "ledger_id", "state")
    return {
        ref: Standing(ref, entity, ledger_id, state == EntityLink.State.VOIDED)
        for kind, practice_id, leg, entity, ledger_id, state in rows.iterator(5000)
        for ref in (Ref(Kind(kind), practice_id, leg),)
    }


def _agreed(work: Workspace) -> dict[str, Base]:
    """What both sides of each linked contact last agreed on, field by field (rule R7)."""
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, kind=Kind.CONTACT)
    rows = links.exclude(state=EntityLink.State.UNLINKED).values_list("practice_id", "base")
    return {contact_id: contact_fields.from_json(base.get("fields")) for contact_id, base in rows.iterator(5000)}


def _left(work: Workspace) -> set[Ref]:
    """What a person unlinked and keeps by hand (rule R8)."""
    links = EntityLink.objects.of(work.firm).filter(pairing=work.pairing, state=EntityLink.State.UNLINKED)
    rows = links.filter(base__has_key=GIVEN_UP).values_list("kind", "practice_id", "leg")
    return {Ref(Kind(kind), practice_id, leg) for kind, practice_id, leg in rows.iterator(5000)}


def _policy(work: Workspace) -> Policy:
    """The firm's choices as they are kept; what QuickBooks says of the mapped accounts is read, not remembered."""
    pairing = work.pairing
    if work.ledger_is_unconfirmed:
        raise NotReady("Confirm on the connections page that this is the right QuickBooks company.")
    if pairing.start_date is None:
        raise NotReady("No start date is set. Choose it on the mappings page, or with recommend_mapping --apply.")
    rows = MappingRow.objects.of(work.firm).filter(pairing=pairing)
    return Policy(
        slug=work.firm.slug,
        start_date=pairing.start_date,
        currency=pairing.ledger.currency,
        country=pairing.ledger.country,
        targets={row.key: Target(row.ledger_id, row.name, row.account) for row in rows},
    )


def _reasons(work: Workspace) -> list[Reason]:
    issues = Issue.objects.of(work.firm).filter(pairing=work.pairing, state__in=NOT_CLOSED)
    return [
        Reason(
            id=issue.pk,
            code=issue.code,
            ref=Ref(Kind(issue.kind), issue.practice_id, issue.leg) if issue.kind else None,
            is_accepted=issue.state == Issue.State.ACCEPTED,
            decided_by=issue.decided_by.email if issue.decided_by else "",
            note=issue.note,
            fields=_told(issue.details),
        )
        for issue in issues.select_related("decided_by").iterator()
    ]


def _told(details: Mapping[str, object]) -> dict[str, str]:
    """Field to what QuickBooks said, of a document that somebody changed there or of a contact in conflict."""
    if isinstance(found := details.get("fields"), Mapping):
        return {LABELS[name]: text(nested(found, name), "quickbooks") for name in found if name in LABELS}
    return {text(row, "label"): text(row, "theirs") for row in rows(details, "fields")}


class _Runs:
    """Notices runs that were at work while both systems were read; one that is held moves nothing."""

    def __init__(self, work: Workspace) -> None:
        self._rows = SyncRun.objects.of(work.firm).filter(pairing=work.pairing)
        self._open, self._latest = self._open_now(), self._latest_now()

    def meanwhile(self) -> int | None:
        latest = self._latest_now()
        return self._open or self._open_now() or (latest if latest != self._latest else None)

    def _open_now(self) -> int | None:
        at_work = self._rows.filter(finished_at=None).exclude(state=SyncRun.State.HELD)
        return at_work.values_list("pk", flat=True).first()

    def _latest_now(self) -> int | None:
        return self._rows.order_by("-id").values_list("pk", flat=True).first()
