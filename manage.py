#!/usr/bin/env python3
"""The command line of Sync Portal."""

import os
import sys

if sys.version_info < (3, 12):
    sys.exit("Sync Portal needs Python 3.12 or newer; this is Python %d.%d." % sys.version_info[:2])  # noqa: UP031


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sync_portal.settings")
    if sys.argv[1:2] == ["demo"]:  # the demo is the sandbox, whatever the shell says nothing about
        os.environ.setdefault("SANDBOX", "1")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
