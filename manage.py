#!/usr/bin/env python3
"""The command line of Sync Portal."""

import os
import sys

if sys.version_info < (3, 12):  # noqa: UP036 - an older Python must say so instead of failing on the syntax
    sys.exit("Sync Portal needs Python 3.12 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031


def demo_environment(arguments: list[str]) -> None:
    """The demo is the sandbox, and its port is part of every address, so both have to be known to the settings."""
    os.environ.setdefault("SANDBOX", "1")
    joined = " ".join(arguments).replace("=", " ").split()
    if "--port" in joined[:-1]:
        os.environ["SITE_URL"] = f"http://localhost:{joined[joined.index('--port') + 1]}"


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sync_portal.settings")
    if sys.argv[1:2] == ["demo"]:
        demo_environment(sys.argv[2:])
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
