"""Calls are spaced so that neither system has to refuse one; where one does, everybody waits and one call tries."""

from datetime import timedelta
from itertools import pairwise

import pytest

from integrations.core.errors import Throttled
from integrations.systems.budget import OUT_OF_TURN, PATIENCE_S, MemoryShelf, PacedBudget
from integrations.systems.pace import (
    CLIO,
    LOST,
    PROBE_S,
    QUICKBOOKS,
    SLOT_S,
    CallKind,
    Heard,
    Standing,
    ask,
    heard,
    is_blocked,
    left_in_window,
)
from tests.systems.fakes import NOW, FakeClock

AT = NOW.timestamp()
FINE = Heard(answered=True)
REFUSED = Heard(answered=True, refused_for_s=60.0)


def clio(clock: FakeClock) -> PacedBudget:
    return PacedBudget("clio", clock, chance=lambda: 0.0)


def quickbooks(clock: FakeClock, shelf: MemoryShelf | None = None) -> PacedBudget:
    return PacedBudget("quickbooks", clock, shelf, chance=lambda: 0.0)


def call(budget: PacedBudget, said: Heard = FINE, kind: CallKind = "read") -> None:
    budget.after_call(budget.before_call(kind), said)


# Clio: what its headers say


def left(calls: int, reset_in_s: int = 40, clock_ahead_s: int = 0) -> Heard:
    """An answer with Clio's headers, from a machine whose clock is ahead of ours."""
    vendor = NOW + timedelta(seconds=clock_ahead_s)
    headers = {
        "x-ratelimit-limit": "50",
        "x-ratelimit-remaining": str(calls),
        "x-ratelimit-reset": str(int(vendor.timestamp()) + reset_in_s),
        "date": vendor.strftime("%a, %d %b %Y %H:%M:%S GMT"),
    }
    return Heard(answered=True, headers=headers)


def test_clio_is_called_at_once_while_calls_are_left() -> None:
    clock = FakeClock()
    budget = clio(clock)
    for remaining in (50, 49, 4):
        call(budget, left(remaining))
    budget.before_call("read")
    assert clock.slept == []


def test_the_last_calls_of_a_window_are_left_alone() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, left(2))
    budget.before_call("read")
    assert clock.slept == [41.0]
    budget.before_call("read")
    assert clock.slept == [41.0], "a new window began"


def test_calls_that_are_under_way_count_before_their_answers_say_so() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, left(5))
    for _ in range(3):
        budget.before_call("read")
    assert clock.slept == []
    budget.before_call("read")
    assert clock.slept == [41.0]


def test_an_answer_that_comes_late_gives_no_call_back() -> None:
    standing = heard(Standing(), "first", left(7), AT)
    assert heard(standing, "older", left(9), AT).left == 7
    assert heard(standing, "of the next window", left(49, reset_in_s=58), AT).left == 49


@pytest.mark.parametrize("ahead", [-7200, 7200])
def test_another_clock_at_clio_changes_nothing(ahead: int) -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, left(0, clock_ahead_s=ahead))
    budget.before_call("read")
    assert clock.slept == [41.0]


def test_a_nonsense_reset_cannot_stop_the_run() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, left(0, reset_in_s=10**6))
    budget.before_call("read")
    assert clock.slept == [61.0]


def test_without_headers_clio_is_not_waited_for() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget)
    call(budget, Heard(True, {"x-ratelimit-remaining": "few", "x-ratelimit-reset": "later"}))
    budget.before_call("read")
    assert clock.slept == []


# QuickBooks: limits that no header announces


def times(kind: CallKind, calls: int, budgets: int = 1) -> list[float]:
    """When each of ``calls`` calls was let through, made in turn by several processes that share a shelf."""
    clock, shelf = FakeClock(), MemoryShelf()
    sharing = [quickbooks(clock, shelf) for _ in range(budgets)]
    made = []
    for turn in range(calls):
        call(sharing[turn % budgets], kind=kind)
        made.append(clock.now().timestamp())
    return made


def most_within(made: list[float], span_s: float) -> int:
    return max(sum(start <= moment < start + span_s for moment in made) for start in made)


@pytest.mark.parametrize("budgets", [1, 3])
def test_quickbooks_sees_at_most_10_calls_a_second_and_500_a_minute_whoever_calls(budgets: int) -> None:
    made = times("write", 1500, budgets)
    assert most_within(made, 1.0) <= 8
    assert 440 <= most_within(made, 60.0) <= 490
    assert 190 <= made[-1] - made[0] <= 200, "and the pace of 440 a minute is used"
    assert all(later >= earlier for earlier, later in pairwise(made))


