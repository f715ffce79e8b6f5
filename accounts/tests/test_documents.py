from datetime import date, timedelta
from io import BytesIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.forms.documents import months_after
from accounts.models import Document, Professional
from accounts.tests.factories import make_client, make_document, make_professional
from marketplace import clock

pytestmark = pytest.mark.django_db

AUT = "AUT-069-2124-03-15-20240312345"


def png():
    output = BytesIO()
    Image.new("RGB", (40, 30), "white").save(output, "PNG")
    return SimpleUploadedFile("carte.png", output.getvalue(), content_type="image/png")


@pytest.fixture(autouse=True)
def today(clock):
    from datetime import UTC, datetime

    clock.set(datetime(2026, 11, 22, 12, tzinfo=UTC))


@pytest.fixture
def bare(client):
    """A professional without documents, signed in."""
    professional = make_professional("Nouveau", documents=False)
    client.force_login(professional.user)
    return professional


def add(client, kind, **fields):
    return client.post(reverse("accounts:document_add", args=[kind]), {"file": png(), **fields})


@pytest.mark.parametrize(
    ("kind", "fields", "expires_on"),
    [
        ("aut", {"number": " aut-069-2124-03-15-20240312345 ", "activity": "surveillance"}, None),
        ("agd", {"number": "AGD-069-2029-03-15-20240312345", "expires_on": "2029-03-15"}, date(2029, 3, 15)),
        (
            "car",
            {"number": "CAR-02A-2029-03-15-20240312345", "expires_on": "2029-03-15", "activity": "surveillance"},
            date(2029, 3, 15),
        ),
        ("registration", {"issued_on": "2026-09-01"}, date(2027, 5, 22)),
        ("insurance", {"number": "RC 12-345", "expires_on": "2027-06-30"}, date(2027, 6, 30)),
        ("vigilance", {"number": "A1B2C3", "issued_on": "2026-08-31"}, date(2027, 2, 28)),
        ("identity", {"expires_on": "2031-01-31"}, date(2031, 1, 31)),
    ],
)
def test_each_kind_is_filed_with_what_it_carries(client, bare, kind, fields, expires_on):
    if kind == "registration":
        fields = fields | {"number": bare.siret}
    response = add(client, kind, **fields)
    assert response.status_code == 302, response.context["form"].errors
    document = bare.documents.get()
    assert (document.kind, document.status, document.expires_on) == (kind, "pending", expires_on)
    assert document.content_type == "image/png"
    assert document.number == document.number.strip()
    assert Image.open(document.file).size == (40, 30)


@pytest.mark.parametrize(
    ("kind", "fields", "field", "sentence"),
    [
        ("aut", {"number": "AUT-12", "activity": "surveillance"}, "number", "n’a pas la forme attendue"),
        ("aut", {"number": AUT, "activity": ""}, "activity", "obligatoire"),
        (
            "agd",
            {"number": "AGD-069-2029-02-31-20240312345", "expires_on": "2029-03-01"},
            "number",
            "la forme attendue",
        ),
        (
            "agd",
            {"number": "AGD-069-2124-03-15-20240312345", "expires_on": "2029-03-01"},
            "number",
            "la forme attendue",
        ),
        ("agd", {"number": "AGD-069-2029-03-15-20240312345", "expires_on": "2029-03-16"}, "expires_on", "du numéro"),
        ("agd", {"number": "AGD-069-2025-03-15-20240312345", "expires_on": "2025-03-15"}, "expires_on", "plus valable"),
        (
            "registration",
            {"number": "12345678901234", "issued_on": "2026-10-01"},
            "number",
            "Ce SIRET n’est pas valable",
        ),
        ("registration", {"number": "55208131766522", "issued_on": "2026-10-01"}, "number", "celui de votre profil"),
        ("registration", {"issued_on": "2026-08-21"}, "issued_on", "plus de 3 mois"),
        ("vigilance", {"number": "A1", "issued_on": "2026-05-21"}, "issued_on", "plus de 6 mois"),
        ("vigilance", {"number": "A1", "issued_on": "2026-11-23"}, "issued_on", "à venir"),
        ("vigilance", {"number": "A1", "issued_on": "hier"}, "issued_on", "date valide"),
        ("insurance", {"number": "", "expires_on": "2027-01-01"}, "number", "obligatoire"),
    ],
)
def test_a_document_that_cannot_be_right_is_refused_with_a_sentence(client, bare, kind, fields, field, sentence):
    if kind == "registration":
        fields = {"number": bare.siret} | fields
    response = add(client, kind, **fields)
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    page = response.content.decode()
    assert sentence in page
    assert all(value in page for value in fields.values())
    assert not bare.documents.exists()


def test_another_number_of_last_digits_is_for_staff_to_judge(client, bare):
    assert add(client, "aut", number="AUT-069-2124-03-15-2024031234", activity="surveillance").status_code == 302


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("carte.pdf", b"<html><script>alert(1)</script></html>", "Ce fichier n’est ni un PDF"),
        ("carte.pdf", b"%PDF-1.7" + b"0" * (30 * 1024 * 1024), "Ce fichier dépasse 10\u00a0Mo"),
        ("carte.pdf", b"%PDF-1.7 rien", "illisible"),
        ("vide.png", b"", "vide"),
    ],
)
def test_a_file_that_is_not_what_it_says_is_refused(client, bare, name, content, sentence):
    file = SimpleUploadedFile(name, content, content_type="application/pdf")
    response = add(client, "identity", expires_on="2031-01-31", file=file)
    assert list(response.context["form"].errors) == ["file"]
    assert sentence in response.content.decode()
    assert "2031-01-31" in response.content.decode()
    assert not bare.documents.exists()


