"""The web process is killed; PostgreSQL, the broker and the connections to them go away and come back."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
import redis
import requests
from django.conf import settings
from django.core import mail
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse

from accounts.models import Notification
from accounts.tasks import sweep_notifications
from accounts.tests.factories import make_staff
from marketplace import embedded
from marketplace.celery import app
from marketplace.processes import wait_until
from marketplace.tests.races import alone, race
from missions.models import Mission
from payments import actions, events, runner, tasks
from payments.models import Payment, StripeEvent, StripeOperation
from payments.tests import invariants
from payments.tests.books import moved
from payments.tests.factories import fresh, make_account, make_ended_payment, make_payment
from payments.tests.processes import (
    PATIENCE,
    Broker,
    Browser,
    Database,
    Web,
    celery_worker,
    environ_of_demo,
    publish_to,
    stalling,
    stripe_over_http,
    tell_time,
    without_hints,
)
from payments.tests.webhooks import deliver

pytestmark = pytest.mark.django_db(transaction=True)

Status = Payment.Status


def confirm_page(payment):
    return reverse("payments:mission_confirm", args=[payment.mission_id])


def states(payment):
    payment = fresh(payment)
    return payment.status, payment.mission.status


def captures(payment):
    """The state of each call that captures, in order."""
    return [operation.state for operation in payment.operations.filter(kind="capture").order_by("pk")]


def is_paid(payment):
    """Whether the professional's share has left, and that is written."""
    return payment.operations.filter(kind="transfer", state="done").exists()


def sweep_twice(clock):
    for _sweep in range(2):
        clock.advance(timedelta(minutes=5))
        tasks.sweep_payments()
        sweep_notifications()


def check_paid_once(payment, simulator):
    assert states(payment) == (Status.RELEASED, Mission.Status.CONFIRMED)
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    assert invariants.found_wrong(simulator) == []


# The web process is killed


@pytest.fixture
def deaf():
    """A broker that lets one in, and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        yield listener


@pytest.fixture
def confirmation(simulator, clock, deaf, tmp_path):
    """A payment, the web process, and the client's click in it, that gets no answer."""
    payment = make_ended_payment(simulator, clock)
    browser = Browser(payment.mission.client.user)
    tell_time(tmp_path / "clock", clock)
    with Web(tmp_path, environ_of_demo(tmp_path, f"redis://127.0.0.1:{deaf.getsockname()[1]}/0")) as web:
        yield payment, web, partial(unanswered, browser, web.url + confirm_page(payment))


def unanswered(browser, url):
    with pytest.raises(requests.ConnectionError):
        browser.submit(url)


def test_a_web_process_killed_before_its_commit_did_nothing_and_confirming_again_pays_once(
    client, simulator, clock, confirmation
):
    """It dies once the mission is confirmed, before its money is asked for."""
    payment, web, click = confirmation
    race(partial(lock_table, StripeOperation), click, once_all_wait=web.kill)
    assert (*states(payment), captures(payment)) == (Status.HELD, Mission.Status.SECURED, [])
    sweep_twice(clock)
    assert moved(simulator) == (0, 0, 0)

    client.force_login(payment.mission.client.user)
    assert client.post(confirm_page(payment)).status_code == 302
    check_paid_once(payment, simulator)


def lock_table(model):
    """Have whoever writes there wait."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {model._meta.db_table} IN EXCLUSIVE MODE")


def test_a_web_process_killed_right_after_its_commit_is_finished_by_the_sweep_once(
    simulator, clock, deaf, confirmation
):
    """It dies while it greets the broker: no hint of any kind has left."""
    payment, web, click = confirmation
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(click)
        with deaf.accept()[0]:
            web.kill()
        answer.result()
    assert (*states(payment), captures(payment)) == (Status.HELD, Mission.Status.CONFIRMED, ["pending"])
    assert (moved(simulator), Notification.objects.filter(sent_at=None).exists()) == ((0, 0, 0), True)

    sweep_twice(clock)
    check_paid_once(payment, simulator)
    sent = {(*message.to, message.subject) for message in mail.outbox}
    assert len(sent) == len(mail.outbox) == Notification.objects.exclude(sent_at=None).count()


# PostgreSQL is restarted


@pytest.fixture(scope="module")
def server(django_db_setup):
    """A PostgreSQL that no other test leans on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DATABASE_URL")
        servers = embedded.start_free("restarted")
    with servers:
        database = Database(servers)
        database.copy_tables()
        yield database


