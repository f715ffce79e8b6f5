import logging
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import tasks
from accounts.actions import drop_external_calendar, read_calendar_now, renew_feed, set_external_calendar
from accounts.busy import busy_periods, merged, own_domain
from accounts.calendars import claim_calendar, keep_periods, read_calendar, retry_delay
from accounts.errors import AccountError, CalendarError
from accounts.fetching import Network
from accounts.forms import ExternalCalendarForm
from accounts.models import BusyPeriod, CalendarFeed, ExternalCalendar
from accounts.tests.calendars import URL, Server, calendar, event
from accounts.tests.factories import make_commune, make_professional
from marketplace.celery import app

pytestmark = pytest.mark.django_db

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)

Problem = ExternalCalendar.Problem
State = ExternalCalendar.State


def read(*events, head="", zone=PARIS, now=NOW):
    return busy_periods(calendar(*events, head=head), zone, now)


def utc(*parts):
    return datetime(*parts, tzinfo=UTC)


# What is read


def test_events_block_their_hours_whatever_their_zone():
    periods = read(
        event(":20260310T090000Z", ":20260310T100000Z", uid="a"),
        event(";TZID=Europe/Paris:20260311T090000", ";TZID=Europe/Paris:20260311T100000", uid="b"),
        event(";TZID=America/Guadeloupe:20260312T090000", ";TZID=America/Guadeloupe:20260312T100000", uid="c"),
    )
    assert periods == [
        (utc(2026, 3, 10, 9), utc(2026, 3, 10, 10)),
        (utc(2026, 3, 11, 8), utc(2026, 3, 11, 9)),
        (utc(2026, 3, 12, 13), utc(2026, 3, 12, 14)),
    ]


@pytest.mark.parametrize(("zone", "hours"), [("Europe/Paris", -1), ("America/Guadeloupe", 4), ("Indian/Reunion", -4)])
def test_whole_days_and_floating_hours_are_those_of_home(zone, hours):
    periods = read(
        event(";VALUE=DATE:20260310", ";VALUE=DATE:20260312", uid="a"),
        event(":20260320T090000", ":20260320T100000", uid="b"),
        zone=ZoneInfo(zone),
    )
    moved = timedelta(hours=hours)
    assert periods == [
        (utc(2026, 3, 10) + moved, utc(2026, 3, 12) + moved),
        (utc(2026, 3, 20, 9) + moved, utc(2026, 3, 20, 10) + moved),
    ]


def test_a_day_the_clocks_change_lasts_23_or_25_hours():
    spring, autumn = event(";VALUE=DATE:20260329", ";VALUE=DATE:20260330", uid="a"), "DTSTART;VALUE=DATE:20261025"
    assert [end - start for start, end in read(spring, autumn)] == [timedelta(hours=23), timedelta(hours=25)]


def test_a_meeting_of_every_week_stays_at_its_wall_time():
    start, end = ";TZID=Europe/Paris:20260326T090000", ";TZID=Europe/Paris:20260326T100000"
    periods = read(event(start, end, "RRULE:FREQ=WEEKLY;COUNT=3", "EXDATE;TZID=Europe/Paris:20260402T090000"))
    assert [start for start, _end in periods] == [utc(2026, 3, 26, 8), utc(2026, 4, 9, 7)]


def test_an_occurrence_that_was_moved_or_cancelled_frees_its_hours():
    weekly = event(":20260310T090000Z", ":20260310T100000Z", "RRULE:FREQ=WEEKLY;COUNT=3")
    moved = event(":20260318T150000Z", ":20260318T160000Z", "RECURRENCE-ID:20260317T090000Z")
    gone = event(":20260324T090000Z", ":20260324T100000Z", "RECURRENCE-ID:20260324T090000Z", "STATUS:CANCELLED")
    assert [start for start, _end in read(weekly, moved, gone)] == [utc(2026, 3, 10, 9), utc(2026, 3, 18, 15)]


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "transp:transparent", "STATUS:CANCELLED"])
def test_what_takes_no_time_blocks_nothing(line):
    assert read(event(":20260310T090000Z", ":20260310T100000Z", line)) == []


@pytest.mark.parametrize("line", ["TRANSP:OPAQUE", "STATUS:TENTATIVE", "STATUS:CONFIRMED"])
def test_what_takes_time_blocks(line):
    assert len(read(event(":20260310T090000Z", ":20260310T100000Z", line))) == 1


def test_our_own_missions_read_back_block_nothing_more():
    hours = ":20260310T090000Z", ":20260310T100000Z"
    assert read(event(*hours, uid=f"mission-12@{own_domain()}")) == []
    assert len(read(event(*hours, uid=f"mission-12@{own_domain()}.autre.fr"))) == 1


