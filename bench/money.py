"""How many due holds a second the workers place, against the simulator over HTTP, in a database of their own.

    python -m bench.money 10000

Everything is as in production: real workers, a sweep every minute, one row and one idempotency key per call, the
answer, the e-mails and the mission's events written. Printed for one worker and for two: holds a second from the first
sweep to the last hold, then to the last e-mail, as these wait in the queue behind the holds; and the share of a core
that each kind of process took, which says what bounds it.
"""

import os
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import psutil

from marketplace import embedded
from marketplace.processes import Child, wait_until

PROFESSIONALS, CLIENTS = 50, 10
SWEEP_SECONDS = 60
STRIPE_LIMIT = 25  # requests a second on one endpoint: https://docs.stripe.com/rate-limits


def main(size):
    with embedded.start_free("bench") as servers:
        port = embedded.free_port()
        os.environ |= servers.environ | variables(servers.folder, port)
        simulator = [sys.executable, "-m", "payments.simulator", "--port", str(port)]
        with Child("simulator", simulator, servers.folder, environ=os.environ) as stripe:
            prepare()
            people = make_people()
            for workers in (1, 2):
                build(size, *people)
                measure(size, workers, stripe, servers)


def variables(folder, port):
    (folder / "site").mkdir(exist_ok=True)
    return {
        "MODE": "demo",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings",
        "DATA_DIR": str(folder / "site"),
        "STRIPE_API_BASE": f"http://127.0.0.1:{port}",
        "NO_PROXY": "127.0.0.1",
    }


def prepare():
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)


# Missions whose card is saved and whose hold is due


def make_people():
    """Professionals, and clients with the card that each has saved."""
    from accounts.tests.factories import make_client, make_professional

    clients = [make_client() for _number in range(CLIENTS)]
    return [make_professional() for _number in range(PROFESSIONALS)], {one: save_card(one) for one in clients}


def build(size, professionals, cards):
    from payments.models import Payment

    missions = make_missions(size, professionals, list(cards))
    Payment.objects.bulk_create(due_payment(mission, cards[mission.client]) for mission in missions)


def make_missions(size, professionals, clients):
    from missions.models import Agreement, Mission

    missions = Mission.objects.bulk_create(
        make_mission(professionals[number % PROFESSIONALS], clients[number % CLIENTS]) for number in range(size)
    )
    Agreement.objects.bulk_create(make_agreement(mission) for mission in missions)
    return missions


def make_mission(professional, client):
    from marketplace import clock
    from missions.models import Mission

    starts_at = clock.now().replace(second=0, microsecond=0) + timedelta(hours=47)
    return Mission(
        client=client,
        professional=professional,
        status=Mission.Status.BOOKED,
        service="guarding",
        commune=professional.base_commune,
        timezone=professional.base_commune.timezone,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=8),
        agents=1,
        deadline_at=starts_at - timedelta(hours=24),
    )


def make_agreement(mission):
    from marketplace import clock
    from missions import policy
    from missions.models import Agreement

    agreement = Agreement(
        mission=mission,
        hourly_cents=2500,
        cancellation_policy=policy.CANCELLATION_POLICY,
        accepted_at=clock.now(),
        accepted_by=mission.client.user,
    )
    agreement.freeze_price(mission, mission.professional)
    return agreement


def save_card(client):
    """The client's card at the simulator, saved on its hosted page."""
    from marketplace.demo.simulator import control
    from payments import gateway
    from payments.models import Customer

    stripe = gateway.client()
    customer = stripe.v1.customers.create({"email": client.user.email})
    Customer.objects.create(client=client, stripe_id=customer.id)
    pages = {"success_url": "https://example.org/", "cancel_url": "https://example.org/"}
    session = stripe.v1.checkout.sessions.create(
        {"mode": "setup", "customer": customer.id, "currency": "eur", "allowed_payment_method_types": ["card"], **pages}
    )
    control("pay", session=session.id, card="4242 4242 4242 4242")
    return stripe.v1.setup_intents.retrieve(
        stripe.v1.checkout.sessions.retrieve(session.id).setup_intent
    ).payment_method


def due_payment(mission, card):
    from marketplace import clock
    from payments.models import Payment

    return Payment(
        mission=mission,
        amount_cents=mission.agreement.price.total_cents,
        status=Payment.Status.CARD_SAVED,
        payment_method=card,
        hold_due_at=clock.now(),
    )


# Sweeping them


def measure(size, workers, stripe, servers):
    from accounts.models import Notification
    from payments.models import Hold

    holds, sent = Hold.objects.all(), Notification.objects.exclude(sent_at=None)
    last_hold, last_email = holds.count() + size, sent.count() + 2 * size  # one to each side
    with ExitStack() as stack:
        children = [stack.enter_context(worker(number, servers)) for number in range(workers)]
        wait_until(lambda: all("ready" in child.log.read_text() for child in children), seconds=60)
        start, spent = monotonic(), seconds_spent(children, stripe)
        held = sweep_until(lambda: holds.count() >= last_hold) - start
        told = sweep_until(lambda: sent.count() >= last_email) - start
        report(size, workers, held, told, seconds_spent(children, stripe) - spent)


def sweep_until(is_done):
    """Sweep as the clock does; the moment when all was done."""
    from payments.tasks import sweep_payments

    next_sweep = monotonic()
    while not is_done():
        if monotonic() >= next_sweep:
            sweep_payments.delay()
            next_sweep += SWEEP_SECONDS
        sleep(0.2)
    return monotonic()


def worker(number, servers):
    command = ["-m", "celery", "-A", "marketplace", "worker", "--queues", "celery", "--hostname", f"bench{number}@%h"]
    options = ["--pool", "solo", "--loglevel", "INFO", "--without-gossip", "--without-mingle"]
    return Child(f"worker-{number}", [sys.executable, *command, *options], servers.folder, environ=os.environ)


def seconds_spent(workers, stripe):
    """Seconds of processor so far, by kind of process."""
    database = [process for process in psutil.process_iter(["name"]) if process.info["name"] == "postgres"]
    return Counter(
        workers=sum(processor_seconds(child.process.pid) for child in workers),
        simulator=processor_seconds(stripe.process.pid),
        postgresql=sum(processor_seconds(process.pid) for process in database),
    )


def processor_seconds(pid):
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return 0
    return times.user + times.system


def report(size, workers, held, told, spent):
    shares = "  ".join(f"{name} {seconds / told:.0%}" for name, seconds in spent.items())
    print(f"{workers} worker(s): {size} holds in {held:.0f} s, told in {told:.0f} s  of a core: {shares}", flush=True)
    rates = f"per_second={size / held:.1f} told_per_second={size / told:.1f}"
    print(f"money workers={workers} holds={size} {rates} stripe_limit={STRIPE_LIMIT}", flush=True)


if __name__ == "__main__":
    os.chdir(Path(__file__).resolve().parent.parent)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
