"""Dull makers of people, for every app's tests."""

from datetime import timedelta
from itertools import count

from allauth.account.models import EmailAddress
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.utils import timezone
from stdnum import luhn

from accounts.models import Client, Commune, Document, Professional, Rate, User, WeeklyHours
from accounts.places.names import fold
from marketplace import clock

PASSWORD = "une phrase assez longue"

numbers = count(1)


def make_user(name="Camille Morvan", *, email=None, **fields):
    user = User.objects.create_user(email or f"personne{next(numbers)}@exemple.fr", PASSWORD, name=name, **fields)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def make_staff(*, second_factor=True, **fields):
    staff = make_user("Équipe", is_staff=True, is_superuser=True, **fields)
    if second_factor:
        TOTP.activate(staff, generate_totp_secret())
    return staff


def make_client(name="Camille Morvan", *, user=None, kind=Client.Kind.INDIVIDUAL, **fields):
    return Client.objects.create(user=user or make_user(name), kind=kind, name=name, **fields)


def make_commune(insee="69123", name="Lyon", **fields):
    """Lyon, or any commune by its INSEE code; the same one when it exists already."""
    defaults = {
        "name": name,
        "search_name": fold(name),
        "postcodes": ["69001", "69002"] if insee == "69123" else [insee],
        "department": insee[:3] if insee.startswith("97") else insee[:2],
        "latitude": 45.7589,
        "longitude": 4.8414,
        "population": 500_000,
    }
    return Commune.objects.get_or_create(insee=insee, defaults=defaults | fields)[0]


def make_siret(number=None):
    """An invented SIRET that passes the check."""
    siren = with_check_digit(f"{number or next(numbers):08}")
    return with_check_digit(f"{siren}0001")


def with_check_digit(digits):
    return digits + luhn.calc_check_digit(digits)


def make_professional(trade_name="Vigie Atlantique", *, rates=None, always_open=True, documents=True, **fields):
    """A professional found by searches: approved, payable, with every document and open day and night.

    `rates` maps services to cents per hour.
    """
    number = next(numbers)
    defaults = {
        "kind": Professional.Kind.COMPANY,
        "legal_name": f"{trade_name} SARL",
        "sort_name": trade_name.lower(),
        "slug": f"professionnel-{number}",
        "siret": make_siret(number),
        "presentation": "Surveillance et accueil, depuis dix ans.",
        "languages": ["fr"],
        "phone": "0612345678",
        "agents": 1 if fields.get("kind") == Professional.Kind.SOLE_OPERATOR else 10,
        "status": Professional.Status.APPROVED,
        "payable": True,
    }
    if "base_commune" not in fields:
        defaults["base_commune"] = make_commune()
    if "user" not in fields:
        defaults["user"] = make_user(trade_name)
    professional = Professional.objects.create(trade_name=trade_name, **defaults | fields)
    make_rates(professional, rates)
    if always_open:
        make_always_open(professional)
    if documents:
        make_documents(professional)
    return professional


def make_rates(professional, rates=None):
    rates = rates or dict.fromkeys(professional.services, 2600)
    Rate.objects.bulk_create(
        Rate(professional=professional, service=service, hourly_cents=cents) for service, cents in rates.items()
    )


def make_always_open(professional):
    WeeklyHours.objects.bulk_create(
        WeeklyHours(professional=professional, weekday=day, opens_minute=0, closes_minute=1440) for day in range(1, 8)
    )


def make_documents(professional):
    return [make_document(professional, kind) for kind in Document.Kind]


def make_document(professional, kind=Document.Kind.AUT, *, status=Document.Status.APPROVED, **fields):
    """A document without a real file, approved and valid for three years."""
    today = timezone.localdate(clock.now())
    defaults = {
        "number": "AUT-069-2124-03-15-20240312345" if kind == Document.Kind.AUT else "",
        "activity": professional.activity if kind in Document.WITH_ACTIVITY else "",
        "expires_on": None if kind == Document.Kind.AUT else today + timedelta(days=3 * 365),
        "file": f"documents/{professional.pk}/{kind}.pdf",
        "content_type": "application/pdf",
    }
    return Document.objects.create(professional=professional, kind=kind, status=status, **defaults | fields)
