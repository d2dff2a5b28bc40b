"""Roles and permissions, and the one table that joins them. Pure."""

from enum import StrEnum


class Role(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    BOOKKEEPER = "bookkeeper"
    VIEWER = "viewer"

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def phrase(self) -> str:
        """ "an owner", "a viewer"."""
        return f"{'an' if self.value[0] in 'ao' else 'a'} {self.value}"


class Permission(StrEnum):
    VIEW = "view"  # read every screen of the firm
    SYNC = "sync"  # start a run, apply or discard a held one
    RESOLVE = "resolve"  # decide an issue
    MAP = "map"  # mappings, start date and policies
    CONNECT = "connect"  # connect, confirm, disconnect and purge
    MANAGE_TEAM = "manage_team"  # invite, change roles, remove

    @property
    def words(self) -> str:
        """What it allows, after "may"."""
        return _WORDS[self]


_WORDS = {
    Permission.VIEW: "see every screen of the firm",
    Permission.SYNC: "start a sync, and apply or discard a held one",
    Permission.RESOLVE: "decide, note and assign issues, and link customers",
    Permission.MAP: "change mappings, the start date and what is synced",
    Permission.CONNECT: "connect and disconnect Clio and QuickBooks",
    Permission.MANAGE_TEAM: "invite and remove people, change roles, and require two-step sign-in",
}
FOR_OWNERS = "make, change and remove owners, and hand the firm over"


_STAFF = frozenset({Permission.VIEW, Permission.SYNC, Permission.RESOLVE, Permission.MAP})
_FIRM_ADMIN = frozenset(Permission)

PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.OWNER: _FIRM_ADMIN,
    Role.ADMIN: _FIRM_ADMIN,
    Role.BOOKKEEPER: _STAFF,
    Role.VIEWER: frozenset({Permission.VIEW}),
}


def may(role: Role, permission: Permission) -> bool:
    return permission in PERMISSIONS[role]


def who_may(permission: Permission) -> list[Role]:
    """The roles to ask, highest first."""
    return [role for role in Role if may(role, permission)]


def may_give(giver: Role, role: Role) -> bool:
    """Whether a ``giver`` may make somebody a ``role``, or change somebody who is one: nothing above themselves."""
    order = list(Role)
    return may(giver, Permission.MANAGE_TEAM) and order.index(giver) <= order.index(role)


def who_may_give(role: Role) -> list[Role]:
    return [giver for giver in Role if may_give(giver, role)]


def abilities(role: Role) -> list[str]:
    """What a role may do, in words, from what everybody may to what only an owner may."""
    words = [permission.words for permission in Permission if may(role, permission)]
    return [*words, FOR_OWNERS] if role is Role.OWNER else words
