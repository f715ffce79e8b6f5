"""What a mission's money is called in each situation, for the client and for the professional: see payments.where."""

from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

CLIENT, PROFESSIONAL = "client", "professional"


class Row(NamedTuple):
    """`place`: where the money is, in a few words; `then`: the next step, with its date. Texts use `Facts.words`."""

    place: str
    title: str
    text: str
    then: str = ""
    button: str = ""
    url: object = None
    icon: str = "clock"
    tone: str = "info"


def page(name):
    return lambda mission: reverse(name, args=[mission.pk])


def own_page(name):
    return lambda mission: reverse(name)


ON_THE_CARD = _("Sur votre carte")
ON_THEIR_CARD = _("Sur la carte du client")
WITH_CLIENT = _("Chez le client")
KEPT_BY_STRIPE = _("Conservé par Stripe")
PAID = _("Débité")
GIVEN_BACK = _("Rendu")

TO_CONFIRM = _("Validez la mission avant %(deadline)s. Sans réponse, notre équipe l’examine : rien ne part tout seul.")
TO_BE_CONFIRMED = _("%(other)s doit valider la mission. Sans réponse avant %(deadline)s, notre équipe l’examine.")
DECISION = _("%(decision)s Vous ne payez que la part qu’elle retient.")
THEIR_DECISION = _("%(decision)s Elle fixe la part qui vous revient.")
NOT_PAID_YET = _("Le paiement est conservé par Stripe jusqu’à votre validation : le professionnel n’est pas payé.")
KEPT_TEXT = _(
    "Le blocage sur votre carte arrivait à son terme. Le paiement est conservé par Stripe jusqu’à votre validation : "
    "le professionnel n’est pas payé."
)
SHARE_COMES = _("%(share)s vous reviennent une fois la mission validée.")
ON_YOUR_ACCOUNT = _("Remboursement fait %(refund_on)s : comptez 5 à 10 jours pour le lire sur votre compte.")
ON_ITS_WAY = _("Le remboursement part chez Stripe. Comptez ensuite 5 à 10 jours pour le lire sur votre compte.")
RECEIPT_BELOW = _("C’est terminé. Votre reçu est plus bas.")


def papers_awaited(place):
    return Row(
        place,
        _("Le dossier de %(other)s doit être remis en ordre"),
        _("Le paiement est conservé par Stripe, et le professionnel n’est pas payé."),
        _(
            "Si ce n’est pas fait, la mission est annulée %(papers)s et vous ne devez rien. Vous pouvez aussi "
            "l’annuler sans frais et chercher quelqu’un d’autre."
        ),
        _("Annuler sans frais"),
        page("payments:mission_cancel"),
        "triangle-alert",
        "wait",
    )


def papers_to_mend(place):
    return Row(
        place,
        _("Votre dossier n’est plus en ordre"),
        _("Vous ne pouvez pas faire cette mission tant qu’il ne l’est pas. Son paiement est conservé par Stripe."),
        _("Mettez-le en ordre avant %(papers)s. Ensuite, la mission est annulée sans frais pour le client."),
        _("Voir ce qui manque"),
        own_page("messaging:dashboard"),
        "triangle-alert",
        "wait",
    )


