"""Every way Twilio says no, by its number, in the words of the port. The text beside a number is not for our logs."""

from datetime import timedelta

from bot.core.channel import LaneClosed, OptedOut, Refused, SendFailed, TryLater, Unreachable

# Twilio's error dictionary. What is not listed is about the message itself.
_OPTED_OUT = frozenset({
    21610,  # answered STOP
})  # fmt: skip
_UNREACHABLE = frozenset({
    21211, 21214, 21217, 21612, 21614,  # no number that a message can go to
    30003, 30005, 30006,  # switched off or out of reach for long, unknown, a landline
})  # fmt: skip
_CLOSED = frozenset({
    20003, 20005, 20404, 20008,  # token, account, or only the test credentials
    21603, 21606, 21607, 21659, 21660, 21701, 21703, 21704, 21705,  # the number or the service is not ours to send by
    30002,  # account suspended
})  # fmt: skip
_BUSY = frozenset({
    429, 14107, 20429, 21611, 30001, 30022, 30023, 63038,  # too many at once, a full queue, the day's cap
})  # fmt: skip

_REST = timedelta(seconds=2)  # after "too many" without a time: a number sends about one segment a second


def failure(code: int, status: int = 0, after: timedelta | None = None) -> SendFailed:
    """What this error of Twilio's means; `status` 0: it came with a status callback, not as an answer.

    `after` is how long Twilio asks us to wait, None when it does not say.
    """
    reason = f"Twilio {code}" if code else f"HTTP {status}" if status else "no reason told"
    if code in _OPTED_OUT:
        return OptedOut(reason)
    if code in _UNREACHABLE:
        return Unreachable(reason)
    if code in _CLOSED or status in (401, 403):
        return LaneClosed(reason)
    if code in _BUSY or status == 429:
        return TryLater(reason, after or _REST)
    if status >= 500:
        return TryLater(reason, after)
    return Refused(reason)
