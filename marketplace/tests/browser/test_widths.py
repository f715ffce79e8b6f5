"""No page scrolls sideways, on the smallest telephone or on a laptop, even with long words on it."""

from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import make_client, make_professional
from marketplace import clock
from marketplace.tests.browser import people
from messaging.tests.factories import make_message, make_proposal, make_thread
from missions.tests.factories import make_mission, make_review
from payments.models import Payment

pytestmark = pytest.mark.browser

WIDTHS = (320, 1280)
LONG_NAME = "Compagnie interrégionale de surveillance événementielle"
LONG_WORD = "https://exemple.fr/" + "plan" * 40


class Scene:
    """A client and a professional who have missions together in each state that has a page of its own."""

    def __init__(self):
        self.professional = make_professional(LONG_NAME, presentation=LONG_WORD)
        self.rival = make_professional(LONG_NAME)
        self.client = make_client(LONG_NAME)
        self.talks = self.mission("inquiry")
        make_message(self.talks.thread, body=LONG_WORD)
        make_proposal(self.talks.thread)
        self.to_pay = self.mission("accepted")
        self.ended = self.mission("secured", starts_at=clock.now() - timedelta(hours=10))
        self.confirmed = self.mission("confirmed")
        self.review = make_review(mission=self.mission("confirmed"), text=LONG_WORD)

    def mission(self, status, **fields):
        mission = make_mission(status, client=self.client, professional=self.professional, **fields)
        make_thread(mission=mission)
        if hasattr(mission, "agreement"):
            Payment.objects.create(mission=mission, amount_cents=mission.agreement.price.total_cents)
        return mission

    @property
    def search(self):
        day = f"{clock.now() + timedelta(days=20):%Y-%m-%d}"
        return f"service=guarding&commune=69123&date={day}&start=20:00&minutes=480&agents="

    # What each of them looks at

    def visitor(self):
        profile = self.professional.get_absolute_url()
        yield from map(
            reverse, ["home", "account_login", "account_signup", "account_reset_password", "missions:search"]
        )
        yield from map(reverse, ["how_it_works", "for_professionals", "ranking", "reviews_policy", "terms", "privacy"])
        yield f"{reverse('missions:search')}?{self.search}1"
        yield f"{reverse('missions:search')}?{self.search}99"
        yield f"{reverse('missions:compare')}?{self.search}1&pro={self.professional.slug}&pro={self.rival.slug}"
        yield profile
        yield f"{profile}?{self.search}1"

    def client_pages(self):
        yield from map(reverse, ["messaging:inbox", "messaging:mission_list", "accounts:client_edit", "mfa_index"])
        yield from self.of(self.talks, "messaging:thread", "messaging:proposal_write")
        yield from self.of(self.to_pay, "messaging:thread", "payments:payment", "payments:mission_cancel")
        yield from self.of(self.ended, "messaging:thread", "payments:mission_confirm", "payments:mission_contest")
        yield from self.of(self.confirmed, "messaging:thread", "missions:review_add")
        yield f"{reverse('messaging:inquiry_start', args=[self.professional.slug])}?{self.search}1"

    def professional_pages(self):
        yield from map(reverse, ["accounts:profile_edit", "accounts:rates_edit", "accounts:document_list"])
        yield from map(
            reverse, ["missions:availability_edit", "missions:exception_add", "missions:external_calendar_set"]
        )
        yield from map(reverse, ["messaging:dashboard", "messaging:inbox", "payments:onboarding"])
        yield reverse("accounts:document_add", args=["aut"])
        yield from self.of(self.talks, "messaging:thread", "messaging:proposal_write")
        yield from self.of(self.ended, "messaging:thread")
        yield reverse("missions:review_answer", args=[self.review.pk])
        yield self.professional.get_absolute_url()

    def of(self, mission, *names):
        return [reverse(name, args=[mission.pk]) for name in names]


def test_a_visitor_never_scrolls_sideways(newcomer):
    assert too_wide(newcomer(), Scene().visitor()) == []


def test_a_client_never_scrolls_sideways(newcomer):
    scene, page = Scene(), newcomer()
    people.come_back(page, scene.client.user)
    assert too_wide(page, scene.client_pages()) == []


def test_a_professional_never_scrolls_sideways(newcomer):
    scene, page = Scene(), newcomer()
    people.come_back(page, scene.professional.user)
    assert too_wide(page, scene.professional_pages()) == []


def too_wide(page, paths):
    """The pages wider than the window, with the width of the window."""
    return [(path, width) for path in paths for width in widths_overflown(page, path)]


def widths_overflown(page, path):
    answer = page.goto(path)
    assert (answer.status, answer.request.redirected_from) == (200, None), path
    return [width for width in WIDTHS if overflows(page, width)]


def overflows(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    return page.evaluate("document.scrollingElement.scrollWidth > innerWidth")
