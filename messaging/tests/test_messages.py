from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Notification
from accounts.tests.factories import make_client, make_professional
from marketplace import clock as real_clock
from messaging.actions import mark_seen, open_inquiry, send_message
from messaging.models import Thread
from messaging.tests.factories import make_message, make_thread
from missions.models import Mission
from missions.tests.factories import make_commune

pytestmark = pytest.mark.django_db


def unsaved_mission():
    commune = make_commune()
    starts_at = real_clock.now() + timedelta(days=10)
    return Mission(
        client=make_client(),
        professional=make_professional(),
        service="event",
        commune=commune,
        timezone=commune.timezone,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=8),
    )


def test_a_request_opens_a_thread_with_its_first_message():
    mission = unsaved_mission()
    thread = open_inquiry(mission, by=mission.client.user, message="Bonjour")
    assert thread.pk == mission.pk
    assert [message.body for message in thread.messages.all()] == ["Bonjour"]
    assert [event.kind for event in mission.events.all()] == ["asked"]
    assert mission.deadline_at - real_clock.now() <= timedelta(hours=72)


def test_a_body_cannot_be_read_in_the_database(thread):
    message = make_message(thread, body="Le code du portail est 4812")
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM messaging_message WHERE id = %s", [message.pk])
        stored = bytes(cursor.fetchone()[0])
    assert b"4812" not in stored
    assert b"portail" not in stored
    message.refresh_from_db()
    assert message.body == "Le code du portail est 4812"


def test_the_client_gives_72_hours_to_answer_and_an_answer_gives_a_month(thread, client_user, professional_user, clock):
    send_message(thread, by=client_user, body="Bonjour ?")
    thread.mission.refresh_from_db()
    assert timedelta(hours=71) < thread.mission.deadline_at - clock.now() <= timedelta(hours=72)

    send_message(thread, by=professional_user, body="Oui, à votre service.")
    thread.mission.refresh_from_db()
    assert thread.mission.deadline_at == thread.mission.starts_at


def test_writing_puts_the_thread_first(thread, client_user, clock):
    other = make_thread(client=thread.mission.client)
    clock.advance(timedelta(minutes=1))
    send_message(thread, by=client_user, body="Bonjour")
    assert list(Thread.objects.of(client_user).order_by("-last_activity_at")) == [thread, other]


def test_a_run_of_unseen_messages_is_announced_once_after_5_minutes(thread, client_user, professional_user, clock):
    first = send_message(thread, by=client_user, body="Bonjour")
    send_message(thread, by=client_user, body="Êtes-vous libre ?")
    told = Notification.objects.get()
    assert told.user == professional_user
    assert told.key == f"thread:{thread.pk}:unseen:{first.pk}"
    assert timedelta(minutes=4) < told.due_at - clock.now() <= timedelta(minutes=5)
    assert "Bonjour" not in str(told.context)


def test_a_message_seen_in_time_is_not_announced_and_the_next_one_is(thread, client_user, professional_user):
    send_message(thread, by=client_user, body="Bonjour")
    mark_seen(thread, by=professional_user)
    assert Notification.objects.get().withdrawn_at is not None

    send_message(thread, by=client_user, body="Toujours là ?")
    assert Notification.objects.filter(withdrawn_at=None).count() == 1


def test_reading_marks_only_what_the_other_side_wrote(thread, client_user, professional_user):
    mine = make_message(thread, professional_user)
    theirs = make_message(thread, client_user)
    mark_seen(thread, by=professional_user)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert mine.seen_at is None
    assert theirs.seen_at is not None
