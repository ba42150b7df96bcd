"""The terminal as a channel: numbers instead of buttons. Also the channel every test talks through."""

from collections.abc import Callable, Sequence

from bot.core.channel import Limits
from bot.core.message import Address, ChannelName, Part

PERSON = Address(ChannelName.TERMINAL, "here")


class Console:
    """Writes replies line by line to wherever it is told."""

    limits = Limits(text_units=20_000, choices=0, label_units=200)

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._sent = 0

    async def send(self, to: Address, parts: Sequence[Part]) -> str:
        """Write the parts. Never fails."""
        for part in parts:
            self._write(part.text)
        self._sent += 1
        return f"{to.channel}-{self._sent}"