def test_a_new_document_takes_the_place_of_the_one_nobody_examined(client, bare, django_capture_on_commit_callbacks):
    refused = make_document(bare, "insurance", status="refused", refusal_reason="Illisible")
    add(client, "insurance", number="1", expires_on="2027-06-30")
    first = bare.documents.get(number="1")
    with django_capture_on_commit_callbacks(execute=True):
        add(client, "insurance", number="2", expires_on="2027-06-30")
    assert list(bare.documents.order_by("pk").values_list("number", flat=True)) == [refused.number, "2"]
    assert not first.file.storage.exists(first.file.name)


def test_an_unknown_kind_is_no_page(client, bare):
    assert client.get(reverse("accounts:document_add", args=["diplome"])).status_code == 404


def test_the_list_says_where_each_document_stands(client, bare):
    make_document(bare, "aut")
    make_document(bare, "agd", expires_on=date(2026, 12, 25))
    make_document(bare, "car", expires_on=date(2026, 11, 21))
    make_document(bare, "registration", status="pending")
    make_document(bare, "insurance", status="refused", refusal_reason="La date ne se lit pas.")
    response = client.get(reverse("accounts:document_list"))
    states = [paper.state for paper in response.context["papers"]]
    assert states == ["valid", "expiring", "expired", "pending", "refused", "missing", "missing"]
    assert "La date ne se lit pas." in response.content.decode()


def test_the_list_costs_the_same_with_one_document_or_many(client, bare, django_assert_num_queries):
    address = reverse("accounts:document_list")
    make_document(bare, "aut")
    client.get(address)
    with django_assert_num_queries(9):
        client.get(address)
    for kind in Document.Kind:
        make_document(bare, kind)
    with django_assert_num_queries(9):
        client.get(address)


# Who reads a file


@pytest.fixture
def document(professional):
    document = make_document(professional, "identity", status="pending", content_type="image/png")
    document.file.save("page.png", ContentFile(png().read()))
    return document


def file_of(document):
    return reverse("accounts:document_file", args=[document.pk])


def page_of(document, number=1):
    return reverse("accounts:document_page", args=[document.pk, number])


def test_the_owner_downloads_the_file_and_it_is_recorded(as_professional, document, professional):
    response = as_professional.get(file_of(document))
    assert Image.open(BytesIO(response.content)).size == (40, 30)
    assert response["Content-Disposition"] == f'attachment; filename="identity-{document.pk}.png"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert LogEntry.objects.get().user == professional.user


def test_what_is_stored_is_encrypted(document):
    with document.file.storage.backend.open(document.file.name) as file:
        stored = file.read()
    assert not stored.startswith(b"\x89PNG")
    assert document.file.read().startswith(b"\x89PNG")


def test_nobody_else_reads_a_file(client, document):
    assert client.get(file_of(document)).url.startswith(reverse("account_login"))
    for stranger in (make_client().user, make_professional("Ailleurs").user):
        client.force_login(stranger)
        assert client.get(file_of(document)).status_code == 404
        assert client.get(page_of(document)).status_code == 404
    assert not LogEntry.objects.exists()


def test_staff_see_pages_as_images(as_staff, document, staff):
    response = as_staff.get(page_of(document))
    assert (response["Content-Type"], response["Cache-Control"]) == ("image/png", "private, no-store")
    assert Image.open(BytesIO(response.content)).format == "PNG"
    assert LogEntry.objects.get().user == staff
    assert as_staff.get(page_of(document, 2)).status_code == 404
    assert as_staff.get(page_of(document, 0)).status_code == 404


def test_the_owner_has_no_use_for_the_images(as_professional, document):
    assert as_professional.get(page_of(document)).status_code == 404


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2027, 8, 31), 6, date(2028, 2, 29)),
        (date(2026, 6, 30), 6, date(2026, 12, 30)),
        (date(2026, 11, 22), 3, date(2027, 2, 22)),
    ],
)
def test_months_end_on_a_day_that_exists(day, months, later):
    assert months_after(day, months) == later
    assert later > day + timedelta(days=80)


# Which papers make a professional visible


def is_listed(professional, *, last_day=None):
    today = timezone.localdate(clock.now())
    found = Professional.objects.listed("guarding", today=today, last_day=last_day or today)
    return found.filter(pk=professional.pk).exists()


@pytest.mark.parametrize("kind", Document.Kind)
def test_each_paper_is_needed_and_another_one_twice_does_not_replace_it(clock, kind):
    professional = make_professional()
    assert is_listed(professional)
    professional.documents.get(kind=kind).delete()
    other = next(other for other in Document.Kind if other != kind)
    make_document(professional, other)
    assert not is_listed(professional)


def test_a_paper_renewed_before_its_end_hides_nobody(clock):
    professional = make_professional()
    make_document(professional, Document.Kind.INSURANCE)
    assert is_listed(professional)


@pytest.mark.parametrize("kind", Document.Kind)
def test_a_title_is_valid_until_the_last_day_of_the_mission_and_the_other_papers_today(clock, kind):
    professional = make_professional()
    today = timezone.localdate(clock.now())
    professional.documents.filter(kind=kind).update(expires_on=today + timedelta(days=5))
    assert is_listed(professional, last_day=today + timedelta(days=5))
    assert is_listed(professional, last_day=today + timedelta(days=6)) == (kind not in Document.TITLES)
