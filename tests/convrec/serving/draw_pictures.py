"""Draw the pictures of docs/serving.md anew, from a real talk: ``python -m tests.convrec.serving.draw_pictures``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.convrec.serving.browsers import CHROMIUM, FLAGS, PHONE, WIDE
from tests.convrec.serving.page_talks import PATIENCE_MS, open_page, type_in
from tests.convrec.serving.servers import Server
from tests.convrec.serving.shops import cards, replies, shop
from tests.convrec.serving.shops import type_in as type_in_widget

DOCS = Path(__file__).parents[3] / "docs"
WISH = "a romance with Tom Hanks"


def main(folder: Path) -> None:
    """Talk about all films on the page and in the widget, and take pictures of it."""
    expect.set_options(timeout=PATIENCE_MS)
    with TemporaryDirectory() as place, shop(Path(place)) as found_shop, sync_playwright() as playwright:
        films = "--data", "movies-all", "--policy", "unified", "--affinity", "hybrid"
        kept = "--talks", str(Path(place) / "talks.sqlite")
        server = Server(None, *films, *kept, "--origin", found_shop.origin)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            with _opened(browser, WIDE) as context:
                page = _talk(context, server)
                page.screenshot(path=folder / "page.png")
            with _opened(browser, PHONE, dark=True) as context:
                page = _talk(context, server)
                page.screenshot(path=folder / "page-phone.png")
                page.get_by_role("button", name="What I think").click()
                expect(page.locator("#thinking")).to_be_visible()
                page.screenshot(path=folder / "page-drawer.png")
            with _opened(browser, PHONE) as context:
                found_shop.open(server.port)
                page = context.new_page()
                page.goto(found_shop.origin)
                page.locator(".rw-launcher").click()
                type_in_widget(page, WISH)
                while not cards(page).count():
                    expect(replies(page).last).to_be_visible()
                    if not cards(page).count():
                        replies(page).get_by_text("Don't care").click()
                    page.wait_for_timeout(1000)
                page.wait_for_timeout(1000)
                page.screenshot(path=folder / "rasa-webchat.png")
        finally:
            browser.close()
            server.end()


@contextmanager
def _opened(browser: Browser, size: tuple[int, int], dark: bool = False) -> Iterator[BrowserContext]:
    found = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light",
        reduced_motion="reduce", device_scale_factor=2 if size == PHONE else 1,
    )  # fmt: skip
    found.set_default_timeout(PATIENCE_MS)
    yield found
    found.close()


def _talk(context: BrowserContext, server: Server) -> Page:
    """The page with the first list of films."""
    page = context.new_page()
    open_page(page, server)
    type_in(page, WISH)
    while not page.locator(".card button:enabled").count():
        page.locator(".answers").last.get_by_role("button", name="Don't care").click()
        expect(page.locator("#thinking")).to_have_attribute("aria-busy", "false")
        page.wait_for_timeout(300)
    return page


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS)
