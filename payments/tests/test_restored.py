"""A backup restored while Stripe went on: nothing is moved twice, and the team is told what differs."""

from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from payments import actions, audit, reconciliation, subscriptions, sync, tasks
from payments.models import Difference, Payment
from payments.tests import worlds
from payments.tests.books import moved
from payments.tests.factories import fresh, pay

pytestmark = pytest.mark.django_db(transaction=True)

Kind = Difference.Kind
Status = Payment.Status


class Backup:
    """A copy of the database, that can take its place."""

    def __init__(self):
        connection.close()
        self.name = connection.settings_dict["NAME"]
        self.copy = f"{self.name}_backup"
        self.run(f"DROP DATABASE IF EXISTS {self.copy}", f"CREATE DATABASE {self.copy} TEMPLATE {self.name}")

    def restore(self):
        connection.close()
        self.run(f"DROP DATABASE {self.name} WITH (FORCE)", f"ALTER DATABASE {self.copy} RENAME TO {self.name}")

    def run(self, *statements):
        server = connection.settings_dict
        address = {"host": server["HOST"], "port": server["PORT"], "user": server["USER"]}
        password = server["PASSWORD"]
        with psycopg.connect(**address, password=password, dbname="postgres", autocommit=True) as admin:
            for statement in statements:
                admin.execute(statement)


def some_payments(world, simulator, clock):
    """One for each thing that the hour we lose will see, ten minutes before a hold is due."""
    payments = {
        "refunded": worlds.released(world, simulator),
        "settled": worlds.kept(world, simulator),
        "held": worlds.card_saved(world, simulator),
    }
    due_at = payments["held"].hold_due_at
    clock.set(due_at - timedelta(hours=7))
    payments |= {
        "confirmed": pay(world.agree(2, minutes=240), simulator),
        "paid": world.agree(50),
        "cancelled": pay(world.agree(50), simulator),
    }
    actions.start_checkout(payments["paid"], by=world.client.user)
    clock.set(due_at - timedelta(minutes=10))
    return payments


def live_the_lost_hour(world, payments, simulator, clock):
    clock.advance(timedelta(minutes=30))
    tasks.sweep_payments()
    page = payments["paid"].sessions.get()
    simulator.hosted.pay(page.stripe_id)
    sync.sync_session(page.stripe_id)
    actions.refund(payments["refunded"], by=world.staff, cents=5001, bearer="both", reason="Geste")
    decide(world, payments)


def decide(world, payments):
    """What people decide in that hour, and once more when they see that it is forgotten."""
    actions.confirm(payments["confirmed"].mission, by=world.client.user)
    actions.cancel(payments["cancelled"].mission, by=payments["cancelled"].mission.professional.user)
    contest = fresh(payments["settled"]).mission.contest
    actions.settle(contest, by=world.staff, performed_basis_points=4000, note="Deux heures sur cinq")


# What follows, by payment: its status once restored and read, what the team is told differs, its status in the end.
RESTORED = {
    "refunded": (Status.RELEASED, {Kind.UNKNOWN_REFUND, Kind.UNKNOWN_REVERSAL}, Status.RELEASED),
    "settled": (Status.KEPT, {Kind.UNKNOWN_REFUND, Kind.UNKNOWN_TRANSFER}, Status.RELEASED),
    "held": (Status.HELD, set(), Status.HELD),
    "confirmed": (Status.KEPT, {Kind.UNKNOWN_TRANSFER}, Status.RELEASED),
    "paid": (Status.HELD, set(), Status.HELD),
    "cancelled": (Status.CARD_REFUSED, set(), Status.RETURNED),
}


def test_a_restored_backup_moves_no_money_twice_and_tells_the_team_what_differs(simulator, clock, capsys):
    list(subscriptions.subscribe())
    world = worlds.World.at("empty", simulator)
    payments = some_payments(world, simulator, clock)
    backup = Backup()
    live_the_lost_hour(world, payments, simulator, clock)
    done, ends = moved(simulator), {name: fresh(payment).status for name, payment in payments.items()}
    assert ends == {name: end for name, (_restored, _differs, end) in RESTORED.items()}

    backup.restore()
    clock.advance(timedelta(minutes=30))
    with pytest.raises(CommandError, match="differences"):
        call_command("reconcile", days=30)
    for _sweep in range(2):
        clock.advance(timedelta(minutes=5))
        tasks.sweep_payments()
    reconciliation.compare_books()
    assert {name: state_of(payment) for name, payment in payments.items()} == {
        name: (status, differs) for name, (status, differs, _end) in RESTORED.items()
    }
    assert moved(simulator) == done

    decide(world, payments)
    reconciliation.compare_books()
    assert {name: fresh(payment).status for name, payment in payments.items()} == ends
    assert set(Difference.objects.open().values_list("payment", flat=True)) == {payments["refunded"].pk}
    assert (moved(simulator), audit.differences()) == (done, [])


def state_of(payment):
    return fresh(payment).status, set(payment.differences.open().values_list("kind", flat=True))
