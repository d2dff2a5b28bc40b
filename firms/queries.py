"""What the team's page shows: who is in, who is asked in, what each role may do, and what changed."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.timezone import now

from firms import two_step
from firms.models import Firm, Invitation, Membership, Standing, TeamEvent, User
from firms.roles import FOR_OWNERS, Permission, Role, abilities, may_give

EVENTS = 30


@dataclass(frozen=True, slots=True)
class Member:
    pk: int
    name: str
    email: str
    role: Role
    since: datetime
    is_you: bool
    has_two_step: bool
    may_be_changed: bool  # by whoever looks


@dataclass(frozen=True, slots=True)
class Offer:
    pk: int
    email: str
    role: Role
    by: str
    expires_at: datetime
    state: str  # open, expired or unsent
    may_be_changed: bool


@dataclass(frozen=True, slots=True)
class Ability:
    words: str
    roles: tuple[bool, ...]  # in the order of Role


@dataclass(frozen=True, slots=True)
class Happened:
    at: datetime
    sentence: str
    by: str


def members_of(firm: Firm, viewer: Membership) -> list[Member]:
    """The highest roles first, then by name."""
    rows = list(Membership.objects.filter(firm=firm).select_related("user"))
    safe, order = two_step.who_has_it(row.user_id for row in rows), list(Role)
    return sorted(
        (_member(row, viewer, row.user_id in safe) for row in rows),
        key=lambda m: (order.index(m.role), (m.name or m.email).lower()),
    )


def _member(row: Membership, viewer: Membership, has_two_step: bool) -> Member:
    role = Role(row.role)
    may_be_changed = may_give(Role(viewer.role), role)
    return Member(
        row.pk,
        row.user.name,
        row.user.email,
        role,
        row.created_at,
        row.user_id == viewer.user_id,
        has_two_step,
        may_be_changed,
    )


def without_two_step(members: list[Member]) -> list[Member]:
    """Owners and admins who would have to set it up first."""
    return [member for member in members if member.role in two_step.REQUIRED_OF and not member.has_two_step]


def offers_of(firm: Firm, viewer: Membership) -> list[Offer]:
    """Invitations that were neither accepted nor withdrawn, the newest first."""
    rows = Invitation.objects.filter(firm=firm, accepted_at=None, revoked_at=None).select_related("invited_by")
    return [_offer(row, viewer) for row in rows.order_by("-pk")]


def _offer(row: Invitation, viewer: Membership) -> Offer:
    role, expired = Role(row.role), row.standing(now()) is Standing.EXPIRED
    state = "expired" if expired else "open" if row.sent_at else "unsent"
    by = row.invited_by.get_full_name() if row.invited_by else ""
    return Offer(row.pk, row.email, role, by, row.expires_at, state, may_give(Role(viewer.role), role))


def abilities_by_role() -> list[Ability]:
    """One row for each thing that can be allowed."""
    words = [permission.words for permission in Permission] + [FOR_OWNERS]
    return [Ability(one, tuple(one in abilities(role) for role in Role)) for one in words]


def happened(firm: Firm) -> list[Happened]:
    """The last changes of the team, the newest first."""
    rows = TeamEvent.objects.filter(firm=firm).order_by("-id")[:EVENTS]
    return [Happened(row.at, _sentence(row), row.by or "support") for row in rows]


def _sentence(row: TeamEvent) -> str:
    role = Role(row.role).phrase if row.role else ""
    match TeamEvent.What(row.what):
        case TeamEvent.What.INVITED:
            return f"{row.whom} was invited as {role}"
        case TeamEvent.What.SENT_AGAIN:
            return f"The invitation of {row.whom} as {role} was sent again"
        case TeamEvent.What.WITHDRAWN:
            return f"The invitation of {row.whom} as {role} was withdrawn"
        case TeamEvent.What.JOINED:
            return f"{row.whom} joined as {role}"
        case TeamEvent.What.ROLE:
            return f"{row.whom}, who was {Role(row.role_before).phrase}, became {role}"
        case TeamEvent.What.REMOVED:
            return f"{row.whom}, who was {role}, was removed"
        case TeamEvent.What.LEFT:
            return f"{row.whom}, who was {role}, left"
        case TeamEvent.What.HANDED_OVER:
            before = Role(row.role_before).phrase
            return f"The firm was handed over to {row.whom}, who was {before}; {row.by} became an admin"
        case TeamEvent.What.TWO_STEP_ON:
            return "Two-step sign-in became required of owners and admins"
        case TeamEvent.What.TWO_STEP_OFF:
            return "Two-step sign-in was no longer required of anybody"


def invited(user: User) -> list[Invitation]:
    """Open invitations of addresses that ``user`` has shown to be theirs."""
    mine = user.emailaddress_set.filter(verified=True).values_list("email", flat=True)  # type: ignore[attr-defined]
    wanted = [email.lower() for email in mine]
    rows = Invitation.objects.filter(email__in=wanted, accepted_at=None, revoked_at=None, expires_at__gt=now())
    return list(rows.select_related("firm").order_by("firm__name"))
