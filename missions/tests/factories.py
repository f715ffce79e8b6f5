"""Missions as the tests need them, in any state; starts a week ahead, or ended yesterday where the state says so."""

from datetime import timedelta

from accounts.tests.factories import make_client, make_commune, make_professional
from marketplace import clock
from missions import policy
from missions.models import Agreement, Mission, Review, SeatReservation

AGREED = (
    Mission.Status.ACCEPTED,
    Mission.Status.BOOKED,
    Mission.Status.SECURED,
    Mission.Status.CONTESTED,
    Mission.Status.CONFIRMED,
    Mission.Status.SETTLED,
)
OVER = (Mission.Status.CONTESTED, Mission.Status.CONFIRMED, Mission.Status.SETTLED)


def make_mission(
    status="inquiry",
    client=None,
    professional=None,
    starts_at=None,
    minutes=480,
    agents=1,
    service="guarding",
    hourly_cents=2500,
    **fields,
):
    now = clock.now().replace(second=0, microsecond=0)
    if starts_at is None:
        starts_at = now - timedelta(days=1, minutes=minutes) if status in OVER else now + timedelta(days=7)
    commune = fields.pop("commune", None) or make_commune()
    is_final = status in Mission.FINAL
    mission = Mission.objects.create(
        client=client or make_client(),
        professional=professional or make_professional(agents=max(agents * 2, 2)),
        status=status,
        service=service,
        commune=commune,
        timezone=commune.timezone,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=minutes),
        agents=agents,
        **{
            "deadline_at": None if is_final else now + timedelta(days=1),
            "ended_at": now if is_final else None,
            "address": "12 rue de la République",
            **fields,
        },
    )
    if status in AGREED:
        make_agreement(mission, hourly_cents)
        reserve(mission)
    return mission


def make_agreement(mission, hourly_cents=2500):
    agreement = Agreement(
        mission=mission,
        hourly_cents=hourly_cents,
        cancellation_policy=policy.CANCELLATION_POLICY,
        accepted_at=clock.now(),
        accepted_by=mission.client.user,
    )
    agreement.freeze_price(mission, mission.professional)
    agreement.save()
    return agreement


def reserve(mission, numbers=None):
    """Take these seats for the mission, or the lowest free ones."""
    period = (mission.starts_at, mission.ends_at)
    live = SeatReservation.objects.live().overlapping(*period).filter(professional=mission.professional)
    taken = set(live.values_list("number", flat=True))
    free = [number for number in range(1, mission.seats + len(taken) + 1) if number not in taken]
    return [
        SeatReservation.objects.create(professional=mission.professional, number=number, mission=mission, period=period)
        for number in numbers or free[: mission.seats]
    ]


def make_review(professional=None, stars=5, text="Équipe ponctuelle et courtoise.", mission=None, **fields):
    """A published review, without touching the score it counts for."""
    mission = mission or make_mission("confirmed", professional=professional)
    return Review.objects.create(
        mission=mission,
        professional=mission.professional,
        stars=stars,
        text=text,
        **{"published_at": clock.now(), **fields},
    )
