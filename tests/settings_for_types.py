"""What mypy reads settings through: the project's own, with nothing generated and no folder touched."""

import os

os.environ.setdefault("SECRET_KEY", "types-only")
os.environ.setdefault("SANDBOX", "1")
os.environ.setdefault("TOKEN_KEYS", "A" * 43 + "=")

from sync_portal.settings import *  # noqa: F403
