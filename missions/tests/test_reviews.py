from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.tests.factories import make_client, make_professional, make_staff
from marketplace import clock as site_clock
from missions.models import Review
from missions.tests.factories import make_mission, make_review
from missions.tests.test_search_pages import text_of

pytestmark = pytest.mark.django_db

ASKED = {"stars": "4", "text": "Agents ponctuels et courtois."}


def review_url(mission):
    return f"/missions/{mission.pk}/avis/"


def test_the_client_reviews_a_mission_they_confirmed(client):
    mission = make_mission("confirmed")
    client.force_login(mission.client.user)
    assert "Comment s’est passée la mission avec Vigie Atlantique" in text_of(client.get(review_url(mission)))
    response = client.post(review_url(mission), ASKED)
    assert response["Location"] == mission.get_absolute_url()
    review = Review.objects.get()
    assert (review.mission, review.stars, review.text) == (mission, 4, "Agents ponctuels et courtois.")
    mission.professional.refresh_from_db()
    assert (mission.professional.review_score, mission.professional.review_count) == (Decimal("4.0"), 1)


@pytest.mark.parametrize("status", ["secured", "settled", "cancelled"])
def test_only_a_confirmed_mission_is_reviewed(client, status):
    mission = make_mission(status)
    client.force_login(mission.client.user)
    client.post(review_url(mission), ASKED)
    assert not Review.objects.exists()


def test_a_second_review_is_refused(client):
    mission = make_review().mission
    client.force_login(mission.client.user)
    client.post(review_url(mission), ASKED)
    assert Review.objects.count() == 1


@pytest.mark.parametrize("status", ["inquiry", "accepted", "booked", "secured", "contested", "cancelled", "expired"])
def test_a_mission_that_is_not_over_has_no_review(client, status):
    mission = make_mission(status)
    client.force_login(mission.client.user)
    client.post(review_url(mission), ASKED)
    assert not Review.objects.exists()


def test_after_60_days_it_is_too_late(client):
    mission = make_mission("confirmed", ended_at=site_clock.now() - timedelta(days=60, minutes=1))
    client.force_login(mission.client.user)
    client.post(review_url(mission), ASKED)
    assert not Review.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"stars": ""}, "stars", "Choisissez de une à cinq étoiles."),
        ({"stars": "6"}, "stars", "Choisissez de une à cinq étoiles."),
        ({"text": " "}, "text", "Dites en quelques mots comment la mission s’est passée."),
    ],
)
def test_what_is_missing_is_said_and_the_rest_kept(client, changes, field, sentence):
    mission = make_mission("confirmed")
    client.force_login(mission.client.user)
    response = client.post(review_url(mission), ASKED | changes)
    assert response.context["form"].errors == {field: [sentence]}
    assert sentence in text_of(response)
    assert not Review.objects.exists()


def test_nobody_else_reviews(client):
    mission = make_mission("confirmed")
    assert client.post(review_url(mission), ASKED)["Location"].startswith("/compte/login/")
    for user in (mission.professional.user, make_client().user, make_professional().user):
        client.force_login(user)
        assert client.post(review_url(mission), ASKED).status_code == 404
    assert not Review.objects.exists()


# Answers


def answer_url(review):
    return f"/avis/{review.pk}/reponse/"


def test_the_professional_answers_once(client):
    review = make_review()
    client.force_login(review.professional.user)
    assert review.text in text_of(client.get(answer_url(review)))
    response = client.post(answer_url(review), {"text": "Merci."})
    assert response["Location"] == f"{review.professional.get_absolute_url()}#avis"
    review.refresh_from_db()
    assert review.answer == "Merci."
    assert client.post(answer_url(review), {"text": "Encore."}).status_code == 404


def test_nobody_else_answers(client):
    review = make_review()
    assert client.post(answer_url(review), {"text": "Merci."})["Location"].startswith("/compte/login/")
    for user in (review.mission.client.user, make_client().user, make_professional().user):
        client.force_login(user)
        assert client.post(answer_url(review), {"text": "Merci."}).status_code == 404
    review.refresh_from_db()
    assert review.answer == ""


def test_an_empty_answer_is_asked_again(client):
    review = make_review()
    client.force_login(review.professional.user)
    assert "Écrivez votre réponse." in text_of(client.post(answer_url(review), {"text": ""}))


# Staff


def admin_url(review):
    return f"/admin/missions/review/{review.pk}/change/"


def test_staff_refuse_a_review_with_a_reason(client):
    review = make_review(stars=1)
    make_review(review.professional, stars=5)
    client.force_login(make_staff())
    client.post(admin_url(review), {"refusal_reason": "Nomme un agent."})
    review.refresh_from_db()
    assert (review.status, review.refusal_reason) == ("refused", "Nomme un agent.")
    review.professional.refresh_from_db()
    assert (review.professional.review_score, review.professional.review_count) == (Decimal("5.0"), 1)


def test_a_refusal_without_a_reason_is_refused(client):
    review = make_review()
    client.force_login(make_staff())
    client.post(admin_url(review), {"refusal_reason": ""})
    review.refresh_from_db()
    assert review.status == "published"


@pytest.mark.parametrize("model", ["mission", "review"])
def test_staff_read_missions_and_reviews_and_write_neither(client, model):
    mission = make_review().mission
    client.force_login(make_staff())
    assert client.get(f"/admin/missions/{model}/").status_code == 200
    assert client.get(f"/admin/missions/{model}/add/").status_code == 403
    page = client.get(f"/admin/missions/mission/{mission.pk}/change/")
    assert mission.address not in page.content.decode()
