"""Places where tests end or freeze this process, to see that nothing is lost and nothing doubled by it.

Only tests set the variable: ``FAULT_POINT=answer`` kills at the first answer to a write, ``answer:3`` at the third, and
``answer:1:STOP`` freezes there until the test lets the process go on.
"""

import os
import signal

_passed: dict[str, int] = {}


def fault_point(name: str) -> None:
    """Does nothing, unless a test has named this place."""
    if wanted := os.environ.get("FAULT_POINT"):
        _fail(name, *wanted.split(":"))


def _fail(name: str, place: str, time: str = "1", how: str = "KILL") -> None:
    if name != place:
        return
    _passed[name] = _passed.get(name, 0) + 1
    if _passed[name] == int(time):
        os.kill(os.getpid(), signal.Signals[f"SIG{how}"])
