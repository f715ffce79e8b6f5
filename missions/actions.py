"""What happens to a mission, row by row. Acts that also move money live in payments, those that answer
a proposal in messaging; they hold the locks of `missions.locking` and call the transitions below.
"""

from decimal import ROUND_HALF_UP, Decimal

from django.db import transaction
from django.db.models import Count, Sum
from django.utils.translation import gettext as _

from accounts.actions import notify_each, withdraw_notifications
from accounts.models import Professional
from marketplace import clock
from missions import policy
from missions.emails import news, tell
from missions.errors import MissionError
from missions.locking import lock_mission, lock_professional, slot_taken
from missions.models import (
    Agreement,
    Cancellation,
    Contest,
    Mission,
    MissionEvent,
    Review,
    SeatReservation,
)

Status = Mission.Status
Kind = MissionEvent.Kind

TO_CONFIRM = "missions/emails/to_confirm"


# Before an agreement


@transaction.atomic
def ask_mission(mission, *, by):
    """Write a client's request, unsaved so far, to a professional."""
    now = clock.now()
    if mission.professional.user_id == by.pk:
        raise MissionError(_("Vous ne pouvez pas vous écrire à vous-même."))
    mission.created_at = now
    mission.deadline_at = policy.inquiry_deadline(mission, now, answered=False)
    mission.save()
    record(mission, Kind.ASKED, by=by)
    return mission


def postpone_inquiry(mission, *, answered):
    """Give a request its new deadline after a message: the client's waits 72 h for an answer."""
    if mission.status == Status.INQUIRY:
        mission.deadline_at = policy.inquiry_deadline(mission, clock.now(), answered=answered)
        mission.save(update_fields=["deadline_at"])


@transaction.atomic
def decline_mission(mission, *, by):
    """The professional says no."""
    mission = require(lock_mission(mission), Status.INQUIRY)
    require_professional(mission, by)
    close(mission, Status.DECLINED, Kind.DECLINED, by=by)
    tell(mission, mission.client.user, "missions/emails/declined")


@transaction.atomic
def withdraw_mission(mission, *, by):
    """The client no longer asks."""
    mission = require(lock_mission(mission), Status.INQUIRY)
    require_client(mission, by)
    close(mission, Status.CANCELLED, Kind.WITHDRAWN, by=by)
    tell(mission, mission.professional.user, "missions/emails/withdrawn")


@transaction.atomic
def expire_inquiry(mission):
    """Close a request nobody answered in time."""
    mission = lock_mission(mission)
    if mission.status != Status.INQUIRY or mission.deadline_at > clock.now():
        return
    close(mission, Status.EXPIRED, Kind.EXPIRED, by=None)
    tell(mission, mission.client.user, "missions/emails/inquiry_expired")


@transaction.atomic
def locate_mission(mission, *, by, address):
    """The client says where exactly to come, if they had not yet."""
    mission = require(lock_mission(mission), Status.ACCEPTED, Status.BOOKED)
    require_client(mission, by)
    mission.address = address
    mission.save(update_fields=["address"])


# Transitions, under the locks of whoever calls


def agree_mission(mission, *, terms, priced, by):
    """Freeze the terms, the price and the cancellation policy both sides accepted."""
    require(mission, Status.INQUIRY)
    now = clock.now()
    for name, value in terms.items():
        setattr(mission, name, value)
    mission.save(update_fields=list(terms))
    Agreement.objects.create(
        mission=mission,
        hourly_cents=priced.hourly_cents,
        **{name: getattr(priced, name) for name in Agreement.PRICE},
        cancellation_policy=policy.CANCELLATION_POLICY,
        accepted_at=now,
        accepted_by=by,
    )
    move(mission, Status.ACCEPTED, Kind.ACCEPTED, by=by, deadline_at=policy.payment_deadline(mission, now))


def reserve_seats(professional, mission):
    """Take the lowest free seats for the whole mission; raises SlotTaken when there are too few."""
    reservations = SeatReservation.objects.live().filter(professional=professional)
    taken = set(reservations.overlapping(mission.starts_at, mission.ends_at).values_list("number", flat=True))
    free = [number for number in range(1, professional.agents + 1) if number not in taken][: mission.seats]
    if len(free) < mission.seats:
        raise slot_taken()
    period = (mission.starts_at, mission.ends_at)
    SeatReservation.objects.bulk_create(
        SeatReservation(professional=professional, number=number, mission=mission, period=period) for number in free
    )


