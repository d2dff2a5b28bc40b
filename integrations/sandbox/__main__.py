"""The stand-ins as a program of their own: ``python -m integrations.sandbox --port 9001 --prefix /x --file PATH``."""

import json
import signal
import sys
import threading
from argparse import ArgumentParser, Namespace
from datetime import date
from pathlib import Path

from integrations.sandbox.generator import seed
from integrations.sandbox.mail import over_http
from integrations.sandbox.server import serving
from integrations.sandbox.store import Store
from integrations.sandbox.world import World

# Where each sequence of ids starts; read when the first id of a kind is drawn.
_FIRST_IDS = ("first_id:clio", "qbo:first_id")


def main() -> int:
    """Serves until interrupted. Prints one line of JSON once requests are answered: address, and what was seeded."""
    options = _options()
    store = Store(options.file)
    if options.first_id is not None:
        for name in _FIRST_IDS:
            store.set_setting(name, options.first_id)
    said = _seeded(store, options) if options.bills else {}
    stop = threading.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ending, lambda *_: stop.set())
    try:
        world = World(store)
        with serving(world.handle, options.host, options.port, options.prefix) as address:
            sys.stdout.write(json.dumps({"address": address, **said}) + "\n")
            sys.stdout.flush()
            while not stop.wait(0.5):
                world.mail.deliver(over_http)
    except OSError as error:
        sys.stderr.write(f"cannot serve at {options.host}:{options.port}: {error}\n")
        return 1
    finally:
        store.close()
    return 0


def _options() -> Namespace:
    parser = ArgumentParser(prog="python -m integrations.sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="default: a free one, see the printed address")
    parser.add_argument("--prefix", type=_prefix, default="", help="path everything is served below, such as /x")
    parser.add_argument("--file", type=Path, help="where the state is kept; default: in memory")
    parser.add_argument("--first-id", type=int, help="where ids start, in a file without any")
    parser.add_argument("--bills", type=int, help="seed a firm with so many bills first")
    parser.add_argument("--seed", type=int, default=1, help="which firm that is")
    parser.add_argument("--today", type=date.fromisoformat, help="the last day of which anything in it is dated")
    return parser.parse_args()


def _prefix(text: str) -> str:
    stripped = text.strip("/")
    return f"/{stripped}" if stripped else ""


def _seeded(store: Store, options: Namespace) -> dict[str, str]:
    made = seed(store, bills=options.bills, seed=options.seed, today=options.today)
    return {"account": str(made.account_id), "region": made.region, "realm": made.realm}


if __name__ == "__main__":
    sys.exit(main())
