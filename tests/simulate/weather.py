"""What goes wrong how often: every seed has one kind of weather, so that a few seeds in a row have all of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Weather:
    """Chances from 0 to 1. Many reads make one run, so theirs are small.

    Of calls that fail, ``lethal``: that the worker dies of it; else ``outage``: that it is the first of several; else,
    of writes, ``late``: that it has its effect after all. ``death``: that a worker dies between any two statements of
    a task. ``company``: that another worker comes in between two. ``gap``: that a list of records which were asked for
    one by one lacks one.
    """

    name: str
    read: float
    write: float
    lethal: float = 0.1
    outage: float = 0.0
    late: float = 0.2
    death: float = 0.0
    company: float = 0.0
    gap: float = 0.1
    is_earlier_token_good: bool = False  # for a day, which Intuit leaves open; a worker may die holding the next one


WEATHERS = (
    Weather("stormy", 0.04, 0.3, outage=0.6, gap=0.5),
    Weather("deadly", 0.01, 0.6, lethal=0.7, death=0.3, is_earlier_token_good=True),
    Weather("crowded", 0.01, 0.2, company=0.5),
    Weather("slow", 0.02, 0.7, outage=0.1, late=0.8, gap=0.8),
)


def weather_of(seed: int) -> Weather:
    return WEATHERS[seed % len(WEATHERS)]
