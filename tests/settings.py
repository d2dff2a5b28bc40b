"""The project's settings, made faster for tests. Nothing that a test could miss is switched off."""

from sync_portal.settings import *  # noqa: F403
from sync_portal.settings import DATABASES

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DATABASES["default"]["OPTIONS"] = {"options": "-c synchronous_commit=off"}
DATABASES["default"]["CONN_MAX_AGE"] = 0
