import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from django.urls import reverse
from icalendar import Calendar

from accounts.actions import renew_feed, set_external_calendar
from accounts.busy import busy_periods, own_domain
from accounts.models import BusyPeriod, CalendarFeed, ExternalCalendar
from accounts.tests.factories import make_client, make_commune, make_professional, make_staff
from marketplace.tests.test_pages import check_markup
from missions.models import MissionEvent
from missions.tests.factories import make_mission

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NBSP = "\u00a0"
PAGE = "missions:availability_edit"
URL = "https://agenda.exemple.fr/prive.ics"


@pytest.fixture(autouse=True)
def in_march(clock):
    clock.set(NOW)


@pytest.fixture
def professional():
    return make_professional(agents=20)


@pytest.fixture
def as_professional(client, professional):
    client.force_login(professional.user)
    return client


def address(professional, key=None):
    feed = renew_feed(professional) if key is None else None
    return reverse("calendars:feed", args=[professional.pk, key or feed.key])


def read(client, professional):
    response = client.get(address(professional))
    assert response.status_code == 200
    return Calendar.from_ical(response.content)


def page(client):
    return client.get(reverse(PAGE)).content.decode()


# The calendar


def test_a_mission_is_told_without_its_client_or_its_address(client, professional):
    customer = make_client("Hortense Delcourt", phone="0611223344")
    nantes = make_commune("44109", "Nantes")
    mission = make_mission(
        "secured",
        customer,
        professional,
        agents=2,
        commune=nantes,
        starts_at=datetime(2026, 3, 28, 21, tzinfo=UTC),
        address="7 impasse Secrète",
        instructions="Sonner chez Delcourt",
        access="Code 1234",
        contact_name="Jules Delcourt",
        contact_phone="0655667788",
    )
    response = client.get(address(professional))
    [event] = Calendar.from_ical(response.content).events
    assert event["UID"] == f"mission-{mission.pk}@127.0.0.1"
    assert event["SUMMARY"] == f"Surveillance à Nantes, 2{NBSP}agents"
    assert event["LOCATION"] == "Nantes"
    assert event["URL"] == f"http://127.0.0.1:8000/messages/{mission.pk}/"
    assert (event.start, event.end) == (mission.starts_at, mission.ends_at)
    assert b"DTSTART:20260328T210000Z\r\nDTEND:20260329T050000Z\r\n" in response.content
    text = response.content.decode().replace("\r\n ", "")
    leaks = (
        "Hortense",
        "Delcourt",
        "Secrète",
        "Sonner",
        "1234",
        "Jules",
        "0611223344",
        "0655667788",
        customer.user.email,
    )
    assert [leak for leak in leaks if leak in text] == []
    assert set(event) == {
        *("UID", "DTSTAMP", "LAST-MODIFIED", "SEQUENCE", "DTSTART", "DTEND"),
        *("SUMMARY", "LOCATION", "STATUS", "URL"),
    }


@pytest.mark.parametrize(
    ("status", "shown"),
    [
        ("inquiry", []),
        ("accepted", ["TENTATIVE"]),
        ("booked", ["CONFIRMED"]),
        ("secured", ["CONFIRMED"]),
        ("contested", ["CONFIRMED"]),
        ("confirmed", ["CONFIRMED"]),
        ("settled", ["CONFIRMED"]),
        ("declined", []),
        ("expired", []),
        ("cancelled", []),
    ],
)
def test_a_mission_is_shown_as_firm_as_it_is(client, professional, status, shown):
    make_mission(status, professional=professional)
    assert [event["STATUS"] for event in read(client, professional).events] == shown


def test_a_mission_whose_seats_are_released_is_gone(client, professional):
    mission = make_mission("secured", professional=professional)
    mission.reservations.update(released_at=NOW)
    assert read(client, professional).events == []