@pytest.fixture
def database(server, monkeypatch):
    """It takes the place of the tests' own."""
    connection.close()
    with monkeypatch.context() as patch:
        for name in ("HOST", "PORT", "NAME", "USER", "PASSWORD"):
            patch.setitem(connection.settings_dict, name, server.address[name])
        yield server
        connection.close()


def test_an_answer_of_stripe_that_finds_postgresql_restarted_is_written_by_the_sweep_and_the_same_worker(
    simulator, clock, database, broker, tmp_path
):
    payment = make_ended_payment(simulator, clock)
    tell_time(tmp_path / "clock", clock)
    with (
        stalling(simulator, "/capture", after=True) as stripe,
        celery_worker(tmp_path, environ_of_demo(tmp_path, broker.address, stripe.url)) as worker,
    ):
        actions.confirm(payment.mission, by=payment.mission.client.user)
        assert stripe.simulator.reached.wait(PATIENCE)
        database.restart()
        stripe.simulator.go_on.set()
        assert wait_until(lambda: broker.waiting() == (0, 0), child=worker, seconds=PATIENCE)
        assert (*states(payment), captures(payment)) == (Status.HELD, Mission.Status.CONFIRMED, ["pending"])

        clock.advance(timedelta(minutes=5))
        tell_time(tmp_path / "clock", clock)
        tasks.sweep_payments()
        assert wait_until(lambda: is_paid(payment), child=worker, seconds=PATIENCE)
    check_paid_once(payment, simulator)


def test_a_web_process_answers_at_once_after_postgresql_was_restarted(simulator, clock, database, tmp_path):
    payment = make_ended_payment(simulator, clock)
    browser = Browser(payment.mission.client.user)
    tell_time(tmp_path / "clock", clock)
    with Web(tmp_path, environ_of_demo(tmp_path, "redis://127.0.0.1")) as web:
        assert browser.get(web.url + confirm_page(payment)).status_code == 200
        database.restart()
        assert browser.get(web.url + confirm_page(payment)).status_code == 200


# The broker goes away, and hangs up


@pytest.fixture
def broker(tmp_path):
    """The broker this very process publishes to, for once."""
    broker = Broker(tmp_path)
    publish_to(broker.address, eager=False)
    yield broker
    app.amqp.producer_pool.force_close_all()
    publish_to(settings.CELERY_BROKER_URL, eager=True)
    broker.stop()


def test_with_the_broker_away_the_site_still_books_and_the_sweep_finishes(client, simulator, clock, broker):
    payment = make_payment()
    make_account(payment.mission.professional, simulator)
    assert broker.waiting() != (0, 0)
    broker.stop()
    client.force_login(payment.mission.client.user)
    client.post(reverse("payments:checkout_start", args=[payment.mission_id]), {"early_start": "on"})
    back = simulator.hosted.pay(payment.sessions.get().stripe_id)
    assert client.get(back).status_code == 302
    assert fresh(payment).mission.status == Mission.Status.SECURED
    clock.set(payment.mission.ends_at)
    client.post(reverse("payments:mission_confirm", args=[payment.mission_id]))
    assert (fresh(payment).mission.status, moved(simulator)) == (Mission.Status.CONFIRMED, (0, 0, 0))
    assert deliver(client, simulator, *events.HANDLERS)

    tasks.do_what_is_due()
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 0)
    assert not StripeEvent.objects.exclude(state=StripeEvent.State.DONE).exists()
    assert invariants.found_wrong(simulator) == []


@pytest.fixture
def worker(broker, simulator, clock, tmp_path):
    """A real worker of this broker."""
    tell_time(tmp_path / "clock", clock)
    with (
        stripe_over_http(simulator) as stripe,
        celery_worker(tmp_path, environ_of_demo(tmp_path, broker.address, stripe.url)) as worker,
    ):
        yield worker


