from datetime import timedelta

import pytest
from django.core import mail

from accounts import tasks
from accounts.actions import notification, notify, notify_each, withdraw_notifications
from accounts.emails import send_email
from accounts.models import Notification
from accounts.tests.factories import make_user

pytestmark = pytest.mark.django_db

TEMPLATE = "accounts/emails/approved"


@pytest.fixture
def user():
    return make_user("Inès <Morvan>")


def tell(user, **fields):
    notify(user, TEMPLATE, "approved:1", url="/tableau-de-bord/", button="Ouvrir", **fields)
    return Notification.objects.get()


def test_an_email_is_sent_after_the_commit_with_its_subject_text_and_html(user, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        owed = tell(user)

    assert len(mail.outbox) == 1
    message = mail.outbox[0]
    assert message.to == [user.email]
    assert message.subject == "Votre dossier est approuvé"
    assert "Bonjour Inès <Morvan>," in message.body
    assert "Ouvrir\u00a0: http://127.0.0.1:8000/tableau-de-bord/" in message.body
    html, content_type = message.alternatives[0]
    assert content_type == "text/html"
    assert "Inès &lt;Morvan&gt;" in html
    assert 'href="http://127.0.0.1:8000/tableau-de-bord/"' in html
    owed.refresh_from_db()
    assert owed.sent_at is not None


def test_the_same_thing_is_told_once(user):
    tell(user)
    owed = tell(user)
    tasks.send_notifications(owed.pk)
    tasks.send_notifications(owed.pk)
    tasks.sweep_notifications()
    assert len(mail.outbox) == 1


def test_what_is_due_later_waits_for_the_sweep(user, clock):
    owed = tell(user, due_at=clock.now() + timedelta(hours=1))
    tasks.sweep_notifications()
    tasks.send_notifications(owed.pk)
    assert mail.outbox == []

    clock.advance(timedelta(hours=1, minutes=1))
    tasks.send_notifications(owed.pk)
    assert len(mail.outbox) == 1


def test_two_workers_with_the_same_row_send_it_once(user):
    owed = tell(user)
    tasks.send_notification(owed)
    tasks.send_notification(owed)
    assert len(mail.outbox) == 1


def test_an_email_that_cannot_be_written_keeps_back_none_of_the_others(user, caplog):
    notify_each([notification(user, template, template) for template in ("no/such/template", TEMPLATE)])
    tasks.send_notifications(*Notification.objects.values_list("pk", flat=True))
    assert len(mail.outbox) == 1
    assert "could not send_notification" in caplog.text


def test_what_is_withdrawn_is_not_sent(user, clock):
    owed = tell(user, due_at=clock.now() + timedelta(hours=1))
    withdraw_notifications(user, "approved:")
    clock.advance(timedelta(hours=2))
    tasks.send_notifications(owed.pk)
    assert mail.outbox == []


def test_a_mail_server_that_is_away_is_tried_again_later_and_not_for_ever(user, clock, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    owed = tell(user)

    tasks.send_notifications(owed.pk)
    tasks.send_notifications(owed.pk)
    owed.refresh_from_db()
    assert (owed.attempts, owed.sent_at) == (1, None)

    for _attempt in range(20):
        clock.advance(timedelta(hours=10))
        tasks.send_notifications(owed.pk)
    owed.refresh_from_db()
    assert owed.attempts == Notification.MAX_ATTEMPTS


def test_an_email_is_written_in_the_language_of_its_reader():
    send_email(make_user("Ada", language="en"), TEMPLATE, {"url": "/"})
    send_email(make_user("Inès"), TEMPLATE, {"url": "/"})

    assert ["Open on the site" in message.body for message in mail.outbox] == [True, False]
    assert ["Ouvrir sur le site" in message.body for message in mail.outbox] == [False, True]
