import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.tests.factories import make_client, make_professional
from marketplace import formatting
from marketplace.tests.browser import people

pytestmark = pytest.mark.browser


def test_a_client_finds_a_professional_and_writes_without_javascript(newcomer, clock):
    make_professional("Vigie du Rhône", rates={"guarding": 2600})
    client = make_client("Inès Gauthier")
    day = timezone.localdate(clock.now()) + timedelta(days=10)
    page = newcomer(java_script_enabled=False)
    page.goto("/")
    people.search(page, "Surveillance", "Lyon", day, "20:00", "8 h", 2)
    expect(people.offer_of(page, "Vigie du Rhône")).to_contain_text("574,08 €")
    people.follow(page, "Vigie du Rhône")
    people.follow(page, "Contacter")
    people.fill_login(page, client.user.email)
    expect(page.get_by_label("Date")).to_have_value(day.isoformat())
    page.get_by_label("Votre message").fill("Bonjour, êtes-vous libre ?")
    people.press(page, "Envoyer ma demande")
    people.read(page, "Votre demande est envoyée.")
    people.write(page, "Nous serions deux cents.")


@pytest.mark.parametrize("scripts", [True, False])
def test_ticks_go_along_from_page_to_page_and_through_filters(newcomer, clock, scripts):
    for number in range(21):
        make_professional(f"Vigie {number:02}", rates={"guarding": 2000 + number})
    day = timezone.localdate(clock.now()) + timedelta(days=10)
    page = newcomer(java_script_enabled=scripts)
    page.goto("/")
    people.search(page, "Surveillance", "Lyon", day, "20:00", "8 h", 1)
    tick(page, "Vigie 03").check()
    tick(page, "Vigie 04").check()
    people.press(page, "Page suivante")
    tick(page, "Vigie 20").check()
    people.press(page, "Page précédente")
    tick(page, "Vigie 04").uncheck()
    if scripts:
        page.get_by_label("4 et plus", exact=True).check()
        people.read(page, "Retirer tous les filtres")
        page.get_by_label("Toutes").check()
        expect(tick(page, "Vigie 04")).not_to_be_checked()
    expect(tick(page, "Vigie 03")).to_be_checked()
    page.locator("#compare").get_by_role("button", name="Comparer").click()
    expect(page.get_by_role("columnheader")).to_have_text(
        ["Pour votre mission", re.compile("Vigie 03"), re.compile("Vigie 20")]
    )


def tick(page, trade_name):
    return people.offer_of(page, trade_name).get_by_label("Comparer")


def test_a_professional_closes_a_day_from_the_month_without_javascript(newcomer, clock):
    professional = make_professional("Vigie du Rhône")
    day = timezone.localdate(clock.now()).replace(day=15) + timedelta(days=31)
    page = newcomer(java_script_enabled=False)
    people.come_back(page, professional.user)
    page.goto("/pro/disponibilites/")
    page.get_by_role("link", name=formatting.month(day)).click()
    page.locator(f'[datetime="{day}"]').click()
    people.press(page, "Ajouter l’exception")
    people.read(page, "L’exception est ajoutée.")
    expect(page.get_by_role("cell", name=f"{day.day} Fermé")).to_have_class("is-closed")
    page.get_by_label("Délai de prévenance").select_option("2 jours")
    people.press(page, "Enregistrer les conditions")
    people.read(page, "au plus tard 2 jours avant le début")
