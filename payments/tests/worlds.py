"""Payments some way along, made once and the way people make them: where sequences of other acts start."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from accounts.models import Client, Professional, User
from accounts.tests.factories import make_client, make_professional, make_staff
from marketplace import clock
from missions import policy
from missions.models import Contest
from payments import actions, sync, tasks
from payments.simulator import Simulator, accounts
from payments.tests.factories import fresh, make_account, make_payment, pay, work

ALWAYS_AUTHENTICATES = "4000 0027 6000 3184"
SAVED_THEN_FINE = "4000 0025 0000 3155"
DISPUTED = "4000 0000 0000 0259"


@dataclass
class World:
    client: Client
    professionals: list[Professional]
    staff: User
    payments: list[int] = field(default_factory=list)
    instant: datetime | None = None
    book: dict | None = None

    @classmethod
    def at(cls, stage, simulator):
        """Two professionals, one of them without VAT, who can be paid, and the payment of this stage, or none."""
        professionals = [make_professional(agents=50), make_professional(agents=50, vat_regime="franchise")]
        world = cls(make_client(), professionals, make_staff())
        for professional in professionals:
            make_account(professional, simulator)
        payment = STAGES[stage](world, simulator)
        world.payments = [payment.pk] if payment else []
        simulator.outbox.clear()
        world.instant, world.book = clock.now(), deepcopy(simulator.book.contents())
        return world

    def agree(self, hours, *, minutes=480, agents=1, hourly_cents=2533, franchise=False):
        """A mission agreed now, that starts in so many hours."""
        now = clock.now().replace(second=0, microsecond=0)
        starts_at = now + timedelta(hours=hours)
        return make_payment(
            client=self.client,
            professional=self.professionals[franchise],
            starts_at=starts_at,
            deadline_at=min(now + policy.PAYMENT_DELAY, starts_at - policy.PAYMENT_BEFORE_START),
            minutes=minutes,
            agents=agents,
            hourly_cents=hourly_cents,
        )

    def simulator(self):
        """A simulator that knows what Stripe knew then."""
        simulator = Simulator()
        contents = deepcopy(self.book)
        for table in contents.pop("objects").values():
            for thing in table.values():
                simulator.book.add(thing)
        vars(simulator.book).update(contents)
        return simulator


def empty(world, simulator):
    return None


def accepted(world, simulator):
    return world.agree(70, agents=2)


def authenticating(world, simulator):
    """The client left Stripe's page at 3-D Secure."""
    payment = world.agree(70, hourly_cents=2999)
    return pay(payment, simulator, ALWAYS_AUTHENTICATES, authenticate=None)


def card_saved(world, simulator):
    return pay(world.agree(480, franchise=True), simulator, SAVED_THEN_FINE)


def hold_due(world, simulator):
    payment = card_saved(world, simulator)
    clock.set(payment.hold_due_at + timedelta(minutes=1))
    return payment


def held(world, simulator):
    return pay(world.agree(50, minutes=735, hourly_cents=3117), simulator)


def ended(world, simulator):
    payment = pay(world.agree(20, franchise=True, hourly_cents=1999), simulator)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    return payment


def contested(world, simulator):
    payment = ended(world, simulator)
    actions.contest(payment.mission, by=world.client.user, reason=Contest.Reason.EARLY_DEPARTURE, text="")
    return fresh(payment)


def kept(world, simulator):
    payment = contested(world, simulator)
    clock.set(payment.holds.get().capture_before - timedelta(hours=11))
    tasks.do_what_is_due()
    return fresh(payment)


def released(world, simulator, card="4242 4242 4242 4242"):
    payment = pay(world.agree(30, agents=3, hourly_cents=2601), simulator, card)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    actions.confirm(payment.mission, by=world.client.user)
    return work(payment)


def unpaid(world, simulator):
    """Shared, while Stripe lets nothing in on the professional's account."""
    account = simulator.get("v2.core.account", world.professionals[0].account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    return released(world, simulator)


def paid_out(world, simulator):
    payment = released(world, simulator)
    clock.advance(timedelta(days=8))
    simulator.tick()
    accounts.pay_out(simulator, payment.mission.professional.account.stripe_id)
    return payment


def charged_back(world, simulator):
    payment = released(world, simulator, DISPUTED)
    sync.sync_payment(payment)
    return work(payment)


STAGES = {
    stage.__name__: stage
    for stage in (
        empty,
        accepted,
        authenticating,
        card_saved,
        hold_due,
        held,
        ended,
        contested,
        kept,
        released,
        unpaid,
        paid_out,
        charged_back,
    )
}
