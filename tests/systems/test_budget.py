"""Calls are spaced so that neither system has to refuse one."""

from datetime import timedelta
from itertools import pairwise

from integrations.systems.budget import HeaderBudget, WindowBudget
from tests.systems.fakes import NOW, FakeClock


def left(calls: int, reset_in_s: int = 40, clock_ahead_s: int = 0) -> dict[str, str]:
    """Clio's headers, from a machine whose clock is ahead of ours."""
    vendor = NOW + timedelta(seconds=clock_ahead_s)
    return {
        "x-ratelimit-limit": "50",
        "x-ratelimit-remaining": str(calls),
        "x-ratelimit-reset": str(int(vendor.timestamp()) + reset_in_s),
        "date": vendor.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }


def test_clio_is_called_at_once_while_calls_are_left() -> None:
    clock = FakeClock()
    budget = HeaderBudget(clock)
    for remaining in (50, 49, 3):
        budget.after_answer(left(remaining))
        budget.before_call("read")
    assert clock.slept == []


def test_the_last_calls_of_a_window_are_left_to_others() -> None:
    clock = FakeClock()
    budget = HeaderBudget(clock)
    budget.after_answer(left(2))
    budget.before_call("read")
    assert clock.slept == [41.0]
    budget.before_call("read")
    assert clock.slept == [41.0], "a new window began"


def test_another_clock_at_clio_changes_nothing() -> None:
    for ahead in (-7200, 7200):
        clock = FakeClock()
        budget = HeaderBudget(clock)
        budget.after_answer(left(0, clock_ahead_s=ahead))
        budget.before_call("read")
        assert clock.slept == [41.0]


def test_a_nonsense_reset_cannot_stop_the_run() -> None:
    clock = FakeClock()
    budget = HeaderBudget(clock)
    budget.after_answer(left(0, reset_in_s=10**6))
    budget.before_call("read")
    assert clock.slept == [61.0]


def test_without_headers_clio_is_not_waited_for() -> None:
    clock = FakeClock()
    budget = HeaderBudget(clock)
    budget.after_answer({})
    budget.after_answer({"x-ratelimit-remaining": "few", "x-ratelimit-reset": "later"})
    budget.before_call("read")
    assert clock.slept == []


def times(kind: str, calls: int) -> list[float]:
    """When each of ``calls`` calls was let through."""
    clock = FakeClock()
    budget = WindowBudget(clock)
    made = []
    for _ in range(calls):
        budget.before_call("batch" if kind == "batch" else "write")
        made.append(clock.now().timestamp())
    return made


def most_within(made: list[float], span_s: float) -> int:
    return max(sum(start <= moment < start + span_s for moment in made) for start in made)


def test_quickbooks_sees_at_most_8_calls_a_second_and_450_a_minute() -> None:
    made = times("write", 1500)
    assert most_within(made, 1.0) == 8
    assert most_within(made, 60.0) == 450
    assert all(later >= earlier for earlier, later in pairwise(made))


def test_batches_have_a_minute_limit_of_their_own() -> None:
    assert most_within(times("batch", 120), 60.0) == 36
