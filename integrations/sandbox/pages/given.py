"""What a person typed into a form, read as values; and doing what the form asks, with refusals as messages."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from django.contrib import messages
from django.http import HttpRequest, QueryDict

from integrations.sandbox.clio.desk import OfficeError
from integrations.sandbox.quickbooks.faults import Refusal

LARGEST = Decimal("99999999999.99")
LARGEST_ID = 2**63 - 1


class Unfit(Exception):
    """Something typed cannot be used; the message names it."""


class Given:
    """The fields of one form. Every reader raises Unfit."""

    def __init__(self, data: QueryDict) -> None:
        self._data = data

    def text(self, name: str) -> str:
        return self._data.get(name, "").strip()

    def words(self, name: str, label: str) -> str:
        found = self.text(name)
        if not found:
            raise Unfit(f"{label} is missing.")
        return found

    def many(self, name: str) -> list[str]:
        return [value for value in self._data.getlist(name) if value.strip()]

    def amount(self, name: str, label: str = "Amount") -> Decimal:
        typed = self.words(name, label).replace(",", "").replace("−", "-")
        try:
            value = Decimal(typed)
        except InvalidOperation:
            raise Unfit(f"{label} “{typed}” is not a number.") from None
        if not value.is_finite() or abs(value) > LARGEST:
            raise Unfit(f"{label} “{typed}” is not an amount.")
        return value

    def day(self, name: str, label: str = "Date") -> date:
        typed = self.words(name, label)
        try:
            return date.fromisoformat(typed)
        except ValueError:
            raise Unfit(f"{label} “{typed}” is not a date like 2026-11-22.") from None

    def id(self, name: str, label: str) -> int:
        typed = self.words(name, label)
        if not (typed.isascii() and typed.isdigit() and int(typed) <= LARGEST_ID):
            raise Unfit(f"{label} “{typed}” is not a number of a record.")
        return int(typed)

    def flag(self, name: str) -> bool:
        return self.text(name) in ("on", "true", "1")


def perform(request: HttpRequest, actions: Mapping[str, Callable[[Given], str]]) -> str:
    """Does what ``action`` in the form names and says so; returns its name, or nothing where it was refused."""
    name = request.POST.get("action", "")
    try:
        if name not in actions:
            raise Unfit(f"This page cannot do “{name}”.")
        done = actions[name](Given(request.POST))
    except Refusal as refusal:
        messages.error(request, f"QuickBooks refuses this ({refusal.code}): {refusal.detail}")
    except (OfficeError, Unfit, ValueError) as problem:
        messages.error(request, str(problem))
    else:
        messages.success(request, done)
        return name
    return ""
