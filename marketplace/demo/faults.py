"""The demo's fault panel: what may be broken, in words, and what there is to break in the simulator's book."""

from typing import NamedTuple

from django.db.models import Max
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from marketplace import formatting
from marketplace.demo.simulator import control
from missions.models import Mission
from payments.models import ConnectedAccount

RECENT = 30  # how many charges, refunds or accounts one chooses from

NEXT = {"next": (_("Provoquer"), "*")}
CALLS = {
    "capture": (_("À l’encaissement"), "payment_intents.capture"),
    "transfer": (_("Au versement"), "transfers.create"),
    "hold": (_("Au blocage"), "payment_intents.create"),
}


class Fault(NamedTuple):
    """One kind of the simulator's faults. `targets` says on what it may fall: {name: (button, route or event)}."""

    kind: str
    title: str
    note: str
    targets: dict
    details: dict = {}

    @property
    def buttons(self):
        return [(f"{self.kind}-{name}", label) for name, (label, _on) in self.targets.items()]

    @property
    def bodies(self):
        return [{"kind": self.kind, "on": on, "times": 1, **self.details} for _label, on in self.targets.values()]


CARD_FAULTS = [
    Fault(
        "authentication_required",
        _("La banque veut voir son client"),
        _(
            "Au prochain blocage sans le client, 48 h avant une mission, sa banque refuse. Le site lui écrit pour "
            "qu’il paie lui-même ; sinon la mission est annulée sans frais 24 h avant son début."
        ),
        NEXT,
    ),
]
WEBHOOK_FAULTS = [
    Fault(
        "drop",
        _("Le prochain message se perd"),
        _("Le site ne le recevra jamais. Il relit Stripe régulièrement, et apprend ainsi ce qu’on ne lui a pas dit."),
        NEXT,
    ),
    Fault(
        "duplicate",
        _("Le prochain message arrive deux fois"),
        _("Le site note le premier et reconnaît le second : rien n’est compté ni annoncé deux fois."),
        NEXT,
    ),
    Fault(
        "delay",
        _("Le prochain message a dix minutes de retard"),
        _("Avancez l’horloge pour qu’il arrive. Le site relit alors Stripe : une vieille nouvelle ne défait rien."),
        NEXT,
        {"seconds": 600},
    ),
    Fault(
        "reorder",
        _("Le prochain message arrive après celui qui le suit"),
        _("Le site ne se fie pas à l’ordre des messages : à chacun il relit Stripe, et arrive au même point."),
        NEXT,
    ),
]
CALL_FAULTS = [
    Fault(
        "lose_answer",
        _("La réponse se perd"),
        _("Stripe agit, mais le site n’en sait rien. Il redemande avec la même clé : rien n’est fait deux fois."),
        CALLS,
    ),
    Fault(
        "half_answer",
        _("La réponse s’arrête au milieu"),
        _("Stripe agit, mais sa réponse est illisible. Le site relit Stripe avant de recommencer."),
        CALLS,
    ),
    Fault(
        "server_error",
        _("Stripe tombe en panne (500)"),
        _(
            "Rien n’est fait, et Stripe répéterait cette réponse pendant 24 h. Quelques minutes plus tard, le site "
            "relit Stripe, puis recommence avec une autre clé."
        ),
        CALLS,
    ),
    Fault(
        "bad_gateway",
        _("Stripe est injoignable (502)"),
        _("Rien n’est fait. Le site recommence aussitôt, et vous ne devriez rien remarquer."),
        CALLS,
    ),
    Fault(
        "rate_limit",
        _("Stripe demande de ralentir (429)"),
        _("Rien n’est fait. Le site attend quelques minutes, puis recommence."),
        CALLS,
    ),
    Fault(
        "expire_key",
        _("Notre clé d’accès à Stripe a expiré (401)"),
        _("Rien n’est fait. L’équipe reçoit aussitôt un courriel, et le site recommence de plus en plus tard."),
        CALLS,
    ),
    Fault(
        "forbid",
        _("Stripe refuse ce que le site demande (400)"),
        _("Rien n’est fait. L’équipe reçoit un courriel, corrige ce qui bloque, puis relance l’appel."),
        CALLS,
    ),
    Fault(
        "refuse_connection",
        _("La connexion est refusée"),
        _("Rien n’arrive à Stripe. Le site recommence aussitôt, et vous ne devriez rien remarquer."),
        CALLS,
    ),
]
FAULTS = CARD_FAULTS + WEBHOOK_FAULTS + CALL_FAULTS

