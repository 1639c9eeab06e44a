"""rasa-webchat of npm, in a shop's page of another origin, as people use it: a whole talk over socket.io."""

import functools
import http.server
import json
import re
import threading
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.convrec.serving.browsers import CHROMIUM, FLAGS, PHONE, WIDGET, from_npm
from tests.convrec.serving.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
]

PATIENCE_MS = 30_000

SHOP = """<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A shop</title>
<div id="webchat"></div><script src="widget.js"></script><script>
WebChat.default({initPayload: "hello", socketUrl: %s, title: "Films", params: {storage: "local"},
                 customMessageDelay: () => 0, customData: {eligible: []}}, null)
</script></html>"""
"""What its visitors' browsers send as custom data is none of our business: who may be shown what is up to the shop."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The widget in a shop, just opened."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "widget.js").write_bytes(from_npm(*WIDGET).read_bytes())
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as shop:
        threading.Thread(target=shop.serve_forever, daemon=True).start()
        origin = f"http://127.0.0.1:{shop.server_port}"
        server = Server(tmp_path_factory.mktemp("cache"), "--origin", origin)
        (folder / "index.html").write_text(SHOP % json.dumps(f"http://127.0.0.1:{server.port}"))
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
            context.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            found = context.new_page()
            amiss: list[str] = []
            found.on("pageerror", lambda error: amiss.append(str(error)))
            found.goto(origin)
            found.locator(".rw-launcher").click()
            yield found
            assert not amiss
            browser.close()
        assert server.end() == 0
        shop.shutdown()


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """Hands out files and keeps quiet about it."""

    def log_message(self, *args: object) -> None:
        """Nothing."""


def said(page: Page) -> Locator:
    """What the agent has said in words."""
    return page.locator(".rw-response .rw-message-text")


def replies(page: Page) -> Locator:
    return page.locator(".rw-replies .rw-reply")


def cards(page: Page) -> Locator:
    return page.locator(".rw-carousel-card")


def type_in(page: Page, words: str) -> None:
    page.locator(".rw-new-message").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator(".rw-client").last).to_contain_text(words)


def press(page: Page, title: str) -> None:
    """Press one of the answers below the last message."""
    pressed = page.locator(".rw-client").count()
    replies(page).get_by_text(title, exact=True).click()
    expect(page.locator(".rw-client")).to_have_count(pressed + 1)
    expect(replies(page).last).to_be_visible()


def say_no_until_cards_come(page: Page) -> Locator:
    """The cards of the list that comes in the end."""
    shown = cards(page).count()
    for _ in range(15):
        if cards(page).count() > shown:
            break
        press(page, "None of these")
    found = page.locator(".rw-carousel-container").last.locator(".rw-carousel-card")
    expect(found.first).to_be_visible()
    return found


def title_of(card: Locator) -> str:
    return card.locator(".rw-carousel-card-title").inner_text()


def test_a_whole_talk_by_clicks_and_words(page: Page) -> None:
    expect(said(page).first).to_be_visible()
    type_in(page, "I do not care")
    expect(replies(page).filter(has_text="None of these")).to_be_visible()

    type_in(page, "why?")
    expect(said(page).filter(has_text="fit what you have said").or_(said(page).filter(has_text="down"))).to_be_visible()
    expect(replies(page).filter(has_text="None of these")).to_be_visible()  # the question stands, with its answers

    press(page, replies(page).first.inner_text())
    shown = say_no_until_cards_come(page)
    title, heard = title_of(shown.first), said(page).count()
    shown.first.get_by_text("Why this?").click()
    expect(said(page)).not_to_have_count(heard)
    expect(said(page).filter(has_text=title).last).to_be_visible()

    type_in(page, "undo")
    expect(replies(page).filter(has_text="None of these")).to_be_visible()

    before = page.locator(".rw-message").count()
    page.reload()
    expect(page.locator(".rw-message")).to_have_count(before)
    shown = say_no_until_cards_come(page)
    title = title_of(shown.first)
    shown.first.get_by_text("This one").click()
    expect(said(page).last).to_contain_text(re.compile(f"njoy.*{re.escape(title)}|{re.escape(title)}.*njoy"))