def test_batches_have_a_minute_limit_of_their_own() -> None:
    made = times("batch", 120)
    assert most_within(made, 60.0) <= 39
    assert made[-1] - made[0] <= 200


def test_calls_at_the_same_time_are_few_and_a_place_is_free_again_after_the_answer() -> None:
    standing, tickets = Standing(), [f"ticket-{n}" for n in range(8)]
    for place, ticket in enumerate(tickets):
        standing, wait = ask(standing, QUICKBOOKS, "write", ticket, AT + place)
        assert wait == 0
    assert ask(standing, QUICKBOOKS, "write", "one more", AT + 9)[1] > 0
    standing = heard(standing, "ticket-3", FINE, AT + 9)
    assert ask(standing, QUICKBOOKS, "write", "one more", AT + 9)[1] == 0


def test_a_process_killed_in_flight_does_not_hold_its_place_for_ever() -> None:
    standing = Standing(flying={f"dead-{n}": AT + SLOT_S for n in range(8)})
    assert ask(standing, QUICKBOOKS, "write", "mine", AT + SLOT_S - 1)[1] > 0
    after, wait = ask(standing, QUICKBOOKS, "write", "mine", AT + SLOT_S)
    assert (wait, list(after.flying)) == (0.0, ["mine"])


def test_what_a_machine_with_a_wrong_clock_left_behind_is_not_believed() -> None:
    ahead = AT + 86_400
    wrong = Standing((ahead,) * 8, ahead, ahead, {f"{n}": ahead for n in range(8)}, 50, 0, ahead)
    assert ask(wrong, QUICKBOOKS, "batch", "mine", AT)[1] == 0
    assert ask(wrong, CLIO, "read", "mine", AT)[1] == 0
    blocked = Standing(blocked_until=ahead, refusals=1, prober="x", probe_ends=ahead)
    assert ask(blocked, QUICKBOOKS, "read", "mine", AT)[1] == 0


# Refusals


def storm(clock: FakeClock, minutes: int, callers: int) -> list[float]:
    """When calls reached a system that refuses all of them for some minutes, as many processes keep trying."""
    shelf, ends = MemoryShelf(), clock.now() + timedelta(minutes=minutes)
    budgets = [quickbooks(clock, shelf) for _ in range(callers)]
    reached: list[float] = []
    turn = 0
    while True:
        budget = budgets[turn % callers]
        turn += 1
        try:
            ticket = budget.before_call("write")
        except Throttled:
            clock.sleep(1.0)  # the run goes to the end of the queue, another takes its place
            continue
        reached.append(clock.now().timestamp())
        if clock.now() >= ends:
            return reached
        budget.after_call(ticket, REFUSED)


@pytest.mark.parametrize("callers", [1, 4])
def test_a_storm_is_waited_out_with_one_probe_a_minute_and_is_over_soon_after(callers: int) -> None:
    clock = FakeClock()
    reached = storm(clock, 10, callers)
    brief, *later = [after - before for before, after in pairwise(reached)]
    assert 3 <= brief <= 4, "it may only have been the limit per second"
    assert all(60 <= gap <= 75 for gap in later)
    assert reached[-1] <= (NOW + timedelta(minutes=12)).timestamp()


def test_after_a_block_one_call_finds_out_and_the_others_wait_for_it() -> None:
    blocked = Standing(blocked_until=AT, refusals=1)
    probing, wait = ask(blocked, QUICKBOOKS, "read", "probe", AT)
    assert wait == 0
    assert all(ask(probing, QUICKBOOKS, "read", f"{n}", AT + n)[1] > 0 for n in range(1, 30))
    assert ask(heard(probing, "probe", FINE, AT + 1), QUICKBOOKS, "read", "other", AT + 1)[1] == 0
    assert not is_blocked(heard(probing, "probe", FINE, AT + 1), AT + 1)


