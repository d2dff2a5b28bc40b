"""What the pages of a Clio account share: whose account it is, where one is, where one can go."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from integrations.sandbox.clio.office import ClioOffice, NoSuchRecord
from integrations.sandbox.pages.given import LARGEST_ID
from integrations.sandbox.pages.index import home
from integrations.sandbox.pages.parts import Link
from integrations.sandbox.views import world
from integrations.sandbox.world import CLIO_PATHS

Shown = Callable[..., HttpResponse]


def office_page(view: Shown) -> Shown:
    """Gives the view the office of the account in the address; 404 for an account or a record there is not."""

    @wraps(view)
    def shown(request: HttpRequest, region: str, account: int, **kwargs: int) -> HttpResponse:
        if region not in CLIO_PATHS or max(account, *kwargs.values(), 0) > LARGEST_ID:
            raise Http404
        office = ClioOffice(world().store, region, account)
        try:
            office.take("account", account)
            return view(request, office, **kwargs)
        except NoSuchRecord as missing:
            raise Http404(str(missing)) from None

    return shown


def address(office: ClioOffice, name: str, *ids: int) -> str:
    """Where a page of this account is."""
    return reverse(f"sandbox:{name}", args=[office.region, office.account_id, *ids])


def name_of(office: ClioOffice, contact_id: int | None) -> str:
    if contact_id is None:
        return ""
    found = office.look("contact", contact_id)
    return str(found["name"]) if found else "deleted contact"


def crumbs(office: ClioOffice) -> list[Link]:
    return [home(), Link(f"{office.account['name']} (Clio)", address(office, "bills"))]


def tabs(office: ClioOffice, here: str) -> list[Link]:
    places = (
        ("bills", "Bills"),
        ("contacts", "Contacts"),
        ("clio_payments", "Payments"),
        ("bank_accounts", "Bank accounts"),
    )
    return [Link(label, address(office, name), name == here) for name, label in places]
