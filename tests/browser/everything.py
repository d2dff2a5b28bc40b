"""A firm with one of everything that a page shows, and a name of 300 characters wherever a name can stand."""

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.core import mail

from firms import invitations, membership
from firms.models import Firm, User
from firms.roles import Role
from integrations import errands, tasks
from integrations.models import EntityLink, Errand, Issue, Proof, Record, SyncRun
from integrations.sandbox.clio.office import BillLine, ClioOffice
from integrations.sandbox.generator import seed
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.world import world_at
from tests.browser.shapes import shapes
from tests.personas import person
from tests.portal import Portal, connect

RUN_ON = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaftschaferswessenschafe"
NAME = f"{RUN_ON} & {'Partners of the Northern and the Southern District, ' * 6}"[:299] + "."
TODAY = date(2026, 11, 24)
FEBRUARY = date(2026, 2, 9)
BILLS = 14
TOO_MANY = 6  # for one run to take back without asking


@dataclass(frozen=True)
class Everything:
    """``contact`` and what is about it bear the long name; ``bill`` is posted, ``customer`` is in QuickBooks only."""

    portal: Portal
    owner: User
    support: User
    colleague: User
    viewer: User
    token: str  # of an invitation to new@example.com
    contact: int
    bill: int
    trust_row: int
    customer: str
    shapes: list[Issue]

    @property
    def firm(self) -> Firm:
        return self.portal.firm

    def run(self) -> SyncRun:
        """The first, which did most."""
        return SyncRun.objects.of(self.firm).earliest("id")

    def proof(self) -> Proof:
        return Proof.objects.of(self.firm).latest("id")

    def errand(self) -> Errand:
        return Errand.objects.of(self.firm).latest("id")

    def of_bill(self) -> list[tuple[str, str]]:
        """What pays and reduces the bill."""
        parts = Record.objects.of(self.firm).filter(entity="allocations", owner_id=str(self.bill))
        kinds = {"CreditMemo": "credit_note"}
        return [(kinds.get(part.data["parent"]["type"], "payment"), part.peer_id) for part in parts]

    def issues(self) -> list[Issue]:
        """The newest open one of each code that the story has, and those that were made for how they look."""
        told = Issue.objects.of(self.firm).exclude(pk__in=[issue.pk for issue in self.shapes])
        return [*told.filter(state=Issue.State.OPEN).order_by("code", "-id").distinct("code"), *self.shapes]


def everything() -> Everything:
    owner, colleague, viewer = person("Alice"), person("Bob"), person("Vera")
    firm = membership.create_firm(owner, NAME, "acme")
    User.objects.filter(pk=owner.pk).update(name=NAME[:200])
    world = world_at(settings.SANDBOX_FILE)
    seeded = seed(world.store, bills=BILLS, today=TODAY, name=NAME)
    clio, quickbooks = ClioOffice(world.store, "us", seeded.account_id), QuickBooksOffice(world.store, seeded.realm)
    portal = connect(firm, owner, world, clio, quickbooks)
    customer = quickbooks.create_customer(NAME, PrimaryEmailAddr={"Address": "long@example.com"})
    contact, bill, trust_row = _of_a_long_name(portal, customer["Id"])
    portal.run()
    _changed_on_both_sides(portal, contact, bill)
    voided = [portal.bill("10.00", contact=contact, number=str(88020 + number)) for number in range(TOO_MANY)]
    portal.run()
    _asked_for(portal)
    for address in ("new@example.com", f"{'a-very-long-name-' * 3}@example.com"):
        invitations.invite(firm, address, Role.VIEWER, owner)
    membership.Membership.objects.create(firm=firm, user=colleague, role=Role.BOOKKEEPER)
    membership.Membership.objects.create(firm=firm, user=viewer, role=Role.VIEWER)
    made = shapes(portal, NAME, colleague, voided)
    support = person("Sue")
    User.objects.filter(pk=support.pk).update(is_staff=True, is_superuser=True)
    people = (owner, support, colleague, viewer)
    return Everything(portal, *people, _token(), contact, bill, trust_row, customer["Id"], made)


def _token() -> str:
    """From the first invitation's e-mail, which alone has it."""
    found = re.search(r"/invitations/([^/\s]+)/", str(mail.outbox[0].body))
    assert found
    return found[1]


def _of_a_long_name(portal: Portal, customer: str) -> tuple[int, int, int]:
    """A contact with two bills, of which one has a number that QuickBooks has already, paid, credited, with trust."""
    clio = portal.clio
    mails = [{"address": "office@example.com", "name": "Work", "default_email": True}]
    contact = clio.create_contact(type="Company", name=f"{NAME[:-4]}Ltd.", email_addresses=mails)
    matter = clio.create_matter(contact, NAME)
    item = portal.quickbooks.all("Item")[0]["Id"]
    portal.quickbooks.create_invoice(customer, [(item, Decimal("75.00"))], number="88002")
    bills = []
    for number in ("88001", "88002"):
        drawn = [BillLine(NAME, Decimal("1234.56"), date=FEBRUARY)]
        bills.append(clio.draft_bill([matter], drawn, FEBRUARY, FEBRUARY, number=number))
        clio.approve(bills[-1])
    clio.record_payment(contact, [(bills[0], Decimal(400))], date(2026, 2, 20))
    clio.credit_note(bills[0], Decimal(10), date(2026, 2, 21))
    row = clio.trust_deposit(contact, Decimal(5000), FEBRUARY, source=NAME, description=NAME)
    return contact, bills[0], row


def _changed_on_both_sides(portal: Portal, contact: int, bill: int) -> None:
    """A conflict, a drift and a bill that is new since."""
    linked = EntityLink.objects.of(portal.firm).get(kind="contact", practice_id=str(contact))
    portal.quickbooks.edit_customer(linked.ledger_id, PrimaryEmailAddr={"Address": "theirs@example.com"})
    mail = next(doc for doc in portal.clio.snapshot()["contacts"] if doc["id"] == contact)["email_addresses"][0]
    portal.clio.edit_contact(contact, email_addresses=[{"id": mail["id"], "address": "ours@example.com"}])
    portal.quickbooks.edit_invoice(portal.invoice("88001")["Id"], TxnDate="2026-03-31")


def _asked_for(portal: Portal) -> None:
    """A check, a comparison of both systems, and a preview of a bill that is new."""
    for number in range(3):
        portal.bill("250.00", number=str(88010 + number))
    for purpose in (Errand.Purpose.CHECK, Errand.Purpose.PROOF, Errand.Purpose.PREVIEW):
        tasks.ask_for_errand(portal.pairing, purpose, portal.owner, portal.clock)
        portal.clock.sleep(2)
        errands.carry_out(Errand.objects.of(portal.firm).latest("id").pk, portal.clock)
