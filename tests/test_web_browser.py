"""The chat as people use it, in a real browser: asking, choosing, losing the line, on our page and on another's."""

import re
from contextlib import AsyncExitStack

import pytest
from aiohttp import web

from bot.public.links import pieces
from tests.test_pages import LINKS
from tests.web_builders import served, site
from tests.web_house import LABEL, Browser, House, ask, expect, violations
from tests.web_house import a_browser as a_browser  # fixtures
from tests.web_house import a_house as a_house

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

COLOUR = "node => getComputedStyle(node).color"


async def test_a_question_is_answered_and_the_field_is_ready_for_the_next(house: House) -> None:
    page = await house.greeted()
    await ask(page, "where do i park?")
    await expect(page.get_by_role("log")).to_contain_text("Said: where do i park?")
    await expect(page.get_by_label(LABEL)).to_be_focused()
    await expect(page.get_by_label(LABEL)).to_have_value("")


async def test_a_choice_is_a_button_that_answers_by_its_value(house: House) -> None:
    page = await house.greeted()
    await page.get_by_role("button", name="Police report copy").click()
    await expect(page.get_by_role("log")).to_contain_text("The answer about police-report-copy.")
    assert house.desk.received[-1].text == "=police-report-copy"


async def test_a_topic_of_the_page_is_asked_in_the_chat(house: House) -> None:
    page = await house.greeted()
    await page.get_by_text("What you can ask").click()
    await page.get_by_role("link", name="Lost", exact=True).click()
    await expect(page.get_by_role("log")).to_contain_text("The answer about lost.")


async def test_in_an_emergency_911_can_be_dialled_from_the_message_itself(house: House) -> None:
    page = await house.greeted()
    await ask(page, "there is a shooting")
    urgent = page.locator(".urgent")
    dial = urgent.get_by_role("link", name="Call 911")
    await expect(dial).to_be_in_viewport()
    await expect(dial).to_have_attribute("href", "tel:911")
    await expect(urgent.get_by_role("link", name="988")).to_have_attribute("href", "tel:988")
    await expect(page.get_by_role("alert")).to_have_text("Call 911")
    box = await dial.bounding_box()
    assert box is not None
    assert box["height"] >= 60
    assert box["width"] >= 240


async def test_without_a_line_it_says_so_keeps_what_is_typed_and_is_answered_when_the_line_is_back(
    browser: Browser,
) -> None:
    async with AsyncExitStack() as rooms:
        house = House(browser, rooms)
        async with served(site(house.desk)) as house.port:
            page = await house.greeted()
            await ask(page, "before")
            await expect(page.get_by_role("log")).to_contain_text("Said: before")
        await expect(page.get_by_role("status")).to_contain_text("You are offline.")
        await ask(page, "meanwhile")
        await expect(page.get_by_role("log")).to_contain_text("Waiting to be sent")
        await page.get_by_label(LABEL).fill("half a sent")
        async with served(site(house.desk), house.port):
            await expect(page.get_by_role("log")).to_contain_text("Said: meanwhile", timeout=20_000)
            await expect(page.get_by_role("log")).not_to_contain_text("Waiting to be sent")
            await expect(page.get_by_label(LABEL)).to_have_value("half a sent")
            assert await page.locator(".said:not(.mine)").count() == 3  # greeting and two answers, none twice
            assert [message.text for message in house.desk.received] == ["/start", "before", "meanwhile"]
        # The browser itself notes that nobody was there; nothing else went wrong.
        assert [error for error in house.errors if "ERR_CONNECTION_REFUSED" not in error] == []


async def test_a_reload_keeps_the_conversation_and_what_was_typed(house: House) -> None:
    page = await house.greeted()
    await ask(page, "one")
    await expect(page.get_by_role("log")).to_contain_text("Said: one")
    await page.get_by_label(LABEL).fill("half a sent")
    await page.reload()
    await ask(page, "two")
    await expect(page.get_by_role("log")).to_contain_text("Said: two")
    assert await page.locator(".said").count() == 5
    assert len({message.sender for message in house.desk.received}) == 1


