"""What is secret at rest: sealed with the installation's keys, bound to the row it belongs to."""

import json
from collections.abc import Mapping

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unsealable(Exception):
    """No key opens it, or it was sealed for another row."""


def ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TOKEN_KEYS])


def seal(owner: Mapping[str, object], content: object) -> bytes:
    return ring().encrypt(json.dumps({"owner": dict(owner), "content": content}).encode())


def unseal(owner: Mapping[str, object], sealed: bytes) -> object:
    """Raises Unsealable."""
    try:
        opened = json.loads(ring().decrypt(sealed))
        if opened["owner"] == dict(owner):
            return opened["content"]
    except (InvalidToken, ValueError, KeyError, TypeError):
        raise Unsealable("no key opens it") from None
    raise Unsealable("it was sealed for another row")
