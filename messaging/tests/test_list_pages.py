from datetime import timedelta

import pytest
from django.urls import reverse

from accounts.tests.factories import make_client, make_professional
from marketplace import clock
from messaging.tests.factories import make_attachment, make_message, make_proposal, make_thread
from missions.models import Contest, Review
from payments.models import Payment

pytestmark = pytest.mark.django_db

PAGES = ["inbox", "mission_list", "dashboard"]


def fill(number, **fields):
    """Threads in several states, with messages, a proposal and payments."""
    for _number in range(number):
        make_proposal(make_thread(**fields))
        talked = make_thread(**fields)
        make_message(talked)
        make_message(talked, talked.mission.professional.user, body="Oui, à votre service.")
        for status in ("accepted", "booked", "secured", "contested", "confirmed"):
            make_agreed(status, **fields)


def make_agreed(status, **fields):
    starts_at = clock.now() + timedelta(days=3)
    if status in ("contested", "confirmed"):
        starts_at = clock.now() - timedelta(days=3)
    thread = make_thread(status, starts_at=starts_at, **fields)
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    if status == "contested":
        Contest.objects.create(
            mission=thread.mission, by=thread.mission.client.user, reason="no_show", opened_at=clock.now()
        )
    return thread


@pytest.mark.parametrize("name", PAGES)
def test_a_visitor_signs_in(client, name):
    response = client.get(reverse(f"messaging:{name}"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize(("name", "queries"), [("inbox", 9), ("mission_list", 10)])
def test_a_client_s_lists_cost_as_much_for_3_as_for_1(client, name, queries, django_assert_num_queries):
    person = make_client()
    client.force_login(person.user)
    for more in (1, 2):
        fill(more, client=person, professional=make_professional(agents=50))
        with django_assert_num_queries(queries):
            client.get(reverse(f"messaging:{name}"))


@pytest.mark.parametrize(("name", "queries"), [("inbox", 8), ("mission_list", 10), ("dashboard", 12)])
def test_a_professional_s_lists_cost_as_much_for_3_as_for_1(client, name, queries, django_assert_num_queries):
    professional = make_professional(agents=50)
    client.force_login(professional.user)
    for more in (1, 2):
        fill(more, professional=professional)
        with django_assert_num_queries(queries):
            client.get(reverse(f"messaging:{name}"))


def names(response):
    return [str(line["other"]) for line in response.context["lines"]]


def test_the_inbox_lists_one_s_own_threads_the_latest_first(client):
    person = make_client()
    make_thread(client=person, professional=make_professional("Avant"))
    late = make_thread(client=person, professional=make_professional("Après"))
    late.last_activity_at = clock.now() + timedelta(minutes=1)
    late.save(update_fields=["last_activity_at"])
    make_message(make_thread(professional=make_professional("À quelqu’un d’autre")))
    client.force_login(person.user)
    assert names(client.get(reverse("messaging:inbox"))) == ["Après", "Avant"]


def test_the_inbox_counts_what_is_unread_and_sorts_it_out(client):
    person = make_client()
    for name, author_is_other, status in (
        ("Non lu", True, "inquiry"),
        ("De moi", False, "inquiry"),
        ("Fini", False, "declined"),
    ):
        thread = make_thread(status, client=person, professional=make_professional(name))
        make_message(thread, thread.mission.professional.user if author_is_other else person.user)
    client.force_login(person.user)
    inbox = reverse("messaging:inbox")
    assert {line["thread"].unread for line in client.get(inbox).context["lines"]} == {0, 1}
    assert "(1 non lu)" in client.get(inbox).content.decode()
    assert names(client.get(inbox, {"tab": "unread"})) == ["Non lu"]
    assert names(client.get(inbox, {"tab": "finished"})) == ["Fini"]


def test_an_excerpt_is_masked_too(client):
    thread = make_thread()
    make_message(thread, body="Mon numéro : 06 12 34 56 78")
    client.force_login(thread.mission.professional.user)
    page = client.get(reverse("messaging:inbox")).content.decode()
    assert "Mon numéro" in page
    assert "34 56" not in page


def test_an_excerpt_is_plain_text_on_one_line_and_escaped_once_cut(client):
    thread = make_thread()
    make_message(thread, body="Un devis < 500 € & plus\nsur <place>, " + "merci " * 40)
    client.force_login(thread.mission.professional.user)
    page = client.get(reverse("messaging:inbox")).content.decode()
    assert '">Un devis &lt; 500 € &amp; plus sur &lt;place&gt;, merci' in page
    assert "…</p>" in page


def test_a_message_that_is_only_a_file_says_so(client):
    thread = make_thread()
    make_attachment(make_message(thread, body=""))
    client.force_login(thread.mission.professional.user)
    assert '<p class="thread-excerpt">Pièce jointe</p>' in client.get(reverse("messaging:inbox")).content.decode()


def test_an_empty_inbox_shows_the_way_on(client):
    client.force_login(make_client().user)
    assert "Aucune discussion" in client.get(reverse("messaging:inbox")).content.decode()


def test_missions_are_sorted_by_what_they_wait_for(client):
    person = make_client()
    for status in ("accepted", "booked", "secured", "confirmed"):
        make_agreed(status, client=person)
    over = make_agreed("secured", client=person)
    over.mission.starts_at -= timedelta(days=5)
    over.mission.ends_at -= timedelta(days=5)
    over.mission.save(update_fields=["starts_at", "ends_at"])
    make_thread(client=person)
    make_agreed("secured")
    client.force_login(person.user)
    context = client.get(reverse("messaging:mission_list")).context
    assert [(title, len(rows)) for title, rows in context["sections"]] == [
        ("À payer", 1),
        ("À valider", 1),
        ("À venir", 2),
    ]
    assert len(context["past_rows"]) == 1


def test_a_client_has_no_dashboard(client):
    client.force_login(make_client().user)
    assert client.get(reverse("messaging:dashboard")).url == reverse("messaging:mission_list")


def test_the_dashboard_says_who_waits_first_and_then_what_the_file_lacks(client):
    professional = make_professional(payable=False)
    thread = make_thread(professional=professional)
    make_message(thread)
    make_message(make_thread())
    client.force_login(professional.user)
    response = client.get(reverse("messaging:dashboard"))
    assert [task["url"] for task in response.context["todo"]] == [
        thread.get_absolute_url(),
        reverse("payments:onboarding"),
    ]
    assert "Pas encore visible" in response.content.decode()


@pytest.mark.parametrize(
    ("review", "titles"),
    [
        ({}, ["Camille Morvan a donné son avis"]),
        ({"status": "refused", "refusal_reason": "Injures"}, []),
        ({"answer": "Merci", "answered_at": clock.now()}, []),
    ],
)
def test_the_dashboard_recalls_a_review_without_an_answer(client, review, titles):
    professional = make_professional()
    mission = make_agreed("confirmed", professional=professional).mission
    make_agreed("confirmed", professional=professional)
    Review.objects.create(
        mission=mission, professional=professional, stars=5, text="Parfait", published_at=clock.now(), **review
    )
    client.force_login(professional.user)
    context = client.get(reverse("messaging:dashboard")).context
    assert [task["title"] for task in context["todo"]] == titles
    assert context["upcoming"] == []


def test_the_dashboard_sums_what_is_guaranteed(client):
    professional = make_professional(agents=9)
    make_agreed("secured", professional=professional, hourly_cents=2500)
    make_agreed("accepted", professional=professional, hourly_cents=2500)
    client.force_login(professional.user)
    assert client.get(reverse("messaging:dashboard")).context["expected_cents"] == 24000
