"""What the pages of a QuickBooks company share: whose company it is, where one is, where one can go."""

from collections.abc import Callable
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from integrations.sandbox.pages.index import home
from integrations.sandbox.pages.parts import Link
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.quickbooks.faults import Refusal
from integrations.sandbox.quickbooks.office import QuickBooksOffice
from integrations.sandbox.views import world

Shown = Callable[..., HttpResponse]


def office_page(view: Shown) -> Shown:
    """Gives the view the office of the company in the address; 404 for a company or a document there is not."""

    @wraps(view)
    def shown(request: HttpRequest, realm: str, **kwargs: str) -> HttpResponse:
        store = world().store
        if store.get(f"qbo:{realm}", "_Company", 1) is None:
            raise Http404
        try:
            return view(request, QuickBooksOffice(store, realm), **kwargs)
        except Refusal as refusal:
            raise Http404(str(refusal)) from None

    return shown


def company_of(office: QuickBooksOffice) -> Company:
    return Company(office.store, office.realm)


def back(office: QuickBooksOffice, done: str, one: str, many: str, id: str) -> HttpResponse:
    """To the document, or to the list where it is gone."""
    if done == "delete":
        return redirect(f"sandbox:{many}", office.realm)
    return redirect(f"sandbox:{one}", office.realm, id)


def crumbs(office: QuickBooksOffice) -> list[Link]:
    name = f"{company_of(office).config['name']} (QuickBooks)"
    return [home(), Link(name, reverse("sandbox:invoices", args=[office.realm]))]


def tabs(office: QuickBooksOffice, here: str) -> list[Link]:
    places = (
        ("invoices", "Invoices"),
        ("customers", "Customers"),
        ("payments", "Payments"),
        ("documents", "Other documents"),
        ("accounts", "Accounts"),
        ("company_settings", "Settings"),
    )
    return [Link(label, reverse(f"sandbox:{name}", args=[office.realm]), name == here) for name, label in places]
