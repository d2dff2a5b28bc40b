"""What people do with contacts in Clio."""

from tests.properties.play.clio_bills import new_contact
from tests.properties.play.pick import FIRMS, NAMES, Pick
from tests.properties.play.stage import Play


def rename(play: Play, pick: Pick) -> None:
    contact = pick.one(play.contacts())
    if contact in _companies(play):
        return play.clio.edit_contact(contact, name=pick.one(FIRMS))
    first, last = pick.one(NAMES)
    return play.clio.edit_contact(contact, first_name=first, last_name=last)


def employ(play: Play, pick: Pick) -> None:
    """Whom a person works for is nobody's business in QuickBooks."""
    company = pick.one(_companies(play))
    person = pick.one([contact for contact in play.contacts() if contact not in _companies(play)])
    play.clio.edit_contact(person, company={"id": company})


def change_email(play: Play, pick: Pick) -> None:
    contact = pick.one(play.contacts())
    rows = play.clio.take("contact", contact)["email_addresses"]
    row = {"id": rows[0]["id"]} if rows else {"name": "Work"}
    play.clio.edit_contact(
        contact, email_addresses=[{**row, "address": pick.one(["new@example.com", "x@example.com"])}]
    )


def add_phone(play: Play, pick: Pick) -> None:
    kind = pick.one(["Work", "Mobile", "Home", "Fax"])
    phone = {"name": kind, "number": pick.one(["555 0100", "555 0199"])}
    play.clio.edit_contact(pick.one(play.contacts()), phone_numbers=[phone])


def add_address(play: Play, pick: Pick) -> None:
    address = {"name": pick.one(["Billing", "Work"]), "street": pick.one(["1 High St", "2 Low St"]), "city": "Town"}
    play.clio.edit_contact(pick.one(play.contacts()), addresses=[address])


def merge(play: Play, pick: Pick) -> None:
    keep, gone = pick.two(play.contacts())
    play.clio.merge_contacts(keep, gone)
    play.vanished = True


def delete(play: Play, pick: Pick) -> None:
    play.clio.delete_contact(pick.one(play.contacts()))
    play.vanished = True


def _companies(play: Play) -> list[int]:
    return [doc["id"] for doc in play.clio.all("contact") if doc["type"] == "Company"]


ACTS = (rename, employ, change_email, add_phone, add_address, merge, new_contact)