# All that may be programmed: a choice's name, then what the simulator is told.
CHOICES = {name: body for fault in FAULTS for (name, _label), body in zip(fault.buttons, fault.bodies, strict=True)}

VERDICTS = {"won": True, "lost": False}
CLOSED = {"won", "lost", "warning_closed"}
STATUSES = {"active", "restricted"}

# The simulator's refusals that a visitor may well meet, by Stripe's code.
REFUSALS = {
    "balance_insufficient": _(
        "Rien n’est disponible sur ce compte. L’argent l’est sept jours après l’encaissement : avancez l’horloge."
    )
}


def in_words(refusal):
    """Why the simulator would not do it, from Stripe's `error` object."""
    known = REFUSALS.get(refusal.get("code"))
    return known or gettext("Le simulateur a refusé : %(reason)s") % {"reason": refusal.get("message", "?")}


class Panel(NamedTuple):
    """What there is to break now: {Stripe's id: words}, the newest first."""

    programmed: list
    charges: dict
    disputes: dict
    refunds: dict
    accounts: dict


def read_panel():
    """Raises requests.RequestException when the simulator is away."""
    book = control("book")
    objects = book["objects"]
    return Panel(
        programmed=[describe(fault) for fault in book["faults"]],
        charges=by_mission(objects, "charge", is_disputable),
        disputes=by_mission(objects, "dispute", lambda dispute: dispute["status"] not in CLOSED),
        refunds=by_mission(objects, "refund", is_refund),
        accounts=accounts_in_use(objects.get("v2.core.account", {})),
    )


def describe(fault):
    """A fault of the book in words, whoever programmed it."""
    titles = {known.kind: known.title for known in FAULTS}
    places = {"*": ""} | {on: label for label, on in CALLS.values()}
    return {
        "title": titles.get(fault["kind"], fault["kind"]),
        "place": places.get(fault["on"], fault["on"]),
        "times": fault["times"],
    }


def is_disputable(charge):
    return charge["captured"] and not charge["disputed"] and not charge["refunded"]


def is_refund(refund):
    """Whether money went back: a hold let go is a refund too, of nothing."""
    return refund["status"] == "succeeded" and refund["balance_transaction"] is not None


def by_mission(objects, kind, wanted):
    """The newest objects of a kind, each named after its mission and its amount."""
    found = sorted(filter(wanted, objects.get(kind, {}).values()), key=lambda thing: thing["created"], reverse=True)
    things = {thing["id"]: (mission_id(objects, thing), cents(thing)) for thing in found[:RECENT]}
    missions = Mission.objects.select_related("professional").in_bulk({mission for mission, _cents in things.values()})
    return {key: words(missions[mission], amount) for key, (mission, amount) in things.items() if mission in missions}


def mission_id(objects, thing):
    charge = objects["charge"].get(thing.get("charge"), thing)
    return int(charge["metadata"].get("mission_id", 0))


def cents(thing):
    return thing.get("amount_captured", thing["amount"])


def words(mission, amount):
    """The amount first: a narrow screen cuts the end of a choice."""
    return f"{formatting.euros(amount)} · {mission}, {mission.professional.trade_name}"


def accounts_in_use(known):
    """The accounts of the professionals who have agreed on a mission, the latest first, with what Stripe says."""
    accounts = ConnectedAccount.objects.filter(stripe_id__in=known, professional__missions__payment__isnull=False)
    latest = accounts.annotate(latest=Max("professional__missions__pk")).order_by("-latest")
    found = latest.select_related("professional")[:RECENT]
    return {account.stripe_id: holder(account, known[account.stripe_id]) for account in found}


def holder(account, known):
    transfers = known["configuration"]["recipient"]["capabilities"]["stripe_balance"]["stripe_transfers"]
    name = account.professional.trade_name
    return name if transfers["status"] == "active" else gettext("Suspendu : %(name)s") % {"name": name}