def test_an_event_without_length_blocks_nothing():
    assert read(event(":20260310T090000Z", ":20260310T090000Z"), "UID:b\nDTSTART:20260310T090000Z") == []


def test_periods_that_overlap_or_touch_are_one():
    hours = [(9, 11), (10, 12), (12, 13), (14, 15), (8, 9), (14, 14)]
    assert merged((utc(2026, 3, 1, a), utc(2026, 3, 1, b)) for a, b in hours) == [
        (utc(2026, 3, 1, 8), utc(2026, 3, 1, 13)),
        (utc(2026, 3, 1, 14), utc(2026, 3, 1, 15)),
    ]


def test_only_the_coming_two_years_are_kept():
    window = NOW - timedelta(days=1), NOW + timedelta(days=732)
    assert read(event(":20200101T000000Z", ":20400101T000000Z")) == [window]
    assert read(event(":20260228T110000Z", ":20260228T115900Z"), event(":20290101T090000Z", ":20290101T100000Z")) == []


def test_one_broken_event_does_not_lose_the_others():
    good = event(":20260310T090000Z", ":20260310T100000Z", uid="bon")
    broken = [
        event(":demain", ":20260310T100000Z", uid="a"),
        "UID:b\nSUMMARY:sans date",
        event(":20260310T090000Z", ":20260310T100000Z", "RRULE:FREQ=SOMETIMES", uid="c"),
        event(":20260310T090000Z", ":20260310T100000Z", "RRULE:FREQ=DAILY;UNTIL=jamais", uid="d"),
        event(":20260310T090000Z", ":20260310T100000Z", "RRULE:INTERVAL=2", uid="e"),
        event(":20260310T090000Z", ":20260310T100000Z", "une ligne sans rien", uid="f"),
        event(":00010101T000000", ":99991231T235959", "RECURRENCE-ID:demain", uid="g"),
        event(";VALUE=DATE:00010101", ";VALUE=DATE:20270101", uid="h"),
    ]
    periods = read(*broken, good)
    assert (utc(2026, 3, 10, 9), utc(2026, 3, 10, 10)) in periods
    assert read(good) == [(utc(2026, 3, 10, 9), utc(2026, 3, 10, 10))]


def test_a_time_zone_one_calendar_defines_does_not_serve_for_another():
    """Outlook names zones its own way; a calendar could give that name wrong hours."""
    name = "Romance Standard Time"
    shifted = (
        f"BEGIN:VTIMEZONE\nTZID:{name}\nBEGIN:STANDARD\nDTSTART:16010101T000000\n"
        "TZOFFSETFROM:+0900\nTZOFFSETTO:+0900\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    hours = event(f";TZID={name}:20260310T090000", f";TZID={name}:20260310T100000")
    assert read(hours, head=shifted) == [(utc(2026, 3, 10, 0), utc(2026, 3, 10, 1))]
    assert read(hours) == [(utc(2026, 3, 10, 8), utc(2026, 3, 10, 9))]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<!doctype html><title>Connexion</title>",
        b"\x1f\x8b\x08\x00\xff",
        b"BEGIN:VEVENT\r\nUID:a\r\nEND:VEVENT\r\n",
        calendar(event(":20260310T090000Z", ":20260310T100000Z")).removesuffix(b"END:VCALENDAR\r\n"),
        calendar(head="CALSCALE:MARTIAN\n"),
    ],
)
def test_what_is_not_a_whole_calendar_is_unreadable(content):
    with pytest.raises(CalendarError) as error:
        busy_periods(content, PARIS, NOW)
    assert error.value.problem == Problem.UNREADABLE


def test_components_within_components_exhaust_nothing():
    nested = "X-WR-TIMEZONE:Europe/Paris\n" + "BEGIN:X\n" * 5000 + "END:X\n" * 5000
    assert read(head=nested) == []


def test_an_empty_calendar_is_a_calendar():
    assert read() == []


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=MINUTELY",
        "FREQ=MINUTELY;UNTIL=20400101",
        "FREQ=DAILY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12;BYMINUTE=" + ",".join(map(str, range(60))) + ";BYSECOND=0,30",
    ],
)
def test_an_event_that_never_stops_is_refused_before_it_is_gone_through(rule):
    with pytest.raises(CalendarError) as error:
        read(event(":20170101T000000Z", ":20170101T000001Z", f"RRULE:{rule}"))
    assert error.value.problem == Problem.TOO_MANY


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=WEEKLY;INTERVAL=-1",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;UNTIL=20270101",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=3",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=SECONDLY;UNTIL=20170102;BYMONTHDAY=31",
    ],
)
def test_a_rule_that_never_comes_is_refused_before_it_is_gone_through(rule):
    with pytest.raises(CalendarError) as error:
        read(event(":20170101T000000Z", ":20170101T000001Z", f"RRULE:{rule}"))
    assert error.value.problem == Problem.TOO_MANY


