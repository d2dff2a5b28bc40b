"""Invitations: made, sent, withdrawn and accepted. Only the e-mail holds the token; the database keeps its hash."""

import hashlib
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import structlog
from allauth.account.models import EmailAddress
from django.db import transaction
from django.urls import reverse
from django.utils.timezone import now

from firms import letters
from firms.membership import Refused, demand, lock, record, withdraw
from firms.models import Firm, Invitation, Membership, Standing, TeamEvent, User
from firms.roles import Role, abilities

log = structlog.get_logger(__name__)

LASTS = timedelta(hours=72)
A_DAY = 50  # e-mails of one firm; nobody makes the portal send to a list of strangers
SENT = (TeamEvent.What.INVITED, TeamEvent.What.SENT_AGAIN)


def invite(firm: Firm, email: str, role: Role, by: User) -> Invitation:
    """In place of an open one of that address; ``sent_at`` is None where the e-mail was not taken. Raises Refused."""
    return _sent(*_made(firm, email.strip().lower(), role, by))


def send_again(offer: Invitation, by: User | None) -> Invitation:
    """A new link in place of the old one; ``by`` is None for support, who invites in nobody's name. Raises Refused."""
    return _sent(*_made_again(offer, by))


@transaction.atomic
def revoke(offer: Invitation, by: User) -> None:
    """Raises Refused where it was accepted meanwhile, or ``by`` could not have made it."""
    lock(offer.firm)
    withdraw(_still_open(offer, by), by)


@transaction.atomic
def accept(offer: Invitation, user: User) -> Membership:
    """Raises Refused unless it is open and for a verified address of ``user``. Who is a member keeps their role."""
    lock(offer.firm)
    offer = Invitation.objects.select_related("firm").get(pk=offer.pk)
    if offer.standing(now()) is not Standing.OPEN:
        raise Refused("This invitation is no longer open.")
    if not is_for(offer, user):
        raise Refused(f"This invitation is for {offer.email}.")
    membership, is_new = Membership.objects.get_or_create(firm=offer.firm, user=user, defaults={"role": offer.role})
    offer.accepted_at, offer.accepted_by = now(), user
    offer.save(update_fields=["accepted_at", "accepted_by"])
    if is_new:
        record(offer.firm, TeamEvent.What.JOINED, user.email, user, Role(offer.role))
    return membership


def found(token: str) -> Invitation | None:
    offers = Invitation.objects.filter(token_hash=_hash(token))
    return offers.select_related("firm", "invited_by", "accepted_by").first()


def is_for(offer: Invitation, user: User) -> bool:
    """Whether ``user`` has shown that the invited address is theirs."""
    theirs = EmailAddress.objects.filter(user=user, verified=True, email__iexact=offer.email)
    return bool(theirs.exists())


@transaction.atomic
def _made(firm: Firm, email: str, role: Role, by: User) -> tuple[Invitation, str]:
    lock(firm)
    demand(firm, by, role)
    _not_a_member(firm, email)
    for before in Invitation.objects.filter(firm=firm, email__iexact=email, accepted_at=None, revoked_at=None):
        demand(firm, by, Role(before.role))
        withdraw(before, by)
    record(firm, TeamEvent.What.INVITED, email, by, role)
    return _new(firm, email, role, by)


@transaction.atomic
def _made_again(offer: Invitation, by: User | None) -> tuple[Invitation, str]:
    lock(offer.firm)
    offer = _still_open(offer, by)
    _not_a_member(offer.firm, offer.email)
    Invitation.objects.filter(pk=offer.pk).update(revoked_at=now())
    record(offer.firm, TeamEvent.What.SENT_AGAIN, offer.email, by, Role(offer.role))
    return _new(offer.firm, offer.email, Role(offer.role), by or offer.invited_by)


def _new(firm: Firm, email: str, role: Role, by: User | None) -> tuple[Invitation, str]:
    if TeamEvent.objects.filter(firm=firm, what__in=SENT, at__gt=now() - timedelta(days=1)).count() > A_DAY:
        raise Refused(f"{firm.name} has sent {A_DAY} invitations within a day. Send the next one tomorrow.")
    token = secrets.token_urlsafe(32)
    offer = Invitation.objects.create(
        firm=firm, email=email, role=role, invited_by=by, token_hash=_hash(token), expires_at=now() + LASTS
    )
    return offer, token


def _still_open(offer: Invitation, by: User | None) -> Invitation:
    """The row as it is now, once locked; one that has expired can still be sent again or withdrawn."""
    offer = Invitation.objects.select_related("firm", "invited_by").get(pk=offer.pk)
    if offer.accepted_at or offer.revoked_at:
        raise Refused(f"The invitation of {offer.email} was accepted or withdrawn meanwhile.")
    if by is not None:
        demand(offer.firm, by, Role(offer.role))
    return offer


def _not_a_member(firm: Firm, email: str) -> None:
    """By any address that is known to be theirs."""
    known = EmailAddress.objects.filter(email__iexact=email, verified=True).values("user")
    people = User.objects.filter(email__iexact=email) | User.objects.filter(pk__in=known)
    member = Membership.objects.filter(firm=firm, user__in=people).select_related("user").first()
    if member is not None:
        raise Refused(f"{email} is {Role(member.role).phrase} of {firm.name} already. Change the role below.")


def _sent(offer: Invitation, token: str) -> Invitation:
    """After the transaction: mail is slow, and whoever gets it may be quick."""
    try:
        letters.send(_letter(offer, token), offer.email, f"invitation-{offer.pk}")
    except (OSError, ValueError) as error:  # smtplib's errors are OSErrors; an address it cannot write is a ValueError
        log.warning("invitation_not_sent", invitation=offer.pk, error=type(error).__name__)
        return offer
    offer.sent_at = now()
    offer.save(update_fields=["sent_at"])
    return offer


def _letter(offer: Invitation, token: str) -> letters.Letter:
    firm, role = offer.firm, Role(offer.role)
    said = [
        f"{inviter(offer)} invites {offer.email} to {firm.name} as {role.phrase}.",
        f"{role.phrase.capitalize()} may {'; '.join(abilities(role))}.",
        f"Sign in or create an account with this address and accept. The link works once, until {until(offer)}.",
    ]
    return letters.drawn(
        firm,
        "You are invited",
        said,
        "Look at the invitation",
        reverse("invitation", args=[token]),
        foot="If you do not know this firm, ignore this e-mail: nothing happens without your consent.",
    )


def inviter(offer: Invitation) -> str:
    """Whoever invites, by name and address."""
    by = offer.invited_by
    if by is None:
        return f"A member of {offer.firm.name}"
    return f"{by.name} ({by.email})" if by.name else by.email


def until(offer: Invitation) -> str:
    """When its link ends, where the firm is."""
    local: datetime = offer.expires_at.astimezone(ZoneInfo(offer.firm.timezone))
    return f"{local.day} {local:%b %Y, %H:%M %Z}"


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
