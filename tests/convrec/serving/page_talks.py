"""The page in a browser: what people do on it, one step after the other."""

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.convrec.serving.servers import Server

PATIENCE_MS = 30_000
"""The machine may be busy."""


def address(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


def open_page(page: Page, server: Server) -> None:
    page.goto(address(server))
    expect(replies(page)).to_have_count(1)
    expect(page.locator("#thinking")).to_have_attribute("aria-busy", "false")


def replies(page: Page) -> Locator:
    return page.locator(".agent:not([aria-hidden]) .bubble")


def answers(page: Page) -> Locator:
    return page.locator(".answers button:enabled")


def type_in(page: Page, words: str) -> None:
    """Say something, and wait for the answer."""
    page.get_by_label("Your message").fill(words)
    page.keyboard.press("Enter")
    expect(page.locator("#thinking")).to_have_attribute("aria-busy", "false")


def press(page: Page, button: Locator) -> None:
    """Press something that is said, and wait for the answer."""
    button.click()
    expect(page.locator("#thinking")).to_have_attribute("aria-busy", "false")


def answer_until_cards_come(page: Page) -> None:
    for _ in range(15):
        if page.locator(".card button:enabled").count():
            return
        press(page, page.locator(".answers").last.get_by_role("button", name="None of these"))
    pytest.fail("no list in fifteen turns")


def likely(page: Page) -> str:
    return page.locator(".big").inner_text()