def test_rules_that_come_rarely_are_counted_until_they_do():
    # From one 29 February that is a Monday to the next, 28 years: 200 of these are 2 million days and more.
    rare = "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO"
    start, end = ":20160229T090000Z", ":20160229T100000Z"
    assert read(event(start, end, rare)) == []
    with pytest.raises(CalendarError) as error:
        read(*(event(start, end, rare, uid=str(number)) for number in range(200)))
    assert error.value.problem == Problem.TOO_MANY


@pytest.mark.parametrize(
    ("rule", "number"),
    [
        ("FREQ=WEEKLY;BYDAY=TU", 104),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 25),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 2),
    ],
)
def test_ordinary_rules_are_gone_through(rule, number):
    assert len(read(event(":20260310T090000Z", ":20260310T100000Z", f"RRULE:{rule}"))) == number


def test_rules_are_counted_together_and_until_they_end():
    eternal = [event(":00010102T000000", ":00010102T010000", "RRULE:FREQ=DAILY", uid=str(n)) for n in range(7)]
    with pytest.raises(CalendarError) as error:
        read(*eternal)
    assert error.value.problem == Problem.TOO_MANY
    ended = event(":20170101T000000Z", ":20170101T000100Z", "RRULE:FREQ=MINUTELY;UNTIL=20170101T001000Z")
    assert read(ended) == []


def test_too_many_occurrences_are_refused_even_when_they_block_nothing():
    # 732 days and a half, one an hour.
    hourly = event(":20260228T120000Z", ":20260228T120100Z", "RRULE:FREQ=HOURLY", "TRANSP:TRANSPARENT")
    with pytest.raises(CalendarError) as error:
        read(hourly)
    assert error.value.problem == Problem.TOO_MANY


# When it is read


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path).start()
    yield server
    server.stop()


@pytest.fixture
def outside(professional, clock):
    clock.set(NOW)
    return set_external_calendar(professional, URL)


def read_from(server, outside, clock):
    """Read the calendar as its task does, from the test's server."""
    claimed = claim_calendar(outside.pk, clock.now())
    read_calendar(claimed, server.network())
    outside.refresh_from_db()
    return outside


def blocked(outside):
    return list(outside.busy_periods.values_list("starts_at", "ends_at"))


MEETING = event(":20260310T090000Z", ":20260310T100000Z")
HOURS = (utc(2026, 3, 10, 9), utc(2026, 3, 10, 10))


def test_a_calendar_read_blocks_its_hours_and_is_read_again_half_an_hour_later(server, outside, clock):
    server.gives(calendar(MEETING))
    read_from(server, outside, clock)
    assert blocked(outside) == [HOURS]
    assert (outside.state, outside.problem, outside.failures) == (State.READ, "", 0)
    assert outside.due_at - outside.read_at == timedelta(minutes=30)
    assert claim_calendar(outside.pk, clock.now() + timedelta(minutes=29)) is None

    clock.advance(timedelta(minutes=31))
    server.gives(calendar(event(":20260311T090000Z", ":20260311T100000Z")))
    read_from(server, outside, clock)
    assert blocked(outside) == [(utc(2026, 3, 11, 9), utc(2026, 3, 11, 10))]


def test_only_hours_are_kept(server, outside, clock):
    server.gives(calendar(MEETING))
    read_from(server, outside, clock)
    assert {field.name for field in BusyPeriod._meta.fields} == {"id", "calendar", "starts_at", "ends_at"}


def test_a_calendar_that_fails_keeps_what_it_blocked_and_is_tried_less_and_less(server, outside, clock):
    server.gives(calendar(MEETING))
    read_at = read_from(server, outside, clock).read_at
    server.gives(b"", 500)
    waits = []
    for _failure in range(9):
        clock.set(outside.due_at)
        read_from(server, outside, clock)
        waits.append((outside.due_at - outside.attempted_at) // timedelta(minutes=1))
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 1440]
    assert (outside.state, outside.problem, outside.read_at) == (State.FAILED, Problem.UNREACHABLE, read_at)
    assert blocked(outside) == [HOURS]

    clock.set(outside.due_at)
    server.gives(calendar())
    read_from(server, outside, clock)
    assert (outside.state, outside.problem, outside.failures) == (State.READ, "", 0)
    assert blocked(outside) == []


