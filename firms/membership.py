"""The writes about firms and their people; each is one transaction."""

from django.db import transaction
from django.utils.text import slugify
from django.utils.timezone import now

from firms import two_step
from firms.models import Firm, Invitation, Membership, TeamEvent, User
from firms.roles import Permission, Role, may_give, who_may_give

SLUG_LENGTH = 40


class Refused(Exception):
    """The change is not allowed; the text says why, for the person who asked."""


@transaction.atomic
def create_firm(user: User, name: str, slug: str | None = None, timezone: str = "America/New_York") -> Firm:
    """A firm with ``user`` as its owner. Raises Refused for a slug that is taken."""
    name = " ".join(name.split())
    if not name:
        raise Refused("Give the firm a name.")
    if slug and Firm.objects.filter(slug=slug).exists():
        raise Refused(f"The address “{slug}” is taken. Choose another.")
    firm = Firm.objects.create(name=name, slug=slug or free_slug(name), timezone=timezone)
    Membership.objects.create(firm=firm, user=user, role=Role.OWNER)
    return firm


@transaction.atomic
def found_firm(user: User, name: str, timezone: str) -> Firm:
    """A person's first firm. Raises Refused when they have founded one before, in another tab included."""
    User.objects.select_for_update().get(pk=user.pk)
    owned = Membership.objects.filter(user=user, role=Role.OWNER).select_related("firm").first()
    if owned:
        raise Refused(f"You already own {owned.firm.name}. Each person can create one firm here.")
    return create_firm(user, name, timezone=timezone)


@transaction.atomic
def change_role(firm: Firm, user: User, role: Role, by: User | None = None) -> Membership:
    """``by`` is the member who asks, None support. Raises Refused for what ``by`` may not do and for the last owner."""
    membership = _locked(firm, user)
    before = Role(membership.role)
    if by is not None:
        demand(firm, by, before, role)
    if role is not Role.OWNER:
        keep_an_owner(firm, membership)
    if role is not before:
        _give(membership, role, by)
        record(firm, TeamEvent.What.ROLE, user.email, by, role, before)
    return membership


@transaction.atomic
def remove(firm: Firm, user: User, by: User | None = None) -> None:
    """Everybody may leave. Raises Refused for what ``by`` may not do, or for the last owner."""
    membership = _locked(firm, user)
    leaves = by is not None and by.pk == user.pk
    if by is not None and not leaves:
        demand(firm, by, Role(membership.role))
    keep_an_owner(firm, membership)
    membership.delete()
    _withdraw_offers(firm, user, None, by)
    record(firm, TeamEvent.What.LEFT if leaves else TeamEvent.What.REMOVED, user.email, by, Role(membership.role))


@transaction.atomic
def hand_over(firm: Firm, owner: User, to: User) -> None:
    """Makes ``to`` an owner and ``owner`` an admin, both or neither. Raises Refused."""
    theirs, mine = _locked(firm, to), _locked(firm, owner)
    before = Role(theirs.role)
    if mine.role != Role.OWNER:
        raise Refused(f"Only an owner can hand {firm.name} over.")
    if before is Role.OWNER:
        raise Refused(f"{to} is an owner of {firm.name} already.")
    _give(theirs, Role.OWNER, owner)
    _give(mine, Role.ADMIN, owner)
    record(firm, TeamEvent.What.HANDED_OVER, to.email, owner, Role.OWNER, before)


@transaction.atomic
def require_two_step(firm: Firm, wanted: bool, by: User) -> None:
    """Whether owners and admins must use two-step sign-in. Raises Refused for who may not, or has none of their own."""
    lock(firm)
    mine = Membership.objects.filter(firm=firm, user=by).first()
    if mine is None or not mine.may(Permission.MANAGE_TEAM):
        raise Refused(f"It takes an owner or an admin of {firm.name}.")
    if wanted and not two_step.has_it(by):
        raise Refused("Set up two-step sign-in for yourself first.")
    changed = Firm.objects.filter(pk=firm.pk, requires_two_step=not wanted).update(requires_two_step=wanted)
    if changed:
        what = TeamEvent.What.TWO_STEP_ON if wanted else TeamEvent.What.TWO_STEP_OFF
        record(firm, what, by.email, by, None)


def free_slug(name: str) -> str:
    """A slug from the name that no firm has yet."""
    base = slugify(name)[: SLUG_LENGTH - 6].strip("-") or "firm"
    taken = set(Firm.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def lock(firm: Firm) -> None:
    """Changes to one firm's team happen one after the other: two owners cannot both leave at once."""
    Firm.objects.select_for_update(no_key=True).get(pk=firm.pk)


def demand(firm: Firm, by: User, *roles: Role) -> None:
    """Raises Refused unless ``by`` may give, or change somebody who has, each of ``roles``; call it once locked."""
    mine = Membership.objects.filter(firm=firm, user=by).first()
    for role in roles:
        if mine is None or not may_give(Role(mine.role), role):
            givers = " or ".join(giver.phrase for giver in who_may_give(role))
            raise Refused(f"It takes {givers} of {firm.name} to make, change or remove {role.phrase}.")


def record(
    firm: Firm, what: TeamEvent.What, whom: str, by: User | None, role: Role | None, role_before: Role | None = None
) -> None:
    """A line of the team's history; it belongs into the transaction of what it tells."""
    TeamEvent.objects.create(
        firm=firm,
        at=now(),
        what=what,
        whom=whom,
        by=by.email if by else "",
        role=role or "",
        role_before=role_before or "",
    )


def _locked(firm: Firm, user: User) -> Membership:
    lock(firm)
    found = Membership.objects.filter(firm=firm, user=user).select_related("user").first()
    if found is None:
        raise Refused(f"{user} is not a member of {firm.name}.")
    return found


def _give(membership: Membership, role: Role, by: User | None) -> None:
    membership.role = role
    membership.save(update_fields=["role"])
    _withdraw_offers(membership.firm, membership.user, role, by)


def _withdraw_offers(firm: Firm, user: User, role: Role | None, by: User | None) -> None:
    """An invitation stands only while whoever made it could make it again."""
    for offer in Invitation.objects.filter(firm=firm, invited_by=user, accepted_at=None, revoked_at=None):
        if role is None or not may_give(role, Role(offer.role)):
            withdraw(offer, by)


def withdraw(offer: Invitation, by: User | None) -> None:
    """Its link is of no use from now on."""
    offer.revoked_at = now()
    offer.save(update_fields=["revoked_at"])
    record(offer.firm, TeamEvent.What.WITHDRAWN, offer.email, by, Role(offer.role))


def is_last_owner(membership: Membership) -> bool:
    others = Membership.objects.filter(firm=membership.firm_id, role=Role.OWNER).exclude(pk=membership.pk)
    return membership.role == Role.OWNER and not others.exists()


def keep_an_owner(firm: Firm, leaving: Membership) -> None:
    """Raises Refused where nobody would be left who may do everything."""
    if is_last_owner(leaving):
        raise Refused(f"{leaving.user} is the only owner of {firm.name}. Make somebody else an owner first.")
