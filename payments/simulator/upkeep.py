"""What the passing of time does on its own."""

from payments.simulator import balance, checkout, intents


def run(sim):
    checkout.expire_sessions(sim)
    intents.expire_holds(sim)
    balance.settle(sim)
    forget_answers(sim)
    sim.book.forget_old(sim.now())


def forget_answers(sim):
    """An idempotency key protects for 24 hours in v1, 30 days in v2; then it is as if it had never been used."""
    answers, now = sim.book.answers, sim.timestamp()
    for key in [key for key, kept in answers.items() if kept["until"] <= now]:
        sim.book.changed = True
        del answers[key]
