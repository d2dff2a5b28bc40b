"""Settings of the processes that get killed: the database and the stand-ins of the test that starts them."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

DATABASES["default"] |= {"NAME": os.environ["KILL_DATABASE"], "HOST": os.environ["KILL_HOST"]}
