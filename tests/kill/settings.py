"""Settings of the processes that get killed: the database and the stand-ins of the test that starts them."""

import os

from integrations.systems import budget
from tests.served import UNPACED
from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

budget.LIMITS["quickbooks"] = UNPACED

DATABASES["default"] |= {"NAME": os.environ["KILL_DATABASE"], "HOST": os.environ["KILL_HOST"]}
