"""A backup restored while Stripe went on: nothing is moved twice, and the team is told what differs."""

from datetime import timedelta

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.tests.factories import make_client
from payments import actions, audit, differences, reconciliation, subscriptions, sync, tasks
from payments.models import Difference, Payment
from payments.tests import worlds
from payments.tests.books import books, check_books, moved
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


@pytest.fixture(name="settled")
def make_settled(simulator):
    """Settled at 40 % in the hour that a restore then forgets."""
    list(subscriptions.subscribe())
    world = worlds.World.at("empty", simulator)
    payment = worlds.kept(world, simulator)
    backup = Backup()
    settle(payment, world, 4000)
    done = moved(simulator)
    backup.restore()
    return payment, world, done


def settle(payment, world, basis_points):
    contest = fresh(payment).mission.contest
    actions.settle(contest, by=world.staff, performed_basis_points=basis_points, note="Vu avec les deux")


def reconciled(clock):
    with pytest.raises(CommandError, match="differences"):
        call_command("reconcile", days=30)
    swept(clock)


def swept(clock):
    for _sweep in range(2):
        clock.advance(timedelta(hours=1, minutes=5))
        tasks.sweep_payments()


@pytest.mark.parametrize("hours", [1, 25])
def test_what_is_decided_alike_after_a_restore_leaves_once_even_when_its_key_is_forgotten(
    simulator, clock, settled, hours
):
    payment, world, done = settled
    clock.advance(timedelta(hours=hours))
    reconciled(clock)
    settle(payment, world, 4000)
    swept(clock)
    reconciliation.compare_books()

    assert moved(simulator) == done
    assert not Difference.objects.open().exists()
    check_books(simulator)


def test_what_is_decided_otherwise_after_a_restore_waits_until_the_team_has_written_what_was_done(
    simulator, clock, settled
):
    payment, world, done = settled
    clock.advance(timedelta(hours=25))
    reconciled(clock)
    settle(payment, world, 5000)
    swept(clock)
    assert moved(simulator) == done

    for difference in Difference.objects.open().order_by("kind"):
        differences.write_in_books(difference, by=world.staff, reason="Fait avant la panne.")
    swept(clock)
    reconciliation.compare_books()
    captured, _sent, returned = done
    assert moved(simulator) == (captured, payment.price.scaled(5000).professional_cents, returned)
    assert books(payment)["losses"] == returned - (captured - payment.price.scaled(5000).total_cents)
    assert not Difference.objects.open().exists()
    check_books(simulator)


def test_a_refund_decided_again_after_a_restore_waits_for_the_team(simulator, clock):
    """What Stripe took back and refunded in the time that was lost is not taken nor refunded again."""
    list(subscriptions.subscribe())
    world = worlds.World.at("empty", simulator)
    payment = worlds.released(world, simulator)
    backup = Backup()

    def refund():
        actions.refund(fresh(payment), by=world.staff, cents=2000, bearer="both", reason="Retard")

    refund()
    done = moved(simulator)
    backup.restore()
    call_command("skip_numbers")
    clock.advance(timedelta(hours=25))
    reconciled(clock)
    refund()
    swept(clock)
    assert moved(simulator) == done


def test_new_rows_take_no_number_that_a_restore_has_freed(simulator, clock):
    """Stripe keeps what it made under the number: a hold would pay another mission, a page be refused under its key."""
    world = worlds.World.at("empty", simulator)
    backup = Backup()
    forgotten = pay(world.agree(50), simulator)
    backup.restore()
    call_command("skip_numbers")
    clock.advance(timedelta(minutes=30))
    reconciled(clock)
    world.client = make_client()
    other = world.agree(50)

    assert actions.start_checkout(other, by=world.client.user)
    swept(clock)
    assert other.amount_cents == forgotten.amount_cents
    assert fresh(other).status == Status.PENDING
    assert not other.holds.exists()


def state_of(payment):
    return fresh(payment).status, set(payment.differences.open().values_list("kind", flat=True))
