"""Who of the staff may do what. Nobody may do anything that this table does not say (law 10)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What somebody is trusted with. Nobody has two of them by having one."""

    VIEWER = "viewer"
    CURATOR = "curator"
    ANNOUNCER = "announcer"
    APPROVER = "approver"
    ADMINISTRATOR = "administrator"


class Act(StrEnum):
    """What staff do. `APPROVE` and `PUBLISH_ALERT` stand apart: an Alert wakes people at night."""

    SEE = "see"
    EDIT_KNOWLEDGE = "edit knowledge"
    DRAFT = "draft"
    DISCARD = "discard"
    APPROVE = "approve"
    PUBLISH = "publish"
    PUBLISH_ALERT = "publish an Alert"
    PAUSE = "pause"
    CANCEL = "cancel"
    ENROL_TESTERS = "enrol testers"
    KEEP_ACCOUNTS = "keep accounts"
    READ_AUDIT = "read the audit log"
    KEEP_RECORDS = "keep records"


# Whoever can start a broadcast can stop it. Who keeps the accounts has no word to the public by that, and others than
# administrators can read what administrators did.
_MAY: Mapping[Role, frozenset[Act]] = MappingProxyType(
    {
        Role.VIEWER: frozenset({Act.SEE, Act.READ_AUDIT}),
        Role.CURATOR: frozenset({Act.SEE, Act.EDIT_KNOWLEDGE}),
        Role.ANNOUNCER: frozenset(
            {Act.SEE, Act.DRAFT, Act.DISCARD, Act.PUBLISH, Act.PAUSE, Act.CANCEL, Act.ENROL_TESTERS}
        ),
        Role.APPROVER: frozenset(
            {
                Act.SEE,
                Act.DISCARD,
                Act.APPROVE,
                Act.PUBLISH,
                Act.PUBLISH_ALERT,
                Act.PAUSE,
                Act.CANCEL,
                Act.ENROL_TESTERS,
            }
        ),
        Role.ADMINISTRATOR: frozenset({Act.KEEP_ACCOUNTS, Act.READ_AUDIT, Act.KEEP_RECORDS}),
    }
)


class NotAllowed(Exception):
    """This person may not do this; the text says which role it needs."""

    def __init__(self, who: str, act: Act) -> None:
        self.act = act
        needed = " or ".join(role.value for role in Role if act in _MAY[role])
        super().__init__(f"{who} may not {act.value}: that needs the role {needed}")


def allowed(roles: Collection[Role], act: Act) -> bool:
    """Whether one of the roles may do it."""
    return any(act in _MAY[role] for role in roles)


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody of the staff, as far as the rules go."""

    name: str
    roles: frozenset[Role]
    is_disabled: bool = False

    def may(self, act: Act) -> bool:
        return not self.is_disabled and allowed(self.roles, act)

    def must_be_allowed(self, act: Act) -> None:
        """Raises `NotAllowed` unless this account may do it."""
        if not self.may(act):
            raise NotAllowed(self.name, act)