async def test_starting_over_forgets_the_conversation(house: House) -> None:
    page = await house.greeted()
    await ask(page, "something private")
    await expect(page.get_by_role("log")).to_contain_text("Said: something private")
    await page.get_by_role("button", name="Start over").click()
    await expect(page.locator(".said")).to_have_count(1)
    assert "private" not in await page.evaluate("JSON.stringify({...sessionStorage})")
    assert len({message.sender for message in house.desk.received}) == 2


async def test_a_message_the_server_could_not_answer_is_asked_again(house: House) -> None:
    page = await house.greeted()
    house.desk.fails = 1
    await ask(page, "please")
    await expect(page.get_by_role("log")).to_contain_text("Said: please")
    assert [message.text for message in house.desk.received] == ["/start", "please", "please"]


async def test_a_message_that_stays_unanswered_is_given_up_and_it_says_so(house: House, browser: Browser) -> None:
    context = await browser.new_context()
    page = await context.new_page()
    await page.clock.install()
    await page.goto(house.url)
    await expect(page.get_by_role("log")).to_contain_text("automated")
    house.desk.fails = 9
    await ask(page, "please")
    for _ in range(60):  # seconds of the browser's clock
        await page.clock.run_for(1000)
        if "Something went wrong" in await page.get_by_role("status").inner_text():
            break
    assert "Something went wrong" in await page.get_by_role("status").inner_text()
    await context.close()
    assert [message.text for message in house.desk.received].count("please") == 3


async def test_a_very_long_message_keeps_its_beginning_and_its_end_and_says_so(house: House) -> None:
    page = await house.greeted()
    await ask(page, "á" * 150_000 + " there is a shooting")
    await expect(page.locator(".urgent")).to_be_visible()
    await expect(page.get_by_role("status")).to_contain_text("I read the beginning and the end")
    assert 90_000 < len(house.desk.received[-1].text) <= 100_000
    await ask(page, "\u4e00" * 100_000)  # three bytes each
    await expect(page.get_by_role("log")).to_contain_text(re.compile("Said: [0-9]{5} "))