def test_a_probe_without_an_answer_lets_another_try_soon_and_a_killed_one_after_a_minute() -> None:
    probing, _ = ask(Standing(blocked_until=AT, refusals=1), QUICKBOOKS, "read", "probe", AT)
    lost = heard(probing, "probe", LOST, AT + 30)
    assert 0 < ask(lost, QUICKBOOKS, "read", "other", AT + 30)[1] <= 5
    assert ask(lost, QUICKBOOKS, "read", "other", AT + 35)[1] == 0
    assert ask(probing, QUICKBOOKS, "read", "other", AT + PROBE_S - 1)[1] > 0
    assert ask(probing, QUICKBOOKS, "read", "other", AT + PROBE_S)[1] == 0


def test_calls_that_were_under_way_when_the_block_began_do_not_lengthen_it() -> None:
    standing = Standing()
    for ticket in "abcd":
        standing, _ = ask(standing, QUICKBOOKS, "write", ticket, AT)
    for ticket in "abcd":
        standing = heard(standing, ticket, REFUSED, AT + 1)
    assert (standing.refusals, standing.blocked_until) == (1, AT + 4)


def test_a_late_good_answer_does_not_end_a_block() -> None:
    standing, _ = ask(Standing(), QUICKBOOKS, "write", "slow", AT)
    standing = heard(standing, "other", REFUSED, AT + 1)
    assert is_blocked(heard(standing, "slow", FINE, AT + 2), AT + 2)


def test_a_wait_that_the_system_names_is_kept_from_the_first() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, Heard(True, {}, 20.0, named=True))
    call(budget)
    assert clock.slept == [20.0]


def test_chance_spreads_the_probes_of_many_firms() -> None:
    blocked = Standing(blocked_until=AT, refusals=1, prober="p", probe_ends=AT + 9)
    ends = [heard(blocked, "p", REFUSED, AT, chance).blocked_until - AT for chance in (0.0, 0.5, 1.0)]
    assert ends == [60.0, 66.0, 72.0]


def test_a_system_that_refuses_for_hours_is_asked_less_often() -> None:
    blocked = Standing(blocked_until=AT, refusals=16, prober="p", probe_ends=AT + 9)
    assert heard(blocked, "p", REFUSED, AT).blocked_until == AT + 300


def test_a_wait_beyond_the_callers_patience_is_said_and_not_slept() -> None:
    clock = FakeClock()
    budget = clio(clock)
    call(budget, Heard(True, {}, 86_400.0, named=True))
    with pytest.raises(Throttled) as caught:
        budget.before_call("read")
    assert (clock.slept, caught.value.code, caught.value.sent) == ([], OUT_OF_TURN, False)
    assert caught.value.retry_after_s == 3600.0 > PATIENCE_S


def test_a_person_at_a_page_waits_a_few_seconds_at_most() -> None:
    clock = FakeClock()
    budget = PacedBudget("clio", clock, patience_s=5.0)
    call(budget, left(0))
    with pytest.raises(Throttled, match="Clio takes no more calls at the moment"):
        budget.before_call("read")
    assert clock.slept == []


# What is left, and what is kept


def test_what_is_left_is_known_while_the_window_lasts() -> None:
    assert left_in_window(Standing(), CLIO, AT) is None
    standing = heard(Standing(), "t", left(37), AT)
    assert (left_in_window(standing, CLIO, AT), left_in_window(standing, CLIO, AT + 42)) == (37, None)
    used = Standing()
    for n in range(8):
        used, _ = ask(used, QUICKBOOKS, "read", str(n), AT)
    assert left_in_window(used, QUICKBOOKS, AT) == 432
    assert left_in_window(used, QUICKBOOKS, AT + 60) == 440


def test_a_standing_survives_being_kept_and_unknown_members_are_left_out() -> None:
    standing, _ = ask(heard(Standing(), "x", left(9), AT), QUICKBOOKS, "batch", "t", AT)
    assert Standing.of_json(standing.as_json() | {"of a later version": 1}) == standing
    assert Standing.of_json({}) == Standing()


@pytest.mark.parametrize("said", [FINE, LOST, REFUSED])
def test_whatever_comes_of_a_call_its_place_is_free_again(said: Heard) -> None:
    standing, _ = ask(Standing(), QUICKBOOKS, "write", "t", AT)
    assert dict(heard(standing, "t", said, AT).flying) == {}


def test_two_processes_share_one_shelf() -> None:
    clock, shelf = FakeClock(), MemoryShelf()
    mine, theirs = quickbooks(clock, shelf), quickbooks(clock, shelf)
    call(mine, REFUSED)
    theirs.before_call("read")
    assert clock.slept == [3.0]
