"""What was done before: missions of the last year and a half, confirmed, and what their clients said of them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from marketplace.demo.data import reviews as texts
from messaging.models import Message, Thread
from missions import policy
from missions.actions import refresh_score
from missions.models import Agreement, Mission, MissionEvent, Review, SeatReservation

OLDEST_DAYS = 540
NEWEST_DAYS = 12
START_HOURS = [8, 14, 18, 18, 19, 20, 22]
DURATIONS = [240, 240, 300, 360, 360, 480, 600]  # minutes
REQUESTS = [
    "Bonjour, seriez-vous disponible à cette date ? Le lieu est facile d’accès.",
    "Bonjour, nous cherchons une équipe pour cette date. Quel serait votre prix ?",
    "Bonjour, pouvez-vous m’indiquer si ce créneau vous convient ?",
]
REPLIES = [
    "Bonjour, oui, nous sommes libres. Je vous envoie une proposition.",
    "Bonjour et merci pour votre message. Le créneau est réservable, voici nos conditions.",
    "Bonjour, c’est possible. Y a-t-il du public attendu ?",
]


@dataclass
class Past:
    """A mission on its way to be saved, with what goes with it."""

    mission: Mission
    agreement: Agreement
    review: Review
    instants: dict


def make_history(cast, rng, now):
    """Save past missions with their agreements, seats, threads, events and reviews, then the scores."""
    known = [professional for professional in cast.professionals if professional.profile.is_known]
    pasts = [past for professional in known for past in Historian(cast, rng, now).write(professional)]
    Mission.objects.bulk_create([past.mission for past in pasts], batch_size=1000)
    Agreement.objects.bulk_create([past.agreement for past in pasts], batch_size=1000)
    SeatReservation.objects.bulk_create([reservation(past) for past in pasts], batch_size=1000)
    Thread.objects.bulk_create([thread(past) for past in pasts], batch_size=1000)
    Message.objects.bulk_create([message for past in pasts for message in messages(past, rng)], batch_size=1000)
    MissionEvent.objects.bulk_create([event for past in pasts for event in events(past)], batch_size=1000)
    Review.objects.bulk_create([past.review for past in pasts if past.review], batch_size=1000)
    for professional in known:
        refresh_score(professional)


class Historian:
    def __init__(self, cast, rng, now):
        self.cast = cast
        self.rng = rng
        self.now = now

    def write(self, professional):
        """One past for each day drawn: no two of them overlap."""
        (quality,) = self.rng.choices(texts.QUALITIES, weights=texts.QUALITY_WEIGHTS)
        number = self.rng.choice([0, 3, 5, 6, 7, 8, 9, 11, 13, 16])
        for days_ago in self.rng.sample(range(NEWEST_DAYS, OLDEST_DAYS, 2), number):
            yield self.past(professional, days_ago, quality)

    def past(self, professional, days_ago, quality):
        mission = self.mission(professional, days_ago)
        instants = self.instants(mission)
        mission.created_at, mission.ended_at = instants["asked"], instants["confirmed"]
        agreement = self.agreement(mission, instants["accepted"])
        review = self.review(mission, quality, instants["reviewed"]) if self.rng.random() < 0.85 else None
        return Past(mission, agreement, review, instants)

    def mission(self, professional, days_ago):
        rng, commune = self.rng, professional.base_commune
        day = (self.now - timedelta(days=days_ago)).date()
        starts_at = datetime.combine(day, time(rng.choice(START_HOURS)), commune.zone)
        return Mission(
            client=rng.choice(self.cast.regulars),
            professional=professional,
            status=Mission.Status.CONFIRMED,
            service=rng.choice(list(professional.profile.rates)),
            commune=commune,
            timezone=commune.timezone,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=rng.choice(DURATIONS)),
            agents=1,
            place=rng.choice(Mission.Place.values),
        )

    def instants(self, mission):
        """When each thing happened to it, in order; NEWEST_DAYS leaves time for the last."""
        hours = self.rng.randrange
        asked = mission.starts_at - timedelta(hours=hours(130, 400))
        confirmed = mission.ends_at + timedelta(hours=hours(2, 60))
        return {
            "asked": asked,
            "accepted": asked + timedelta(hours=hours(3, 40)),
            "secured": mission.starts_at - timedelta(hours=48),
            "confirmed": confirmed,
            "reviewed": confirmed + timedelta(hours=hours(4, 190)),
        }

    def agreement(self, mission, accepted_at):
        agreement = Agreement(
            mission=mission,
            hourly_cents=mission.professional.profile.rates[mission.service],
            cancellation_policy=policy.CANCELLATION_POLICY,
            accepted_at=accepted_at,
            accepted_by=mission.client.user,
        )
        agreement.freeze_price(mission, mission.professional)
        return agreement

    def review(self, mission, quality, published_at):
        (stars,) = self.rng.choices([5, 4, 3, 2], weights=quality)
        answered_at = min(published_at + timedelta(hours=30), self.now) if self.rng.random() < 0.35 else None
        return Review(
            mission=mission,
            professional=mission.professional,
            stars=stars,
            text=texts.write_review(self.rng, stars, mission.service),
            published_at=published_at,
            answer=self.rng.choice(texts.ANSWERS[stars]) if answered_at else "",
            answered_at=answered_at,
        )


def reservation(past):
    mission = past.mission
    period = DateTimeTZRange(mission.starts_at, mission.ends_at)
    return SeatReservation(professional=mission.professional, number=1, mission=mission, period=period)


def thread(past):
    return Thread(mission=past.mission, last_activity_at=past.instants["accepted"])


def messages(past, rng):
    mission, asked = past.mission, past.instants["asked"]
    replied = asked + timedelta(hours=2)
    yield message(mission, mission.client.user, rng.choice(REQUESTS), asked)
    yield message(mission, mission.professional.user, rng.choice(REPLIES), replied)


def message(mission, author, body, written_at):
    seen_at = written_at + timedelta(minutes=20)
    return Message(thread_id=mission.pk, author=author, body=body, written_at=written_at, seen_at=seen_at)


def events(past):
    mission, kinds = past.mission, MissionEvent.Kind
    client = mission.client.user
    happened = [(kinds.ASKED, "asked"), (kinds.ACCEPTED, "accepted"), (kinds.SECURED, "secured")]
    happened += [(kinds.CONFIRMED, "confirmed"), *([(kinds.REVIEWED, "reviewed")] if past.review else [])]
    for kind, name in happened:
        yield MissionEvent(mission=mission, kind=kind, actor=client, happened_at=past.instants[name])
