"""A worker that may be killed: ``python -m tests.kill.worker``, told what to do line by line.

Each order forks a process that does what the queue's bell makes a worker do, again and again while anything waits. What
became of it is answered: that a signal ended it, that it was stopped, or that it was through.
"""

import json
import os
import signal
import sys
from functools import partial
from typing import Any

import django

django.setup()

from integrations import line, tasks  # noqa: E402 - a fork then costs no import
from integrations.gateways import open_workspace  # noqa: E402
from integrations.sync import clusters  # noqa: E402
from integrations.systems.clio import limits  # noqa: E402
from integrations.systems.clock import SystemClock  # noqa: E402


def main() -> None:
    for text in sys.stdin:
        order = json.loads(text)
        pid = order.get("pid") or _begun(order)
        print(json.dumps(_fate(pid)), flush=True)


def _begun(order: dict[str, Any]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        _work(order)
    except BaseException as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        os._exit(1)
    os._exit(0)


def _work(order: dict[str, Any]) -> None:
    os.environ["FAULT_POINT"] = order.get("fault", "")
    if "slice_s" in order:
        tasks.SLICE_S, clusters.CHUNK_OF_BILLS = order["slice_s"], 1
    if "page_rows" in order:
        limits.PAGE_ROWS = order["page_rows"]
    if "poison" in order:
        tasks.open_workspace = partial(_poisoned, slug=order["poison"])
    while line.waiting(SystemClock().now()):
        tasks.work()


def _poisoned(firm: Any, clock: Any, *, slug: str) -> Any:
    """Work for one of the firms takes its worker with it."""
    if firm.slug == slug:
        os.kill(os.getpid(), signal.SIGKILL)
    return open_workspace(firm, clock)


def _fate(pid: int) -> dict[str, Any]:
    """``ended`` is the exit status, or the negative number of the signal; None while the process is stopped."""
    _, status = os.waitpid(pid, os.WUNTRACED)
    return {"pid": pid, "ended": None if os.WIFSTOPPED(status) else os.waitstatus_to_exitcode(status)}


if __name__ == "__main__":
    main()