def test_a_mission_of_many_seats_is_one_event_and_others_missions_are_not_ours(client, professional):
    make_mission("secured", professional=professional, agents=5)
    make_mission("secured")
    assert len(read(client, professional).events) == 1


def test_the_last_three_months_are_kept(client, professional):
    ends = [NOW - timedelta(days=91), NOW - timedelta(days=89)]
    kept = [make_mission("confirmed", professional=professional, starts_at=end - timedelta(hours=8)) for end in ends]
    assert [event["UID"] for event in read(client, professional).events] == [f"mission-{kept[1].pk}@127.0.0.1"]


def test_a_change_raises_the_sequence_and_dates_it(client, professional):
    mission = make_mission("secured", professional=professional)
    events = [
        (MissionEvent.Kind.ACCEPTED, NOW - timedelta(hours=3)),
        (MissionEvent.Kind.SECURED, NOW - timedelta(hours=2)),
    ]
    for kind, happened_at in events:
        MissionEvent.objects.create(mission=mission, kind=kind, happened_at=happened_at)
    [event] = read(client, professional).events
    assert event["SEQUENCE"] == 2
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == NOW - timedelta(hours=2)


def test_the_file_is_what_rfc_5545_asks_for(client, professional):
    make_mission("secured", professional=professional, commune=make_commune("2A004", "É" * 60), agents=2)
    content = client.get(address(professional)).content
    assert content.startswith(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//MonAgentDeS")
    assert content.endswith(b"END:VCALENDAR\r\n")
    assert content.count(b"\n") == content.count(b"\r\n")
    assert max(map(len, content.split(b"\r\n"))) <= 75
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT30M\r\nX-PUBLISHED-TTL:PT30M\r\n" in content
    assert b"METHOD" not in content


def test_the_calendar_speaks_the_professionals_language_and_not_the_visitors(client, professional):
    make_mission("secured", professional=professional, commune=make_commune("72181", "Le Mans"))
    french = [event["SUMMARY"] for event in read(client, professional).events]
    assert french == [f"Surveillance au Mans, 1{NBSP}agent"]
    professional.user.language = "en"
    professional.user.save()
    [event] = Calendar.from_ical(client.get(address(professional), headers={"Accept-Language": "fr"}).content).events
    assert event["URL"].startswith("http://127.0.0.1:8000/en/messages/")


def test_the_same_queries_for_one_mission_and_for_three(client, professional, django_assert_num_queries):
    url = address(professional)
    make_mission("secured", professional=professional)
    with django_assert_num_queries(2):
        client.get(url)
    for day in (2, 3):
        make_mission("secured", professional=professional, starts_at=NOW + timedelta(days=day))
    with django_assert_num_queries(2):
        assert len(Calendar.from_ical(client.get(url).content).events) == 3


def test_our_own_calendar_read_back_blocks_nothing(client, professional):
    make_mission("secured", professional=professional)
    content = client.get(address(professional)).content
    assert busy_periods(content, professional.zone, NOW) == []
    elsewhere = content.replace(own_domain().encode(), b"agenda.exemple.fr")
    assert len(busy_periods(elsewhere, professional.zone, NOW)) == 1


# Its address


def test_the_address_is_enough_and_nothing_keeps_what_it_gives(client, professional):
    response = client.get(address(professional))
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Robots-Tag"] == "noindex"
    assert client.head(address(professional)).status_code == 200
    assert "sessionid" not in response.cookies


@pytest.mark.parametrize("key", ["x", "é", "A" * 43, "%00"])
def test_any_other_key_is_a_404(client, professional, key):
    renew_feed(professional)
    assert client.get(address(professional, key)).status_code == 404


def test_someone_elses_key_or_no_feed_is_a_404(client, professional):
    other = renew_feed(make_professional())
    assert client.get(address(professional, other.key)).status_code == 404
    renew_feed(professional)
    assert client.get(address(professional, other.key)).status_code == 404
    assert client.get(reverse("calendars:feed", args=[10**30, other.key])).status_code == 404


def test_a_renewed_address_ends_the_one_before(client, professional):
    before = address(professional)
    after = address(professional)
    assert (client.get(before).status_code, client.get(after).status_code) == (404, 200)


def test_a_closed_account_publishes_nothing(client, professional):
    url = address(professional)
    professional.user.is_active = False
    professional.user.save()
    assert client.get(url).status_code == 404


def test_a_feed_is_only_read(client, professional):
    assert client.post(address(professional)).status_code == 405


# The page

ACTS = ["calendar_feed_renew", "external_calendar_set", "external_calendar_read", "external_calendar_drop"]


@pytest.mark.parametrize("name", ACTS)
def test_only_a_professional_acts_on_their_own_calendars(client, professional, name):
    url = reverse(f"missions:{name}")
    assert client.post(url, {"url": URL}).url.startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.post(url, {"url": URL}).status_code == 404
    set_external_calendar(professional, URL)
    client.force_login(make_professional().user)
    client.post(url, {"url": "https://ailleurs.exemple.fr/"})
    assert ExternalCalendar.objects.get(professional=professional).url == URL
    assert not CalendarFeed.objects.filter(professional=professional).exists()


@pytest.mark.parametrize("name", ["calendar_feed_renew", "external_calendar_read", "external_calendar_drop"])
def test_reading_a_page_changes_nothing(as_professional, name):
    assert as_professional.get(reverse(f"missions:{name}")).status_code == 405


def test_a_feed_is_made_on_demand_shown_and_renewed(as_professional, professional):
    html = page(as_professional)
    check_markup(html)
    assert "Créer l’adresse de mon agenda" in html
    as_professional.post(reverse("missions:calendar_feed_renew"))
    first = CalendarFeed.objects.get().key
    html = page(as_professional)
    check_markup(html)
    shown = re.search(r'id="calendar-feed"[^>]* readonly value="([^"]+)"', html)[1]
    assert shown == f"http://127.0.0.1:8000/agenda/{professional.pk}/{first}.ics"
    assert as_professional.get(shown).status_code == 200
    response = as_professional.post(reverse("missions:calendar_feed_renew"), follow=True)
    assert "nouvelle adresse privée" in response.content.decode()
    assert CalendarFeed.objects.get().key != first


def test_a_professional_number_of_four_figures_is_written_in_one_piece(client):
    professional = make_professional(pk=1234)
    renew_feed(professional)
    client.force_login(professional.user)
    assert "8000/agenda/1234/" in page(client)


def test_an_outside_calendar_is_added_and_removed(as_professional, professional):
    response = as_professional.post(reverse("missions:external_calendar_set"), {"url": f"webcal{URL[5:]}"}, follow=True)
    assert response.redirect_chain == [(reverse(PAGE), 302)]
    assert ExternalCalendar.objects.get().url == URL
    html = response.content.decode()
    check_markup(html)
    assert "Ce calendrier est ajouté." in html
    assert "Pas encore lu." in html
    assert "agenda.exemple.fr" in html
    assert "prive.ics" not in html

    html = as_professional.post(reverse("missions:external_calendar_drop"), follow=True).content.decode()
    assert "ne bloque plus rien" in html
    assert not ExternalCalendar.objects.exists()


def test_an_address_that_cannot_be_is_kept_in_sight_with_its_error(as_professional):
    response = as_professional.post(reverse("missions:external_calendar_set"), {"url": "http://agenda.exemple.fr/<a>"})
    html = response.content.decode()
    check_markup(html)
    assert response.status_code == 200
    assert "<title>Erreur" in html
    assert 'value="http://agenda.exemple.fr/&lt;a&gt;"' in html
    assert f"Cette adresse n’est pas protégée{NBSP}: elle doit commencer par https://." in html
    assert not ExternalCalendar.objects.exists()
    assert as_professional.get(reverse("missions:external_calendar_set")).status_code == 200


@pytest.fixture
def outside(professional):
    """Read twelve minutes ago, with two periods to come and one that is over."""
    set_external_calendar(professional, URL)
    outside = ExternalCalendar.objects.get()
    outside.state, outside.read_at = ExternalCalendar.State.READ, NOW - timedelta(minutes=12)
    outside.attempted_at, outside.due_at = outside.read_at, outside.read_at + timedelta(minutes=30)
    outside.save()
    for days in (-1, 1, 2):
        start = NOW + timedelta(days=days)
        BusyPeriod.objects.create(calendar=outside, starts_at=start, ends_at=start + timedelta(hours=1))
    return outside


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def test_the_last_reading_is_told_in_words(as_professional, outside):
    html = page(as_professional)
    check_markup(html)
    assert "Lu il y a 12 min : 2 périodes occupées à venir." in words(html)


@pytest.mark.parametrize(
    ("read", "told"),
    [
        (timedelta(seconds=50), "Lu à l’instant : 2"),
        (timedelta(hours=47), "Lu il y a 47 h : 2"),
        (timedelta(hours=49), "Lu il y a 2 jours : 2"),
    ],
)
def test_how_long_ago_is_told_as_people_say_it(as_professional, outside, read, told):
    ExternalCalendar.objects.update(read_at=NOW - read)
    assert told in words(page(as_professional))


def test_a_reading_that_was_cut_off_is_a_problem_once_it_cannot_be_under_way(as_professional, outside):
    ExternalCalendar.objects.update(failures=1, attempted_at=NOW, due_at=NOW + timedelta(minutes=10))
    assert "s’est interrompue" not in words(page(as_professional))
    ExternalCalendar.objects.update(attempted_at=NOW - timedelta(minutes=2))
    html = page(as_professional)
    check_markup(html)
    assert "La dernière lecture s’est interrompue. Nouvel essai" in words(html)
    assert "2 périodes lues" in words(html)


def test_a_failed_reading_says_why_when_it_is_tried_again_and_what_still_blocks(as_professional, outside):
    outside.state, outside.problem = ExternalCalendar.State.FAILED, ExternalCalendar.Problem.REFUSED
    outside.due_at = NOW + timedelta(hours=2)
    outside.save()
    html = page(as_professional)
    check_markup(html)
    told = words(html)
    assert "Le serveur refuse de donner ce calendrier. Vérifiez l’adresse. Nouvel essai aujourd’hui à 15 h 00." in told
    assert "En attendant, 2 périodes lues aujourd’hui à 12 h 48 restent occupées." in told

    outside.due_at, outside.read_at = NOW, None
    outside.save()
    told = words(page(as_professional))
    assert "Nouvel essai dans un instant." in told
    assert "En attendant" not in told


def test_reading_now_is_asked_once_a_minute(as_professional, outside):
    html = as_professional.post(reverse("missions:external_calendar_read"), follow=True).content.decode()
    assert "Nous lisons votre calendrier" in html
    outside.refresh_from_db()
    assert outside.due_at < NOW + timedelta(minutes=1)

    outside.attempted_at = outside.due_at
    outside.save()
    html = as_professional.post(reverse("missions:external_calendar_read"), follow=True).content.decode()
    assert "Ce calendrier vient d’être lu" in html


def test_there_is_nothing_to_read_without_a_calendar(as_professional):
    assert as_professional.post(reverse("missions:external_calendar_read")).status_code == 404


def test_staff_see_how_it_goes_and_never_the_address(client, outside):
    client.force_login(make_staff())
    html = client.get(reverse("admin:accounts_professional_change", args=[outside.pk])).content.decode()
    assert f"Lu, dernière lecture{NBSP}: dimanche 1er{NBSP}mars 2026 à 12{NBSP}h{NBSP}48" in html
    assert "agenda.exemple.fr" not in html
