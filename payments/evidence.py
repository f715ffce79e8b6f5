"""What the team sends a bank to show that a mission was ordered, protected and done.

https://docs.stripe.com/disputes/responding: facts with their dates, our own decision, and the review, which is
public. Never what the two sides wrote to each other or to us: the team adds by hand what it must of a contest.
"""

from django.db.models import Count, Max, Min
from django.utils.translation import gettext as _

from accounts.emails import complete, read_text
from marketplace import formatting
from marketplace.formatting import euros, moment, percent
from missions.models import Mission, MissionEvent
from payments.models import Dispute, StripeOperation

WITH_FACTS = (
    "payment__mission__client__user",
    "payment__mission__professional",
    "payment__mission__commune",
    "payment__mission__agreement__accepted_by",
    "payment__mission__contest__by",
    "payment__mission__cancellation__by",
    "payment__mission__review",
)


def evidence(dispute):
    """The sections of a chargeback's file: pairs of a title and lines, themselves pairs of a label and a text."""
    dispute = Dispute.objects.select_related(*WITH_FACTS).get(pk=dispute.pk)
    mission = dispute.payment.mission
    sections = [
        (_("Le client et le professionnel"), parties(mission)),
        (_("L’accord"), agreement(mission)),
        (_("Le paiement"), paid(dispute.payment)),
        (_("La mission"), place(mission)),
        (_("Ce qui s’est passé"), outcome(mission)),
        (_("Échanges entre les deux parties"), exchanges(mission)),
        (_("E-mails envoyés au client"), told(mission)),
    ]
    return [(title, [line for line in lines if line[1]]) for title, lines in sections]


def as_text(sections):
    """The same in plain text, to paste in Stripe's form."""
    return "\n\n".join("\n".join([title.upper(), *(write(*line) for line in lines)]) for title, lines in sections)


def write(label, text):
    return _("%(label)s : %(text)s") % {"label": label, "text": text}


def parties(mission):
    client, professional = mission.client, mission.professional
    return [
        (_("Client"), _("%(name)s, %(kind)s") % {"name": client.name, "kind": client.get_kind_display()}),
        (_("Adresse e-mail du client"), client.user.email),
        (_("Conditions générales acceptées par le client"), at(client.user.terms_accepted_at)),
        (_("Professionnel"), f"{professional.legal_name}, SIRET {professional.siret}"),
    ]


def agreement(mission):
    agreed, price = mission.agreement, mission.agreement.price
    words = {
        "rate": euros(agreed.hourly_cents),
        "time": formatting.duration(mission.minutes),
        "agents": formatting.agents(mission.agents),
    }
    return [
        (_("Accepté par"), side(mission, agreed.accepted_by)),
        (_("Accepté le"), at(agreed.accepted_at, mission)),
        (_("Prestation"), mission.get_service_display()),
        (_("Prix du professionnel hors taxes"), euros(price.service_cents)),
        (_("Soit"), _("%(rate)s de l’heure, %(time)s, %(agents)s") % words),
        (_("TVA du professionnel"), euros(price.vat_cents)),
        (_("Commission du site"), euros(price.commission_cents)),
        (_("TVA sur la commission"), euros(price.commission_vat_cents)),
        (_("Total accepté, toutes taxes comprises"), euros(price.total_cents)),
        *[(_("Annulation par le client"), step(rule)) for rule in agreed.cancellation_policy],
    ]


def step(rule):
    words = {"hours": formatting.number(rule["hours"]), "fee": percent(rule["fee_basis_points"])}
    if rule["hours"]:
        return _("jusqu’à %(hours)s h avant le début, %(fee)s du prix est dû") % words
    return _("plus tard, %(fee)s du prix est dû") % words


def paid(payment):
    hold = payment.holds.exclude(captured_cents=0).first()
    if hold is None:
        return [(_("Encaissement"), _("aucun n’est connu de nous"))]
    placed = payment.operations.filter(kind=StripeOperation.Kind.PLACE_HOLD, stripe_id=hold.intent_id)
    secured = payment.mission.events.filter(kind=MissionEvent.Kind.SECURED).last()
    captured = payment.operations.filter(kind=StripeOperation.Kind.CAPTURE, hold=hold, state=StripeOperation.State.DONE)
    return [
        (_("Débit chez Stripe"), hold.charge_id),
        (_("Montant bloqué"), euros(hold.amount_cents)),
        (_("Bloqué le"), at(secured and secured.happened_at, payment.mission)),
        (_("Carte"), off_session() if placed.exists() else in_person()),
        (_("Montant encaissé"), euros(hold.captured_cents)),
        (_("Encaissé le"), at(captured.values_list("answered_at", flat=True).first(), payment.mission)),
        (_("Début demandé avant la fin des 14 jours"), at(payment.early_start_requested_at, payment.mission)),
    ]