def test_the_wait_never_exceeds_a_day():
    assert retry_delay(32_767) == timedelta(days=1)


def test_a_calendar_is_claimed_once(outside, clock):
    assert claim_calendar(outside.pk, clock.now()) == outside
    assert claim_calendar(outside.pk, clock.now()) is None


def test_a_worker_killed_while_reading_counts_as_a_failure(outside, clock):
    claim_calendar(outside.pk, clock.now())
    outside.refresh_from_db()
    assert (outside.failures, outside.due_at - outside.attempted_at) == (1, timedelta(minutes=10))


def test_a_reading_that_comes_back_after_the_address_changed_is_dropped(server, outside, clock):
    claimed = claim_calendar(outside.pk, clock.now())
    set_external_calendar(outside.professional, URL.replace("prive", "autre"))
    keep_periods(claimed, [HOURS])
    outside.refresh_from_db()
    assert (outside.state, blocked(outside)) == (State.WAITING, [])


def test_a_reading_that_comes_back_after_the_calendar_was_removed_is_dropped(outside, clock):
    claimed = claim_calendar(outside.pk, clock.now())
    drop_external_calendar(outside.professional)
    keep_periods(claimed, [HOURS])
    assert not BusyPeriod.objects.exists()


def test_a_calendar_is_locked_before_it_is_removed(outside):
    """Else periods written meanwhile would point to nothing."""
    with CaptureQueriesContext(connection) as queries:
        drop_external_calendar(outside.professional)
    asked = [query["sql"] for query in queries if "accounts_" in query["sql"]]
    assert "FOR UPDATE" in asked[0]
    assert "DELETE" in asked[-1]


def test_a_calendar_without_end_is_stopped_and_put_off(outside, clock):
    """The worker interrupts whatever is running by this exception."""

    def interrupted(_host, _port):
        raise SoftTimeLimitExceeded

    read_calendar(claim_calendar(outside.pk, clock.now()), Network(resolve=interrupted))
    outside.refresh_from_db()
    assert (outside.state, outside.problem, outside.failures) == (State.FAILED, Problem.TOO_MANY, 1)
    assert tasks.read_external_calendar.soft_time_limit == 20


def test_another_address_is_not_read_sooner_than_a_minute_after_the_first(outside, clock):
    claim_calendar(outside.pk, clock.now())
    clock.advance(timedelta(seconds=20))
    again = set_external_calendar(outside.professional, URL.replace("prive", "autre"))
    assert again.due_at - ExternalCalendar.objects.get().attempted_at == timedelta(minutes=1)
    assert claim_calendar(outside.pk, clock.now()) is None
    clock.set(again.due_at)
    assert claim_calendar(outside.pk, clock.now()) == outside


def test_calendars_have_a_queue_of_their_own():
    routes = app.amqp.router
    assert routes.route({}, tasks.read_external_calendar.name)["queue"].name == "calendars"
    assert routes.route({}, tasks.send_notifications.name)["queue"].name == "celery"


def test_another_address_forgets_what_the_first_one_blocked(server, outside, clock):
    server.gives(calendar(MEETING))
    read_from(server, outside, clock)
    again = set_external_calendar(outside.professional, URL.replace("prive", "autre"))
    assert (again.state, again.read_at, again.due_at, blocked(again)) == (State.WAITING, None, again.due_at, [])
    assert ExternalCalendar.objects.get().url.endswith("autre.ics")


def test_days_are_those_of_the_commune_they_leave_from(server, clock):
    clock.set(NOW)
    commune = make_commune("97105", "Basse-Terre", department="971")
    outside = set_external_calendar(make_professional(base_commune=commune), URL)
    server.gives(calendar(event(";VALUE=DATE:20260310", ";VALUE=DATE:20260311")))
    read_from(server, outside, clock)
    assert blocked(outside) == [(utc(2026, 3, 10, 4), utc(2026, 3, 11, 4))]


def test_a_professional_without_a_commune_has_the_days_of_paris(server, clock):
    clock.set(NOW)
    outside = set_external_calendar(make_professional(base_commune=None), URL)
    server.gives(calendar(event(";VALUE=DATE:20260310", ";VALUE=DATE:20260311")))
    read_from(server, outside, clock)
    assert blocked(outside) == [(utc(2026, 3, 9, 23), utc(2026, 3, 10, 23))]


