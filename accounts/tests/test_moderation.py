import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.urls import reverse

from accounts.flags import boasting_words, document_flags
from accounts.models import Document, Professional
from accounts.readiness import is_visible, readiness
from accounts.tests.factories import make_document, make_professional, make_siret, make_staff

pytestmark = pytest.mark.django_db


def change(row):
    return reverse(f"admin:accounts_{row._meta.model_name}_change", args=[row.pk])


# Who comes in


def test_the_admin_is_for_staff_signed_in_by_allauth(client, professional):
    index = reverse("admin:index")
    assert client.get(index, follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    client.force_login(professional.user)
    assert client.get(index).status_code in (302, 403)
    assert client.get(reverse("admin:login")).status_code == 403


def test_staff_without_a_second_factor_only_see_their_own_account(client, professional):
    client.force_login(make_staff(second_factor=False))
    setup = reverse("mfa_activate_totp")
    document = make_document(professional)
    for address in (
        reverse("admin:index"),
        change(professional),
        reverse("accounts:document_file", args=[document.pk]),
    ):
        assert client.get(address).url == setup
        assert client.post(address).url == setup
    assert client.get(reverse("account_email")).status_code == 200


def test_staff_with_a_second_factor_come_in(as_staff):
    assert as_staff.get(reverse("admin:index")).status_code == 200


@pytest.mark.parametrize("model", ["professional", "document", "user", "client", "commune", "notification"])
def test_every_list_opens_and_nothing_is_added_by_hand(as_staff, professional, customer, model):
    assert as_staff.get(reverse(f"admin:accounts_{model}_changelist")).status_code == 200
    assert as_staff.get(reverse(f"admin:accounts_{model}_add")).status_code == 403


def test_what_staff_never_touch_by_hand_has_no_page(as_staff):
    listed = {
        model["object_name"]
        for app in as_staff.get(reverse("admin:index")).context["app_list"]
        for model in app["models"]
    }
    assert not listed & {"Group", "EmailAddress", "Authenticator", "UserSession"}


def test_languages_are_named(as_staff):
    polyglot = make_professional(languages=["fr", "gcf"])
    assert "Français, Créole" in as_staff.get(change(polyglot)).content.decode()


# A professional's file


@pytest.fixture
def waiting():
    return make_professional("Nouveau", status=Professional.Status.SUBMITTED)


def status_of(professional):
    professional.refresh_from_db()
    return professional.status


def test_those_who_wait_come_first(as_staff, waiting):
    make_professional("Plus récent")
    response = as_staff.get(reverse("admin:accounts_professional_changelist"))
    assert list(response.context["cl"].result_list)[0] == waiting


def test_staff_approve_a_file(as_staff, staff, waiting):
    page = as_staff.get(change(waiting)).content.decode()
    assert 'name="_approve"' in page
    assert 'name="_suspend"' not in page
    assert as_staff.post(change(waiting), {"_approve": "1", "status_reason": ""}).status_code == 302
    assert status_of(waiting) == Professional.Status.APPROVED
    assert waiting.user.notifications.get().template == "accounts/emails/approved"
    entry = LogEntry.objects.get()
    assert (entry.user, entry.change_message) == (staff, "Dossier approuvé.")


def test_a_refusal_needs_a_reason_which_is_sent(as_staff, waiting):
    response = as_staff.post(change(waiting), {"_refuse": "1", "status_reason": ""})
    assert "Donnez le motif" in response.content.decode()
    assert status_of(waiting) == Professional.Status.SUBMITTED

    as_staff.post(change(waiting), {"_refuse": "1", "status_reason": "Le Kbis ne correspond pas."})
    assert status_of(waiting) == Professional.Status.REFUSED
    assert waiting.user.notifications.get().context["reason"] == "Le Kbis ne correspond pas."


def test_staff_read_what_is_missing_and_what_looks_wrong(as_staff):
    draft = make_professional("Nouveau", documents=False, presentation="Anciens policiers.", status="draft")
    page = as_staff.get(change(draft)).content.decode()
    assert "Documents\u00a0: Il manque\u00a0: Autorisation d’exercer (AUT)" in page
    assert "des armes\u00a0: policiers." in page
    assert 'name="_approve"' not in page


def test_staff_suspend_and_reinstate(as_staff, professional):
    as_staff.post(change(professional), {"_suspend": "1", "status_reason": "Signalements répétés."})
    assert status_of(professional) == Professional.Status.SUSPENDED
    assert not is_visible(professional)
    as_staff.post(change(professional), {"_approve": "1", "status_reason": ""})
    assert status_of(professional) == Professional.Status.APPROVED
    assert is_visible(professional)


def test_staff_correct_who_an_approved_professional_is(as_staff, staff, professional):
    names = {"legal_name": "Vigie SAS", "trade_name": "La Vigie", "siret": "12345678900011", "status_reason": ""}
    refused = as_staff.post(change(professional), names | {"_correct": "1"})
    assert refused.status_code == 200

    siret = make_siret(424242)
    as_staff.post(change(professional), names | {"_correct": "1", "siret": siret})
    professional.refresh_from_db()
    assert (professional.legal_name, professional.trade_name, professional.siret) == ("Vigie SAS", "La Vigie", siret)
    assert professional.status == Professional.Status.APPROVED
    assert LogEntry.objects.filter(user=staff, change_message="Établissement corrigé.").count() == 1


def test_the_authorisation_shown_is_the_newest_approved(professional):
    make_document(professional, number="AUT-069-2125-01-01-20250100001")
    make_document(professional, number="AUT-069-2126-01-01-20260100001", status="pending")
    assert professional.authorisation == "AUT-069-2125-01-01-20250100001"


def test_nobody_is_found_by_a_rate_the_activity_does_not_allow(professional):
    professional.rates.all().delete()
    professional.rates.create(service="close_protection", hourly_cents=6000)
    assert not is_visible(professional)


def test_a_decision_that_comes_too_late_changes_nothing(as_staff, waiting):
    Professional.objects.update(status=Professional.Status.DRAFT)
    response = as_staff.post(change(waiting), {"_approve": "1", "status_reason": ""}, follow=True)
    assert "a changé d’état" in response.content.decode()
    assert status_of(waiting) == Professional.Status.DRAFT
    assert not waiting.user.notifications.exists()


# Documents


def make_pending(professional, kind, **fields):
    document = make_document(
        professional, kind, status=Document.Status.PENDING, content_type="application/pdf", **fields
    )
    document.file.save("file.pdf", ContentFile(PDF))
    return document


PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 100]>>endobj
trailer<</Root 1 0 R>>
%%EOF"""


def decide(client, document, button, **changes):
    fields = {"number": document.number, "activity": document.activity, "refusal_reason": ""}
    dates = {name: getattr(document, name) or "" for name in ("issued_on", "expires_on")}
    return client.post(change(document), {**fields, **dates, f"_{button}": "1", **changes})


def test_staff_see_the_file_beside_the_form(as_staff, professional):
    document = make_pending(professional, "insurance")
    page = as_staff.get(change(document)).content.decode()
    image = reverse("accounts:document_page", args=[document.pk, 1])
    assert f'<img src="{image}"' in page
    assert as_staff.get(image).status_code == 200


def test_staff_correct_and_approve_a_title_and_the_activity_follows(as_staff, staff, professional):
    document = make_pending(professional, "aut")
    decide(as_staff, document, "approve", number="AUT-069-2124-03-15-99999999999", activity="protection")
    document.refresh_from_db()
    professional.refresh_from_db()
    assert (document.status, document.number) == ("approved", "AUT-069-2124-03-15-99999999999")
    assert (document.reviewed_by, professional.activity) == (staff, "protection")
    assert document.reviewed_at is not None


def test_a_title_is_not_approved_without_its_activity(as_staff, professional):
    document = make_pending(professional, "car")
    response = decide(as_staff, document, "approve", activity="")
    assert "Indiquez l’activité que couvre ce titre." in response.content.decode()
    document.refresh_from_db()
    assert document.status == "pending"


def test_a_document_keeps_its_term(as_staff, professional):
    document = make_pending(professional, "insurance")
    response = decide(as_staff, document, "approve", expires_on="")
    assert "Indiquez jusqu’à quand ce document est valable." in response.content.decode()


def test_a_refused_document_says_why(as_staff, professional):
    document = make_pending(professional, "insurance")
    assert "Donnez le motif" in decide(as_staff, document, "refuse").content.decode()
    decide(as_staff, document, "refuse", refusal_reason="La date ne se lit pas.")
    document.refresh_from_db()
    assert (document.status, document.refusal_reason) == ("refused", "La date ne se lit pas.")
    notification = professional.user.notifications.get()
    assert notification.context["document"] == "Assurance responsabilité civile professionnelle"


def test_a_document_is_examined_once(as_staff, professional):
    document = make_pending(professional, "insurance")
    decide(as_staff, document, "approve")
    assert 'name="_approve"' not in as_staff.get(change(document)).content.decode()
    decide(as_staff, document, "refuse", refusal_reason="Trop tard")
    document.refresh_from_db()
    assert document.status == "approved"


def test_after_a_decision_comes_the_next_document_that_waits(as_staff, professional):
    insurance, vigilance = make_pending(professional, "insurance"), make_pending(professional, "vigilance")
    assert decide(as_staff, vigilance, "approve").url == change(insurance)
    waiting = reverse("admin:accounts_document_changelist") + "?status__exact=pending"
    assert decide(as_staff, insurance, "refuse", refusal_reason="La date ne se lit pas.").url == waiting


@pytest.mark.parametrize("button", ["approve", "refuse"])
def test_the_copy_of_an_identity_goes_once_it_is_checked(
    as_staff, professional, button, django_capture_on_commit_callbacks
):
    document = make_pending(professional, "identity")
    stored = document.file.name
    assert document.file.storage.exists(stored)
    with django_capture_on_commit_callbacks(execute=True):
        decide(as_staff, document, button, refusal_reason="Photo floue" if button == "refuse" else "")
    document.refresh_from_db()
    assert not document.file
    assert not Document._meta.get_field("file").storage.exists(stored)
    assert as_staff.get(reverse("accounts:document_file", args=[document.pk])).status_code == 404
    assert "La copie a été supprimée" in as_staff.get(change(document)).content.decode()


# What staff are shown


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Ancien gendarme, agent armé", ["arme", "gendarme"]),
        ("Ex-POLICIER, équipé de matraques", ["matraques", "policier"]),
        ("Surveillance, alarme et ronde", []),
        ("Ancien de l’armée de terre, forces spéciales", ["armee", "forces speciales"]),
    ],
)
def test_boasts_are_shown_to_staff(text, words):
    assert boasting_words(text) == words


def test_what_looks_wrong_on_a_title_is_shown_to_staff(professional):
    short = make_document(professional, "aut", number="AUT-069-2124-03-15-2024")
    assert document_flags(short) == ["Le numéro ne finit pas par onze chiffres."]
    other = make_document(professional, "agd", number="AGD-069-2029-03-15-20240312345")
    assert document_flags(other) == ["La date du numéro n’est pas la date de fin."]
    odd = make_document(professional, "car", number="12", activity="protection")
    assert document_flags(odd) == [
        "Le numéro n’a pas la forme d’un titre du CNAPS.",
        "L’activité n’est pas celle du profil.",
    ]


def test_readiness_lists_the_steps_in_order():
    professional = make_professional("Vide", documents=False, always_open=False, payable=False, siret="", phone="")
    professional.rates.all().delete()
    steps = readiness(professional)
    assert [step.done for step in steps] == [False] * 5
    assert [step.url_name for step in steps] == [
        "accounts:profile_edit",
        "accounts:rates_edit",
        "missions:availability_edit",
        "accounts:document_list",
        "payments:onboarding",
    ]
    assert steps[0].detail == "Il manque\u00a0: le SIRET, le téléphone."
    assert [step.done for step in readiness(make_professional("Prêt"))] == [True] * 5