def release_seats(mission):
    mission.reservations.live().update(released_at=clock.now())


def book_mission(mission):
    """The client's card is saved; the hold is still to come."""
    deadline_at = mission.starts_at - policy.HOLD_DEADLINE_BEFORE_START
    move(mission, Status.BOOKED, Kind.CARD_SAVED, by=mission.client.user, deadline_at=deadline_at)


def secure_mission(mission, *, by):
    """The money is held: from now on the client is reminded to confirm when the mission has ended."""
    deadline_at = mission.ends_at + policy.CONFIRMATION_DELAY
    move(mission, Status.SECURED, Kind.SECURED, by=by, deadline_at=deadline_at)
    remind_to_confirm(mission)


def remind_to_confirm(mission, again=""):
    """Owe the reminders that are still to come; `again` makes them others than those that were withdrawn."""
    reminders = [mission.ends_at + delay for delay in policy.CONFIRMATION_REMINDERS]
    notify_each(
        [
            news(mission, mission.client.user, TO_CONFIRM, key=f"{again}{number}", due_at=due_at)
            for number, due_at in enumerate(reminders, start=1)
            if due_at > clock.now()
        ]
    )


def expire_mission(mission):
    """The client did not pay in time."""
    close(mission, Status.EXPIRED, Kind.EXPIRED, by=None)
    release_seats(mission)


def cancel_mission(mission, *, by, reason, fee_basis_points):
    """End an agreed mission before its start; `by` nobody when its deadline or its documents ended it."""
    Cancellation.objects.create(
        mission=mission, by=by, reason=reason, fee_basis_points=fee_basis_points, cancelled_at=clock.now()
    )
    close(mission, Status.CANCELLED, Kind.CANCELLED, by=by, fee_basis_points=fee_basis_points)
    release_seats(mission)


def confirm_mission(mission, *, by):
    """The client says the mission took place: only this, or a settlement, releases money."""
    require(mission, Status.SECURED)
    if not mission.has_ended(clock.now()):
        raise MissionError(_("Vous pourrez valider la mission une fois qu’elle sera terminée."))
    close(mission, Status.CONFIRMED, Kind.CONFIRMED, by=by)


def contest_mission(mission, *, by, reason, text):
    """Either side says the mission did not go as agreed; nobody does when a silent week did."""
    require_contestable(mission)
    now = clock.now()
    Contest.objects.create(mission=mission, by=by, reason=reason, text=text, opened_at=now)
    move(mission, Status.CONTESTED, Kind.CONTESTED, by=by, deadline_at=now + policy.SETTLEMENT_DELAY)
    forget_reminders(mission)


@transaction.atomic
def answer_contest(contest, *, by, text):
    """The other side gives its version, once."""
    mission = require(lock_mission(contest.mission), Status.CONTESTED)
    require_party(mission, by)
    contest.refresh_from_db()
    if contest.answered_at or contest.by_id == by.pk:
        raise MissionError(_("Cette contestation a déjà reçu sa réponse."))
    contest.answer, contest.answered_at = text, clock.now()
    contest.save(update_fields=["answer", "answered_at"])
    record(mission, Kind.ANSWERED, by=by)


def settle_mission(mission, *, by, performed_basis_points, note):
    """Staff decide which part was performed, in basis points."""
    require(mission, Status.CONTESTED)
    contest = mission.contest
    contest.performed_basis_points, contest.settlement_note = performed_basis_points, note
    contest.settled_by, contest.settled_at = by, clock.now()
    contest.save(update_fields=["performed_basis_points", "settlement_note", "settled_by", "settled_at"])
    close(mission, Status.SETTLED, Kind.SETTLED, by=by, performed_basis_points=performed_basis_points)


def require(mission, *statuses):
    if mission.status not in statuses:
        raise MissionError(
            _("Ce n’est plus possible : la mission est à l’état « %(status)s ».")
            % {"status": mission.get_status_display()}
        )
    return mission


