"""The writes about firms and their people; each is one transaction."""

from django.db import transaction
from django.utils.text import slugify

from firms.models import Firm, Membership, User
from firms.roles import Role

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
def change_role(firm: Firm, user: User, role: Role) -> Membership:
    """Raises Refused where it would leave the firm without an owner."""
    membership = _locked(firm, user)
    if role is not Role.OWNER:
        _keep_an_owner(firm, membership)
    membership.role = role
    membership.save(update_fields=["role"])
    return membership


@transaction.atomic
def remove(firm: Firm, user: User) -> None:
    """Raises Refused where it would leave the firm without an owner."""
    membership = _locked(firm, user)
    _keep_an_owner(firm, membership)
    membership.delete()


def free_slug(name: str) -> str:
    """A slug from the name that no firm has yet."""
    base = slugify(name)[: SLUG_LENGTH - 6].strip("-") or "firm"
    taken = set(Firm.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    number, slug = 1, base
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def _locked(firm: Firm, user: User) -> Membership:
    """The firm's memberships are locked together: two owners cannot both leave at once."""
    everyone = {row.user_id: row for row in Membership.objects.select_for_update().filter(firm=firm).order_by("id")}
    if user.pk not in everyone:
        raise Refused(f"{user} is not a member of {firm.name}.")
    return everyone[user.pk]


def _keep_an_owner(firm: Firm, leaving: Membership) -> None:
    others = Membership.objects.filter(firm=firm, role=Role.OWNER).exclude(pk=leaving.pk)
    if leaving.role == Role.OWNER and not others.exists():
        raise Refused(f"{leaving.user} is the only owner of {firm.name}. Make somebody else an owner first.")
