"""The product as it is, on a network, a queue and two workers that fail by chance, and a clock that only we move.

A step is something people do, time that goes by, a turn of the scheduler or of a worker, a webhook. What must never be
is checked after each; once the faults are over, everything must agree within three rounds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from random import Random, seed
from typing import Any

from django.db.models.fields.json import KT
from django.utils.module_loading import import_string

from integrations import tasks
from integrations.models import Batch, Connection, Cursor, Dispatch, EntityLink, Record, SyncRun
from integrations.sandbox.clio.office import OfficeError
from integrations.sandbox.outbox import Post
from integrations.sandbox.quickbooks.faults import Refusal
from integrations.sandbox.quickbooks.switches import set_switch
from tests.hooks.carrying import deliver
from tests.oracle import _is_void, _mark
from tests.properties.play.clio_bills import OPEN
from tests.properties.play.pick import Nothing, Pick
from tests.properties.play.stage import OUR_OWN_FAULT, QUARTER_OF_AN_HOUR, TRANSACTIONS, Play
from tests.simulate.network import Network
from tests.simulate.weather import weather_of
from tests.simulate.workers import MINUTE, Workers

ROUNDS = 3
STEPS = 5
DAY = 25 * 60 * MINUTE
BUSY, ODD = 0.8, 0.5  # how often people do something in a step, and something odd happens
IMPATIENT = 0.9  # how often nobody waits for what may still come
LISTS = (("bills.type=revenue", "bills", "bill"), ("allocations.status=valid", "allocations", "allocation"))
GONE = ("void", "deleted")
EXISTING = ("invoice_exists", "payment_exists", "credit_exists", "check_exists")
THEIRS = ("drift", "deleted_in_ledger", "payment_only_in_quickbooks", "customers_merged", "kept_by_hand")
FALSE_ALARMS = (*OUR_OWN_FAULT, *EXISTING, *THEIRS, "permission_lost", "reconnect", "sync_stopped")
HEARD = 0.3  # how often webhooks come in the same minutes
BELLS = 200  # more than this in one go is a bell that rings for ever


class Violation(AssertionError):
    """An invariant does not hold; the text says which, and everything that happened."""


class Simulation:
    """One seed, played on a firm at play."""

    def __init__(self, play: Play, acts: Mapping[str, tuple[Any, ...]], number: int) -> None:
        self.play, self.chance, self.weather = play, Random(number), weather_of(number)
        seed(number)  # the portal waits by chance
        areas = self.chance.sample(sorted(acts), 3)
        self.acts = [acts[area] for area in areas]
        self.story = [f"seed {number}: {', '.join(areas)}; {self.weather.name}"]
        portal = play.portal
        self.workers = Workers(portal, self.chance, self.weather, self.story)
        hands = (self.workers.turn, self.workers.kill, self.workers.renew)
        self.network = Network(portal, self.chance, self.weather, self.story, *hands)
        self.overlaps: list[Any] = []
        self.taken_back: set[int] = set()  # bills that were once a draft, void or deleted
        if self.weather.is_earlier_token_good:
            set_switch(portal.world.store, "refresh_grace", "24h")

    def run(self) -> None:
        """Raises Violation."""
        with self.workers.in_the_portal():
            self.play.portal.wire.before += [self._watch, self.network]
            for _ in range(STEPS):
                self._step()
            self._heal()

    def _watch(self, _: object) -> None:
        """While one worker waits for another."""
        if len(self.workers.at) > 1 and not self.overlaps:
            self.overlaps = self._runs()

    # What happens

    def _step(self) -> None:
        """People do something, something odd happens, and some minutes go by."""
        if self.chance.random() < BUSY:
            self._happens("people")
        if self.chance.random() < ODD:
            self._happens(self.chance.choice(("time", "scheduler", "bell", "asked", "mail", "people", "night")))
        self._happens("minutes")
        if self.network.late and self.chance.random() < IMPATIENT:
            self._happens("impatience")

    def _happens(self, what: str) -> None:
        self.story.append(f"  {what}")
        getattr(self, f"_{what}")()
        self._check_what_must_never_be()

    def _people(self) -> None:
        for _ in range(self.chance.randint(2, 4)):
            act, pick = self.chance.choice(self.chance.choice(self.acts)), Pick(self.chance)
            try:
                act(self.play, pick)
            except (Nothing, OfficeError, Refusal):
                continue
            self.story.append(f"    {act.__name__}({', '.join(pick.story)})")
            self.play.portal.clock.sleep(2)
            self.play.note_clients()
            self.taken_back |= {bill["id"] for bill in self.play.bills() if bill["state"] not in OPEN}

    def _time(self) -> None:
        self.play.portal.clock.sleep(self.chance.choice([20, 3 * MINUTE, 16 * MINUTE, 2 * 3600]))

    def _night(self) -> None:
        """So long that every id is compared."""
        self.play.portal.clock.sleep(DAY)

    def _minutes(self) -> None:
        """A few minutes in which the queue does what it should."""
        self.play.portal.clock.sleep(self.chance.choice([2 * MINUTE, 4 * MINUTE, 16 * MINUTE]))
        for _ in range(2):
            if self.chance.random() < HEARD:
                self._mail()
            self._asked() if self.chance.random() < 0.5 else self._scheduler()
            self.workers.answer_bells()

    def _impatience(self) -> None:
        """Something seems to have failed, and is asked for again and again within two minutes."""
        for _ in range(3):
            self.play.portal.clock.sleep(self.chance.randint(1, 20))
            self._asked()
            self.workers.answer_bells()

    def _scheduler(self) -> None:
        self.workers.do(tasks.tick)

    def _bell(self) -> None:
        """A message of the queue: lost, delivered late, in any order, or twice."""
        if not self.workers.bells:
            return
        name, args = self.workers.bells.pop(self.chance.randrange(len(self.workers.bells)))
        for _ in range(self.chance.choice([0, 1, 1, 1, 1, 2])):
            self.workers.do(import_string(name), *args)

    def _mail(self) -> None:
        """Webhooks: lost, doubled and shuffled."""

        def fate(posts: Sequence[Post]) -> Sequence[Post]:
            sent = [post for post in posts for _ in range(self.chance.choice([0, 1, 1, 2]))]
            return self.chance.sample(sent, len(sent))

        self.workers.do(deliver, self.play.portal, fate)

    def _asked(self) -> None:
        portal = self.play.portal
        self.workers.do(tasks.ask_for_sync, portal.pairing, portal.owner, portal.clock)

    # What has to hold

    def _check_what_must_never_be(self) -> None:
        self.network.arrive()
        self._never(self.overlaps or self._runs(), "two unfinished runs of one firm")
        self._never(self._doubled(), "more than one live document for one thing of Clio")
        self._never(self._created_in_clio(), "something was created in Clio")
        self._never(self.network.refused_tokens, "a token was renewed with one that serves no more, after lines")
        self._never(self._stopped(), "a connection that nobody touched has stopped")
        self._never(self._unread(), "a cursor is past what was never read")
        self._never(self._elsewhere(), "a call to another company")
        self._never(self._unannounced(), "a write that no committed intent told of")

    def _never(self, found: list[Any], what: str) -> None:
        if found:
            raise Violation("\n".join([*self.story, f"{what}: {found}"]))

    def _runs(self) -> list[Any]:
        open_ = list(SyncRun.objects.of(self.play.portal.firm).filter(finished_at=None).values_list("pk", flat=True))
        return open_ if len(open_) > 1 else []

    def _doubled(self) -> list[Any]:
        slug, marks = self.play.portal.firm.slug, Counter[Any]()
        for entity in (*TRANSACTIONS, "Customer"):
            for doc in self.play.quickbooks.all(entity):
                if not _is_void(doc) and doc.get("Active", True) and (mark := _mark(doc, slug)):
                    marks[mark] += 1
        return [mark for mark, count in marks.items() if count > 1]

    def _created_in_clio(self) -> list[Any]:
        made = [entry for entry in self.play.portal.log if entry[0] in ("POST", "DELETE") and "/clio/api/" in entry[1]]
        return [entry for entry in made if "/webhooks" not in entry[1]]

    def _stopped(self) -> list[str]:
        stopped = Connection.objects.of(self.play.portal.firm).exclude(state=Connection.State.CONNECTED)
        return [f"{one.system}: {one.reason}" for one in stopped]

    def _unread(self) -> list[str]:
        """What changed in Clio before the cursor of its list, and is not in the mirror as it was then."""
        cursors = dict(Cursor.objects.of(self.play.portal.firm).values_list("stream", "at"))
        return [said for stream, *kind in LISTS if stream in cursors for said in self._left(cursors[stream], *kind)]

    def _left(self, read_to: datetime, entity: str, kind: str) -> list[str]:
        records = Record.objects.of(self.play.portal.firm).filter(entity=entity)
        held = dict(records.values_list("external_id", KT("data__updated_at")))
        changed = {str(doc["id"]): datetime.fromisoformat(doc["updated_at"]) for doc in self._listed(kind)}
        late = {id: at for id, at in changed.items() if at < read_to}
        seen = {id: datetime.fromisoformat(at) for id, at in held.items() if at}
        return [
            f"{kind} {id} of {at}, read up to {read_to}" for id, at in late.items() if id not in seen or seen[id] < at
        ]

    def _listed(self, kind: str) -> list[Any]:
        """Void records have lists of their own, and those of trust requests are nobody's concern."""
        docs = [doc for doc in self.play.clio.all(kind) if not doc.get("voided_at")]
        return [doc for doc in docs if doc.get("state") not in GONE and doc.get("kind") != "trust_kind"]

    def _elsewhere(self) -> list[Any]:
        realm = self.play.portal.pairing.ledger.external_account_id
        return [path for _, path, _ in self.play.portal.log if "/v3/company/" in path and f"/{realm}/" not in path]

    def _unannounced(self) -> list[Any]:
        sent = {
            query.partition("requestid=")[2].partition("&")[0]
            for method, path, query in self.play.portal.log
            if method == "POST" and "/v3/" in path
        }
        return sorted(sent - self._intents())

    def _intents(self) -> set[str]:
        rows = (model.objects.of(self.play.portal.firm) for model in (Dispatch, Batch))
        return {id for found in rows for id in found.values_list("request_id", flat=True)}

    def _heal(self) -> None:
        """The faults are over. Within three rounds everything agrees, and another run changes nothing."""
        self.story.append("  healed")
        self.network.is_calm = self.workers.is_calm = True
        self.play.portal.clock.sleep(130)
        self.network.arrive(all_of_them=True)
        findings: list[str] = []
        for _ in range(ROUNDS):
            self._round()
            self._check_what_must_never_be()
            findings = self._unsettled()
            if not findings:
                break
        self._never(findings, f"not in agreement after {ROUNDS} rounds")
        written = len(self._written())
        self._round()
        self._never(self._written()[written:], "a run that found nothing new wrote")

    def _written(self) -> list[Any]:
        """Every write to either system's records."""
        return [entry for entry in self.play._writes() if "/webhooks" not in entry[1]]

    def _round(self) -> None:
        self.play.portal.clock.sleep(QUARTER_OF_AN_HOUR)
        self.workers.do(tasks.ask_for_sync, self.play.portal.pairing, self.play.portal.owner, self.play.portal.clock)
        self.workers.do(tasks.tick)
        for _ in range(BELLS):
            if not self.workers.bells:
                return
            self.workers.answer_bells()
        self._never(self.workers.bells, "the bell rings for ever")

    def _unsettled(self) -> list[str]:
        run = SyncRun.objects.of(self.play.portal.firm).order_by("-id").first()
        assert run is not None
        ended = run.outcome in ("in_sync", "issues", "held")
        self.play.note_clients()
        issues = [*self.play._issues_in_words()]
        return [f"run {run.pk} {run.outcome}: {run.reason}", *issues] if not ended else self._judged(issues)

    def _judged(self, issues: list[str]) -> list[str]:
        findings = self.play.judged()
        unknown = Dispatch.objects.of(self.play.portal.firm).filter(
            state__in=[Dispatch.State.SENT, Dispatch.State.UNKNOWN]
        )
        findings += [f"nobody knows what became of: {dispatch}" for dispatch in unknown]
        findings += [*self._forgotten(), *self._alarms(), *self._voided()]
        return [*findings, *issues] if findings else []

    def _alarms(self) -> list[str]:
        """Nobody touched QuickBooks, everything sent can be posted, and what Clio has is not gone."""
        contacts = {str(contact) for contact in self.play.contacts()}
        kept = self.play.kept_issues()
        false = [one for one in kept if one.code in FALSE_ALARMS]
        false += [one for one in kept if one.code == "contact_gone" and one.practice_id in contacts]
        return [f"a false alarm: {one.code} {one.practice_id}" for one in false]

    def _voided(self) -> list[str]:
        """Invoices that were voided although their bill stood all the time."""
        stood = {bill["id"] for bill in self.play.bills(*OPEN)} - self.taken_back
        void = [doc for doc in self.play.quickbooks.all("Invoice") if _is_void(doc)]
        notes = ({"PrivateNote": str(doc["PrivateNote"]).removeprefix("Voided - ")} for doc in void)
        marks = [_mark(note, self.play.portal.firm.slug) for note in notes]
        return [f"bill {of[1]} was voided for nothing" for of in marks if of and of[1] in stood and not of[2]]

    def _forgotten(self) -> list[str]:
        """What the portal made in QuickBooks and no longer knows of; an issue about it does not excuse that."""
        links = EntityLink.objects.of(self.play.portal.firm)
        known = set(links.values_list("ledger_entity", "ledger_id"))
        made = ((entity, doc) for entity in (*TRANSACTIONS, "Customer") for doc in self.play.quickbooks.all(entity))
        lost = ((e, d) for e, d in made if not _is_void(d) and _mark(d, self.play.portal.firm.slug))
        return [f"no link knows of {entity} {doc['Id']}" for entity, doc in lost if (entity, doc["Id"]) not in known]
