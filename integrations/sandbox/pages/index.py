"""The first page of the sandbox: its accounts, companies, clock; and the switches."""

from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from integrations.sandbox.clio import switches as clio
from integrations.sandbox.pages.given import Given, Unfit, perform
from integrations.sandbox.pages.parts import Cell, Field, Form, Link, Page, Table, heads
from integrations.sandbox.quickbooks import switches as quickbooks
from integrations.sandbox.quickbooks.company import Company
from integrations.sandbox.store import Store
from integrations.sandbox.views import world
from integrations.sandbox.world import CLIO_PATHS

HOME = "Sandbox"


def home() -> Link:
    return Link(HOME, reverse("sandbox:index"))


def index(request: HttpRequest) -> HttpResponse:
    store = world().store
    if request.method == "POST":
        perform(request, {"advance": lambda given: _advance(store, given)})
        return redirect("sandbox:index")
    changed = len([name for name in (*clio.SWITCHES, *quickbooks.SWITCHES) if _is_changed(store, name)])
    return Page(
        "Sandbox",
        note="Play the other side: what people do in Clio and in QuickBooks. Nothing here reaches a real account.",
        facts=[("Clock", f"{store.now():%d %b %Y %H:%M} UTC"), ("Switches changed", str(changed))],
        tabs=[Link(HOME, reverse("sandbox:index"), here=True), Link("Switches", reverse("sandbox:switches"))],
        tables=[_accounts(), _companies(store)],
        forms=[
            Form(
                "advance",
                "Move the clock on",
                [Field("hours", "By", "select", "1", (("1", "1 hour"), ("24", "1 day"), ("168", "1 week")))],
                note="Tokens expire and limits renew by this clock.",
            )
        ],
    ).answer(request)


def _accounts() -> Table:
    rows = []
    for region in CLIO_PATHS:
        for office in world().clio[region].accounts():
            url = reverse("sandbox:bills", args=[region, office.account_id])
            bills = office.store.count(office.space, "bill")
            account = office.account
            rows.append(
                [
                    Cell(account["name"], url),
                    Cell(region),
                    Cell(account["currency"]),
                    Cell(str(office.account_id)),
                    Cell(f"{bills:,}", numeric=True),
                ]
            )
    return Table("Clio accounts", heads("Firm", "Region", "Currency", "Account", "Bills#"), rows)


def _companies(store: Store) -> Table:
    rows = []
    for space in store.spaces("qbo:"):
        config = store.get(space, "_Company", 1)
        if config is None:
            continue
        company = Company(store, space.removeprefix("qbo:"))
        invoices = store.count(space, "Invoice")
        rows.append(
            [
                Cell(config["name"], reverse("sandbox:invoices", args=[company.realm])),
                Cell(config["country"]),
                Cell(config["currency"]),
                Cell(company.realm),
                Cell(f"{invoices:,}", numeric=True),
            ]
        )
    return Table("QuickBooks companies", heads("Company", "Country", "Currency", "Company ID", "Invoices#"), rows)


def _advance(store: Store, given: Given) -> str:
    hours = given.amount("hours", "Hours")
    if not 0 < hours <= 24 * 366:
        raise Unfit("The clock moves forward, by a year at most.")
    store.advance(float(hours) * 3600)
    return f"It is now {store.now():%d %b %Y %H:%M} UTC in the sandbox."


def switches(request: HttpRequest) -> HttpResponse:
    """Every fact the vendors leave open, with the reading in force."""
    store = world().store
    if request.method == "POST":
        known = (*clio.SWITCHES, *quickbooks.SWITCHES)
        perform(request, {name: partial(_choose, store, name) for name in known})
        return redirect("sandbox:switches")
    forms = [_form(store, name, meaning, values) for name, meaning, values in _table()]
    return Page(
        "Switches",
        crumbs=[home()],
        tabs=[Link(HOME, reverse("sandbox:index")), Link("Switches", reverse("sandbox:switches"), here=True)],
        note="What the vendors' documentation leaves open, each with the readings that are possible.",
        forms=forms,
    ).answer(request)


def _table() -> list[tuple[str, str, tuple[Any, ...]]]:
    ours = [(name, meaning, values) for name, (meaning, values) in clio.SWITCHES.items()]
    return ours + [(name, switch.meaning, switch.values) for name, switch in quickbooks.SWITCHES.items()]


def _values(name: str) -> tuple[Any, ...]:
    return next(values for known, _, values in _table() if known == name)


def _is_changed(store: Store, name: str) -> bool:
    default = _values(name)[0]
    return bool(store.setting(f"switch:{name}", default) != default)


def _form(store: Store, name: str, meaning: str, values: tuple[Any, ...]) -> Form:
    now = store.setting(f"switch:{name}", values[0])
    title = name.removeprefix("clio_").replace("_", " ")
    system = "Clio" if name in clio.SWITCHES else "QuickBooks"
    changed = "" if now == values[0] else f" Changed: by default {values[0]}."
    if len(values) == 1:
        fields = [Field("reading", title, "text", now)]
    else:
        fields = [Field("reading", title, "select", str(now), [(str(value), str(value)) for value in values])]
    return Form(name, "Set", fields, note=f"{system}: {meaning}.{changed}")


def _choose(store: Store, name: str, given: Given) -> str:
    values, typed = _values(name), given.words("reading", "Reading")
    value = next((one for one in values if str(one) == typed), None)
    if value is None and len(values) == 1:
        value = given.id("reading", "Reading")
    if value is None:
        raise Unfit(f"{name} is one of {', '.join(map(str, values))}.")
    if name in clio.SWITCHES:
        clio.switch(store, name, value)
    else:
        quickbooks.set_switch(store, name, value)
    return f"{name} is now {value}."
