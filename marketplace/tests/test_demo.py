"""The demo's data, loaded once and small; the numbers of its full size are those of `load_demo` without options."""

import threading
from collections import Counter
from datetime import datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from io import StringIO

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.mail import send_mail
from django.core.management import CommandError, call_command
from django.db.models import Sum
from stdnum.fr import siret

from accounts.files import check_pdf
from accounts.identifiers import TITLES, clean_title
from accounts.models import Client, Commune, Document, Notification, Professional, Rate, User
from marketplace.demo import accounts, travel
from marketplace.demo.pdf import write_pdf
from marketplace.demo.simulator import control
from messaging.actions import accept_proposal, open_inquiry, write_proposal
from messaging.models import Attachment, Message, Proposal
from missions.actions import can_review
from missions.models import Contest, Mission, Review
from missions.search import Search, offers
from payments import actions, gateway, runner, sync
from payments.models import ConnectedAccount, Hold, LedgerEntry, Payment, StripeOperation
from payments.simulator import Simulator
from payments.simulator.server import SimulatorServer

SIZE = 60

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module", name="stripe_server")
def serve_simulator():
    """The simulator over HTTP, as in the demo; no webhook leaves it."""
    server = SimulatorServer(("127.0.0.1", 0), Simulator())
    server.simulator.base_url = server.url
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module", name="loaded")
def load_demo(stripe_server, django_db_setup, django_db_blocker):
    """Load the data for the whole module, and empty the database after it."""
    patch = pytest.MonkeyPatch()
    patch.setattr("django.conf.settings.STRIPE_API_BASE", stripe_server.url)
    gateway.client.cache_clear()
    with django_db_blocker.unblock():
        call_command("load_demo", professionals=SIZE, stdout=StringIO())
        yield
        call_command("flush", interactive=False, verbosity=0)
    patch.undo()
    gateway.client.cache_clear()


@pytest.fixture(name="site")
def open_demo_pages(settings, loaded, tmp_path):
    settings.ROOT_URLCONF = "marketplace.tests.demo_urls"
    settings.DEMO = True
    settings.EMAIL_BACKEND = "marketplace.demo.mails.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path


def user(email):
    return User.objects.get(email=email)


def statuses(email):
    return set(Mission.objects.of(user(email)).values_list("status", flat=True))


def listed():
    return Professional.objects.filter(payable=True, status=Professional.Status.APPROVED)


# The data


def test_a_second_loading_changes_nothing(loaded):
    def counts():
        return [model.objects.count() for model in (User, Professional, Document, Mission, Review, Message)]

    before, output = counts(), StringIO()
    call_command("load_demo", stdout=output)
    assert counts() == before
    assert output.getvalue() == "Les données de démonstration sont déjà là.\n"


def test_too_few_professionals_are_refused(db):
    with pytest.raises(CommandError):
        call_command("load_demo", professionals=3)


def test_everyone_can_sign_in(loaded, client):
    for _role, email, password in accounts.ACCOUNTS:
        assert user(email).check_password(password)
    assert EmailAddress.objects.filter(verified=True, primary=True).count() == User.objects.count()
    staff = user(accounts.STAFF)
    assert (staff.is_staff, staff.is_superuser) == (True, True)
    assert Authenticator.objects.get(user=staff).type == Authenticator.Type.TOTP


def test_the_client_has_a_mission_in_every_state(loaded):
    assert statuses(accounts.CLIENT) == set(Mission.Status.values)


@pytest.mark.parametrize("email", [accounts.COMPANY, accounts.SOLE_OPERATOR])
def test_professionals_have_something_at_every_step(loaded, email):
    busy = {"inquiry", "accepted", "booked", "secured", "contested", "confirmed"}
    assert statuses(email) >= busy


def test_each_act_can_be_tried(loaded, clock):
    camille, now = user(accounts.CLIENT), clock.now()
    missions = Mission.objects.of_client(camille)
    assert Proposal.objects.received_by(camille).open().count() == 2
    assert Proposal.objects.open().of(camille).filter(author=camille).count() == 1
    assert Message.objects.unread_by(camille).count() > 2
    secured = missions.filter(status="secured")
    assert secured.filter(ends_at__lte=now).count() == 1
    assert secured.filter(starts_at__lte=now, ends_at__gt=now).count() == 1
    assert sum(can_review(mission) for mission in missions) == 1
    assert missions.filter(status="cancelled", cancellation__fee_basis_points=3000).count() == 1
    assert missions.filter(payment__status=Payment.Status.CARD_REFUSED).count() == 1
    assert Contest.objects.to_settle().filter(mission__client__user=camille).count() == 2
    assert Review.objects.filter(professional__user__email=accounts.COMPANY, mission__client__user=camille, answer="")
    assert Attachment.objects.count() == 2


