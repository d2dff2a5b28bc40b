"""Telling a story in acts: people do something, the portal syncs, people decide, and it is said what came of it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from firms.models import Firm, User
from integrations.core.ports import Clock
from integrations.models import Issue, SyncEvent, SyncRun
from integrations.resolving import resolve

DONE = ("created", "updated", "voided", "adopted", "unlinked", "accepted")
UNDONE = (Issue.State.OPEN, Issue.State.DECIDED)
FAILED = (SyncRun.Outcome.FAILED, SyncRun.Outcome.HELD)
HOUR_S = 3600.0
About = tuple[str, str, str, str]  # code, kind, practice id, leg


class Step(Protocol):
    """One thing people do, the answer they give, and what it should come to."""

    @property
    def play(self) -> Callable[[Any, Any], object]: ...
    @property
    def answer(self) -> tuple[str, str]: ...
    @property
    def value(self) -> Callable[[Any, Any], str] | None: ...
    @property
    def does(self) -> tuple[str, ...]: ...
    @property
    def opens(self) -> tuple[str, ...]: ...
    @property
    def warns(self) -> tuple[str, ...]: ...
    @property
    def holds(self) -> Callable[[Any, Any], bool] | None: ...
    @property
    def syncs(self) -> int: ...


class Act(Protocol):
    """A part of a story; ``leaves`` are the codes of issues that may stay open after it."""

    @property
    def name(self) -> str: ...
    @property
    def prepare(self) -> Callable[[Any], Any]: ...
    @property
    def steps(self) -> Sequence[Step]: ...
    @property
    def leaves(self) -> tuple[str, ...]: ...


@dataclass(slots=True)
class Told:
    """What became of an act; ``problems`` is empty where it came out as it should."""

    name: str
    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Playing:
    """An act under way: what it plays with, and the ids in Clio of everything that came to be by it."""

    act: Act
    told: Told
    prop: Any = None
    ids: set[str] = field(default_factory=set)
    alone: bool = False

    def owns(self, practice_id: str) -> bool:
        return self.alone or practice_id in self.ids

    def step(self, round_: int) -> Step | None:
        return self.act.steps[round_] if round_ < len(self.act.steps) and not self.told.problems else None


@dataclass
class Teller:
    """``cast`` is what the acts play with, ``run`` one sync to its end, ``wait`` moves the clock by so many seconds.

    Acts of one scene share their syncs; ``newest_id`` is the highest id in Clio so far, by which it is told whose a
    change or an issue is. A scene of one act owns everything that happens.
    """

    firm: Firm
    owner: User
    clock: Clock
    cast: Any
    newest_id: Callable[[], int]
    run: Callable[[], SyncRun]
    wait: Callable[[float], None]

    def tell(self, scenes: Iterable[Sequence[Act]]) -> Iterator[Told]:
        """Prepares every act, syncs once, then plays scene by scene."""
        playing = [[_Playing(act, Told(act.name), alone=len(scene) == 1) for act in scene] for scene in scenes]
        for one in (one for scene in playing for one in scene):
            one.prop = self._noted(one, partial(one.act.prepare, self.cast))
        prologue = Told("Before the acts")
        self._sync([prologue])
        yield prologue
        for scene in playing:
            yield from self._scene(scene)

    def _scene(self, scene: list[_Playing]) -> Iterator[Told]:
        before, besides = {_about(issue) for issue in self._issues()}, Told("Besides")
        for round_ in range(max(len(one.act.steps) for one in scene)):
            steps = [(one, step) for one in scene if (step := one.step(round_))]
            self._round(steps, scene, before, besides)
        for one in scene:
            for issue in self._opened(one, before):
                if issue.code not in one.act.leaves and not one.told.problems:
                    one.told.problems.append(f"{issue.code} is still open: {issue.message}")
            yield one.told
        if besides.problems:
            yield besides

    def _round(
        self, steps: list[tuple[_Playing, Step]], scene: list[_Playing], before: set[About], besides: Told
    ) -> None:
        mark, known = self._last_event(), before | {_about(issue) for issue in self._issues()}
        for one, step in steps:
            self._noted(one, partial(step.play, self.cast, one.prop))
            if step.answer[0]:
                self._answer(one, step, before)
        for _ in range(max((step.syncs for _, step in steps), default=0)):
            self.wait(HOUR_S)
            self._sync([one.told for one, _ in steps])
        done, opened = self._done_since(mark), [i for i in self._issues() if _about(i) not in known]
        for one, step in steps:
            mine = [issue for issue in opened if one.owns(issue.practice_id)]
            _judge(one.told, step, {what for what, id in done if one.owns(id)}, mine)
            if step.holds and not one.told.problems and not step.holds(self.cast, one.prop):
                one.told.problems.append("the two systems do not say what they should")
        strays = {f"{what} {id}" for what, id in done if not any(one.owns(id) for one in scene)}
        strays |= {f"{i.code} of {i.practice_id}" for i in opened if not any(one.owns(i.practice_id) for one in scene)}
        besides.problems += [f"{stray}: not expected" for stray in sorted(strays)]

    def _noted[T](self, one: _Playing, work: Callable[[], T]) -> T:
        """Does it, and notes which ids came to be by it."""
        before = self.newest_id()
        result = work()
        one.ids |= {str(id) for id in range(before + 1, self.newest_id() + 1)}
        return result

    def _answer(self, one: _Playing, step: Step, before: set[About]) -> None:
        code, action = step.answer
        found = [issue for issue in self._opened(one, before) if issue.code == code]
        if not found:
            one.told.problems.append(f"there is no {code} to answer")
        for issue in found:
            value = step.value(self.cast, one.prop) if step.value else ""
            resolve(issue, action, self.owner, self.clock, value=value, note="As the story goes")
            one.told.lines.append(f"answered {code}: {action}")

    def _sync(self, told: list[Told]) -> None:
        run = self.run()
        if run.outcome in FAILED:
            for one in told:
                one.problems.append(f"the sync {run.get_outcome_display().lower()}: {run.reason}")

    def _opened(self, one: _Playing, before: set[About]) -> list[Issue]:
        return [issue for issue in self._issues() if _about(issue) not in before and one.owns(issue.practice_id)]

    def _issues(self) -> list[Issue]:
        found = Issue.objects.of(self.firm).filter(pairing__archived_at=None, state__in=UNDONE)
        return list(found.order_by("pk"))

    def _last_event(self) -> int:
        return SyncEvent.objects.of(self.firm).order_by("-pk").values_list("pk", flat=True).first() or 0

    def _done_since(self, mark: int) -> list[tuple[str, str]]:
        """("invoice updated", practice id) of everything done by a sync after that event."""
        events = SyncEvent.objects.of(self.firm).filter(pk__gt=mark, outcome__in=DONE).exclude(run=None)
        return [(f"{kind} {outcome}", id) for kind, outcome, id in events.values_list("kind", "outcome", "practice_id")]


def _judge(told: Told, step: Step, done: set[str], opened: list[Issue]) -> None:
    codes = {issue.code: issue.message for issue in opened}
    told.lines += [*sorted(done), *(f"opened {code}" for code in sorted(codes))]
    told.problems += [f"{what}: expected, did not happen" for what in sorted(set(step.does) - done)]
    told.problems += [f"{what}: not expected" for what in sorted(done - set(step.does))]
    told.problems += [f"{code} should have been opened" for code in sorted(set(step.opens) - codes.keys())]
    told.problems += [f"{code} was opened: {codes[code]}" for code in sorted(codes.keys() - {*step.opens, *step.warns})]


def _about(issue: Issue) -> About:
    """What an issue is about; it stays the same where the issue is closed for a while and opened again."""
    return issue.code, issue.kind, issue.practice_id, issue.leg
