"""Days in sentences."""

from datetime import date, datetime

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_in_words(on: date | datetime | str) -> str:
    """22 Nov 2026; text that is no day stays as it is."""
    if isinstance(on, str):
        try:
            on = date.fromisoformat(on[:10])
        except ValueError:
            return str(on)
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"
