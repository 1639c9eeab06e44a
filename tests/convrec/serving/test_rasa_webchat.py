"""rasa-webchat of npm, in a shop's page of another origin, as people use it: a whole talk over socket.io."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from tests.convrec.serving.browsers import CHROMIUM, FLAGS, PHONE
from tests.convrec.serving.page_talks import PATIENCE_MS
from tests.convrec.serving.servers import Server
from tests.convrec.serving.shops import press, replies, said, say_no_until_cards_come, shop, title_of, type_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
]


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """The widget in a shop, just opened."""
    with shop(tmp_path_factory.mktemp("shop")) as found_shop, sync_playwright() as playwright:
        server = Server(tmp_path_factory.mktemp("cache"), "--origin", found_shop.origin)
        found_shop.open(server.port)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]})
        context.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        found = context.new_page()
        amiss: list[str] = []
        found.on("pageerror", lambda error: amiss.append(str(error)))
        found.goto(found_shop.origin)
        found.locator(".rw-launcher").click()
        yield found
        assert not amiss
        browser.close()
        assert server.end() == 0


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
