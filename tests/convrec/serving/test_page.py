"""The page as people use it: whole talks by clicks, words and keys alone, when the line is bad, and for everybody."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from tests.convrec.serving.browsers import CHROMIUM, FLAGS, PHONE, WIDE, axe
from tests.convrec.serving.page_talks import (
    PATIENCE_MS,
    address,
    answer_until_cards_come,
    answers,
    likely,
    open_page,
    press,
    replies,
    type_in,
)
from tests.convrec.serving.servers import Server

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is missing: apt-get install chromium"),
]

REST = "**/webhooks/rest/webhook"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    found = Server(tmp_path_factory.mktemp("cache"))
    yield found
    assert found.end() == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield found
        found.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": WIDE[0], "height": WIDE[1]}, reduced_motion="reduce")
    found.set_default_timeout(PATIENCE_MS)
    expect.set_options(timeout=PATIENCE_MS)
    yield found
    found.close()


@pytest.fixture
def page(context: BrowserContext, server: Server) -> Iterator[Page]:
    """The page when the agent has said hello; nothing may be amiss on it in the end."""
    found = context.new_page()
    amiss: list[str] = []
    found.on("pageerror", lambda error: amiss.append(str(error)))
    found.on("console", lambda told: amiss.append(told.text) if "Content Security Policy" in told.text else None)
    found.on("request", lambda asked: amiss.append(asked.url) if address(server) not in asked.url else None)
    open_page(found, server)
    yield found
    assert not amiss


def test_a_whole_talk_by_clicks_and_words(page: Page) -> None:
    at_first = likely(page)
    type_in(page, "hello there")
    type_in(page, "I do not care")
    asked = page.locator(".answers").last
    expect(asked.get_by_role("button", name="None of these")).to_be_enabled()

    press(page, page.get_by_role("button", name="Why?", exact=True))
    expect(page.locator(".person").last).to_contain_text("Why?")
    expect(replies(page).filter(has_text=re.compile("still fit|bring me|would|likely")).last).to_be_visible()

    question = page.locator(".answers").last
    chosen = question.get_by_role("button").first
    title = chosen.inner_text()
    press(page, chosen)
    expect(page.locator(".person").last).to_contain_text(title)
    answered = page.locator(".answers:has(.pressed)")
    expect(answered.get_by_role("button", disabled=True)).to_have_count(answered.get_by_role("button").count())
    expect(page.locator("blockquote")).not_to_be_empty()
    assert likely(page) != at_first, "it has narrowed"
    narrowed = likely(page)

    press(page, page.get_by_role("button", name="Undo"))
    expect(page.locator(".big")).not_to_have_text(narrowed)

    answer_until_cards_come(page)
    card = page.locator(".card").filter(has=page.locator("button:enabled")).first
    name = card.locator("h3 span").first.inner_text()
    press(page, card.get_by_role("button", name="Why this?"))
    expect(page.locator(".person").last).to_contain_text(f"Why {name}?")
    cards = page.locator(".card").filter(has=page.locator("button:enabled"))
    expect(cards.locator("h3").first).to_contain_text(name)
    expect(page.locator(".card h3").get_by_text(name, exact=True)).to_have_count(1)

    page.reload()
    expect(page.locator(".person").last).to_contain_text(f"Why {name}?")
    expect(page.locator(".person").first).to_contain_text("hello there")
    again = page.locator(".card").filter(has=page.locator("button:enabled")).first
    expect(again.locator("h3")).to_contain_text(name)

    press(page, again.get_by_role("button", name="This one"))
    expect(replies(page).last).to_contain_text(name)
    page.get_by_role("button", name="4 stars").click()
    expect(page.get_by_text("Thank you: 4 of 5 stars.")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Thank you: 4 of 5 stars.")).to_be_visible()

    page.get_by_role("button", name="Start a new talk").click()
    expect(replies(page)).to_have_count(1)
    expect(page.locator(".person")).to_have_count(0)
    expect(page.locator(".big")).to_have_text(at_first)


def test_a_whole_talk_by_keys_alone(page: Page) -> None:
    def tab_to(pattern: str, key: str = "Tab") -> None:
        for _ in range(60):
            named = page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent")
            if re.search(pattern, named):
                return
            page.keyboard.press(key)
        pytest.fail(f"no way by keys to {pattern}")

    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to your message")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Your message")).to_be_focused()
    page.keyboard.type("hello there")
    page.keyboard.press("Enter")
    expect(replies(page)).to_have_count(2)
    page.keyboard.type("I do not care")
    page.keyboard.press("Enter")
    expect(answers(page).first).to_be_visible()
    tab_to("^None of these$", "Shift+Tab")
    for _ in range(15):
        count = replies(page).count()
        page.keyboard.press("Enter")
        expect(replies(page)).not_to_have_count(count)
        expect(page.locator("button:focus")).to_be_enabled()
        if page.locator(".card button:enabled").count():
            break
        tab_to("^None of these$")
    expect(page.locator(".card button:focus")).to_have_attribute("aria-label", re.compile("^This one: "))
    page.keyboard.press("Enter")
    expect(page.locator(".star").first).to_be_visible()
    tab_to("^5 stars$")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Thank you: 5 of 5 stars.")).to_be_visible()


def test_a_message_whose_answer_was_lost_is_sent_again_and_counts_once(page: Page) -> None:
    sent: list[dict[str, Any]] = []

    def lose(route: Route) -> None:
        sent.append(json.loads(route.request.post_data or ""))
        if len(sent) == 1:
            route.fetch()  # the server has answered, and nobody hears it
            route.abort()
        else:
            route.continue_()

    page.route(REST, lose)
    type_in(page, "hello there")
    expect(replies(page)).to_have_count(2)
    assert [each["message"] for each in sent] == ["hello there"] * 2
    assert sent[0]["message_id"] == sent[1]["message_id"]
    page.unroute(REST)
    page.reload()
    expect(replies(page)).to_have_count(2)
    expect(page.locator(".person")).to_have_count(1)


@pytest.mark.parametrize(("status", "says"), [(429, "That was quick"), (503, "There are many of us")])
def test_who_has_to_wait_is_told_so_and_need_do_nothing(page: Page, status: int, says: str) -> None:
    page.clock.install()
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        if len(refused) == 1:
            route.fulfill(status=status, json={"error": "later"})
        else:
            route.continue_()

    page.route(REST, refuse)
    page.get_by_label("Your message").fill("hello there")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text(says)
    page.clock.fast_forward(11_000)
    expect(replies(page)).to_have_count(2)
    expect(page.get_by_role("status")).to_be_empty()


def test_without_a_line_it_says_so_and_goes_on_when_the_line_is_back(page: Page, context: BrowserContext) -> None:
    context.set_offline(True)
    page.get_by_label("Your message").fill("hello there")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("cannot reach the server")
    context.set_offline(False)
    expect(replies(page)).to_have_count(2)


def test_who_was_forgotten_begins_anew(page: Page) -> None:
    type_in(page, "hello there")
    page.evaluate("""localStorage.setItem("convrec.sender", '"nobody.knows"')""")
    page.get_by_label("Your message").fill("anybody there?")
    page.keyboard.press("Enter")
    expect(page.get_by_text("I have lost the thread of our talk")).to_be_visible()
    expect(replies(page)).to_have_count(1)
    type_in(page, "hello there")
    expect(replies(page)).to_have_count(2)
    page.evaluate("""localStorage.setItem("convrec.sender", '"nobody.knows"')""")
    page.reload()
    expect(page.get_by_text("I have lost the thread of our talk")).to_be_visible()
    expect(replies(page)).to_have_count(1)


def test_a_talk_goes_on_where_it_was_left_while_a_message_was_on_its_way(page: Page) -> None:
    type_in(page, "hello there")
    page.route(REST, lambda route: route.abort())
    page.get_by_label("Your message").fill("I do not care")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("cannot reach the server")
    page.unroute(REST)
    page.reload()
    expect(answers(page).first).to_be_visible()
    expect(page.locator(".person")).to_have_count(2)


def test_a_window_catches_up_with_what_was_said_in_another(page: Page, context: BrowserContext, server: Server) -> None:
    other = context.new_page()
    open_page(other, server)
    type_in(other, "hello there")
    expect(page.locator(".person")).to_have_count(0)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator(".person")).to_have_count(1)
    expect(replies(page)).to_have_count(2)


def test_the_stars_of_a_talk_are_gone_when_another_has_begun(page: Page) -> None:
    type_in(page, "hello there")
    type_in(page, "I do not care")
    answer_until_cards_come(page)
    press(page, page.locator(".card .act.first:enabled").first)
    expect(page.get_by_role("button", name="3 stars")).to_be_enabled()
    type_in(page, "hello there")
    expect(page.get_by_text("A new talk", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="3 stars")).to_be_disabled()
    page.reload()
    expect(page.locator(".person")).to_have_count(1)


def test_a_server_that_fails_can_be_asked_again(page: Page) -> None:
    page.route(REST, lambda route: route.fulfill(status=500, json={"error": "it is in the log"}))
    page.get_by_label("Your message").fill("hello there")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Something went wrong")
    page.unroute(REST)
    page.get_by_role("button", name="Try again").click()
    expect(replies(page)).to_have_count(2)
    expect(page.locator(".person")).to_have_count(1)


def test_who_thinks_is_not_pressed_and_who_writes_is_not_interrupted(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    waiting = Server(tmp_path_factory.mktemp("waiting"), "--policy", "always-wait-bayes")
    try:
        page = context.new_page()
        page.clock.install()
        silences: list[str] = []
        page.on("request", lambda each: silences.append(each.url) if "/silence" in (each.post_data or "") else None)
        open_page(page, waiting)
        type_in(page, "I do not care")
        page.wait_for_timeout(500)
        expect(page.get_by_role("status")).to_have_text("Take your time.")  # still, when the panel has been drawn
        page.clock.run_for(8_000)
        page.get_by_label("Your message").press_sequentially("a")
        page.clock.run_for(30_000)
        assert not silences, "somebody writes"
        page.get_by_label("Your message").fill("")
        page.clock.run_for(11_000)
        assert not silences, "the time begins when the last key was pressed"
        with page.expect_request(lambda each: "/silence" in (each.post_data or "")):
            page.clock.run_for(2_000)
        for _ in range(4):
            page.wait_for_timeout(300)
            page.clock.run_for(13_000)
        expect(answers(page).first).to_be_visible()
        expect(page.locator(".person")).to_have_count(1)
        page.reload()
        expect(answers(page).first).to_be_visible()
        silences.clear()
        page.clock.run_for(30_000)
        page.wait_for_timeout(300)
        assert not silences, "a wait that is over is not gone on with"
    finally:
        assert waiting.end() == 0


def test_what_is_written_while_the_talk_is_drawn_again_is_said_after_it(page: Page) -> None:
    type_in(page, "hello there")
    page.route("**/session/talk", lambda route: (page.wait_for_timeout(700), route.continue_()))
    page.reload()
    page.get_by_label("Your message").fill("I do not care")
    page.keyboard.press("Enter")
    expect(page.locator(".person")).to_have_count(2)
    expect(page.locator(".person").nth(0)).to_contain_text("hello there")
    expect(page.locator(".person").nth(1)).to_contain_text("I do not care")
    expect(page.locator(".answers button:enabled").first).to_be_visible()


def test_without_the_token_that_is_wanted_it_says_so(
    context: BrowserContext, tmp_path_factory: pytest.TempPathFactory
) -> None:
    closed = Server(tmp_path_factory.mktemp("closed"), "--chat-auth", "token")
    try:
        page = context.new_page()
        page.goto(address(closed))
        expect(page.get_by_role("status")).to_contain_text("only to who knows its token")
        expect(replies(page)).to_have_count(0)
    finally:
        assert closed.end() == 0


def test_on_a_phone_the_panel_is_a_drawer(browser: Browser, server: Server) -> None:
    context = browser.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, has_touch=True, is_mobile=True)
    page = context.new_page()
    open_page(page, server)
    panel, opener = page.locator("#thinking"), page.get_by_role("button", name="What I think")
    expect(panel).to_be_hidden()
    expect(opener).to_have_attribute("aria-expanded", "false")
    opener.click()
    expect(panel).to_be_visible()
    expect(page.get_by_role("heading", name="What I think")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(opener).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], "nothing sticks out"
    context.close()


def test_dark_colours_are_kept(page: Page) -> None:
    def paper() -> str:
        return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))

    light, toggle = paper(), page.get_by_role("button", name="Dark colours")
    toggle.click()
    expect(toggle).to_have_attribute("aria-pressed", "true")
    dark = paper()
    assert dark != light
    page.reload()
    assert paper() == dark
    expect(toggle).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("size", [WIDE, PHONE], ids=["wide", "phone"])
@pytest.mark.parametrize("colours", ["light", "dark"])
def test_nobody_is_kept_out(browser: Browser, server: Server, size: tuple[int, int], colours: Any) -> None:
    """What axe finds at a question, at a list, with the panel open, and at the end."""
    script = axe()
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=colours, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    open_page(page, server)
    page.evaluate(script)

    def check(where: str) -> None:
        found = page.evaluate("axe.run()")
        grave = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
        told = [(each["id"], [node["html"] for node in each["nodes"]]) for each in grave]
        assert not told, where
        assert len(found["passes"]) > 10, "it has looked"

    check("hello")
    type_in(page, "hello there")
    type_in(page, "I do not care")
    check("a question")
    answer_until_cards_come(page)
    check("a list")
    if size == PHONE:
        page.get_by_role("button", name="What I think").click()
        expect(page.locator("#thinking")).to_be_visible()
        check("the panel")
        page.keyboard.press("Escape")
    press(page, page.locator(".card .act.first:enabled").first)
    page.get_by_role("button", name="3 stars").click()
    expect(page.get_by_text("Thank you: 3 of 5 stars.")).to_be_visible()
    check("the end")
    context.close()
