"""The forms above the log and the list of runs; what cannot be understood comes back as it was typed, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.http import QueryDict

from integrations.core import words
from integrations.models import SyncRun
from integrations.queries.events import OUTCOMES, reason_of
from integrations.queries.links import KINDS
from integrations.queries.log import WRITTEN, Filters
from integrations.queries.subjects import Search

EARLIEST, LATEST = date(2000, 1, 1), date(2100, 1, 1)

# What the filters in use are called, where the form says more or nothing.
LABELS = {
    "q": "Search",
    "contact": "Contact",
    "matter": "Matter",
    "number": "Bill number",
    "run": "Run",
    "id": "Clio id",
}
SEARCHES = ("contact", "matter", "number", "q")


@dataclass(frozen=True, slots=True)
class Chip:
    """One filter in use, and the address without it."""

    label: str
    value: str
    url: str


class Choice(forms.ChoiceField):
    """A value that is none of the choices stays chosen, so that it can be seen beside the reason."""

    def __init__(self, label: str, choices: Iterable[tuple[str, str]]) -> None:
        said = {"invalid_choice": "“%(value)s” is not one of these. Choose one of the list."}
        super().__init__(label=label, required=False, error_messages=said)
        self.offer(choices)

    def offer(self, choices: Iterable[tuple[str, str]]) -> None:
        self.words = dict(choices)
        self.choices = [("", "All"), *self.words.items()]

    def keep(self, typed: str) -> None:
        """Shows a value that is none of them."""
        if typed and typed not in self.words:
            self.widget.choices = [("", "All"), *self.words.items(), (typed, typed)]  # type: ignore[attr-defined]


class Day(forms.DateField):
    """As browsers send it, or as the portal writes it."""

    def __init__(self, label: str) -> None:
        said = {"invalid": "This is no day. Write it as 2026-11-22."}
        widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
        super().__init__(
            label=label, required=False, widget=widget, input_formats=["%Y-%m-%d", "%d %b %Y"], error_messages=said
        )

    def clean(self, value: Any) -> date | None:
        day: date | None = super().clean(value)
        if day is not None and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError("Choose a day between 2000 and 2100.")
        return day


def _text(label: str, kind: str = "text") -> forms.CharField:
    return forms.CharField(label=label, required=False, max_length=200, widget=forms.TextInput({"type": kind}))


class Filtering(forms.Form):
    """Filters of a list, as they stand in the address. ``since`` and ``until`` are days, both included."""

    def __init__(self, asked: QueryDict) -> None:
        super().__init__(asked)
        self.asked = asked

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = self.cleaned_data
        since, until = found.get("since"), found.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")
        return found

    def full_clean(self) -> None:
        """A browser shows nothing in a field of days or choices for what is neither."""
        super().full_clean()
        for name in self.errors:
            field, typed = self.fields.get(name), self.asked.get(name, "")
            if isinstance(field, Day):
                field.widget.input_type = field.widget.attrs["type"] = "text"
            if isinstance(field, Choice):
                field.keep(typed)

    @property
    def is_used(self) -> bool:
        return any(self.asked.get(name, "").strip() for name in self.fields)


class RunsForm(Filtering):
    """Every filter of the list of runs."""

    outcome = Choice("Outcome", SyncRun.Outcome.choices)
    since = Day("Ended from")
    until = Day("To")


class LogForm(Filtering):
    """Every filter of the log."""

    q = _text("Bill number or name", "search")
    outcome = Choice(
        "What happened", [(WRITTEN, "Anything synced"), *((name, word) for name, (_, word) in OUTCOMES.items())]
    )
    kind = Choice("Kind", KINDS.items())
    code = Choice("Reason", [])
    since = Day("From")
    until = Day("To")
    contact = _text("Contact, or their Clio id")
    matter = _text("Matter number")
    number = _text("Exact bill number")
    run = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=2**63 - 1,
        widget=forms.HiddenInput,
        error_messages=dict.fromkeys(("invalid", "min_value", "max_value"), "There is no such run."),
    )
    id = forms.RegexField(
        r"^[\w-]{1,32}$", required=False, widget=forms.HiddenInput, error_messages={"invalid": "There is no such id."}
    )

    def __init__(self, asked: QueryDict, codes: Iterable[str]) -> None:
        super().__init__(asked)
        reasons = sorted(((code, reason_of(code)) for code in codes), key=lambda pair: pair[1])
        self.fields["code"].offer(reasons)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found = super().clean()
        if found.get("id") and not found.get("kind"):
            self.add_error("kind", "An id is looked for in one kind of record. Choose which.")
        return found

    @property
    def filters(self) -> Filters:
        """Of a form that is valid."""
        found = {name: value for name, value in self.cleaned_data.items() if name not in SEARCHES}
        return Filters(Search(**{name: self.cleaned_data[name] for name in SEARCHES}), **found)

    @property
    def main(self) -> list[forms.BoundField]:
        return [self[name] for name in ("q", "outcome", "kind")]

    @property
    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in ("code", "since", "until", "contact", "matter", "number")]

    @property
    def is_more_used(self) -> bool:
        return any(field.value() for field in self.more)

    @property
    def used(self) -> list[Chip]:
        """The filters that narrow the log, in the order of the form."""
        return [
            Chip(LABELS.get(name) or str(self.fields[name].label), self._words(name), self.without(name))
            for name in self.fields
            if self.asked.get(name, "").strip()
        ]

    def _words(self, name: str) -> str:
        typed, field = self.asked.get(name, "").strip(), self.fields[name]
        if isinstance(field, Choice):
            return field.words.get(typed, typed)
        if isinstance(field, Day) and name not in self.errors:
            return words.day(self.cleaned_data[name])
        return typed

    def without(self, *names: str) -> str:
        """The address with all other filters, on its first page."""
        left = [(name, self.asked[name]) for name in self.fields if name not in names and self.asked.get(name)]
        return f"?{urlencode(left)}"
