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


class Permission(StrEnum):
    VIEW = "view"  # read every screen of the firm
    SYNC = "sync"  # start a run, apply or discard a held one
    RESOLVE = "resolve"  # decide an issue
    MAP = "map"  # mappings, start date and policies
    CONNECT = "connect"  # connect, confirm, disconnect and purge
    MANAGE_TEAM = "manage_team"  # invite, change roles, remove


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
