"""The site in English: nothing left in French, and plurals, dates and money as English writes them."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest
from django.urls import reverse
from django.utils import translation

from accounts.tests.factories import make_professional
from marketplace import formatting
from messaging.tests.factories import make_message, make_proposal, make_thread
from missions import words
from missions.tests.factories import make_review
from payments.tests.factories import make_ended_payment, make_payment

SEARCH = "/en/recherche/?service=guarding&commune=69123&date=2026-12-12&start=20:00&minutes=480&agents=1"
FRENCH = re.compile(
    r"\b(?:au|aucune?|avec|avis|ce|cette|de|des|du|elle|en cours|est|et|heures?|jours?|le|les|ne|nous|ou|par|pas|pour|"
    r"prestation|que|qui|sans|sur|tarifs?|une?|vos|votre|vous)\b|\w*[àâçéèêëîïôùûœ]\w*|« | [:;?!]",
    re.IGNORECASE,
)
NAMES = re.compile("MonAgentDeSécu|rue de la République")

pytestmark = pytest.mark.django_db


class Reader(HTMLParser):
    """What a page says, aloud or in print, save what it declares to be French."""

    SILENT = ("script", "style", "svg")
    SPOKEN = ("alt", "aria-label", "placeholder", "title")
    VOID = ("area", "br", "hr", "img", "input", "link", "meta", "source", "wbr")

    def __init__(self):
        super().__init__()
        self.said, self.skipped = [], []

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in self.VOID and (self.skipped or tag in self.SILENT or attrs.get("lang") == "fr"):
            self.skipped.append(tag)
        if not self.skipped:
            self.said += [attrs[name] for name in self.SPOKEN if attrs.get(name)]

    def handle_endtag(self, tag):
        if self.skipped and tag == self.skipped[-1]:
            self.skipped.pop()

    def handle_data(self, data):
        if not self.skipped and data.strip():
            self.said.append(" ".join(data.split()))


def said_by(html):
    reader = Reader()
    reader.feed(html)
    return reader.said


def french_left(html):
    return [text for text in said_by(html) if FRENCH.search(NAMES.sub("", text))]


def english(name, *args):
    with translation.override("en"):
        return reverse(name, args=args)


def read(client, url, user=None):
    if user:
        client.force_login(user)
    response = client.get(url)
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture(autouse=True)
def _in_november(clock):
    clock.set(datetime(2026, 11, 23, 9, tzinfo=UTC))


@pytest.fixture
def professional():
    return make_professional(
        presentation="Guarding since 2016.", languages=["fr", "en"], review_count=2, review_score=4
    )


@pytest.fixture
def thread(professional):
    thread = make_thread(professional=professional, instructions="A round every hour")
    make_message(thread, body="Hello")
    make_proposal(thread)
    return thread


def test_french_is_found_where_there_is_some():
    html = (
        '<p>Votre mission</p><p lang="fr">Votre mission</p><a aria-label="Fermer le menu">Close</a><b>Your mission</b>'
    )
    assert french_left(html) == ["Votre mission", "Fermer le menu"]


@pytest.mark.parametrize(
    "name",
    [
        "home",
        "how_it_works",
        "for_professionals",
        "ranking",
        "reviews_policy",
        "secure_inbox",
        "accessibility",
        "account_login",
        "account_signup",
        "account_reset_password",
        "missions:search",
    ],
)
def test_what_visitors_read_is_english(client, name):
    assert french_left(read(client, english(name))) == []


def test_a_search_and_its_answers_are_english(client, professional):
    make_review(professional, text="Punctual and polite.")
    rival = make_professional(presentation="Guarding too.")
    profile = english("missions:profile", professional.slug)
    urls = (
        SEARCH,
        f"{SEARCH}&agents=90",
        f"{SEARCH}&minutes=20",
        f"{SEARCH}&score=4.5",
        english("missions:compare") + f"{SEARCH[14:]}&pro={professional.slug}&pro={rival.slug}",
        profile,
        f"{profile}{SEARCH[14:]}",
    )
    assert [french_left(read(client, url)) for url in urls] == [[]] * len(urls)


def test_what_a_client_reads_is_english(client, thread):
    user = thread.mission.client.user
    urls = [
        english("messaging:inbox"),
        english("messaging:thread", thread.pk),
        english("messaging:proposal_write", thread.pk),
        english("messaging:mission_list"),
        english("messaging:inquiry_start", thread.mission.professional.slug) + SEARCH[14:],
        english("payments:payment", make_payment(client=thread.mission.client).mission_id),
        english("accounts:client_edit"),
        english("account_email"),
        english("usersessions_list"),
    ]
    assert {url: french_left(read(client, url, user)) for url in urls} == dict.fromkeys(urls, [])


def test_the_end_of_a_mission_is_english(client, simulator, clock):
    mission = make_ended_payment(simulator, clock).mission
    names = ("mission_confirm", "mission_contest")
    pages = [read(client, english(f"payments:{name}", mission.pk), mission.client.user) for name in names]
    assert [french_left(page) for page in pages] == [[], []]


def test_what_a_professional_reads_is_english(client, thread):
    urls = [
        english("messaging:dashboard"),
        english("messaging:thread", thread.pk),
        english("messaging:proposal_write", thread.pk),
        english("accounts:profile_edit"),
        english("accounts:rates_edit"),
        english("missions:availability_edit"),
        english("missions:exception_add"),
        english("missions:external_calendar_set"),
        english("accounts:document_list"),
        english("accounts:document_add", "aut"),
        english("payments:onboarding"),
    ]
    user = thread.mission.professional.user
    assert {url: french_left(read(client, url, user)) for url in urls} == dict.fromkeys(urls, [])


def test_dates_and_money_are_written_in_english(client, professional):
    html = read(client, SEARCH).replace("\u00a0", " ")
    assert re.findall(r'class="price-big">([^<]+)<', html) == ["€287.04"]
    assert "Sat 12 Dec 2026" in said_by(html)
    assert "20:00 – 04:00 the next day" in said_by(html)


@pytest.mark.parametrize(
    ("language", "agents", "found"),
    [
        ("fr", ["0 agent", "1 agent", "2 agents"], ["0 professionnel", "1 professionnel", "2 professionnels"]),
        ("en", ["0 agents", "1 agent", "2 agents"], ["0 professionals", "1 professional", "2 professionals"]),
    ],
)
def test_plurals_follow_the_language(language, agents, found):
    with translation.override(language):
        assert [formatting.agents(count).replace("\u00a0", " ") for count in range(3)] == agents
        assert [words.professionals(count, cap=200) for count in range(3)] == found
