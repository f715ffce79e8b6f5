import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.tests.factories import make_client, make_professional, make_user
from messaging.models import Message
from messaging.tests.factories import make_attachment, make_message, make_proposal, make_thread
from missions.models import Mission, MissionEvent
from payments.models import Payment

pytestmark = pytest.mark.django_db

CONTACT = "Appelez-moi au 06 12 34 56 78 ou ecrivez à camille@exemple.fr"


@pytest.fixture
def thread():
    return make_thread(instructions="Ronde toutes les 30 minutes")


def page_of(client, thread, user):
    client.force_login(user)
    response = client.get(thread.get_absolute_url())
    assert response.status_code == 200
    return response.content.decode()


# Who may look


def test_both_sides_read_the_thread(client, thread, client_user, professional_user):
    make_message(thread, body="Un message à lire")
    assert "Un message à lire" in page_of(client, thread, client_user)
    assert "Un message à lire" in page_of(client, thread, professional_user)


def test_a_visitor_signs_in(client, thread):
    response = client.get(thread.get_absolute_url())
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("make_stranger", [make_client, make_professional])
def test_a_stranger_finds_nothing_and_changes_nothing(client, thread, make_stranger):
    proposal = make_proposal(thread)
    attachment = make_attachment(make_message(thread))
    client.force_login(make_stranger().user)
    for name in ("thread", "thread_updates", "proposal_write"):
        assert client.get(reverse(f"messaging:{name}", args=[thread.pk])).status_code == 404
    for name in ("message_send", "inquiry_decline", "inquiry_withdraw", "proposal_write", "proposal_price"):
        assert client.post(reverse(f"messaging:{name}", args=[thread.pk]), {"body": "Bonjour"}).status_code == 404
    for name in ("proposal_accept", "proposal_decline"):
        assert client.post(reverse(f"messaging:{name}", args=[proposal.pk])).status_code == 404
    assert client.get(reverse("messaging:attachment_file", args=[attachment.pk])).status_code == 404
    proposal.refresh_from_db()
    assert (proposal.is_open, Message.objects.count()) == (True, 1)


def test_someone_without_a_profile_is_a_stranger_too(client, thread):
    client.force_login(make_user())
    assert client.get(thread.get_absolute_url()).status_code == 404


# What it shows


def test_opening_marks_as_seen(client, thread, client_user, professional_user):
    message = make_message(thread)
    page_of(client, thread, client_user)
    message.refresh_from_db()
    assert message.seen_at is None
    page_of(client, thread, professional_user)
    message.refresh_from_db()
    assert message.seen_at is not None


def test_contacts_are_masked_openly_until_the_payment_is_guaranteed(client, thread, professional_user):
    make_message(thread, body=CONTACT)
    page = page_of(client, thread, professional_user)
    assert "56 78" not in page
    assert "camille@exemple.fr" not in page
    assert "Nous avons masqué un téléphone et une adresse e-mail." in page


def test_contacts_are_shown_once_secured(client):
    thread = make_thread("secured", contact_phone="0699887766")
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    make_message(thread, body=CONTACT)
    page = page_of(client, thread, thread.mission.professional.user)
    assert "06 12 34 56 78" in page
    assert "camille@exemple.fr" in page
    assert '<a href="tel:0699887766">06\u00a099\u00a088\u00a077\u00a066</a>' in page
    assert thread.mission.client.user.email in page


@pytest.mark.parametrize(
    ("status", "shown"), [("inquiry", False), ("accepted", False), ("booked", True), ("secured", True)]
)
def test_the_professional_reads_the_address_once_booked(client, status, shown):
    thread = make_thread(status)
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    page = page_of(client, thread, thread.mission.professional.user)
    assert ("12 rue de la République" in page) == shown
    assert "12 rue de la République" in page_of(client, thread, thread.mission.client.user)


@pytest.mark.parametrize("status", Mission.Status.values)
def test_no_state_shows_more_than_was_paid_for(status):
    mission = Mission(status=status)
    assert mission.shows_address == (status in {"booked", "secured", "contested", "confirmed", "settled"})
    assert mission.shows_contacts == (status in {"secured", "contested", "confirmed", "settled"})