TABLE = {
    ("card_awaited", CLIENT): Row(
        _("Chez vous"),
        _("Rien n’est bloqué ni débité"),
        _("Les agents vous sont réservés jusqu’à %(deadline)s. Ensuite, ils sont libérés et vous ne devez rien."),
        _("Payez avant %(deadline)s : votre carte est enregistrée ou le montant y est bloqué, sans être débité."),
        _("Payer %(total)s"),
        page("payments:payment"),
        "credit-card",
        "wait",
    ),
    ("card_awaited", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Rien n’est encore garanti"),
        _("%(other)s doit payer. Vos agents lui sont réservés jusque-là."),
        _("Sans paiement avant %(deadline)s, vos agents sont libérés."),
    ),
    ("card_saved", CLIENT): Row(
        _("Chez vous"),
        _("Carte enregistrée, rien n’est débité"),
        _("Stripe garde votre carte : rien n’y est encore bloqué."),
        _("%(total)s y sont bloqués %(hold)s. Si votre banque veut une confirmation, nous vous écrivons."),
        icon="credit-card",
    ),
    ("card_saved", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Carte enregistrée, paiement pas encore garanti"),
        _("%(other)s a donné sa carte. La mission est commandée."),
        _("Le montant est bloqué sur sa carte %(hold)s. Nous vous prévenons dès que votre paiement est garanti."),
        icon="credit-card",
    ),
    ("hold_asked", CLIENT): Row(
        _("Chez vous"),
        _("Nous demandons à votre banque de bloquer %(total)s"),
        _("Rien n’est débité."),
        _("Votre banque répond d’ordinaire en quelques minutes. Si elle veut une confirmation, nous vous écrivons."),
        icon="credit-card",
    ),
    ("hold_asked", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Nous demandons à la banque de %(other)s de bloquer le montant"),
        _("La mission est commandée, son paiement pas encore garanti."),
        _("Sa banque répond d’ordinaire en quelques minutes. Nous vous prévenons."),
        icon="credit-card",
    ),
    ("hold_retried", CLIENT): Row(
        _("Chez vous"),
        _("Votre banque a refusé de bloquer le montant"),
        _("Rien n’est bloqué ni débité. Vérifiez le plafond de votre carte."),
        _("Nouvel essai %(hold)s. S’il échoue, nous vous envoyons un lien pour payer avant %(deadline)s."),
        icon="triangle-alert",
        tone="wait",
    ),
    ("hold_retried", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("La banque de %(other)s a refusé de bloquer le montant"),
        _("Le paiement n’est pas encore garanti."),
        _(
            "Nouvel essai %(hold)s. Sans paiement avant %(deadline)s, la mission est annulée et vos agents sont "
            "libérés."
        ),
        icon="triangle-alert",
        tone="wait",
    ),
    ("papers_missing", CLIENT): Row(
        _("Chez vous"),
        _("Rien n’est bloqué ni débité"),
        _("Le dossier de %(other)s doit être remis en ordre avant la mission. Votre carte n’est pas en cause."),
        _(
            "%(total)s y sont bloqués dès que c’est fait. Sinon, la mission est annulée %(papers)s et vous ne devez "
            "rien. Vous pouvez aussi l’annuler sans frais et chercher quelqu’un d’autre."
        ),
        _("Annuler sans frais"),
        page("payments:mission_cancel"),
        "triangle-alert",
        "wait",
    ),
    ("papers_missing", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Votre dossier n’est plus en ordre"),
        _("Le montant n’est pas demandé à la banque de %(other)s tant qu’il ne l’est pas : rien n’est garanti."),
        _("Mettez-le en ordre avant %(papers)s. Ensuite, la mission est annulée sans frais pour le client."),
        _("Voir ce qui manque"),
        own_page("messaging:dashboard"),
        "triangle-alert",
        "wait",
    ),
    ("held_without_papers", CLIENT): papers_awaited(ON_THE_CARD),
    ("held_without_papers", PROFESSIONAL): papers_to_mend(ON_THEIR_CARD),
    ("kept_without_papers", CLIENT): papers_awaited(KEPT_BY_STRIPE),
    ("kept_without_papers", PROFESSIONAL): papers_to_mend(KEPT_BY_STRIPE),
    ("card_refused", CLIENT): Row(
        _("Chez vous"),
        _("Votre carte est à donner à nouveau"),
        _("Le montant n’a pas pu être bloqué sans vous. Rien n’est débité."),
        _("Refaites le paiement avant %(deadline)s. Ensuite, la mission est annulée sans frais."),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
        "wait",
    ),
    ("card_refused", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("%(other)s doit refaire son paiement"),
        _("Le montant n’a pas pu être bloqué : rien n’est encore garanti."),
        _("Sans paiement, la mission est annulée %(deadline)s et vos agents sont libérés."),
        icon="triangle-alert",
        tone="wait",
    ),
    ("hold_lost", CLIENT): Row(
        _("Chez vous"),
        _("Le montant n’est plus bloqué sur votre carte"),
        _("Votre banque l’a libéré : rien n’a été débité."),
        _("Refaites le paiement dès maintenant : la mission reste à payer."),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
        "wait",
    ),
    ("hold_lost", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Le paiement n’est plus garanti"),
        _("La banque de %(other)s a libéré le montant bloqué."),
        _("%(other)s doit refaire son paiement. Notre équipe suit ce dossier."),
        icon="triangle-alert",
        tone="wait",
    ),
    ("hold_lost_contested", CLIENT): Row(
        _("Chez vous"),
        _("Le montant n’est plus bloqué sur votre carte"),
        _("Votre banque l’a libéré : rien n’a été débité. Notre équipe ne peut rien retenir avant un paiement."),
        _("Refaites le paiement, possible jusqu’à sa décision : vous ne payez que la part qu’elle retient."),
        _("Refaire le paiement"),
        page("payments:payment"),
        "credit-card",
        "wait",
    ),
    ("hold_lost_contested", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("Le paiement n’est plus garanti, et la mission contestée"),
        _("La banque de %(other)s a libéré le montant bloqué."),
        _("%(other)s doit refaire son paiement : d’ici là, notre équipe ne peut rien vous attribuer."),
        icon="triangle-alert",
        tone="wait",
    ),
    ("held", CLIENT): Row(
        ON_THE_CARD,
        _("%(total)s bloqués sur votre carte, rien n’est débité"),
        NOT_PAID_YET,
        _("Validez la mission après sa fin, %(end)s : le montant est alors débité et le professionnel payé."),
        icon="lock",
        tone="ok",
    ),
    ("held", PROFESSIONAL): Row(
        ON_THEIR_CARD,
        _("Votre paiement est garanti"),
        SHARE_COMES,
        _("%(other)s peut valider la mission dès sa fin, %(end)s : votre part vous est alors versée."),
        icon="lock",
        tone="ok",
    ),
    ("held_to_confirm", CLIENT): Row(
        ON_THE_CARD,
        _("%(total)s bloqués sur votre carte, rien n’est débité"),
        NOT_PAID_YET,
        TO_CONFIRM,
        _("Valider la mission"),
        page("payments:mission_confirm"),
        "circle-check",
        "wait",
    ),
    ("held_to_confirm", PROFESSIONAL): Row(
        ON_THEIR_CARD, _("Votre paiement est garanti"), SHARE_COMES, TO_BE_CONFIRMED, icon="lock", tone="ok"
    ),
    ("held_contested", CLIENT): Row(
        ON_THE_CARD,
        _("%(total)s bloqués sur votre carte, rien n’est débité"),
        _("La mission est contestée. Le paiement est conservé par Stripe : le professionnel n’est pas payé."),
        DECISION,
        icon="scale",
    ),
    ("held_contested", PROFESSIONAL): Row(
        ON_THEIR_CARD,
        _("Le paiement est garanti, et la mission contestée"),
        _("L’argent ne bouge pas avant la décision."),
        THEIR_DECISION,
        icon="scale",
    ),
    ("kept", CLIENT): Row(
        KEPT_BY_STRIPE,
        _("%(total)s débités et conservés par Stripe"),
        KEPT_TEXT,
        _("Validez la mission après sa fin, %(end)s : le professionnel est alors payé."),
        icon="lock",
        tone="ok",
    ),
    ("kept", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("Votre paiement est garanti et conservé par Stripe"),
        SHARE_COMES,
        _("%(other)s peut valider la mission dès sa fin, %(end)s : votre part vous est alors versée."),
        icon="lock",
        tone="ok",
    ),
    ("kept_to_confirm", CLIENT): Row(
        KEPT_BY_STRIPE,
        _("%(total)s débités et conservés par Stripe"),
        KEPT_TEXT,
        TO_CONFIRM,
        _("Valider la mission"),
        page("payments:mission_confirm"),
        "circle-check",
        "wait",
    ),
    ("kept_to_confirm", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("Votre paiement est garanti et conservé par Stripe"),
        SHARE_COMES,
        TO_BE_CONFIRMED,
        icon="lock",
        tone="ok",
    ),
    ("kept_contested", CLIENT): Row(
        KEPT_BY_STRIPE,
        _("%(total)s débités et conservés par Stripe"),
        _("La mission est contestée : le professionnel n’est pas payé. Ce qui ne lui revient pas vous est remboursé."),
        DECISION,
        icon="scale",
    ),
    ("kept_contested", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("Le paiement est conservé par Stripe, et la mission contestée"),
        _("L’argent ne bouge pas avant la décision."),
        THEIR_DECISION,
        icon="scale",
    ),
    ("taking", CLIENT): Row(
        ON_THE_CARD,
        _("%(due)s vont être débités de votre carte"),
        _("Pour %(what)s. Le reste, s’il y en a un, n’est pas débité."),
        _("C’est l’affaire de quelques minutes. Votre reçu sera ici."),
    ),
    ("taking", PROFESSIONAL): Row(
        ON_THEIR_CARD,
        _("%(share)s vont vous être versés"),
        _("Pour %(what)s, TVA comprise. Stripe débite la carte du client, puis vous verse votre part."),
        _("C’est l’affaire de quelques minutes."),
    ),
    ("stuck", CLIENT): Row(
        _("À l’étude"),
        _("Notre équipe s’occupe de ce paiement"),
        _("Stripe ou votre banque a refusé une opération. Elle est refaite à la main."),
        _("Nous vous écrivons dès que c’est fait. Vous n’avez rien à faire."),
        icon="triangle-alert",
    ),
    ("stuck", PROFESSIONAL): Row(
        _("À l’étude"),
        _("Notre équipe s’occupe de votre paiement"),
        _("Stripe a refusé une opération. %(share)s vous reviennent toujours."),
        _("Nous vous écrivons dès que c’est fait. Vous n’avez rien à faire."),
        icon="triangle-alert",
    ),
    ("debited", CLIENT): Row(
        PAID,
        _("%(due)s débités de votre carte"),
        _("Pour %(what)s. Stripe paie le professionnel."),
        RECEIPT_BELOW,
        icon="circle-check",
        tone="ok",
    ),
    ("debited_in_part", CLIENT): Row(
        PAID,
        _("%(due)s débités de votre carte"),
        _("Pour %(what)s. Le reste du prix n’a pas été débité."),
        RECEIPT_BELOW,
        icon="circle-check",
        tone="ok",
    ),
    ("rest_refunding", CLIENT): Row(
        PAID, _("%(due)s restent débités, %(refund)s vous sont rendus"), _("Vous payez %(what)s."), ON_ITS_WAY
    ),
    ("rest_refunded", CLIENT): Row(
        PAID,
        _("%(due)s restent débités, %(refund)s vous sont rendus"),
        _("Vous payez %(what)s."),
        ON_YOUR_ACCOUNT,
        icon="circle-check",
        tone="ok",
    ),
    ("not_returned", CLIENT): Row(
        _("À l’étude"),
        _("%(unreturned)s n’ont pas pu vous être rendus par carte"),
        _("Ce montant reste à vous. Le remboursement n’a pas abouti."),
        _("Notre équipe vous écrit pour vous le rendre autrement."),
        icon="triangle-alert",
    ),
    ("paying", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("%(share)s en route vers vous"),
        _("Pour %(what)s, TVA comprise."),
        _("Le versement part dans les minutes qui viennent."),
    ),
    ("not_payable", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("%(share)s vous attendent"),
        _("Pour %(what)s, TVA comprise. Stripe ne peut pas vous payer : il lui manque des informations."),
        _("Complétez votre compte Stripe : le versement part dans l’heure qui suit."),
        _("Compléter mon compte Stripe"),
        own_page("payments:onboarding"),
        "wallet",
        "wait",
    ),
    ("paid", PROFESSIONAL): Row(
        _("Sur votre compte Stripe"),
        _("%(share)s vous ont été versés"),
        _("Pour %(what)s, TVA comprise."),
        _("Versés %(paid_on)s sur votre compte Stripe, qui les vire ensuite sur votre compte bancaire."),
        _("Voir mes revenus"),
        own_page("payments:earnings"),
        "circle-check",
        "ok",
    ),
    ("freeing", CLIENT): Row(
        ON_THE_CARD,
        _("Rien n’est débité, le montant va être libéré"),
        _("La mission n’a pas lieu : vous ne devez rien."),
        _("Le montant bloqué disparaît de votre compte en quelques jours, selon votre banque."),
    ),
    ("freed", CLIENT): Row(
        GIVEN_BACK,
        _("Rien n’a été débité"),
        _("Le montant bloqué sur votre carte est libéré : vous ne devez rien."),
        _("Il disparaît de votre compte en quelques jours, selon votre banque."),
        icon="circle-check",
        tone="ok",
    ),
    ("nothing_taken", CLIENT): Row(
        _("Chez vous"),
        _("Rien n’a été débité"),
        _("Rien n’a été bloqué sur votre carte : vous ne devez rien."),
        icon="circle-check",
        tone="ok",
    ),
    ("refunding", CLIENT): Row(
        _("En route vers vous"), _("%(refund)s vous sont rendus"), _("Vous ne devez rien."), ON_ITS_WAY
    ),
    ("refunded", CLIENT): Row(
        GIVEN_BACK,
        _("%(refund)s vous ont été rendus"),
        _("Vous ne devez rien."),
        ON_YOUR_ACCOUNT,
        icon="circle-check",
        tone="ok",
    ),
    ("nothing_due", PROFESSIONAL): Row(
        WITH_CLIENT, _("Rien ne vous revient pour cette mission"), _("L’argent est resté ou retourné chez le client.")
    ),
    ("team_refunding", CLIENT): Row(
        _("En route vers vous"),
        _("Notre équipe vous rend %(team_refund)s"),
        _("Sur les %(due)s débités pour %(what)s."),
        ON_ITS_WAY,
    ),
    ("team_refunded", CLIENT): Row(
        GIVEN_BACK,
        _("Notre équipe vous a rendu %(team_refund)s"),
        _("Sur les %(due)s débités pour %(what)s."),
        ON_YOUR_ACCOUNT,
        icon="circle-check",
        tone="ok",
    ),
    ("team_taking_back", PROFESSIONAL): Row(
        _("Sur votre compte Stripe"),
        _("Notre équipe rend une part du prix à %(other)s"),
        _("%(team_taken)s sont repris sur les %(share)s de votre part."),
        _("Si votre compte Stripe n’en contient pas assez, vos revenus disent ce qu’il vous reste à rendre."),
        _("Voir mes revenus"),
        own_page("payments:earnings"),
        "undo-2",
    ),
    ("chargeback", CLIENT): Row(
        _("Chez votre banque"),
        _("Votre banque a repris %(disputed)s"),
        _("Ce paiement est contesté auprès d’elle. Elle entend les deux parties, puis tranche."),
        _("Elle seule décide, souvent en plusieurs semaines, et vous répond. D’ici là, rien d’autre n’est débité."),
        icon="scale",
    ),
    ("chargeback", PROFESSIONAL): Row(
        _("À la banque du client"),
        _("La banque de %(other)s a repris %(disputed)s"),
        _("%(taken_back)s Nous lui répondons avec vous."),
        _("Gardez vos preuves : main courante, planning, photos. Si elle nous donne raison, votre part vous revient."),
        icon="scale",
        tone="wait",
    ),
    ("chargeback_before_paid", PROFESSIONAL): Row(
        _("À la banque du client"),
        _("La banque de %(other)s a repris %(disputed)s"),
        _("Votre part n’est pas encore versée : elle attend la décision de la banque."),
        _("Gardez vos preuves : main courante, planning, photos. Si elle nous donne raison, votre paiement suit."),
        icon="scale",
        tone="wait",
    ),
    ("chargeback_lost", CLIENT): Row(
        GIVEN_BACK,
        _("Votre banque vous a rendu %(disputed)s"),
        _("Elle a tranché en votre faveur. Nous n’avons plus rien de ce paiement."),
        icon="scale",
    ),
    ("chargeback_lost", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("La banque a donné raison à %(other)s"),
        _(
            "Le paiement lui est rendu, et votre part de %(whole)s avec lui. Ce que votre compte Stripe ne contenait "
            "pas nous est dû."
        ),
        _("Si vous n’êtes pas d’accord, écrivez-nous : nous vous dirons ce que la banque a retenu."),
        icon="scale",
        tone="bad",
    ),
    ("chargeback_lost_before_paid", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("La banque a donné raison à %(other)s"),
        _("Le paiement lui est rendu : rien ne vous est versé."),
        _("Si vous n’êtes pas d’accord, écrivez-nous : nous vous dirons ce que la banque a retenu."),
        icon="scale",
        tone="bad",
    ),
    ("chargeback_lost_part", CLIENT): Row(
        PAID,
        _("%(left)s débités, %(lost)s rendus par votre banque"),
        _("Elle a tranché. Ce qui reste débité paie %(what)s."),
        RECEIPT_BELOW,
        icon="scale",
    ),
    ("chargeback_lost_part", PROFESSIONAL): Row(
        _("Sur votre compte Stripe"),
        _("%(net)s vous restent"),
        _("La banque de %(other)s lui a rendu pour de bon %(lost)s de ce paiement. Votre part en était de %(whole)s."),
        _("Si vous n’êtes pas d’accord, écrivez-nous : nous vous dirons ce que la banque a retenu."),
        _("Voir mes revenus"),
        own_page("payments:earnings"),
        "scale",
    ),
    ("hold_missed", CLIENT): Row(
        _("Chez vous"),
        _("Votre banque a libéré le montant avant le débit"),
        _("Rien n’a été débité, alors que %(due)s étaient dus pour %(what)s."),
        _("Notre équipe vous écrit pour convenir de la suite."),
        icon="triangle-alert",
    ),
    ("hold_missed", PROFESSIONAL): Row(
        WITH_CLIENT,
        _("La banque de %(other)s a libéré le montant avant le débit"),
        _("%(share)s devaient vous revenir pour %(what)s."),
        _("Notre équipe vous écrit pour convenir de la suite."),
        icon="triangle-alert",
        tone="bad",
    ),
    ("chargeback_won", CLIENT): Row(
        PAID,
        _("%(due)s débités de votre carte"),
        _("Votre banque a étudié la contestation et maintenu le paiement : %(what)s."),
        RECEIPT_BELOW,
        icon="scale",
    ),
    ("paying_again", PROFESSIONAL): Row(
        KEPT_BY_STRIPE,
        _("%(again)s repartent vers vous"),
        _("La banque a maintenu le paiement : ce qui vous avait été repris vous est rendu."),
        _("Le versement part dans les minutes qui viennent, si Stripe peut vous payer."),
        icon="scale",
        tone="ok",
    ),
    ("paid_again", PROFESSIONAL): Row(
        _("Sur votre compte Stripe"),
        _("%(share)s vous reviennent"),
        _("La banque a maintenu le paiement : ce qui vous avait été repris vous a été rendu."),
        _("Versés %(paid_on)s sur votre compte Stripe, qui les vire ensuite sur votre compte bancaire."),
        icon="circle-check",
        tone="ok",
    ),
}
