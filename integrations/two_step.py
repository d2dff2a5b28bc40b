"""Secrets of two-step sign-in at rest: sealed with the installation's keys, as authorisations are."""

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import generate_totp_secret
from cryptography.fernet import InvalidToken
from django.db import transaction

from integrations.sealing import ring

SECRETS = ("secret", "seed")  # of an app, and of recovery codes; what is kept of a passkey is public
SEALED = "gAAAA"  # how every sealed text begins; a secret in clear is base32 or hexadecimal


class Adapter(DefaultMFAAdapter):
    def encrypt(self, text: str) -> str:
        return ring().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """What no key opens is a secret that nobody has: no code fits it."""
        if not encrypted_text.startswith(SEALED):
            return encrypted_text  # from before they were sealed
        try:
            return ring().decrypt(encrypted_text.encode()).decode()
        except InvalidToken:
            return str(generate_totp_secret())


def rotate() -> tuple[int, int]:
    """Seals every secret with the first key; returns how many were, and how many no key opens."""
    done = lost = 0
    for pk in Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).values_list("pk", flat=True):
        with transaction.atomic():
            row = Authenticator.objects.select_for_update().get(pk=pk)
            try:
                row.data |= {name: _anew(row.data[name]) for name in SECRETS if name in row.data}
            except InvalidToken:
                lost += 1
                continue
            row.save(update_fields=["data"])
            done += 1
    return done, lost


def _anew(kept: str) -> str:
    """Raises InvalidToken."""
    keys = ring()
    sealed = keys.rotate(kept.encode()) if kept.startswith(SEALED) else keys.encrypt(kept.encode())
    return sealed.decode()
