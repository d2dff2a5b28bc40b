"""How amounts and days are written wherever people read them: 2,186.21 and 13 Mar 2026."""

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from integrations.core.money import cents

MINUS = "\N{MINUS SIGN}"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

_AMOUNT = re.compile(rf"{MINUS}?\d{{1,3}}(?:,\d{{3}})*\.\d\d\b")
_DAY = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)}) (\d{{4}})\b")


def amount(value: object) -> str:
    """1234.5 as 1,234.50, with a true minus; what is no amount stays as it is."""
    try:
        return f"{cents(Decimal(str(value))):,.2f}".replace("-", MINUS)
    except InvalidOperation:
        return str(value)


def day(on: date | datetime | str) -> str:
    """22 Nov 2026, also of a text that begins with 2026-11-22; text that is no day stays as it is."""
    if isinstance(on, str):
        try:
            on = date.fromisoformat(on[:10])
        except ValueError:
            return str(on)
    return f"{short_day(on)} {on.year}"


def short_day(on: date | datetime) -> str:
    """22 Nov, where the year is clear."""
    return f"{on.day} {MONTHS[on.month - 1]}"


def written(value: str) -> str:
    """An amount or a day as people write it; anything else as it is."""
    if re.fullmatch(r"-?\d+\.\d\d", value):
        return amount(value)
    return day(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else value


def bare(text: str) -> str:
    """A text with its amounts and days as systems write them: what is written otherwise is not another thing said."""
    plain = _AMOUNT.sub(lambda found: found[0].replace(",", "").replace(MINUS, "-"), text)
    return _DAY.sub(lambda found: f"{found[3]}-{MONTHS.index(found[2]) + 1:02}-{int(found[1]):02}", plain)
