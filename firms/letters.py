"""E-mails to people of a firm: how they look, and how one is sent."""

from dataclasses import dataclass

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from firms.models import Firm


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    text: str
    html: str


def drawn(
    firm: Firm,
    subject: str,
    said: list[str],
    action: str,
    path: str,
    *,
    rows: list[tuple[str, int]] | None = None,
    choose: str = "",
    foot: str = "",
) -> Letter:
    """``path`` is where ``action`` leads. Below stands ``foot``, or what the portal is, with ``choose`` as a link."""
    context = {
        "firm": firm.name,
        "heading": subject,
        "said": [one for one in said if one],
        "rows": rows or [],
        "action": action,
        "url": f"{settings.SITE_URL}{path}",
        "choose": f"{settings.SITE_URL}{choose}" if choose else "",
        "foot": foot or f"Sync Portal keeps {firm.name}’s QuickBooks true to its Clio.",
    }
    text = render_to_string("mail/letter.txt", context)
    html = render_to_string("mail/letter.html", context)
    one_line = " ".join(f"{firm.name}: {subject}".split())
    return Letter(one_line, text, html)


def send(letter: Letter, to: str, name: str) -> None:
    """Under a Message-ID made of ``name``, by which an e-mail that goes out twice is known. Raises OSError."""
    headers = {"Message-ID": f"<{name}@{settings.SITE_HOST}>", "Auto-Submitted": "auto-generated"}
    mail = EmailMultiAlternatives(letter.subject, letter.text, to=[to], headers=headers)
    mail.attach_alternative(letter.html, "text/html")
    mail.send()
