"""What a professional earns, on the page and in the spreadsheet, against payments made the way people make them."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from accounts.models import Professional
from accounts.tests.factories import make_client, make_professional, make_staff
from missions.models import Contest
from payments import actions, sync
from payments.earnings import awaited_by, lines_of
from payments.models import ConnectedAccount, LedgerEntry, Payment, StripeOperation
from payments.simulator import accounts, disputes
from payments.tests.factories import fresh, keep, make_account, make_payment, pay, work
from payments.views.earnings import inert

pytestmark = pytest.mark.django_db

EARNINGS = reverse("payments:earnings")
EXPORT = reverse("payments:earnings_export")
OPEN = reverse("payments:dashboard_open")


@pytest.fixture
def professional(simulator):
    professional = make_professional(agents=6)
    make_account(professional, simulator)
    return professional


def ended(professional, simulator, clock, **fields):
    """A secured mission of this professional that ended an hour ago."""
    payment = pay(make_payment(professional=professional, **fields), simulator)
    clock.set(payment.mission.ends_at + timedelta(hours=1))
    return payment


def paid(professional, simulator, clock, **fields):
    payment = ended(professional, simulator, clock, **fields)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    return work(payment)


def read(client, professional, **query):
    client.force_login(professional.user)
    answer = client.get(EARNINGS, query)
    assert answer.status_code == 200
    return answer


def rows_of(client, professional, **query):
    client.force_login(professional.user)
    answer = client.get(EXPORT, query)
    return [line.split(";") for line in answer.content.decode().lstrip("\ufeff").splitlines()]


# Who may look


@pytest.mark.parametrize("url", [EARNINGS, EXPORT])
def test_earnings_are_for_professionals(client, simulator, url):
    assert client.get(url)["Location"].startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.get(url).status_code == 404


def test_nobody_reads_another_ones_earnings(client, professional, simulator, clock):
    payment = paid(professional, simulator, clock)
    stranger = make_professional()

    assert payment.mission.client.name in read(client, professional).content.decode()
    assert payment.mission.client.name not in read(client, stranger).content.decode()
    assert len(rows_of(client, professional)) == 2
    assert len(rows_of(client, stranger)) == 1


# Three figures, and what waits


def figures(client, professional):
    context = read(client, professional).context
    return context["to_come_cents"], context["awaited_cents"], context["paid_cents"]


def test_a_share_is_to_come_then_waits_then_is_paid(client, professional, simulator, clock):
    payment = ended(professional, simulator, clock)
    share = payment.price.professional_cents
    assert figures(client, professional) == (share, 0, 0)

    actions.confirm(payment.mission, by=payment.mission.client.user)
    assert figures(client, professional) == (0, share, 0)

    work(payment)
    assert figures(client, professional) == (0, 0, share)


def test_a_share_to_come_is_of_what_a_bank_left(client, professional, simulator, clock):
    payment = keep(ended(professional, simulator, clock))
    found = disputes.open_dispute(simulator, payment.holds.get().charge_id, amount=1_000)
    disputes.close_dispute(simulator, found["id"], won=False)
    sync.sync_payment(payment)
    share = payment.price.professional_cents - 870
    assert figures(client, professional) == (share, 0, 0)

    actions.confirm(fresh(payment).mission, by=payment.mission.client.user)
    work(payment)
    assert figures(client, professional) == (0, 0, share)


def test_only_the_part_due_of_a_contested_mission_is_paid(client, professional, simulator, clock):
    payment = ended(professional, simulator, clock)
    actions.contest(payment.mission, by=payment.mission.client.user, reason=Contest.Reason.NO_SHOW, text="Parti")
    assert figures(client, professional) == (payment.price.professional_cents, 0, 0)

    actions.settle(fresh(payment).mission.contest, by=make_staff(), performed_basis_points=2500, note="Un quart")
    work(payment)
    assert figures(client, professional) == (0, 0, payment.price.scaled(2500).professional_cents)


@pytest.mark.parametrize(
    ("payable", "why"),
    [
        (True, "Stripe débite la carte du client."),
        (False, "Stripe ne peut pas vous payer\u00a0: complétez votre compte."),
    ],
)
def test_each_share_that_waits_says_why(client, professional, simulator, clock, payable, why):
    payment = ended(professional, simulator, clock)
    actions.confirm(payment.mission, by=payment.mission.client.user)
    Professional.objects.update(payable=payable)

    page = read(client, Professional.objects.get(pk=professional.pk))
    assert [(one.payment.pk, one.reason) for one in page.context["awaited"]] == [(payment.pk, why)]
    assert why in page.content.decode()


def test_a_transfer_that_stripe_refused_waits_for_the_team(professional, simulator, clock):
    payment = paid(professional, simulator, clock)
    StripeOperation.objects.filter(payment=payment, kind="transfer").update(state="stuck")

    assert [one.reason for one in awaited_by(professional)] == ["Notre équipe s’en occupe et vous écrit."]


def test_a_share_reduced_by_a_bank_is_awaited_then_paid_without_the_whole_shares_lines(professional, simulator, clock):
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    payment = paid(professional, simulator, clock)
    disputes.open_dispute(simulator, payment.holds.get().charge_id, amount=1_000)
    sync.sync_payment(payment)
    (found,) = simulator.book.every("dispute")
    disputes.close_dispute(simulator, found["id"], won=False)
    sync.sync_payment(payment)
    assert [one.cents for one in awaited_by(professional)] == [24_000 - 870]

    accounts.set_status(simulator, account, "active")
    sync.sync_account(professional.account.stripe_id)
    clock.advance(timedelta(hours=2))
    work(payment)
    assert awaited_by(professional) == []
    (line,) = lines_of(professional, date(2000, 1, 1), date(2100, 1, 1))
    assert (line.service_cents, line.vat_cents, line.paid_cents) == (None, None, 24_000 - 870)


def test_a_share_we_bear_is_awaited_even_once_a_bank_took_the_payment(professional, simulator, clock):
    account = simulator.book.get("v2.core.account", professional.account.stripe_id)
    accounts.set_status(simulator, account, "restricted")
    payment = paid(professional, simulator, clock)
    actions.refund(fresh(payment), by=make_staff(), cents=13_800, bearer="platform", reason="Geste commercial")
    work(payment)
    disputes.open_dispute(simulator, payment.holds.get().charge_id)
    sync.sync_payment(payment)
    (found,) = simulator.book.every("dispute")
    disputes.close_dispute(simulator, found["id"], won=False)
    sync.sync_payment(payment)

    assert fresh(payment).status == Payment.Status.LOST
    assert [one.cents for one in awaited_by(professional)] == [12_000]


def test_what_is_owed_to_us_is_said(client, professional, simulator, clock):
    payment = paid(professional, simulator, clock)
    assert "Vous nous devez" not in read(client, professional).content.decode()

    entries = [f"recoverable:{professional.pk}", f"payable:{professional.pk}"]
    movement = payment.ledger.create(kind="shortfall", happened_at=clock.now())
    for account, cents in zip(entries, (1234, -1234), strict=True):
        LedgerEntry.objects.create(transaction=movement, account=account, cents=cents)
    assert "Vous nous devez 12,34\u00a0€" in read(client, professional).content.decode()


def test_without_any_payment_the_page_says_what_to_do(client):
    page = read(client, make_professional()).content.decode()
    assert "Pas encore de versement" in page
    assert "dès qu’un client valide une mission" in page


# Month by month


def test_a_month_sums_what_was_paid_less_what_was_taken_back(client, professional, simulator, clock):
    payment = paid(professional, simulator, clock, hourly_cents=2500)
    actions.refund(payment, by=make_staff(), cents=13_800, bearer="both", reason="Retard")
    work(payment)

    context = read(client, professional).context
    assert context["totals"] == {
        "service_cents": 20_000,
        "vat_cents": 4_000,
        "paid_cents": 24_000,
        "taken_cents": 12_000,
        "net_cents": 12_000,
    }
    assert context["paid_cents"] == 12_000
    assert [str(line.label) for line in context["lines"]] == ["Remboursement du client", "Versement"]


def test_months_are_those_of_paris_and_one_walks_from_one_to_the_next(client, professional, simulator, clock):
    payment = paid(professional, simulator, clock)
    StripeOperation.objects.filter(payment=payment, kind="transfer").update(answered_at="2026-03-31T22:30:00Z")

    april = read(client, professional, mois="2026-04").context
    assert (str(april["month"]), len(april["lines"])) == ("2026-04-01", 1)
    assert (april["previous"], str(april["next"])) == (None, "2026-05-01")
    assert not read(client, professional, mois="2026-05").context["lines"]


@pytest.mark.parametrize("text", ["", "2026", "2026-13", "1990-01", "9999-12", "2026-11-01", "٢٠٢٦-١١", "'; --"])
def test_what_is_no_month_is_the_current_one(client, professional, clock, text):
    shown = read(client, professional, mois=text).context["month"]
    assert (shown.year, shown.month) == (clock.now().year, clock.now().month)
    assert rows_of(client, professional, annee=text)[0][0] == "Date"


def make_paid(professional, simulator, clock, count):
    """Stop at `count` shares paid, and as many to come."""
    for _number in range(count):
        paid(professional, simulator, clock)
        clock.reset()
    for _number in range(count):
        pay(make_payment(professional=professional), simulator)


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_and_the_file_ask_the_database_as_often_for_3_rows_as_for_1(
    client, simulator, clock, django_assert_num_queries, count
):
    professional = make_professional(agents=12)
    make_account(professional, simulator)
    make_paid(professional, simulator, clock, count)
    month = StripeOperation.objects.filter(kind="transfer").latest("answered_at").answered_at
    clock.set(month)
    client.force_login(professional.user)

    with django_assert_num_queries(12):
        page = client.get(EARNINGS)
    with django_assert_num_queries(5):
        client.get(EXPORT)
    assert len(page.context["lines"]) == count


# The spreadsheet


def test_the_file_is_what_a_french_spreadsheet_reads(client, professional, simulator, clock):
    payment = paid(professional, simulator, clock, hourly_cents=2599)
    client.force_login(professional.user)
    answer = client.get(EXPORT)
    month = f"{clock.now():%Y-%m}"

    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="revenus-{month}.csv"'
    assert answer["Cache-Control"] == "private, no-store"
    assert answer.content.startswith("\ufeffDate;Mouvement;Mission;Client;Prestation HT".encode())
    _headers, row = rows_of(client, professional)
    assert row[1:] == [
        "Versement",
        str(payment.mission_id),
        payment.mission.client.name,
        "207,92",
        "41,58",
        "249,50",
        "",
        "249,50",
    ]


def test_the_file_is_french_whatever_the_language_of_the_site(client, professional, simulator):
    client.cookies["django_language"] = "en"
    professional.user.language = "en"
    professional.user.save()

    assert rows_of(client, professional)[0][:4] == ["Date", "Mouvement", "Mission", "Client"]


def test_a_whole_year_is_one_file(client, professional, simulator, clock):
    for _mission in range(2):
        paid(professional, simulator, clock)
        clock.reset()
    first, second = StripeOperation.objects.filter(kind="transfer").order_by("pk")
    StripeOperation.objects.filter(pk=first.pk).update(answered_at="2025-12-31T23:30:00Z")
    StripeOperation.objects.filter(pk=second.pk).update(answered_at="2026-06-01T10:00:00Z")

    assert [row[0] for row in rows_of(client, professional, annee="2026")] == ["Date", "01/01/2026", "01/06/2026"]
    assert len(rows_of(client, professional, mois="2026-06")) == 2


@pytest.mark.parametrize(
    "name", ["=1+1", "+33", "-2", "@SUM(A1)", "\t=1", " =1", "\xa0=1", "\u202f@A1", "＝1+1", "＋33", "－2", " ＠A1"]
)
def test_no_cell_is_ever_a_formula(client, professional, simulator, clock, name):
    paid(professional, simulator, clock, client=make_client(name))

    _headers, row = rows_of(client, professional)
    assert row[3] == f"'{name}"


def test_a_line_feed_before_a_formula_does_not_hide_it():
    assert inert("\n=1+1") == "'\n=1+1"
    assert inert("Bar de la Plage - Marseille") == "Bar de la Plage - Marseille"


# Stripe's own pages


def test_the_account_at_stripes_is_opened_on_click(client, professional):
    client.force_login(professional.user)
    assert client.get(OPEN).status_code == 405

    answer = client.post(OPEN)
    assert answer.status_code == 303
    assert answer["Location"].endswith(f"/express/{professional.account.stripe_id}")


def test_an_account_not_finished_is_finished_first(client, simulator):
    professional = make_professional(payable=False)
    client.force_login(professional.user)
    assert client.post(OPEN)["Location"] == reverse("payments:onboarding")

    actions.start_onboarding(professional)
    assert ConnectedAccount.objects.get().is_payable is False
    assert client.post(OPEN)["Location"] == reverse("payments:onboarding")


def test_a_silent_stripe_is_said_so(client, professional, simulator):
    simulator.faults.add("refuse_connection", on="accounts.login_links.create")
    client.force_login(professional.user)

    answer = client.post(OPEN, follow=True)
    assert "Stripe ne répond pas" in answer.content.decode()


def test_opening_the_account_is_for_professionals(client):
    assert client.post(OPEN)["Location"].startswith(reverse("account_login"))
    client.force_login(make_client().user)
    assert client.post(OPEN).status_code == 404
