"""How money, days, moments and journal lines are written."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.template import Context, Template

from firms.models import Firm
from sync_portal.templatetags.portal import amount, day, duration, relative

NOW = datetime(2026, 11, 22, 15, 42, 13, tzinfo=UTC)


def draw(source: str, **context: object) -> str:
    return Template("{% load portal %}" + source).render(Context(context))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, "–"),
        ("", "–"),
        (0, "0.00"),
        (Decimal("1234.5"), "1,234.50"),
        ("-1234567.891", "−1,234,567.89"),
        (Decimal("12345678901234567.89"), "12,345,678,901,234,567.89"),
        ("n/a", "n/a"),
    ],
)
def test_amounts(value: object, written: str) -> None:
    assert amount(value) == written


@pytest.mark.parametrize(
    ("value", "written"),
    [(None, "–"), (date(2026, 2, 2), "2 Feb 2026"), ("2026-11-22", "22 Nov 2026"), (NOW, "22 Nov 2026")],
)
def test_days(value: date | str | None, written: str) -> None:
    assert day(value) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (5, "just now"),
        (-5, "in a moment"),
        (180, "3 min ago"),
        (-900, "in 15 min"),
        (3569, "59 min ago"),
        (3599, "1 h ago"),
        (7300, "2 h ago"),
        (86400, "21 Nov 2026, 15:42"),
    ],
)
def test_moments(seconds: int, written: str) -> None:
    value = NOW - timedelta(seconds=seconds)
    assert relative(value, NOW, value) == written


@pytest.mark.parametrize(("seconds", "written"), [(None, "–"), (4.2, "4 s"), (75, "1 min 15 s"), (7260, "2 h 1 min")])
def test_durations(seconds: float | None, written: str) -> None:
    assert duration(seconds) == written


def test_a_moment_shows_the_exact_one_in_the_firms_zone() -> None:
    html = draw("{% when at %}", at=NOW, firm=Firm(timezone="America/New_York"))
    assert 'title="22 Nov 2026, 10:42:13 EST"' in html
    assert 'datetime="2026-11-22T15:42:13+00:00"' in html


def test_money_names_its_currency_and_nothing_is_a_dash() -> None:
    assert "USD</span> −1.00" in draw('{% money value "USD" %}', value=Decimal(-1))
    assert "USD" not in draw('{% money value "USD" %}', value=None)


def test_journal_lines_are_added_up() -> None:
    lines = [
        {"account": "A/R <main>", "debit": Decimal("10.10")},
        SimpleNamespace(account="Fees", debit=None, credit=Decimal("10.10")),
    ]
    html = draw('{% journal lines "USD" %}', lines=lines)
    assert html.count("10.10") == 4
    assert "A/R &lt;main&gt;" in html


def test_a_state_is_a_word_and_not_only_a_colour() -> None:
    assert draw('{% pill "issues" %}').strip() == '<span class="pill warn">Needs you</span>'
    assert "Half done" in draw('{% pill "warn" "Half done" %}')