async def test_another_language_changes_page_chat_and_bot_at_once(house: House) -> None:
    page = await house.greeted()
    await page.get_by_role("link", name="Español").click()
    await expect(page.get_by_role("log")).to_contain_text("Le responderé en español.")
    await expect(page.get_by_role("button", name="Enviar")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Pregunte al Departamento de Policía de Danbury")
    await expect(page.get_by_role("link", name="Llamar al 911")).to_be_visible()
    await expect(page.get_by_role("link", name="Español")).to_be_focused()
    assert await page.evaluate("document.documentElement.lang + location.search") == "es?lang=es"
    assert [message.text for message in house.desk.received] == ["/start", "/language es"]
    await expect(page.locator(".mine")).to_have_count(0)
    await page.reload()
    await ask(page, "otra", "Su mensaje")
    await expect(page.get_by_role("log")).to_contain_text("Said: otra")
    assert [message.text for message in house.desk.received] == ["/start", "/language es", "otra"]


async def test_what_stands_around_a_reply_is_in_the_language_of_the_reply(house: House) -> None:
    page = await house.greeted()
    await ask(page, "reporte")
    answer = page.locator(".said:not(.mine)").last
    await expect(answer).to_contain_text("¿Le ayudó?")
    await expect(answer).to_have_attribute("lang", "es")
    await expect(answer.get_by_role("button", name="Me ayudó", exact=True)).to_be_visible()
    await ask(page, "tiroteo")
    await expect(page.locator(".urgent").get_by_role("link", name="Llamar al 911")).to_be_in_viewport()
    await expect(page.get_by_role("alert")).to_have_text("Llamar al 911")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await page.get_by_role("link", name="Português").click()
    await expect(page.locator(".urgent").get_by_role("link", name="Llamar al 911")).to_be_visible()
    await page.reload()
    await expect(page.locator(".urgent")).to_have_attribute("lang", "es")


async def test_a_page_in_portuguese_greets_in_portuguese(house: House) -> None:
    page = await house.greeted("?lang=pt")
    await expect(page.get_by_role("log")).to_contain_text("Sou o assistente automático")
    assert [message.language for message in house.desk.received] == ["pt"]


async def test_markup_stays_text_and_links_are_those_the_pages_find(house: House) -> None:
    page = await house.greeted()
    await ask(page, "<img src=x onerror=alert(1)><script>alert(1)</script>")
    await expect(page.get_by_role("log")).to_contain_text("Said: <img src=x onerror=alert(1)><script>alert(1)</script>")
    assert await page.locator("department-chat img, department-chat script").count() == 0
    for text, _ in LINKS:
        await ask(page, text)
        last = page.locator(".said").last
        await expect(last).to_contain_text(f"Said: {text}")
        found = await last.locator("a").evaluate_all("all => all.map(a => [a.textContent, a.getAttribute('href')])")
        expected = [[piece.text, piece.href] for piece in pieces(f"Said: {text}") if piece.href]
        assert found == expected
    links = page.locator("department-chat a[href^='https']")
    assert await links.evaluate_all("all => all.every(a => a.rel.includes('noopener'))")


async def test_on_another_site_it_is_a_button_that_opens_and_closes_the_chat(browser: Browser) -> None:
    async with AsyncExitStack() as rooms:
        house = House(browser, rooms)
        script = ""

        async def foreign(_: web.Request) -> web.Response:
            return web.Response(
                content_type="text/html",
                text=f"""<!doctype html><html lang="es"><title>City</title>
                <link rel="icon" href="data:,"><style>* {{ color: red !important; font-size: 9px }}
                button, div, a {{ display: none !important }}</style>
                <main><h1>City</h1><script src="{script}" defer></script></main></html>""",
            )

        city = web.Application()
        city.router.add_get("/", foreign)
        other = await rooms.enter_async_context(served(city))
        house.port = await rooms.enter_async_context(served(site(house.desk, (f"http://localhost:{other}",))))
        script = f"{house.url}chat.js"
        page = await house.open(f"http://localhost:{other}/", width=1280, height=800)
        opener = page.get_by_role("button", name="Preguntar al asistente de la policía")
        await expect(opener).to_be_visible()
        assert house.desk.received == []  # nobody is spoken to before they open it
        await opener.press("Enter")
        await expect(page.get_by_role("log")).to_contain_text("asistente automático")
        await expect(page.get_by_label("Su mensaje")).to_be_focused()
        await expect(page.get_by_role("link", name="Llamar al 911")).to_have_attribute("href", "tel:911")
        await ask(page, "hola", "Su mensaje")
        await expect(page.get_by_role("log")).to_contain_text("Said: hola")
        await page.get_by_role("button", name="English").click()
        await expect(page.get_by_role("log")).to_contain_text("I will answer in English.")
        assert await page.get_by_role("button", name="Send").evaluate(COLOUR) != "rgb(255, 0, 0)"
        assert await violations(page, "department-chat") == []
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await expect(page.get_by_role("button", name="Ask the police assistant")).to_be_focused()
        await page.set_viewport_size({"width": 360, "height": 740})
        await page.keyboard.press("Enter")
        box = await page.get_by_role("dialog").bounding_box()
        assert box == {"x": 0, "y": 0, "width": 360, "height": 740}
        assert await violations(page, "department-chat") == []
        assert house.errors == []
        assert house.hosts <= {f"127.0.0.1:{house.port}", f"localhost:{other}", ""}


async def test_a_site_that_is_not_listed_gets_no_conversation(browser: Browser) -> None:
    async with AsyncExitStack() as rooms:
        house = House(browser, rooms)
        house.port = await rooms.enter_async_context(served(site(house.desk)))
        city = web.Application()
        other = await rooms.enter_async_context(served(city))
        page = await house.open(f"http://localhost:{other}/")
        closed = "url => new Promise(done => { new WebSocket(url).onclose = event => done(event.code); })"
        assert await page.evaluate(closed, f"ws://127.0.0.1:{house.port}/chat") == 1006
        assert house.desk.received == []


async def test_an_answer_that_an_emergency_overtook_leaves_911_in_sight(house: House) -> None:
    page = await house.greeted()
    await ask(page, "slow")
    await ask(page, "there is a shooting")
    dial = page.locator(".urgent").get_by_role("link", name="Call 911")
    await expect(dial).to_be_in_viewport()
    house.desk.go.set()
    await expect(page.get_by_role("log")).to_contain_text("Said: slow")
    await expect(dial).to_be_in_viewport()
