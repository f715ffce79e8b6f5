from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.factories import make_commune
from marketplace.tests.browser import people

pytestmark = pytest.mark.browser


@pytest.fixture
def towns(transactional_db):
    make_commune("42218", "Saint-Étienne", postcodes=["42000", "42100"], population=173_136)
    make_commune("42275", "Saint-Priest-en-Jarez", postcodes=["42270"], population=6_000)
    make_commune("69383", "Lyon 3e Arrondissement", postcodes=["69003"], population=100_679)


@pytest.fixture
def page(newcomer, towns):
    page = newcomer()
    page.goto("/")
    return page


def place_on(page):
    return page.get_by_role("combobox", name="Lieu")


def options_on(page, **which):
    return page.locator(".combobox").get_by_role("option", **which)


def texts_on(page):
    return [text.replace("\n", " ") for text in options_on(page).all_inner_texts()]


def active_on(page):
    """The text of the option that the field says is active."""
    option = place_on(page).get_attribute("aria-activedescendant")
    return page.locator(f"#{option}").inner_text().replace("\n", " ") if option else None


def type_and_wait(page, text):
    """Fill at once: htmx reports as an error each request that a newer one replaces."""
    with page.expect_response(lambda answer: parse_qs(urlsplit(answer.url).query).get("place") == [text]):
        place_on(page).fill(text)
    expect(page.locator(".htmx-request")).to_have_count(0)
    expect(place_on(page)).to_have_attribute("aria-expanded", "true")


def test_the_keyboard_alone_chooses_a_place_and_searches(page, clock):
    place = place_on(page)
    expect(place).to_have_attribute("aria-expanded", "false")
    expect(place).to_have_attribute("aria-autocomplete", "list")
    place.focus()
    type_and_wait(page, "saint")
    listbox = page.get_by_role("listbox", name="Communes suggérées")
    assert place.get_attribute("aria-controls") == listbox.get_attribute("id")
    assert texts_on(page) == ["Saint-Étienne 42000", "Saint-Priest-en-Jarez 42270"]
    expect(page.locator(".combobox [aria-live=polite]")).to_have_text("2 suggestions")
    assert active_on(page) is None

    moves = [("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 0), ("ArrowUp", 1), ("ArrowUp", 0)]
    for key, index in moves:
        page.keyboard.press(key)
        assert active_on(page) == texts_on(page)[index]
        expect(options_on(page, selected=True)).to_have_count(1)
        expect(place).to_have_value("saint")
    page.keyboard.press("Enter")
    expect(place).to_have_value("Saint-Étienne (42000)")
    expect(place).to_have_attribute("aria-expanded", "false")
    assert active_on(page) is None
    assert page.url.endswith("/")

    day = timezone.localdate(clock.now()) + timedelta(days=10)
    page.get_by_label("Date").fill(day.isoformat())
    place.press("Enter")
    page.wait_for_url("**place=Saint*")
    people.read(page, "Saint-Étienne")


def test_escape_closes_then_clears_and_tab_takes_nothing(page):
    place = place_on(page)
    type_and_wait(page, "42")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(place).to_have_attribute("aria-expanded", "false")
    expect(place).to_have_value("42")
    page.keyboard.press("Escape")
    expect(place).to_have_value("")

    type_and_wait(page, "421")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(place).to_have_value("421")
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_an_arrow_opens_the_list_of_what_is_there_already(page):
    type_and_wait(page, "saint")
    page.keyboard.press("Escape")
    page.keyboard.press("ArrowUp")
    expect(options_on(page, selected=True)).to_have_text("Saint-Priest-en-Jarez 42270")
    page.keyboard.press("Home")
    assert active_on(page) is None
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.type("x")
    expect(place_on(page)).to_have_value("xsaint")
    expect(page.get_by_role("listbox")).to_have_count(0)
    expect(page.locator(".combobox [aria-live=polite]")).to_have_text("Aucune suggestion")


def test_arrows_with_a_modifier_are_not_plain_ones(page):
    place = place_on(page)
    type_and_wait(page, "saint")
    for modifier in ("Control", "Shift", "Meta"):
        page.keyboard.press(f"{modifier}+ArrowDown")
        assert active_on(page) is None
    page.keyboard.press("Alt+ArrowUp")
    expect(place).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Alt+ArrowDown")
    expect(place).to_have_attribute("aria-expanded", "true")
    assert active_on(page) is None


def test_the_mouse_chooses_and_leaves_the_focus_in_the_field(page):
    type_and_wait(page, "lyon 3eme")
    options_on(page, name="Lyon 3e Arrondissement").click()
    expect(place_on(page)).to_have_value("Lyon 3e Arrondissement (69003)")
    expect(place_on(page)).to_be_focused()
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_a_late_answer_opens_nothing_once_the_field_is_left(page):
    page.evaluate("document.addEventListener('htmx:beforeSend', () => document.activeElement.blur())")
    place_on(page).fill("saint")
    expect(options_on(page, include_hidden=True)).to_have_count(2)
    expect(page.get_by_role("listbox")).to_have_count(0)


def test_without_javascript_it_is_a_plain_field(newcomer, towns):
    page = newcomer(java_script_enabled=False)
    page.goto("/")
    expect(page.get_by_role("textbox", name="Lieu")).to_be_visible()
    assert page.locator("[role=combobox], [role=listbox]").count() == 0


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_options_are_large_enough_and_stay_on_the_screen(newcomer, towns, width):
    page = newcomer()
    page.set_viewport_size({"width": width, "height": 900})
    page.goto("/")
    type_and_wait(page, "saint")
    for option in options_on(page).all():
        box = option.bounding_box()
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    assert page.evaluate("document.documentElement.scrollWidth") == width
