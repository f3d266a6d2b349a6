"""Who may give which command."""

from __future__ import annotations

from enum import Enum


class Permission(Enum):
    """Whom a command belongs to."""

    EVERYONE = "everyone"
    HOST = "host"
    """The host of the room, and whoever is alone in it."""


def may(permission: Permission, *, host: bool, alone: bool) -> bool:
    """Return whether a person may give a command of this kind."""
    return permission is Permission.EVERYONE or host or alone
