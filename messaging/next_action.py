"""The one thing to do next in a thread, for whoever looks: by when, and what happens after.

One table: what is going on × who looks. The thread, the inbox, the list of missions and the dashboard read it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from marketplace import formatting
from missions import policy
from missions.models import Mission
from missions.search import search_again
from payments.models import Payment
from payments.where_rows import own_page, page

Status = Mission.Status
CLIENT, PROFESSIONAL, EITHER = "client", "professional", "either"


class Row(NamedTuple):
    """`mine`: it awaits this person. Texts may use other, deadline, start and total."""

    title: str
    text: str
    badge: str
    button: str = ""
    url: object = None
    mine: bool = False
    icon: str = "clock"


@dataclass(frozen=True)
class NextAction:
    title: str
    text: str
    badge: str
    button: str
    url: str
    mine: bool
    icon: str
    deadline_at: datetime | None

    @property
    def waiting(self):
        return not self.mine

    @property
    def tone(self):
        return "wait" if self.mine else "info"


def open_proposal_url(mission):
    return f"{mission.get_absolute_url()}#proposal-open"


def review_answer(mission):
    return reverse("missions:review_answer", args=[mission.review.pk])


def mine(title, text, badge, button, url, icon):
    return Row(title, text, badge, button, url, True, icon)


TABLE = {
    ("proposal_received", CLIENT): mine(
        _("À vous : répondez à la proposition"),
        _("Elle expire %(deadline)s. L’accepter réserve les agents, le temps de payer."),
        _("Répondre à la proposition"),
        _("Voir la proposition"),
        open_proposal_url,
        "hourglass",
    ),
    ("proposal_received", PROFESSIONAL): mine(
        _("À vous : répondez à la proposition"),
        _("Elle expire %(deadline)s. L’accepter réserve vos agents, puis %(other)s a 24 h au plus pour payer."),
        _("Répondre à la proposition"),
        _("Voir la proposition"),
        open_proposal_url,
        "hourglass",
    ),
    ("proposal_sent", EITHER): Row(
        _("%(other)s doit répondre à votre proposition"),
        _("Elle expire %(deadline)s. Vous pouvez encore en faire une autre, qui la remplacera."),
        _("Proposition envoyée"),
    ),
    ("message_received", CLIENT): mine(
        _("À vous : %(other)s vous a répondu"),
        _("Poursuivez l’échange ou proposez vos conditions. La demande expire %(deadline)s."),
        _("Répondre"),
        _("Faire une proposition"),
        page("messaging:proposal_write"),
        "message-square",
    ),
    ("message_received", PROFESSIONAL): mine(
        _("À vous : répondez à %(other)s"),
        _("Sans réponse de votre part, la demande expire %(deadline)s."),
        _("Répondre à la demande"),
        _("Faire une proposition"),
        page("messaging:proposal_write"),
        "message-square",
    ),
    ("message_sent", CLIENT): Row(
        _("%(other)s doit vous répondre"),
        _("Sans réponse, votre demande expire %(deadline)s. Rien n’est réservé d’ici là."),
        _("Demande envoyée"),
    ),
    ("message_sent", PROFESSIONAL): Row(
        _("Vous avez répondu à %(other)s"),
        _("Proposez vos conditions quand vous voulez : la demande reste ouverte jusqu’à %(deadline)s."),
        _("Réponse envoyée"),
        _("Faire une proposition"),
        page("messaging:proposal_write"),
    ),
    ("to_pay", CLIENT): mine(
        _("À vous : payez pour confirmer la mission"),
        _("Les agents vous sont réservés jusqu’à %(deadline)s. Ensuite, ils sont libérés et la demande expire."),
        _("Payer"),
        _("Payer %(total)s"),
        page("payments:payment"),
        "credit-card",
    ),
    ("to_pay", PROFESSIONAL): Row(
        _("%(other)s doit payer"),
        _("Vos agents sont réservés jusqu’à %(deadline)s. Sans paiement, ils sont libérés."),
        _("Paiement attendu"),
    ),
    ("card_refused", CLIENT): mine(
        _("À vous : confirmez le paiement"),
        _("Refaites le paiement avant %(deadline)s. Ensuite, la mission est annulée sans frais."),
        _("Paiement à refaire"),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
    ),
    ("card_refused", PROFESSIONAL): Row(
        _("%(other)s doit refaire son paiement"),
        _("Sans paiement, la mission est annulée %(deadline)s et vos agents sont libérés."),
        _("Paiement à refaire"),
    ),
    ("card_saved", CLIENT): Row(
        _("Carte enregistrée, paiement bloqué %(hold)s"),
        _("Vous n’avez rien à faire. Si votre banque demande une confirmation, nous vous écrivons."),
        _("Paiement bloqué le %(hold_day)s"),
    ),
    ("card_saved", PROFESSIONAL): Row(
        _("Carte enregistrée, paiement bloqué %(hold)s"),
        _("La mission est commandée, ses agents sont réservés. Nous vous prévenons dès que le paiement est garanti."),
        _("Paiement bloqué le %(hold_day)s"),
    ),
    ("hold_asked", CLIENT): Row(
        _("Nous demandons à votre banque de bloquer %(total)s"),
        _("Elle répond d’ordinaire en quelques minutes. Si elle veut une confirmation, nous vous écrivons."),
        _("Blocage demandé à la banque"),
    ),
    ("hold_asked", PROFESSIONAL): Row(
        _("Nous demandons à la banque de %(other)s de bloquer le montant"),
        _("La mission est commandée, son paiement pas encore garanti. Nous vous prévenons dès qu’il l’est."),
        _("Blocage demandé à la banque"),
    ),
    ("hold_retried", CLIENT): Row(
        _("Votre banque a refusé de bloquer le montant"),
        _("Nouvel essai %(hold)s. Vérifiez le plafond de votre carte : rien n’est bloqué ni débité."),
        _("Blocage refusé, nouvel essai"),
        icon="triangle-alert",
    ),
    ("hold_retried", PROFESSIONAL): Row(
        _("La banque de %(other)s a refusé de bloquer le montant"),
        _("Nouvel essai %(hold)s. Sans paiement avant %(deadline)s, la mission est annulée."),
        _("Blocage refusé, nouvel essai"),
        icon="triangle-alert",
    ),
    ("papers_missing", CLIENT): Row(
        _("Le dossier de %(other)s doit être remis en ordre"),
        _(
            "Sans cela, la mission est annulée %(deadline)s et vous ne devez rien. Vous pouvez aussi l’annuler sans "
            "frais et chercher quelqu’un d’autre."
        ),
        _("Dossier du professionnel à revoir"),
        _("Annuler sans frais"),
        page("payments:mission_cancel"),
        icon="triangle-alert",
    ),
    ("papers_missing", PROFESSIONAL): mine(
        _("À vous : mettez votre dossier en ordre"),
        _("Vous ne pouvez pas faire cette mission tant qu’il ne l’est pas. Elle est annulée %(deadline)s sinon."),
        _("Dossier à mettre en ordre"),
        _("Voir ce qui manque"),
        own_page("messaging:dashboard"),
        "triangle-alert",
    ),
    ("upcoming", CLIENT): Row(
        _("Tout est prêt pour %(start)s"),
        _("Le paiement est bloqué sur votre carte et conservé par Stripe jusqu’à votre validation."),
        _("Paiement garanti"),
        icon="circle-check",
    ),
    ("upcoming", PROFESSIONAL): Row(
        _("Tout est prêt pour %(start)s"),
        _("Le paiement est garanti : il vous est versé après la validation de %(other)s."),
        _("Paiement garanti"),
        icon="circle-check",
    ),
    ("kept", CLIENT): Row(
        _("Tout est prêt pour %(start)s"),
        _("Le paiement a été débité, et il est conservé par Stripe jusqu’à votre validation."),
        _("Paiement garanti"),
        icon="circle-check",
    ),
    ("kept", PROFESSIONAL): Row(
        _("Tout est prêt pour %(start)s"),
        _("Le paiement est conservé par Stripe : il vous est versé après la validation de %(other)s."),
        _("Paiement garanti"),
        icon="circle-check",
    ),
    ("under_way", CLIENT): Row(
        _("La mission est en cours"),
        _("Vous pourrez la valider dès sa fin. En cas de problème, contestez-la depuis « Plus d’actions »."),
        _("En cours"),
    ),
    ("under_way", PROFESSIONAL): Row(
        _("La mission est en cours"),
        _("À sa fin, %(other)s la valide et vous êtes payé."),
        _("En cours"),
    ),
    ("to_confirm", CLIENT): mine(
        _("À vous : validez la mission"),
        _("Votre validation paie le professionnel. Sans réponse avant %(deadline)s, notre équipe examine la mission."),
        _("Valider la mission"),
        _("Valider la mission"),
        page("payments:mission_confirm"),
        "circle-check",
    ),
    ("to_confirm", PROFESSIONAL): Row(
        _("%(other)s doit valider la mission"),
        _("Nous le lui rappelons. Sans réponse avant %(deadline)s, notre équipe examine la mission."),
        _("Validation attendue"),
    ),
    ("contest_received", EITHER): mine(
        _("À vous : répondez à la contestation"),
        _("Donnez votre version avant %(deadline)s. Notre équipe décide ensuite, et rien n’est versé d’ici là."),
        _("Répondre à la contestation"),
        _("Répondre"),
        page("payments:contest_answer"),
        "scale",
    ),
    ("contest_pending", EITHER): Row(
        _("Notre équipe examine la contestation"),
        _("Elle décide au plus tard %(deadline)s. Rien n’est versé d’ici là."),
        _("Contestée"),
        icon="scale",
    ),
    ("contest_late", EITHER): Row(
        _("Notre équipe examine toujours la contestation"),
        _("Elle devait décider au plus tard %(deadline)s : nous la relançons chaque jour. Rien n’est versé d’ici là."),
        _("Contestée"),
        icon="scale",
    ),
    ("contest_unpaid", CLIENT): mine(
        _("À vous : refaites votre paiement"),
        _(
            "Votre banque a libéré le montant bloqué : rien n’a été débité. Payer à nouveau reste possible jusqu’à la "
            "décision de notre équipe, et vous ne payez que la part qu’elle retient."
        ),
        _("Paiement à refaire"),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
    ),
    ("contest_unpaid", PROFESSIONAL): Row(
        _("%(other)s doit refaire son paiement"),
        _(
            "Sa banque a libéré le montant bloqué. Notre équipe examine la contestation, mais ne peut rien vous "
            "attribuer avant ce paiement."
        ),
        _("Paiement à refaire"),
        icon="scale",
    ),
    ("contest_received_unpaid", CLIENT): mine(
        _("À vous : refaites votre paiement"),
        _(
            "Votre banque a libéré le montant bloqué : rien n’a été débité. Répondez aussi à la contestation avant "
            "%(deadline)s, depuis « Plus d’actions »."
        ),
        _("Paiement à refaire"),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
    ),
    ("contest_received_unpaid", PROFESSIONAL): mine(
        _("À vous : répondez à la contestation"),
        _(
            "Donnez votre version avant %(deadline)s. La banque de %(other)s a libéré le montant bloqué : notre "
            "équipe ne peut rien vous attribuer avant un nouveau paiement."
        ),
        _("Répondre à la contestation"),
        _("Répondre"),
        page("payments:contest_answer"),
        "scale",
    ),
    ("to_review", CLIENT): mine(
        _("À vous : donnez votre avis"),
        _("Deux minutes suffisent, et les prochains clients vous en sauront gré. Possible jusqu’à %(deadline)s."),
        _("Donner un avis"),
        _("Donner mon avis"),
        page("missions:review_add"),
        "star",
    ),
    ("review_received", PROFESSIONAL): mine(
        _("%(other)s a donné son avis"),
        _("Vous pouvez y répondre une fois, sur votre profil public."),
        _("Avis reçu"),
        _("Répondre à l’avis"),
        review_answer,
        "star",
    ),
    ("settled", CLIENT): Row(
        _("Notre équipe a tranché"),
        _("Elle retient %(performed)s de la mission : vous payez %(total_due)s, le reste vous revient."),
        _("Réglée"),
        icon="scale",
    ),
    ("settled", PROFESSIONAL): Row(
        _("Notre équipe a tranché"),
        _("Elle retient %(performed)s de la mission : vous recevez %(share_due)s."),
        _("Réglée"),
        icon="scale",
    ),
    ("hold_lost", CLIENT): mine(
        _("À vous : refaites votre paiement"),
        _("Votre banque a libéré le montant bloqué. Rien n’a été débité : bloquez-le à nouveau."),
        _("Paiement à refaire"),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
    ),
    ("hold_lost", PROFESSIONAL): Row(
        _("%(other)s doit refaire son paiement"),
        _("Sa banque a libéré le montant bloqué. Notre équipe suit ce dossier."),
        _("Paiement à refaire"),
    ),
    ("not_payable", PROFESSIONAL): mine(
        _("Votre paiement vous attend"),
        _("Complétez votre compte Stripe : nous vous versons alors votre part sans autre démarche."),
        _("Compte Stripe à compléter"),
        _("Compléter mon compte Stripe"),
        own_page("payments:onboarding"),
        "wallet",
    ),
    ("bank_judges", CLIENT): Row(
        _("Votre banque étudie ce paiement"),
        _("Elle a repris l’argent le temps de trancher. Suivez l’argent pour savoir ce qui vient ensuite."),
        _("Contesté à la banque"),
        _("Suivre l’argent"),
        page("payments:money"),
        icon="scale",
    ),
    ("bank_judges", PROFESSIONAL): Row(
        _("La banque de %(other)s étudie ce paiement"),
        _("Elle a repris l’argent le temps de trancher. Gardez vos preuves, et suivez l’argent pour la suite."),
        _("Contesté à la banque"),
        _("Suivre l’argent"),
        page("payments:money"),
        icon="scale",
    ),
    ("payment_lost", CLIENT): Row(
        _("Votre banque a repris le montant de cette mission"),
        _("Il n’y a plus rien à partager ici. Suivez l’argent pour savoir où il est."),
        _("Repris par la banque"),
        _("Suivre l’argent"),
        page("payments:money"),
        icon="scale",
    ),
    ("payment_lost", PROFESSIONAL): Row(
        _("La banque de %(other)s a repris le montant"),
        _("Il n’y a plus rien à partager. Suivez l’argent pour savoir ce que vous pouvez faire."),
        _("Repris par la banque"),
        _("Suivre l’argent"),
        page("payments:money"),
        icon="scale",
    ),
    ("done", CLIENT): Row(_("La mission est terminée"), _("Merci de votre confiance."), _("Terminée")),
    ("done", PROFESSIONAL): Row(
        _("La mission est terminée"), _("Votre paiement est en route ou déjà versé."), _("Terminée")
    ),
    ("closed", CLIENT): Row(
        _("Cette demande est close"),
        _("Rien n’est réservé. D’autres professionnels sont peut-être libres aux mêmes heures."),
        "",
        _("Chercher à nouveau"),
        search_again,
        icon="search",
    ),
    ("closed", PROFESSIONAL): Row(_("Cette demande est close"), _("Vous n’avez rien à faire."), ""),
}


def next_action(thread, user, now):
    """What the table says; `thread` comes from `messaging.queries`."""
    mission = thread.mission
    role = CLIENT if mission.is_client(user) else PROFESSIONAL
    situation, deadline_at = situation_of(thread, user, now)
    row = TABLE.get((situation, role)) or TABLE[situation, EITHER]
    words = words_for(mission, user, deadline_at)
    return NextAction(
        title=row.title % words,
        text=row.text % words,
        badge=mission.get_status_display() if situation == "closed" else row.badge % words,
        button=row.button % words,
        url=row.url(mission) if row.url else "",
        mine=row.mine,
        icon=row.icon,
        deadline_at=deadline_at,
    )


def words_for(mission, user, deadline_at):
    payment = getattr(mission, "payment", None)
    hold_at = payment and payment.hold_due_at or mission.starts_at - policy.HOLD_BEFORE_START
    return decision_words(mission) | {
        "other": str(mission.other(user)),
        "deadline": formatting.near(deadline_at, mission) if deadline_at else "",
        "start": formatting.near(mission.starts_at, mission),
        "hold": formatting.near(hold_at, mission),
        "hold_day": f"{formatting.day_of_month(hold_at, mission)}\u00a0{formatting.month_short(hold_at, mission)}",
        "total": formatting.euros(mission.agreement.price.total_cents) if hasattr(mission, "agreement") else "",
    }


def decision_words(mission):
    """What staff decided of a contested mission, in amounts."""
    if mission.status != Status.SETTLED:
        return {}
    performed = mission.contest.performed_basis_points
    due = mission.agreement.price.scaled(performed)
    return {
        "performed": formatting.percent(performed),
        "total_due": formatting.euros(due.total_cents),
        "share_due": formatting.euros(due.professional_cents),
    }


def situation_of(thread, user, now):
    """The name of what is going on, and its deadline; money that is stuck comes before the rest."""
    mission = thread.mission
    if hasattr(mission, "payment") and (stuck := stuck_money(thread, user)):
        return stuck, None
    find = SITUATIONS.get(mission.status)
    return find(thread, user, now) if find else ("closed", None)


def stuck_money(thread, user):
    """What a bank took back or is judging, or what waits for a professional Stripe cannot pay."""
    mission = thread.mission
    if mission.payment.status == Payment.Status.LOST:
        return "payment_lost"
    if thread.bank_judges and mission.payment.is_closed:
        return "bank_judges"
    waits = thread.transfer_waits and not mission.professional.payable
    return "not_payable" if waits and not mission.is_client(user) else None


def inquiry(thread, user, now):
    for proposal in thread.open_proposals:
        if proposal.is_answerable(now):
            mine = proposal.author_id == user.pk
            return "proposal_sent" if mine else "proposal_received", proposal.expires_at
    mine = thread.last_author_id == user.pk
    return "message_sent" if mine else "message_received", thread.mission.deadline_at


def accepted(thread, user, now):
    return "to_pay", thread.mission.deadline_at


def booked(thread, user, now):
    mission = thread.mission
    if mission.payment.status == Payment.Status.CARD_REFUSED:
        return "card_refused", mission.deadline_at
    return mission.payment.before_hold(now, was_refused=thread.hold_was_refused), mission.deadline_at


def secured(thread, user, now):
    mission = thread.mission
    if mission.payment.status == Payment.Status.CARD_REFUSED:
        return "hold_lost", None
    if mission.has_ended(now):
        return "to_confirm", mission.deadline_at
    if mission.has_started(now):
        return "under_way", None
    if mission.payment.papers_missing_at:
        return "papers_missing", mission.payment.papers_due_at
    return "kept" if mission.payment.status == Payment.Status.KEPT else "upcoming", None


def contested(thread, user, now):
    mission = thread.mission
    unpaid = mission.payment.status == Payment.Status.CARD_REFUSED
    if mission.contest.may_be_answered_by(user) and now < mission.contest.answer_due_at:
        return "contest_received_unpaid" if unpaid else "contest_received", mission.contest.answer_due_at
    if unpaid:
        return "contest_unpaid", None
    return "contest_pending" if now < mission.deadline_at else "contest_late", mission.deadline_at


def over(thread, user, now):
    mission = thread.mission
    review = getattr(mission, "review", None)
    review_until = mission.ended_at + policy.REVIEW_DELAY
    if mission.is_client(user):
        return ("to_review", review_until) if review is None and now < review_until else ("done", None)
    awaits_answer = review is not None and review.is_published and review.answered_at is None
    return ("review_received", None) if awaits_answer else ("done", None)


def settled(thread, user, now):
    return "settled", None


SITUATIONS = {
    Status.INQUIRY: inquiry,
    Status.ACCEPTED: accepted,
    Status.BOOKED: booked,
    Status.SECURED: secured,
    Status.CONTESTED: contested,
    Status.CONFIRMED: over,
    Status.SETTLED: settled,
}