def off_session():
    return _("enregistrée par le client sur la page de Stripe, débitée ensuite comme il l’avait accepté")


def in_person():
    return _("saisie par le client sur la page de Stripe, au moment du blocage")


def place(mission):
    seats = mission.reservations.aggregate(count=Count("pk"))["count"]
    return [
        (_("Quand"), formatting.period(mission.starts_at, mission.ends_at, mission.timezone)),
        (_("Adresse"), ", ".join(filter(None, [mission.address, mission.commune.name]))),
        (_("Agents sur place"), formatting.agents(mission.agents)),
        (_("Places réservées chez le professionnel, relève comprise"), formatting.number(seats)),
    ]


def outcome(mission):
    events = mission.events.filter(kind=MissionEvent.Kind.CONFIRMED).select_related("actor")
    confirmations = [(_("Validée par"), who_and_when(mission, event.actor, event.happened_at)) for event in events]
    return [
        (_("État de la mission"), mission.get_status_display()),
        *confirmations,
        *cancelled(mission),
        *contested(mission),
        *reviewed(mission),
    ]


def cancelled(mission):
    cancellation = getattr(mission, "cancellation", None)
    if cancellation is None:
        return []
    return [
        (_("Annulée par"), who_and_when(mission, cancellation.by, cancellation.cancelled_at)),
        (_("Frais d’annulation"), percent(cancellation.fee_basis_points)),
    ]


def contested(mission):
    contest = getattr(mission, "contest", None)
    if contest is None:
        return []
    decision = contest.settled_at and percent(contest.performed_basis_points)
    return [
        (_("Contestée par"), who_and_when(mission, contest.by, contest.opened_at)),
        (_("Motif"), contest.get_reason_display()),
        (_("Part réalisée, selon notre décision"), decision),
        (_("Décidé le"), at(contest.settled_at, mission)),
        (_("Explication donnée aux deux parties"), contest.settlement_note),
    ]


def reviewed(mission):
    review = getattr(mission, "review", None)
    if review is None:
        return []
    return [
        (_("Avis du client"), _("%(stars)s sur 5") % {"stars": review.stars}),
        (_("Publié le"), at(review.published_at, mission)),
        (_("Texte de l’avis"), review.text),
    ]


def exchanges(mission):
    """How many messages each side wrote, and between which dates: a thread is its two readers' alone."""
    thread = getattr(mission, "thread", None)
    if thread is None:
        return []
    written = (
        thread.messages.order_by()
        .values("author")
        .annotate(n=Count("pk"), first=Min("written_at"), last=Max("written_at"))
    )
    return [(author(mission, row["author"]), count_between(row, mission)) for row in written.order_by("author")]


def count_between(row, mission):
    words = {"count": formatting.number(row["n"]), "first": at(row["first"], mission), "last": at(row["last"], mission)}
    return _("messages : %(count)s, le premier %(first)s, le dernier %(last)s") % words


def told(mission):
    sent = mission.client.user.notifications.filter(key__startswith=f"mission:{mission.pk}:").exclude(sent_at=None)
    return [(at(mail.sent_at, mission), subject_of(mail, mission)) for mail in sent.order_by("sent_at")]


def subject_of(mail, mission):
    return read_text(mail.template, complete(mail.context, mission.client.user))[0]


def at(instant, mission=None):
    return instant and moment(instant, mission and mission.timezone)


def who_and_when(mission, user, instant):
    return _("%(who)s, %(when)s") % {"who": side(mission, user), "when": at(instant, mission)}


def side(mission: Mission, user):
    return author(mission, user and user.pk)


def author(mission, user_id):
    """The side of the mission that this user is, or us."""
    if user_id == mission.client.user_id:
        return _("Le client, %(name)s") % {"name": mission.client.name}
    if user_id == mission.professional.user_id:
        return _("Le professionnel, %(name)s") % {"name": mission.professional.legal_name}
    return _("Le site")
