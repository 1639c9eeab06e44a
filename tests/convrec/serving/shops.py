"""A shop's page of another origin with rasa-webchat of npm on it, and what people do there."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.convrec.serving.browsers import WIDGET, from_npm

SHOP = """<!doctype html><html lang="en"><meta charset="utf-8"><link rel="icon" href="data:,"><title>A shop</title>
<style>.rw-carousel-card-image {display: none !important}</style>
<div id="webchat"></div><script src="widget.js"></script><script>
WebChat.default({initPayload: "hello", socketUrl: %s, title: "Films", params: {storage: "local"},
                 customMessageDelay: () => 0, customData: {eligible: []}}, null)
</script></html>"""
"""What its visitors' browsers send as custom data is none of our business: who may be shown what is up to the shop."""


class Shop:
    """A web server on this machine."""

    def __init__(self, folder: Path, address: str) -> None:
        self._folder, self.origin = folder, address

    def open(self, port: int) -> None:
        """Have the widget talk with a server on this port."""
        (self._folder / "index.html").write_text(SHOP % json.dumps(f"http://127.0.0.1:{port}"))


@contextmanager
def shop(folder: Path) -> Iterator[Shop]:
    """A shop whose page lies in a folder, not open yet."""
    (folder / "widget.js").write_bytes(from_npm(*WIDGET).read_bytes())
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Shop(folder, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()


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
