"""The platforms that are set, built from the settings, and what each of them may ask of the rest of the bot."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime

from aiohttp import web

from bot.address_book import AddressBook
from bot.channels.messenger import Messenger
from bot.channels.meta import MESSENGER, WHATSAPP, Door, Meta
from bot.channels.sms import Sms
from bot.channels.telegram import Telegram
from bot.channels.twilio_line import Account
from bot.channels.whatsapp import WhatsApp
from bot.core.channel import Announcer, Receive
from bot.core.message import ChannelName
from bot.settings import Settings


@dataclass(frozen=True, slots=True)
class Platforms:
    """One of each at most; None: it is not set.

    `telegram_secret` proves Telegram's webhooks, None: messages are asked for.
    """

    telegram: Telegram | None = None
    telegram_secret: str | None = None
    whatsapp: WhatsApp | None = None
    messenger: Messenger | None = None
    sms: Sms | None = None
    meta: Meta | None = None

    async def open(self, rooms: AsyncExitStack) -> None:
        """Let them send; nothing leaves by this."""
        for each in (self.telegram, self.whatsapp, self.messenger, self.sms):
            if each is not None:
                await rooms.enter_async_context(each)

    def routes(self) -> Iterator[web.RouteDef]:
        """Where they bring messages."""
        if self.telegram and self.telegram_secret:
            yield from self.telegram.routes(self.telegram_secret)
        if self.meta:
            yield from self.meta.routes()
        if self.sms:
            yield from self.sms.routes()

    def announcing(self) -> Iterator[tuple[ChannelName, Announcer]]:
        """Those that send advisories."""
        there: tuple[tuple[ChannelName, Announcer | None], ...] = (
            (ChannelName.TELEGRAM, self.telegram),
            (ChannelName.WHATSAPP, self.whatsapp),
            (ChannelName.MESSENGER, self.messenger),
            (ChannelName.SMS, self.sms),
        )
        yield from ((name, each) for name, each in there if each is not None and each.limits.announces)

    def states(self) -> Mapping[str, str]:
        """How each is reached, for whoever asks after our health."""
        asked = "webhook" if self.telegram_secret else "polling"
        brought = ("whatsapp", self.whatsapp), ("messenger", self.messenger), ("sms", self.sms)
        return {
            "telegram": asked if self.telegram else "off",
            **{name: "webhook" if each else "off" for name, each in brought},
        }


def built(
    settings: Settings,
    receive: Receive,
    book: AddressBook,
    clock: Callable[[], datetime],
    *,
    telegram_secret: Callable[[], str],
    opener: Callable[[], str],
    page: Callable[[str], str | None],
) -> Platforms:
    """Those of the settings. `opener` is what stands on the button over a list of choices; `page` as for SMS."""
    telegram = whatsapp = messenger = sms = meta = None
    if settings.telegram_token:
        token = settings.telegram_token.get_secret_value()
        telegram = Telegram(token, receive, clock=clock, api=settings.telegram_api)
    if settings.whatsapp_token and settings.whatsapp_number_id:
        whatsapp = WhatsApp(
            settings.whatsapp_token.get_secret_value(),
            settings.whatsapp_number_id,
            receive,
            clock=clock,
            contacts=book.contact,
            opener=opener,
            on_status=book.reported,
            on_move=book.moved,
            api=settings.meta_api,
        )
    if settings.messenger_token:
        messenger = Messenger(
            settings.messenger_token.get_secret_value(),
            receive,
            clock=clock,
            contacts=book.contact if settings.messenger_advisories else None,
            api=settings.meta_api,
        )
    if settings.meta_verify_token and (whatsapp or messenger):
        doors: dict[str, Door] = {}
        if whatsapp:
            doors[WHATSAPP] = whatsapp.turns
        if messenger:
            doors[MESSENGER] = messenger.turns
        meta = Meta(settings.meta_app_secrets, settings.meta_verify_token.get_secret_value(), doors)
    if settings.twilio_account_sid and settings.public_url:
        sms = Sms(
            account(settings, settings.twilio_account_sid),
            receive,
            clock=clock,
            public_url=settings.public_url,
            page=page,
            lost=book.lost,
            api=settings.twilio_api,
            rate=settings.sms_rate,
        )
    secret = telegram_secret() if telegram and settings.public_url else None
    return Platforms(telegram, secret, whatsapp, messenger, sms, meta)


def account(settings: Settings, sid: str) -> Account:
    """The account at Twilio."""
    return Account(sid, settings.twilio_auth_tokens, settings.twilio_number, settings.twilio_messaging_service)