@pytest.mark.parametrize("status", ["inquiry", "accepted", "booked"])
def test_telephones_and_e_mails_wait_for_the_guarantee(client, status):
    thread = make_thread(status, contact_phone="0699887766")
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    page = page_of(client, thread, thread.mission.professional.user)
    assert "0699887766" not in page
    assert thread.mission.client.user.email not in page
    assert thread.mission.professional.phone not in page_of(client, thread, thread.mission.client.user)


def test_what_people_write_is_never_html(client, thread, professional_user):
    make_message(thread, body="<script>alert(1)</script> & 06 12 34 56 78 <b>")
    page = page_of(client, thread, professional_user)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp;" in page


def test_a_proposal_shows_its_price_and_how_to_answer_to_the_other_side_only(
    client, thread, client_user, professional_user
):
    proposal = make_proposal(thread, hourly_cents=2600)
    accept = reverse("messaging:proposal_accept", args=[proposal.pk])
    page = page_of(client, thread, client_user)
    assert "Accepter pour 287,04" in page
    assert accept in page
    assert accept not in page_of(client, thread, professional_user)


def test_events_are_told_from_where_one_stands(client, thread, client_user, professional_user):
    MissionEvent.objects.create(
        mission=thread.mission, kind="asked", actor=client_user, happened_at=thread.last_activity_at
    )
    assert "Vous avez envoyé une demande" in page_of(client, thread, client_user)
    assert "Camille Morvan vous a envoyé une demande" in page_of(client, thread, professional_user)


def test_a_thread_asks_the_database_as_often_for_3_messages_as_for_1(
    client, thread, client_user, django_assert_num_queries
):
    client.force_login(client_user)
    for count in (1, 3):
        while thread.messages.count() < count:
            make_attachment(make_message(thread))
            make_proposal(thread, status="superseded")
        with django_assert_num_queries(15):
            client.get(thread.get_absolute_url())


# Writing


def send(client, thread, user, **data):
    client.force_login(user)
    return client.post(reverse("messaging:message_send", args=[thread.pk]), data)


def test_a_message_is_sent(client, thread, client_user):
    response = send(client, thread, client_user, body="Bonjour")
    assert response.url == f"{thread.get_absolute_url()}#newest"
    assert [(message.body, message.author) for message in thread.messages.all()] == [("Bonjour", client_user)]


def test_an_empty_message_is_refused(client, thread, client_user):
    response = send(client, thread, client_user, body="  ")
    assert response.status_code == 422
    assert "Écrivez un message, ou joignez un fichier." in response.content.decode()
    assert not thread.messages.exists()


def test_a_file_is_checked_and_what_was_typed_stays(client, thread, client_user):
    page = SimpleUploadedFile("plan.pdf", b"<html><script>alert(1)</script></html>", "application/pdf")
    response = send(client, thread, client_user, body="Voici le plan", file=page)
    assert response.status_code == 422
    assert "Voici le plan" in response.content.decode()
    assert not thread.messages.exists()


def test_a_picture_is_kept_encrypted_and_read_back_by_the_other_side(
    client, thread, client_user, professional_user, settings
):
    from io import BytesIO

    from PIL import Image

    picture = BytesIO()
    Image.new("RGB", (20, 20), "navy").save(picture, "PNG")
    file = SimpleUploadedFile("Plan <salle>.png", picture.getvalue(), "image/png")
    send(client, thread, client_user, body="", file=file)

    attachment = thread.messages.get().attachments.get()
    with open(settings.DATA_DIR / "files" / attachment.file.name, "rb") as stored:
        assert not stored.read().startswith(b"\x89PNG")
    client.force_login(professional_user)
    response = client.get(reverse("messaging:attachment_file", args=[attachment.pk]))
    assert response.content.startswith(b"\x89PNG")
    assert response["Content-Disposition"].startswith("attachment;")
    assert (response["X-Content-Type-Options"], response["Cache-Control"]) == ("nosniff", "private, no-store")
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    read = LogEntry.objects.get()
    assert (read.user, read.object_id, read.change_message) == (
        professional_user,
        str(attachment.pk),
        "Fichier téléchargé.",
    )