def test_a_mission_that_ended_an_hour_ago_has_a_live_hold(loaded, clock):
    mission = Mission.objects.get(client__user__email=accounts.CLIENT, status="secured", ends_at__lt=clock.now())
    hold = Hold.objects.live().get(payment__mission=mission)
    assert timedelta(minutes=59) < clock.now() - mission.ends_at < timedelta(minutes=90)
    assert hold.capture_before > clock.now() + timedelta(days=2)


def test_the_clock_is_put_back(loaded, clock):
    assert abs(clock.offset()) < timedelta(seconds=1)


def test_nothing_waits_that_should_be_over(loaded, clock):
    now = clock.now()
    assert not Mission.objects.live().filter(deadline_at__lte=now).exists()
    assert not Payment.objects.hold_due(now).exists()
    assert not StripeOperation.objects.filter(state__in=("pending", "stuck")).exists()
    assert not Notification.objects.filter(sent_at=None, due_at__lt=now - timedelta(hours=2)).exists()


def test_the_books_balance(loaded):
    assert LedgerEntry.objects.aggregate(total=Sum("cents"))["total"] == 0


def test_numbers_pass_the_checks(loaded):
    sirets = Professional.objects.exclude(siret="").values_list("siret", flat=True)
    assert len(set(sirets)) == len(sirets) >= SIZE
    assert all(siret.is_valid(number) for number in sirets)
    assert all(len(client.siren) == 9 for client in Client.objects.filter(kind="business"))
    for document in Document.objects.filter(kind__in=TITLES):
        assert clean_title(document.kind, document.number) == document.number


def test_scores_are_the_means_of_the_reviews(loaded):
    for professional in Professional.objects.all():
        stars = Review.objects.published().filter(professional=professional).values_list("stars", flat=True)
        mean = (Decimal(sum(stars)) / len(stars)).quantize(Decimal("0.1"), ROUND_HALF_UP) if stars else None
        assert (professional.review_score, professional.review_count) == (mean, len(stars))


def test_reviews_belong_to_missions_that_took_place(loaded):
    reviews = Review.objects.select_related("mission__agreement")
    assert all(review.mission.status == "confirmed" for review in reviews)
    assert all(review.published_at > review.mission.ends_at for review in reviews)
    stars = Counter(review.stars for review in reviews)
    assert stars[5] > stars[4] > stars[3] + stars[2]


def test_documents_are_in_every_state(loaded, clock):
    assert set(Document.objects.values_list("status", flat=True)) == set(Document.Status.values)
    assert Document.objects.filter(status="approved", expires_on__lt=clock.now().date()).exists()
    assert set(Professional.objects.values_list("status", flat=True)) >= {"approved", "submitted", "draft"}


def test_files_to_review_are_real_and_their_own(loaded):
    waiting = Document.objects.filter(professional__status=Professional.Status.SUBMITTED)
    assert waiting.count() >= 7
    assert len({document.file.name for document in waiting}) == waiting.count()
    check_pdf(waiting[0].file.open().read())


def test_rates_are_believable(loaded):
    ranges = {"guarding": (2200, 3080), "event": (2400, 3520), "close_protection": (4500, 8800)}
    for rate in Rate.objects.all():
        lowest, highest = ranges[rate.service]
        assert lowest <= rate.hourly_cents <= highest


@pytest.mark.parametrize("insee", ["75056", "69123", "44109", "97411"])
@pytest.mark.parametrize("service", ["event", "guarding", "close_protection"])
def test_searches_of_large_towns_find_somebody(loaded, clock, insee, service):
    commune = Commune.objects.get(pk=insee)
    day = clock.now().astimezone(commune.zone).date() + timedelta(days=5)
    search = Search(service, commune, datetime.combine(day, time(20), commune.zone), 480)
    assert offers(search, now=clock.now()).count(cap=1)


def test_whoever_is_chosen_can_be_paid(loaded, clock):
    """The last of the list, whom no scene knows: asked, agreed with, paid by card, confirmed, and paid."""
    professional = listed().filter(activity="surveillance").latest("pk")
    mission = agree_with(professional, clock)
    payment = Payment.objects.get(mission=mission)
    actions.start_checkout(payment, by=mission.client.user)
    session = payment.sessions.get(status="open")
    control("pay", session=session.stripe_id, card="4242424242424242")
    sync.sync_session(session.stripe_id)
    clock.set(mission.ends_at + timedelta(hours=1))
    actions.confirm(Mission.objects.get(pk=mission.pk), by=mission.client.user)
    runner.run_payment(payment.pk)
    transfer = StripeOperation.objects.get(payment=payment, kind="transfer")
    assert (transfer.state, transfer.amount_cents) == ("done", mission.agreement.price.professional_cents)