def test_reading_now_waits_a_minute_between_two(outside, clock):
    read_calendar_now(outside.professional)
    claim_calendar(outside.pk, clock.now())
    with pytest.raises(AccountError, match="dans une minute"):
        read_calendar_now(outside.professional)
    clock.advance(timedelta(minutes=1, seconds=1))
    read_calendar_now(outside.professional)
    assert claim_calendar(outside.pk, clock.now()) == outside


def test_a_calendar_is_read_once_set_then_when_asked_and_when_due(
    professional, clock, django_capture_on_commit_callbacks
):
    """This machine's own address is refused without leaving it: each reading is one more failure."""
    clock.set(NOW)
    failures = []
    for act in (
        lambda: set_external_calendar(professional, "https://127.0.0.1/prive.ics"),
        tasks.sweep_external_calendars,
        lambda: read_calendar_now(professional),
        tasks.sweep_external_calendars,
    ):
        with django_capture_on_commit_callbacks(execute=True):
            act()
        failures.append(ExternalCalendar.objects.get().failures)
        clock.advance(timedelta(minutes=5))
    clock.advance(timedelta(minutes=10))
    with django_capture_on_commit_callbacks(execute=True):
        tasks.sweep_external_calendars()
    outside = ExternalCalendar.objects.get()
    assert [*failures, outside.failures] == [1, 1, 2, 2, 3]
    assert outside.problem == Problem.ADDRESS


def test_a_task_for_a_calendar_that_is_not_due_asks_nobody(professional, outside, clock):
    claim_calendar(outside.pk, clock.now())
    outside.refresh_from_db()
    tasks.read_external_calendar(professional.pk)
    tasks.read_external_calendar(professional.pk + 1)
    assert ExternalCalendar.objects.get() == outside


def test_the_beat_sweeps_every_minute(settings):
    assert settings.CELERY_BEAT_SCHEDULE["accounts.tasks.sweep_external_calendars"] == {
        "task": "accounts.tasks.sweep_external_calendars",
        "schedule": 60.0,
    }
    assert tasks.sweep_external_calendars.name == "accounts.tasks.sweep_external_calendars"


def test_neither_the_address_nor_a_title_is_ever_logged(server, outside, clock, caplog):
    caplog.set_level(logging.DEBUG)
    for body in (calendar(MEETING), b"prive.ics", calendar(event(":demain", ":demain"))):
        server.gives(body)
        clock.set(outside.due_at)
        read_from(server, outside, clock)
    assert "prive.ics" not in caplog.text
    assert "médecin" not in caplog.text


def test_the_address_is_encrypted_at_rest(outside):
    with connection.cursor() as cursor:
        cursor.execute("select url from accounts_externalcalendar")
        assert b"exemple" not in bytes(cursor.fetchone()[0])


# The published address


def test_each_renewal_makes_another_secret(professional):
    keys = {renew_feed(professional).key for _time in range(3)}
    assert len(keys) == 3
    assert all(len(key) >= 43 for key in keys)
    assert CalendarFeed.objects.get().key in keys


# The form


@pytest.mark.parametrize(
    ("typed", "url"),
    [
        (f" {URL} ", URL),
        ("webcal://agenda.exemple.fr/prive.ics", URL),
        ("WEBCAL://agenda.exemple.fr/prive.ics", URL),
        ("webcals://agenda.exemple.fr/prive.ics", URL),
        ("https://agenda.exemple.fr:443/a?b=c", "https://agenda.exemple.fr:443/a?b=c"),
    ],
)
def test_an_address_is_taken_as_programs_give_it(typed, url):
    form = ExternalCalendarForm({"url": typed})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["url"] == url


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        ("", "Ce champ est obligatoire."),
        ("http://agenda.exemple.fr/prive.ics", "Cette adresse n’est pas protégée"),
        ("agenda.exemple.fr/prive.ics", "Saisissez une adresse complète"),
        ("mon agenda", "Saisissez une adresse complète"),
        ("https://", "Saisissez une adresse complète"),
        ("https://[", "Saisissez une adresse complète"),
        ("https://moi:secret@agenda.exemple.fr/", "Saisissez une adresse complète"),
        ("https://agenda.exemple.fr:8443/", "Saisissez une adresse complète"),
        ("webcal:agenda", "Saisissez une adresse complète"),
        ("https://agenda.exemple.fr/" + "a" * 2000, "2000"),
    ],
)
def test_an_address_we_could_not_read_is_refused_with_what_to_write(typed, message):
    form = ExternalCalendarForm({"url": typed})
    assert message in str(form.errors["url"])
    assert form["url"].value() == typed