def old_messages(payment):
    """What another version of the code may have published of this payment."""
    return [
        ("payments.runner.run_payment", (payment.pk, "more")),
        ("payments.runner.run_payment", ()),
        ("payments.runner.run_payment", (0,)),
        ("payments.tasks.perform", ("no_more_a_duty", payment.pk)),
        ("payments.tasks.perform", ("place_hold", 0)),
        ("payments.tasks.run_operation", (0,)),
        ("payments.events.process", (0,)),
        ("payments.tasks.no_more_a_task", (payment.pk,)),
    ]


def test_a_worker_survives_the_tasks_of_another_version_and_a_broker_that_forgot_all(
    simulator, clock, broker, worker, tmp_path
):
    payment, staff = make_ended_payment(simulator, clock), make_staff()
    with without_hints():
        actions.confirm(payment.mission, by=payment.mission.client.user)
    for name, arguments in old_messages(payment):
        app.send_task(name, arguments)
    tell_time(tmp_path / "clock", clock)
    tasks.sweep_payments()
    assert wait_until(lambda: fresh(payment).status == Status.RELEASED, child=worker, seconds=PATIENCE)
    assert wait_until(lambda: broker.waiting() == (0, 0), child=worker, seconds=PATIENCE)

    broker.stop()
    with without_hints():
        actions.refund(payment, by=staff, cents=1000, bearer="platform", reason="Geste")
    broker.start()
    tasks.sweep_payments()
    assert wait_until(lambda: moved(simulator)[2] == 1000, child=worker, seconds=PATIENCE)
    assert moved(simulator) == (payment.price.total_cents, payment.price.professional_cents, 1000)


def test_a_worker_whose_broker_hangs_up_while_it_works_ends_its_task_then_takes_others(
    simulator, clock, broker, tmp_path
):
    payment, staff = make_ended_payment(simulator, clock), make_staff()
    tell_time(tmp_path / "clock", clock)
    with (
        stalling(simulator, "/capture", after=True) as stripe,
        celery_worker(tmp_path, environ_of_demo(tmp_path, broker.address, stripe.url)) as worker,
    ):
        actions.confirm(payment.mission, by=payment.mission.client.user)
        assert stripe.simulator.reached.wait(PATIENCE)
        hang_up(broker)
        stripe.simulator.go_on.set()
        assert wait_until(lambda: is_paid(payment), child=worker, seconds=PATIENCE)
        check_paid_once(payment, simulator)

        with without_hints():
            actions.refund(payment, by=staff, cents=1000, bearer="platform", reason="Geste")
        tasks.sweep_payments()
        assert wait_until(lambda: moved(simulator)[2] == 1000, child=worker, seconds=PATIENCE)


def hang_up(broker):
    """Close every connection to it, the worker's and ours."""
    with redis.Redis.from_url(broker.address) as admin:
        assert admin.client_kill_filter(skipme=True)


# No connection to the database is left


@pytest.fixture
def only_connection(monkeypatch):
    """A pool of one connection, as the site has one of ten; it is the test's until it lets go."""
    connection.close()
    with monkeypatch.context() as patch:
        patch.setitem(connection.settings_dict["OPTIONS"], "pool", {"min_size": 1, "max_size": 1, "timeout": 0.2})
        connection.ensure_connection()
        yield connection
        connection.close()
        connection.close_pool()


def test_without_a_connection_left_pages_say_so_and_the_sweep_does_what_a_worker_could_not(
    simulator, clock, only_connection
):
    payment = make_ended_payment(simulator, clock)
    browser = Client(raise_request_exception=False)
    browser.force_login(payment.mission.client.user)
    refused = elsewhere(browser.post, confirm_page(payment))
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert "Le site fait une courte pause" in refused.content.decode()
    assert states(payment) == (Status.HELD, Mission.Status.SECURED)

    with without_hints():
        actions.confirm(payment.mission, by=payment.mission.client.user)
    with pytest.raises(OperationalError):
        elsewhere(runner.run_payment, payment.pk)
    only_connection.close()
    assert elsewhere(browser.get, reverse("payments:money", args=[payment.mission_id])).status_code == 200
    sweep_twice(clock)
    check_paid_once(payment, simulator)


def elsewhere(function, *args):
    """What it answers in another thread, as a web process or a worker has several."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(alone, function, *args).result()