def agree_with(professional, clock):
    starts_at = clock.now().replace(microsecond=0) + timedelta(days=3)
    commune = professional.base_commune
    mission = Mission(
        client=Client.objects.get(user__email=accounts.BUSINESS),
        professional=professional,
        service="guarding",
        commune=commune,
        timezone=commune.timezone,
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=5),
    )
    thread = open_inquiry(mission, by=mission.client.user, message="Bonjour, êtes-vous libre ?")
    proposal = write_proposal(thread, by=professional.user, terms=mission.terms)
    accept_proposal(proposal, by=mission.client.user)
    return Mission.objects.get(pk=mission.pk)


def test_everyone_payable_has_an_account_that_stripe_knows(loaded, stripe_server):
    known = stripe_server.simulator.book.objects["v2.core.account"]
    active = {
        account.professional for account in ConnectedAccount.objects.filter(transfers="active", stripe_id__in=known)
    }
    assert set(Professional.objects.filter(payable=True)) == active


def test_a_pdf_of_ours_is_accepted_by_our_checks():
    check_pdf(write_pdf("Extrait (Kbis)", ["Établissement n° 1", r"C:\chemin"]))


# The pages


def test_the_mailbox_shows_the_newest_first_and_one_recipient_at_a_time(site, client, clock):
    send_mail("Premier", "Bonjour", None, ["a@exemple.fr"])
    clock.advance(timedelta(days=2))
    send_mail("Second", "Bonjour", None, ["b@exemple.fr"])
    shown = [mail.subject for mail in client.get("/demo/courriels/").context["page"]]
    assert shown == ["Second", "Premier"]
    shown = [mail.subject for mail in client.get("/demo/courriels/?to=a@exemple.fr").context["page"]]
    assert shown == ["Premier"]


def test_an_empty_mailbox_says_so(site, client):
    assert "Aucun courriel pour l’instant" in client.get("/demo/courriels/").text


def test_a_mail_shows_its_code_its_links_and_no_markup_of_others(site, client):
    body = "Bonjour,\n\nVoici votre code :\n\nQX7K2M\n\nhttp://127.0.0.1/a/ <script>"
    send_mail("Code à saisir", body, None, ["a@exemple.fr"])
    (mail,) = client.get("/demo/courriels/").context["page"]
    page = client.get(f"/demo/courriels/{mail.key}/").text
    assert '<output class="mail-code mono">QX7K2M</output>' in page
    assert '<a href="http://127.0.0.1/a/" rel="nofollow">' in page
    assert "&lt;script&gt;" in page


def test_a_mail_that_does_not_exist_is_not_found(site, client):
    assert client.get("/demo/courriels/..secret-0/").status_code == 404


def test_the_clock_page_tells_the_time_and_moves_it(site, client, clock):
    assert "Avancer de" in client.get("/demo/horloge/").text
    before = clock.now()
    response = client.post("/demo/horloge/avancer/", {"to": "15m"}, follow=True)
    assert timedelta(minutes=15) <= clock.now() - before < timedelta(minutes=16)
    assert "Il est maintenant" in response.text


def test_an_unknown_move_is_refused_in_words(site, client, clock):
    response = client.post("/demo/horloge/avancer/", {"to": "hier"}, follow=True)
    assert "choisissez une durée" in response.text
    assert abs(clock.offset()) < timedelta(seconds=1)


def test_travelling_does_on_the_way_what_was_due(site, client, clock):
    """A saved card becomes a hold 48 h before the start, although the clock jumps far beyond it."""
    camille = user(accounts.CLIENT)
    mission = Mission.objects.filter(client__user=camille, payment__status="card_saved").earliest("starts_at")
    travel.travel(mission.starts_at - timedelta(hours=1))
    assert Mission.objects.get(pk=mission.pk).status == "secured"
    assert Payment.objects.get(mission=mission).status == "held"


def test_one_may_go_to_the_end_of_the_next_mission(site, client, clock):
    camille = user(accounts.CLIENT)
    client.force_login(camille)
    under_way = Mission.objects.of(camille).filter(status="secured", ends_at__gt=clock.now()).earliest("ends_at")
    client.post("/demo/horloge/avancer/", {"to": "end"})
    assert timedelta() < clock.now() - under_way.ends_at < timedelta(minutes=2)


def test_the_bar_is_on_every_page_of_the_demo(site, client):
    page = client.get("/").text
    assert "Démonstration&nbsp;: aucun argent réel" in page
    assert 'href="/demo/courriels/"' in page


def test_the_book_is_the_simulators(site, client, stripe_server):
    assert client.get("/demo/livre/").url == f"{stripe_server.url}/livre/"


def test_elsewhere_there_is_neither_bar_nor_page(client, db):
    assert "demo-bar" not in client.get("/").text
    assert client.get("/demo/courriels/").status_code == 404