def require_secured(mission):
    require(mission, Status.SECURED)


def require_cancellable(mission):
    require(mission, *Mission.BEFORE_START)
    if mission.has_started(clock.now()):
        raise MissionError(_("La mission a commencé : dites plutôt ce qui ne va pas en la contestant."))


def require_contestable(mission):
    require(mission, Status.SECURED)
    if not mission.has_started(clock.now()):
        raise MissionError(_("La mission n’a pas commencé : vous pouvez encore l’annuler."))


def require_client(mission, by):
    if not mission.is_client(by):
        raise MissionError(_("Seul le client de la mission peut faire cela."))


def require_professional(mission, by):
    if mission.professional.user_id != by.pk:
        raise MissionError(_("Seul le professionnel de la mission peut faire cela."))


def require_party(mission, by):
    if by.pk not in (mission.client.user_id, mission.professional.user_id):
        raise MissionError(_("Seules les deux parties de la mission peuvent faire cela."))


def require_staff(by):
    if not by.is_staff:
        raise MissionError(_("Seule notre équipe peut faire cela."))


def move(mission, status, kind, *, by, deadline_at=None, **data):
    mission.status, mission.deadline_at = status, deadline_at
    mission.save(update_fields=["status", "deadline_at", "ended_at"])
    record(mission, kind, by=by, **data)


def close(mission, status, kind, *, by, **data):
    mission.ended_at = clock.now()
    move(mission, status, kind, by=by, **data)
    forget_reminders(mission)


def record(mission, kind, *, by, **data):
    MissionEvent.objects.create(mission=mission, kind=kind, actor=by, happened_at=clock.now(), data=data)


def forget_reminders(mission):
    withdraw_notifications(mission.client.user, f"mission:{mission.pk}:{TO_CONFIRM}")


# Reviews


@transaction.atomic
def publish_review(mission, *, by, stars, text):
    """Publish what the client says of a mission they confirmed within 60 days."""
    professional = lock_professional(mission.professional_id)
    mission = Mission.objects.select_for_update().get(pk=mission.pk)
    require_client(mission, by)
    if not can_review(mission):
        raise MissionError(_("L’avis n’est plus possible : il se donne une fois, dans les 60 jours."))
    review = Review.objects.create(
        mission=mission, professional=professional, stars=stars, text=text, published_at=clock.now()
    )
    record(mission, Kind.REVIEWED, by=by)
    refresh_score(professional)
    tell(mission, professional.user, "missions/emails/reviewed", url=professional.get_absolute_url())
    return review


def can_review(mission):
    return (
        mission.status == Status.CONFIRMED
        and mission.ended_at + policy.REVIEW_DELAY > clock.now()
        and not Review.objects.filter(mission=mission).exists()
    )


@transaction.atomic
def answer_review(review, *, by, text):
    """The professional answers, once."""
    require_professional(review.mission, by)
    changed = Review.objects.filter(pk=review.pk, answered_at=None).update(answer=text, answered_at=clock.now())
    if not changed:
        raise MissionError(_("Vous avez déjà répondu à cet avis."))
    tell(review.mission, review.mission.client.user, "missions/emails/review_answered")


@transaction.atomic
def refuse_review(review, *, by, reason):
    """Staff take a review down, and say why."""
    require_staff(by)
    professional = lock_professional(review.professional_id)
    if not Review.objects.published().filter(pk=review.pk).update(status=Review.Status.REFUSED, refusal_reason=reason):
        raise MissionError(_("Cet avis est déjà refusé."))
    refresh_score(professional)
    tell(review.mission, review.mission.client.user, "missions/emails/review_refused", reason=reason)


def refresh_score(professional):
    """Write on the professional the score and the number of the published reviews."""
    published = Review.objects.published().filter(professional=professional)
    found = published.aggregate(stars=Sum("stars"), count=Count("pk"))
    score = mean_score(found["stars"], found["count"])
    Professional.objects.filter(pk=professional.pk).update(review_score=score, review_count=found["count"])


def mean_score(stars, count):
    """The mean of `count` reviews of so many stars in all, rounded half-up to one decimal; None without any."""
    return (Decimal(stars) / count).quantize(Decimal("0.1"), ROUND_HALF_UP) if count else None