def test_contacts_in_the_name_of_a_file_are_masked_too(client, thread, professional_user):
    attachment = make_attachment(make_message(thread, body=""), name="Appelez-moi 06 12 34 56 78.pdf")
    assert "34 56" not in page_of(client, thread, professional_user)
    response = client.get(reverse("messaging:attachment_file", args=[attachment.pk]))
    assert "34" not in response["Content-Disposition"]
    Mission.objects.filter(pk=thread.pk).update(status="secured")
    response = client.get(reverse("messaging:attachment_file", args=[attachment.pk]))
    assert response["Content-Disposition"] == 'attachment; filename="Appelez-moi 06 12 34 56 78.pdf"'


@pytest.mark.parametrize(("status", "shown"), [("booked", False), ("secured", True)])
def test_contacts_in_the_address_and_the_access_wait_for_the_guarantee(client, status, shown):
    thread = make_thread(status, address="3 quai de Saône, 06 12 34 56 78", access="Sonnez, ou <camille@exemple.fr>")
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    page = page_of(client, thread, thread.mission.professional.user)
    assert "3 quai de Saône" in page
    assert ("06 12 34 56 78" in page) == shown
    assert ("&lt;camille@exemple.fr&gt;" in page) == shown


def test_only_a_post_writes(client, thread, client_user):
    client.force_login(client_user)
    assert client.get(reverse("messaging:message_send", args=[thread.pk])).status_code == 405


# News


def test_the_updates_are_silent_until_something_happens(client, thread, client_user, professional_user):
    client.force_login(client_user)
    url = reverse("messaging:thread_updates", args=[thread.pk])
    stamp = client.get(url).context["stamp"]
    assert client.get(url, {"stamp": stamp}).status_code == 204

    make_message(thread, professional_user, body="Me voici")
    response = client.get(url, {"stamp": stamp})
    assert "Me voici" in response.content.decode()


@pytest.mark.parametrize(("headers", "seen"), [({"Page-Visible": "true"}, True), ({}, False)])
def test_news_are_seen_only_on_a_page_that_is_looked_at(client, thread, client_user, professional_user, headers, seen):
    client.force_login(client_user)
    message = make_message(thread, professional_user)
    client.get(reverse("messaging:thread_updates", args=[thread.pk]), headers=headers)
    message.refresh_from_db()
    assert (message.seen_at is not None) == seen


def test_an_open_page_follows_the_clock(client, clock):
    thread = make_thread("secured")
    Payment.objects.create(mission=thread.mission, amount_cents=1000)
    client.force_login(thread.mission.client.user)
    url = reverse("messaging:thread_updates", args=[thread.pk])
    stamp = client.get(url).context["stamp"]
    clock.set(thread.mission.ends_at)
    assert "validez la mission" in client.get(url, {"stamp": stamp}).content.decode()


def test_a_page_whose_session_ended_goes_to_the_login_whole_and_comes_back(client, thread):
    url = reverse("messaging:thread_updates", args=[thread.pk])
    page = thread.get_absolute_url()
    asked = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{page}"}
    response = client.get(url, headers=asked)
    assert response["HX-Redirect"] == f"{reverse('account_login')}?next={page}"
    response = client.get(url, headers=asked | {"HX-Current-URL": "https://ailleurs.exemple/messages/"})
    assert response["HX-Redirect"] == f"{reverse('account_login')}?next=/"


# Closing


def test_the_professional_declines_and_the_client_withdraws(client, thread, client_user, professional_user):
    client.force_login(client_user)
    assert client.post(reverse("messaging:inquiry_decline", args=[thread.pk])).status_code == 404
    client.force_login(professional_user)
    assert client.post(reverse("messaging:inquiry_withdraw", args=[thread.pk])).status_code == 404
    client.post(reverse("messaging:inquiry_decline", args=[thread.pk]))
    thread.mission.refresh_from_db()
    assert thread.mission.status == "declined"

    client.force_login(client_user)
    response = client.post(reverse("messaging:inquiry_withdraw", args=[thread.pk]), follow=True)
    assert "Ce n’est plus possible" in response.content.decode()


def test_a_mission_without_instructions_does_not_name_them(client):
    thread = make_thread()
    assert "Consignes" not in page_of(client, thread, thread.mission.client.user)
