"""The missions of the demo accounts: one in each state, on both sides, made by the real acts of the site."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile

from accounts.models import Commune, Professional
from marketplace import clock
from marketplace.demo.data import dialogues as asks
from marketplace.demo.pdf import write_pdf
from marketplace.demo.simulator import control
from messaging import actions as messaging
from messaging.models import Proposal, Thread
from missions import actions as missions
from missions.models import Contest, Mission
from payments import actions as payments
from payments import runner, sync
from payments.models import Payment

PARIS = ZoneInfo("Europe/Paris")
GOOD_CARD = "4242424242424242"
CARD_FOR_HOLDERS_ONLY = "4000002760003184"  # every charge asks for its holder, so a hold without them fails
NEWS = timedelta(hours=1)


def ago(days=0, hours=0, minutes=0):
    """How far from the present an act happens."""
    return -timedelta(days=days, hours=hours, minutes=minutes)


class Site:
    """What a scene needs to act: the cast, and how a person does each thing."""

    def __init__(self, cast, now):
        self.cast = cast
        self.now = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)
        self.lyon = Commune.objects.get(pk="69123")

    def evening(self, days, hour=19):
        """An hour of the evening so many days from today, in Lyon."""
        day = self.now.astimezone(PARIS).date() + timedelta(days=days)
        return datetime.combine(day, time(hour), PARIS)

    # Before an agreement

    def ask(self, client, professional, ask, starts_at, hours=6, agents=1):
        """Send the request with its first message; returns the thread."""
        details = {name: value for name, value in ask.items() if name != "messages"}
        mission = Mission(
            client=client,
            professional=professional,
            commune=self.lyon,
            timezone=self.lyon.timezone,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=hours),
            agents=agents,
            **details,
        )
        return messaging.open_inquiry(mission, by=client.user, message=ask["messages"][0])

    def talk(self, thread, ask, upto=None):
        """The rest of the dialogue: each writes in turn, having read the other."""
        mission = thread.mission
        turns = [mission.professional.user, mission.client.user]
        for number, body in enumerate(ask["messages"][1:upto]):
            self.write(thread, turns[number % 2], body)
            clock.advance(timedelta(minutes=7))

    def write(self, thread, author, body, files=()):
        messaging.mark_seen(thread, by=author)
        return messaging.send_message(thread, by=author, body=body, files=files)

    def propose(self, thread, author=None, hourly_cents=None):
        """Offer the terms of the request, as the professional unless told."""
        author = author or thread.mission.professional.user
        messaging.mark_seen(thread, by=author)
        return messaging.write_proposal(thread, by=author, terms=thread.mission.terms, hourly_cents=hourly_cents)

    def accept(self, thread):
        """The other side accepts the open proposal; returns the mission."""
        proposal = Proposal.objects.select_related("thread__mission", "author").get(thread=thread, status="open")
        other = thread.mission.other(proposal.author).user
        messaging.mark_seen(thread, by=other)
        messaging.accept_proposal(proposal, by=other)
        return Mission.objects.get(pk=thread.pk)

    # Once agreed

    def pay(self, mission, card=GOOD_CARD):
        payment = Payment.objects.select_related("mission__client__user").get(mission=mission)
        payments.start_checkout(payment, by=payment.mission.client.user)
        session = payment.sessions.get(status="open")
        control("pay", session=session.stripe_id, card=card)
        sync.sync_session(session.stripe_id)

    def place_hold(self, mission):
        payments.place_hold(Payment.objects.get(mission=mission))
        self.work(mission)

    def confirm(self, mission):
        payments.confirm(fresh(mission), by=mission.client.user)
        self.work(mission)

    def review(self, mission, stars, text):
        return missions.publish_review(fresh(mission), by=mission.client.user, stars=stars, text=text)

    def cancel(self, mission, by, reason):
        payments.cancel(fresh(mission), by=by, reason=reason)
        self.work(mission)

    def contest(self, mission, by, reason, text):
        payments.contest(fresh(mission), by=by, reason=reason, text=text)

    def settle(self, mission, performed_basis_points, note):
        contest = Contest.objects.get(mission=mission)
        payments.settle(contest, by=self.cast.staff, performed_basis_points=performed_basis_points, note=note)
        self.work(mission)

    def work(self, mission):
        """Let the worker say to Stripe what is due."""
        runner.run_payment(Payment.objects.get(mission=mission).pk)

    # Shortcuts of several scenes

    def agree(self, client, professional, ask, starts_at, hours=6, agents=1):
        """From the request to the agreement, in one evening."""
        thread = self.ask(client, professional, ask, starts_at, hours, agents)
        clock.advance(timedelta(minutes=25))
        self.talk(thread, ask)
        self.propose(thread)
        clock.advance(timedelta(minutes=40))
        return self.accept(thread)

    def secure(self, *args, **kwargs):
        mission = self.agree(*args, **kwargs)
        clock.advance(timedelta(minutes=10))
        self.pay(mission)
        return mission


def fresh(mission):
    return Mission.objects.get(pk=mission.pk)


def every_scene(cast, now):
    """All the scenes; the professionals near Lyon lend a hand to the two of the demo accounts."""
    site = Site(cast, now)
    lyonnais = Professional.objects.filter(base_commune="69123", payable=True, agents__gte=2).order_by("pk")
    guards = list(lyonnais.filter(activity="surveillance").exclude(pk=cast.company.pk))
    protector = lyonnais.filter(activity="protection").first()
    camille, galerie = cast.client, cast.business
    company, sole = cast.company, cast.sole_operator
    first, second, third, *_rest = guards
    return [
        # Talking
        unread_answer(site, camille, first),
        unread_answer(site, galerie, second),
        first_message(site, camille, company),
        first_message(site, galerie, sole),
        proposal_of_professional(site, camille, company),
        proposal_of_professional(site, galerie, company),
        proposal_of_client(site, camille, sole),
        proposal_of_client(site, galerie, company),
        counter_proposal(site, camille, second),
        confidential_talk(site, camille, protector),
        # Paying
        to_pay_now(site, camille, company),
        to_pay_later(site, camille, third),
        to_pay_now(site, galerie, sole),
        card_saved(site, camille, company, days=12),
        card_saved(site, galerie, sole, days=17),
        hold_tomorrow(site, camille, first),
        card_refused(site, camille, second),
        # The mission itself
        upcoming(site, camille, company, days=2),
        upcoming(site, galerie, sole, days=3),
        under_way(site, camille, sole),
        just_ended(site, camille, company),
        just_ended(site, galerie, first),
        # After it
        contested_by_client(site, camille, company),
        contested_by_professional(site, camille, sole),
        confirmed(site, camille, company),
        confirmed(site, galerie, sole),
        reviewed(site, camille, company, answered=False),
        reviewed(site, galerie, company, answered=True),
        reviewed(site, camille, sole, answered=True),
        settled(site, camille, third),
        # Ends
        declined(site, camille, second),
        withdrawn(site, camille, third),
        unanswered(site, camille, first),
        unpaid(site, camille, company),
        cancelled_with_fee(site, camille, company),
        cancelled_by_professional(site, camille, third),
    ]


# Talking


def unread_answer(site, client, professional):
    yield ago(hours=9)
    thread = site.ask(client, professional, asks.PARTY, site.evening(20), agents=2)
    yield ago(hours=1)
    site.talk(thread, asks.PARTY, upto=2)
    yield ago(minutes=35)
    site.write(thread, professional.user, "Je peux aussi passer voir le lieu cette semaine si vous le souhaitez.")


def first_message(site, client, professional):
    yield ago(minutes=50)
    site.ask(client, professional, asks.FLAT, site.evening(6, 20), hours=10)


def proposal_of_professional(site, client, professional):
    yield ago(days=1, hours=3)
    thread = site.ask(client, professional, asks.WEDDING, site.evening(26, 18), hours=9, agents=2)
    yield ago(hours=22)
    site.talk(thread, asks.WEDDING)
    yield ago(hours=20)
    site.propose(thread, hourly_cents=2900)


def proposal_of_client(site, client, professional):
    yield ago(days=1, hours=6)
    thread = site.ask(client, professional, asks.SITE, site.evening(9, 21), hours=9)
    yield ago(hours=23)
    site.talk(thread, asks.SITE)
    yield ago(hours=5)
    site.propose(thread, author=client.user)


def counter_proposal(site, client, professional):
    """Three proposals, the last one open, and two files."""
    yield ago(days=2)
    thread = site.ask(client, professional, asks.OPENING, site.evening(15, 18), hours=5, agents=2)
    yield ago(days=1, hours=22)
    site.talk(thread, asks.OPENING)
    site.propose(thread, hourly_cents=3400)
    yield ago(days=1, hours=2)
    files = [attachment("deroule.pdf", "Déroulé de la soirée"), attachment("plan.pdf", "Plan du rez-de-chaussée")]
    site.write(thread, client.user, "Voici le déroulé et le plan. Un agent suffirait-il après 22 h ?", files)
    site.propose(thread, author=client.user)
    yield ago(hours=3)
    site.write(thread, professional.user, "Merci. Je préfère garder deux agents, mais je baisse le tarif.")
    site.propose(thread, hourly_cents=3100)


def confidential_talk(site, client, professional):
    yield ago(days=1)
    thread = site.ask(client, professional, asks.GUEST, site.evening(11, 9), hours=10)
    yield ago(hours=19)
    site.talk(thread, asks.GUEST)
    yield ago(hours=18)
    site.write(thread, client.user, "Très bien. Nous confirmons les horaires des trains en début de semaine.")


def attachment(name, title):
    file = ContentFile(write_pdf(title, asks.PROGRAMME), name=name)
    file.content_type = "application/pdf"
    return name, file


# Paying


def to_pay_now(site, client, professional):
    yield ago(hours=4)
    site.agree(client, professional, asks.FAIR, site.evening(3, 8), hours=10)


def to_pay_later(site, client, professional):
    yield ago(hours=6)
    site.agree(client, professional, asks.WEDDING, site.evening(33, 18), hours=8, agents=2)


def card_saved(site, client, professional, days):
    yield ago(days=3)
    mission = site.agree(client, professional, asks.SHOP, site.evening(days, 20), hours=10)
    yield ago(days=2, hours=20)
    site.pay(mission)


def hold_tomorrow(site, client, professional):
    """The amount is held 48 h before the start: move the clock by a day to see it."""
    yield ago(days=2)
    mission = site.agree(client, professional, asks.PARTY, site.now + timedelta(days=2, hours=20))
    yield ago(days=1, hours=22)
    site.pay(mission)


def card_refused(site, client, professional):
    """The bank wants its client, who is asked to come back."""
    yield ago(days=6)
    mission = site.agree(client, professional, asks.OPENING, site.now + timedelta(hours=40), hours=5)
    yield ago(days=5, hours=20)
    site.pay(mission, card=CARD_FOR_HOLDERS_ONLY)
    yield ago(hours=8)
    site.place_hold(mission)


# The mission itself


def upcoming(site, client, professional, days):
    yield ago(days=1)
    site.secure(client, professional, asks.OPENING, site.evening(days, 18), hours=5)


def under_way(site, client, professional):
    yield ago(days=2, hours=5)
    mission = site.secure(client, professional, asks.FLAT, site.now - timedelta(hours=2), hours=6)
    yield ago(hours=2)
    site.write(mission.thread, professional.user, "Je suis sur place, tout est calme.")


def just_ended(site, client, professional):
    yield ago(days=3)
    mission = site.secure(client, professional, asks.PARTY, site.now - timedelta(hours=7), hours=6)
    yield ago(minutes=45)
    site.write(mission.thread, professional.user, "Mission terminée sans incident. Merci pour votre accueil !")


# After it


def contested_by_client(site, client, professional):
    """Both have said what they think: the team decides."""
    yield ago(days=4)
    mission = site.secure(client, professional, asks.SITE, site.now - timedelta(days=2), hours=9)
    yield ago(days=1, hours=8)
    text = "L’agent est parti deux heures avant la fin, le portail était ouvert au matin."
    site.contest(mission, client.user, Contest.Reason.EARLY_DEPARTURE, text)
    yield ago(hours=20)
    text = "L’agent a été malade. Nous avons prévenu par message, mais pas assez tôt."
    missions.answer_contest(Contest.objects.get(mission=mission), by=professional.user, text=text)


def contested_by_professional(site, client, professional):
    """The client has still to answer."""
    yield ago(days=3, hours=6)
    mission = site.secure(client, professional, asks.FAIR, site.now - timedelta(days=1, hours=6), hours=5)
    yield ago(days=1)
    text = "Personne sur place à l’heure dite, et la place était fermée. J’ai attendu deux heures."
    site.contest(mission, professional.user, Contest.Reason.CLIENT_ABSENT, text)


def confirmed(site, client, professional):
    yield ago(days=6)
    mission = site.secure(client, professional, asks.SHOP, site.now - timedelta(days=4), hours=8)
    yield ago(days=3)
    site.confirm(mission)


def reviewed(site, client, professional, answered):
    days = 14 if answered else 9
    yield ago(days=days + 3, hours=2)
    mission = site.secure(client, professional, asks.PARTY, site.now - timedelta(days=days), hours=6)
    yield ago(days=days - 1)
    site.confirm(mission)
    yield ago(days=days - 2)
    text = "Accueil souriant et ferme à la fois, personne n’a attendu. La soirée s’est finie dans le calme."
    review = site.review(mission, 5, text)
    yield ago(days=days - 3)
    if answered:
        missions.answer_review(review, by=professional.user, text="Merci ! Ce fut une belle soirée pour nous aussi.")


def settled(site, client, professional):
    yield ago(days=9)
    mission = site.secure(client, professional, asks.SITE, site.now - timedelta(days=7), hours=10)
    yield ago(days=6)
    text = "Les rondes n’ont pas été faites après deux heures du matin."
    site.contest(mission, client.user, Contest.Reason.BAD_WORK, text)
    yield ago(days=5)
    text = "La pluie a empêché deux rondes, les autres ont été faites."
    missions.answer_contest(Contest.objects.get(mission=mission), by=professional.user, text=text)
    yield ago(days=3)
    site.settle(mission, 7000, "La main courante montre sept heures de présence sur dix.")


# Ends


def declined(site, client, professional):
    yield ago(days=5)
    thread = site.ask(client, professional, asks.FAIR, site.evening(2, 8), hours=10)
    yield ago(days=4, hours=18)
    site.write(thread, professional.user, "Bonjour, nous sommes déjà pris ce jour-là, avec regret.")
    messaging.decline_inquiry(Thread.objects.get(pk=thread.pk), by=professional.user)


def withdrawn(site, client, professional):
    yield ago(days=7)
    thread = site.ask(client, professional, asks.FLAT, site.evening(4, 20), hours=10)
    yield ago(days=6, hours=20)
    messaging.withdraw_inquiry(Thread.objects.get(pk=thread.pk), by=client.user)


def unanswered(site, client, professional):
    yield ago(days=8)
    thread = site.ask(client, professional, asks.SHOP, site.evening(8, 20), hours=10)
    yield ago(days=4, hours=23)
    missions.expire_inquiry(Mission.objects.get(pk=thread.pk))


def unpaid(site, client, professional):
    yield ago(days=6, hours=4)
    mission = site.agree(client, professional, asks.WEDDING, site.evening(40, 18), hours=8, agents=2)
    yield ago(days=5, hours=2)
    payments.expire_unpaid(Payment.objects.get(mission=mission))
    site.work(mission)


def cancelled_with_fee(site, client, professional):
    """A day and a half before the start, the client owes 30 %."""
    yield ago(days=5)
    mission = site.secure(client, professional, asks.OPENING, site.now - timedelta(days=1, hours=12), hours=5, agents=2)
    yield ago(days=3)
    site.cancel(mission, client.user, "Le vernissage est reporté au printemps.")


def cancelled_by_professional(site, client, professional):
    yield ago(days=4, hours=2)
    mission = site.secure(client, professional, asks.FAIR, site.now - timedelta(days=1), hours=8)
    yield ago(days=2)
    site.cancel(mission, professional.user, "Deux de nos agents sont souffrants, nous préférons vous prévenir tôt.")
