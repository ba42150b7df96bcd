"""Every way WhatsApp says no, in the words of the port. The numbers are from Meta's page of error codes."""

from datetime import timedelta

from bot.channels.meta_line import GraphRefused
from bot.core.channel import LaneClosed, MayHaveArrived, OptedOut, Refused, SendFailed, TryLater, Unreachable

PAIR_RESTS = timedelta(seconds=6)  # one message in six seconds to the same person
_NUMBER_RESTS = timedelta(seconds=1)  # so many a second from one number
_ACCOUNT_RESTS = timedelta(minutes=5)  # so many calls an hour by one account or app
_SPAM_RESTS = timedelta(hours=1)  # too many people have blocked the number: only time and a person help

_PAIR_RATE = 131056
_RATES = {130429: _NUMBER_RESTS, 4: _ACCOUNT_RESTS, 80007: _ACCOUNT_RESTS, 131048: _SPAM_RESTS, 613: _ACCOUNT_RESTS}
_NOT_NOW = frozenset((1, 2, 131000, 131016, 131057, 133004))  # something went wrong, in maintenance, overloaded
# Token, permission, account, payment, registration; and a template that is missing, paused or not as approved: all
# of them fail for everybody, so nobody's delivery may be given up because of them.
_MEND = frozenset((
    0, 3, 10, 33, 102, 190, 368, 131005, 131031, 131037, 131042, 131045, 132000, 132001, 132007, 132012, 132015,
    132016, 133000, 133005, 133006, 133009, 133010, 134011,
))  # fmt: skip
_PERMISSIONS = range(200, 300)
# No WhatsApp there, or too old a version; not on the list of a test number; a country it does not serve; ourselves.
_GONE = frozenset((131026, 131030, 130497, 131021))
_CLOSED = frozenset((131047, 470))
_STOPPED = 131050  # they told WhatsApp itself that they want nothing more of the department
_HTTP_UNAUTHORIZED, _HTTP_TOO_MANY = 401, 429


class WindowClosed(Refused):
    """More than 24 hours after this person's last message: only a template may go."""


def failure_of(error: GraphRefused) -> SendFailed:
    """What the refusal means. An unknown one below HTTP 500 is a no to this message."""
    said, code = str(error), error.code
    if error.status == _HTTP_UNAUTHORIZED or code in _MEND or code in _PERMISSIONS:
        return LaneClosed(said)
    if code == _PAIR_RATE:
        return PairBusy(said, error.after or PAIR_RESTS)
    if code in _RATES:
        return TryLater(said, error.after or _RATES[code])
    if error.status == _HTTP_TOO_MANY:
        return TryLater(said, error.after)
    if code in _NOT_NOW or error.is_transient:
        return TryLater(said, error.after)
    if code in _CLOSED:
        return WindowClosed(said)
    if code == _STOPPED:
        return OptedOut(said)
    if code in _GONE:
        return Unreachable(said)
    return MayHaveArrived(said) if error.status >= 500 else Refused(said)


class PairBusy(TryLater):
    """This person gets one message in six seconds: the wait is theirs alone, no reason to rest a lane."""
