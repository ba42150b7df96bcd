"""An SMS there and back against an emulator of somebody else's: npm `emulate`, which signs its webhooks by itself."""

import asyncio
import os
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, encode_basic_auth, web
from structlog.testing import capture_logs

from bot.channels.sms import PATH, Sms
from bot.channels.twilio_line import Account
from bot.core.channel import Channel, LaneClosed, Receipt, Unreachable
from bot.core.fit import fit
from bot.core.message import Address, ChannelName, IncomingMessage, Part, Reply
from tests.builders import NOW
from tests.twilio_api import ADA, OURS, QUICK, SID, TOKEN, needs

TO = Address(ChannelName.SMS, ADA)
SEED = """twilio:
  account: {{sid: {sid}, auth_token: {token}, friendly_name: test}}
  phone_numbers:
    - {{phone_number: "{ours}", friendly_name: ours, sms_url: "{hook}"}}
"""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def emulator(folder: Path, hook: str) -> AsyncIterator[str]:
    """The address of the emulator. Its folder is `EMULATE_DIR`: `npm install node@22 emulate@0.12.2` there."""
    programs = Path(os.environ.get("EMULATE_DIR") or folder) / "node_modules" / ".bin"
    needs(shutil.which("node", path=programs) is not None, "npm's emulate (EMULATE_DIR)")
    seed, port = folder / "emulate.config.yaml", free_port()
    seed.write_text(SEED.format(sid=SID, token=TOKEN, ours=OURS, hook=hook))
    told = ("start", "--service", "twilio", "--port", str(port), "--seed", str(seed))
    process = await asyncio.create_subprocess_exec(
        programs / "node", programs / "emulate", *told, stdout=asyncio.subprocess.PIPE, cwd=folder
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(30):
            await process.stdout.readuntil(b"Ready.")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def test_an_sms_is_answered_and_what_became_of_it_is_heard(tmp_path: Path) -> None:
    port = free_port()
    public = f"http://127.0.0.1:{port}"
    heard: list[str] = []

    async def receive(message: IncomingMessage, via: Channel) -> Receipt:
        heard.append(message.text)
        await via.send(message.sender, fit(Reply("Call 911 in an emergency.", urgent=True), via.limits))
        return Receipt.ANSWERED

    async def lose(who: Address, why: Unreachable) -> None:
        raise AssertionError

    basic = {"Authorization": encode_basic_auth(SID, TOKEN)}
    async with emulator(tmp_path, f"{public}{PATH}") as api, ClientSession(headers=basic) as twilio:

        def channel(token: str) -> Sms:
            account = Account(SID, (token,), OURS)
            return Sms(account, receive, clock=lambda: NOW, public_url=public, page=lambda _: None, lost=lose, api=api,
                       pace=QUICK)  # fmt: skip

        async def simulate(what: str, **told: str) -> None:
            async with twilio.post(f"{api}/_twilio/simulate/{what}", json=told) as response:
                assert response.status < 300

        async with channel(TOKEN) as ours:
            app = web.Application()
            app.add_routes(ours.routes())
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            try:
                await web.TCPSite(runner, "127.0.0.1", port).start()
                await simulate("inbound-message", To=OURS, From=ADA, Body="¿Dónde pido un reporte? 🚓")
                sid = await ours.send(TO, (Part("Road closed."),))
                await simulate("message-status", MessageSid=sid, Status="delivered")
                with capture_logs() as logs:
                    await simulate("message-status", MessageSid=sid, Status="undelivered")
                faults = await ours.faults()
            finally:
                await runner.cleanup()
        messages = f"{api}/2010-04-01/Accounts/{SID}/Messages.json"
        async with twilio.get(messages) as response:
            sent = [(each["direction"], each["body"]) for each in (await response.json())["messages"]]
        async with channel("x" * 32) as strange:
            with pytest.raises(LaneClosed):
                await strange.send(TO, (Part("Hi."),))
    assert heard == ["¿Dónde pido un reporte? 🚓"]
    assert {("outbound-api", "Call 911 in an emergency."), ("outbound-api", "Road closed.")} <= set(sent)
    assert [(line["event"], line["reason"]) for line in logs] == [("sms undelivered", "no reason told")]
    assert [fault.partition(",")[0] for fault in faults] == ["the webhook lacks its ending"]
