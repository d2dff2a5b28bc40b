"""Contacts edited at random on both sides between syncs: nothing is lost, and both sides come to rest (rule R7)."""

from random import Random
from typing import Any

import pytest

from firms.models import Firm, User
from integrations.models import Issue
from tests.portal import Portal, make_portal

PEOPLE = 4
ROUNDS = 4
SEEDS = (1, 2, 3)
LABELS = {"phone": "Work", "mobile": "Mobile", "home": "Home", "fax": "Fax"}
MEMBERS = {"phone": "PrimaryPhone", "mobile": "Mobile", "home": "AlternatePhone", "fax": "Fax"}
NAMES = {
    "given": ("first_name", "GivenName"),
    "middle": ("middle_name", "MiddleName"),
    "family": ("last_name", "FamilyName"),
}
FIELDS = (*NAMES, "email", *LABELS, "billing", "work")


@pytest.fixture
def portal(acme: Firm, alice: User) -> Portal:
    return make_portal(acme, alice)


class People:
    """Both sides of every contact as an outsider sees them, and what was last edited where."""

    def __init__(self, portal: Portal, random: Random) -> None:
        self.portal, self.random = portal, random
        self.contacts = [self._create(n) for n in range(PEOPLE)]
        self.edits: dict[
            tuple[int, str], dict[str, str]
        ] = {}  # contact and field to side and value, since the last sync

    def _create(self, n: int) -> int:
        rows = [{"name": label, "number": f"555 {n}{i}"} for i, label in enumerate(LABELS.values())]
        contact = self.portal.clio.create_contact(
            first_name=f"Ann{n}",
            last_name="Lee",
            email_addresses=[{"address": f"ann{n}@example.com", "name": "Work", "default_email": True}],
            phone_numbers=[{**rows[0], "default_number": True}, *rows[1 : 1 + n]],
            addresses=[{"name": "Billing", "street": f"{n} Bill St"}, {"name": "Work", "street": f"{n} Work St"}][
                : n + 1
            ],
        )
        self.portal.bill("10.00", contact=contact)
        return contact

    def customer(self, contact: int) -> dict[str, Any]:
        mark = f"Clio contact {contact} "
        return next(doc for doc in self.portal.quickbooks.all("Customer") if mark in doc["Notes"])

    def in_clio(self, contact: int) -> dict[str, str]:
        doc = self.portal.clio.take("contact", contact)
        found = {name: doc[clio] for name, (clio, _) in NAMES.items()}
        found["email"] = next((row["address"] for row in doc["email_addresses"] if row["primary"]), "")
        for name, label in LABELS.items():
            found[name] = next((row["number"] for row in doc["phone_numbers"] if row["name"] == label), "")
        for name, label in (("billing", "Billing"), ("work", "Work")):
            found[name] = next((row["street"] for row in doc["addresses"] if row["name"] == label), "")
        return found

    def in_quickbooks(self, contact: int) -> dict[str, str]:
        doc = self.customer(contact)
        found = {name: doc.get(member, "") for name, (_, member) in NAMES.items()}
        found["email"] = doc.get("PrimaryEmailAddr", {}).get("Address", "")
        found |= {name: doc.get(member, {}).get("FreeFormNumber", "") for name, member in MEMBERS.items()}
        found["billing"] = doc.get("BillAddr", {}).get("Line1", "")
        found["work"] = doc.get("ShipAddr", {}).get("Line1", "")
        return found

    def edit(self) -> None:
        """One field of one contact, on one side, to one of a few values, so that both sides meet often."""
        contact, name = self.random.choice(self.contacts), self.random.choice(FIELDS)
        side, value = self.random.choice(("clio", "quickbooks")), f"{name} {self.random.randint(1, 3)}"
        if name == "email":
            value = f"m{value[-1]}@example.com"
        self._in_clio(contact, name, value) if side == "clio" else self._in_quickbooks(contact, name, value)
        self.edits.setdefault((contact, name), {})[side] = value

    def _in_clio(self, contact: int, name: str, value: str) -> None:
        doc = self.portal.clio.take("contact", contact)
        if name in NAMES:
            self.portal.clio.edit_contact(contact, {NAMES[name][0]: value})
            return
        collection, label, member = {
            "email": ("email_addresses", "Work", "address"),
            "billing": ("addresses", "Billing", "street"),
            "work": ("addresses", "Work", "street"),
        }.get(name) or ("phone_numbers", LABELS[name], "number")
        held = next((row["id"] for row in doc[collection] if row["name"] == label), None)
        row = {"id": held, member: value} if held else {"name": label, member: value}
        self.portal.clio.edit_contact(contact, {collection: [row]})

    def _in_quickbooks(self, contact: int, name: str, value: str) -> None:
        customer = self.customer(contact)["Id"]
        if name in NAMES:
            self.portal.quickbooks.edit_customer(customer, **{NAMES[name][1]: value})
        elif name == "email":
            self.portal.quickbooks.edit_customer(customer, PrimaryEmailAddr={"Address": value})
        elif name in MEMBERS:
            self.portal.quickbooks.edit_customer(customer, **{MEMBERS[name]: {"FreeFormNumber": value}})
        else:
            member = {"billing": "BillAddr", "work": "ShipAddr"}[name]
            self.portal.quickbooks.edit_customer(customer, **{member: {"Line1": value}})


def conflicts(portal: Portal) -> dict[int, dict[str, Any]]:
    issues = Issue.objects.of(portal.firm).filter(code="contact_conflict", state="open")
    return {int(issue.practice_id): issue.details["fields"] for issue in issues}


SAID = {"email": "primary_email", "billing": "billing_address", "work": "work_address"} | {
    name: f"{name}_name" for name in NAMES
}


def check(people: People) -> None:
    """Both sides say the same but for open conflicts, and what was edited is there or in one of them."""
    open_ = conflicts(people.portal)
    for contact in people.contacts:
        ours, theirs = people.in_clio(contact), people.in_quickbooks(contact)
        asked = open_.get(contact, {})
        for name in FIELDS:
            said = asked.get(SAID.get(name, name))
            if said is None:
                assert ours[name] == theirs[name], (contact, name, ours[name], theirs[name])
            else:
                assert (said["clio"], said["quickbooks"]) == (ours[name], theirs[name])
            edited = people.edits.get((contact, name), {})
            assert {ours[name], theirs[name]} & set(edited.values()) or not edited
            if len(set(edited.values())) == 2:
                assert said is not None, f"an edit of {name} was lost"
    people.edits.clear()


def sync(portal: Portal) -> None:
    portal.clock.sleep(300)
    assert portal.run().reason == ""


@pytest.mark.parametrize("seed", SEEDS)
def test_r7_random_edits_on_both_sides_converge_without_a_loss_or_a_ping_pong(portal: Portal, seed: int) -> None:
    random = Random(seed)
    people = People(portal, random)
    sync(portal)
    for _ in range(ROUNDS):
        for _ in range(random.randint(2, 8)):
            people.edit()
        sync(portal)
        check(people)
        for issue in portal.issues():
            if issue.code == "contact_conflict" and random.random() < 0.7:
                portal.resolve_one(issue, random.choice(["use_clio", "use_quickbooks"]))
    sync(portal)
    written = (portal.writes(), len(portal.clio_writes()))
    for _ in range(3):
        sync(portal)
    assert (portal.writes(), len(portal.clio_writes())) == written
    check(people)
    rows = [row for contact in people.contacts for row in portal.clio.take("contact", contact)["phone_numbers"]]
    assert len({(row["name"], row["id"]) for row in rows}) == len(rows)
