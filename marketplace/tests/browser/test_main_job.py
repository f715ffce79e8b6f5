"""The whole job, walked by three people: a professional signs up, staff check them, a client books and pays them."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from accounts.models import Professional
from accounts.tasks import sweep_notifications
from accounts.tests.factories import make_commune
from marketplace.tests.browser import people
from messaging.tasks import sweep_threads
from missions.models import Mission
from missions.tasks import sweep_missions
from payments.tasks import sweep_payments

pytestmark = pytest.mark.browser

NAME = "Vigie du Rhône"
MISSION = {"service": "Surveillance", "place": "Lyon", "start": "20:00", "duration": "8 h", "agents": 2}

# Two agents for eight hours. At 26 €: 416.00 + VAT 83.20 + commission 62.40 + its VAT 12.48.
PUBLISHED = "574,08 €"
ASKED = "662,40 €"  # at 30 €
# At 28 €: 448.00 + VAT 89.60, for the professional, + commission 67.20 + its VAT 13.44.
AGREED, AGREED_CENTS, SHARE_CENTS = "618,24 €", 61824, 53760


def test_a_mission_is_found_agreed_on_paid_and_reviewed(newcomer, stripe, clock):
    make_commune()
    professional, staff, client = newcomer(), newcomer(), newcomer()
    open_business(professional)
    check_business(staff)
    ask(client, day=timezone.localdate(clock.now()) + timedelta(days=3))
    agree(client, professional)
    pay(client, professional)
    clock.set(Mission.objects.get().ends_at + timedelta(hours=1))
    sweep()
    confirm(client)
    read_the_book(client, stripe)
    review(client, day=timezone.localdate(clock.now()) + timedelta(days=3))


def open_business(page):
    """From the sign-up to a complete file, sent to staff."""
    page.goto("/")
    people.follow(page, "Vous êtes professionnel")
    people.follow(page, "Inscrire mon activité")
    people.sign_up(page, "Une entreprise de sécurité", NAME, "vigie@exemple.fr")
    people.verify(page, "vigie@exemple.fr")
    people.read(page, f"Bonjour {NAME}")
    people.follow(page, "Compléter")
    people.fill_profile(page)
    people.open_part(page, "Tarifs")
    people.set_rate(page, "Surveillance", "26")
    people.open_part(page, "Disponibilités")
    people.open_day_and_night(page)
    people.open_part(page, "Documents")
    for title, (texts, choice) in people.papers(Professional.objects.get().siret).items():
        people.deposit(page, title, texts, choice)
    people.press(page, "Envoyer mon dossier")
    people.read(page, "Votre dossier est en cours d’examen")
    people.follow(page, "Compléter")
    people.activate_payments(page)


def check_business(page):
    people.sign_in_as_staff(page)
    expect(page).to_have_url(re.compile("/admin/$"))
    people.approve_papers(page)
    people.approve_professional(page, NAME)


def ask(page, day):
    """A visitor searches, and is asked to sign up only to write; their search is kept."""
    page.goto("/")
    people.search(page, day=day, **MISSION)
    expect(people.offer_of(page, NAME)).to_contain_text(PUBLISHED)
    people.follow(page, NAME)
    people.read(page, PUBLISHED)
    people.follow(page, "Contacter")
    people.follow(page, "Créer un compte")
    people.sign_up(page, "Un particulier", "Inès Gauthier", "ines@exemple.fr")
    people.verify(page, "ines@exemple.fr")
    expect(page.get_by_role("heading", name="Votre demande")).to_be_visible()
    expect(page.get_by_label("Date")).to_have_value(day.isoformat())
    expect(page.get_by_label("Agents", exact=True)).to_have_value("2")
    page.get_by_label("Votre message").fill("Bonjour, nous fermons la boutique pour inventaire.")
    people.press(page, "Envoyer ma demande")
    people.read(page, "Votre demande est envoyée.")


def agree(client, professional):
    """The rate goes up, back to the published one, and halfway."""
    professional.goto("/messages/")
    people.follow(professional, "Inès Gauthier")
    people.read(professional, "nous fermons la boutique")
    people.write(professional, "Bonjour, la nuit je compte un peu plus. Y a-t-il une alarme ?")
    people.read(client, "Y a-t-il une alarme ?")  # without doing anything
    people.write(client, "Oui, reliée à un centre.")
    people.look_again(professional, "Oui, reliée à un centre.")
    people.propose(professional, "30")
    people.look_again(client, f"Accepter pour {ASKED}")
    people.propose(client)
    people.look_again(professional, f"Accepter pour {PUBLISHED}")
    people.propose(professional, "28")
    people.look_again(client, f"Accepter pour {AGREED}")
    people.press(client, f"Accepter pour {AGREED}")


def pay(client, professional):
    people.read(client, "Accord trouvé")
    client.get_by_label("Adresse exacte de la mission").fill("12 rue de la République")
    client.get_by_label("Je demande que la mission ait lieu").check()
    people.press(client, "Commander avec obligation de paiement")
    people.pay_by_card(client, people.CARD_WITH_3D_SECURE)
    people.read(client, "Paiement garanti")
    people.look_again(professional, "Paiement garanti")


def sweep():
    """What the worker does every minute."""
    for task in (sweep_missions, sweep_payments, sweep_threads, sweep_notifications):
        task.delay()


def confirm(page):
    people.look_again(page, "À vous : validez la mission")
    people.follow(page, "Valider la mission")
    people.press(page, f"Valider et payer {AGREED}")
    people.read(page, "Mission validée")


def read_the_book(page, stripe):
    """The money moved at Stripe's, to the cent."""
    [intent], [transfer] = stripe.book.every("payment_intent"), stripe.book.every("transfer")
    assert (intent["status"], intent["amount_received"]) == ("succeeded", AGREED_CENTS)
    assert (transfer["amount"], transfer["amount_reversed"]) == (SHARE_CENTS, 0)
    book = page.context.new_page()
    book.goto(f"{stripe.base_url}/livre/")
    expect(book.get_by_role("row", name=intent["id"])).to_contain_text(f"0,00 €{AGREED}succeeded")
    expect(book.get_by_role("row", name=transfer["id"])).to_contain_text("537,60 €0,00 €")


def review(page, day):
    """The first review makes the score, on the profile and in the next search."""
    people.follow(page, "Donner mon avis")
    page.get_by_label("Excellent").check()
    page.get_by_label("Votre avis").fill("Équipe ponctuelle, courtoise, rien à redire.")
    people.press(page, "Publier mon avis")
    people.read(page, "Votre avis est publié.")
    page.goto("/")
    people.search(page, day=day, **MISSION)
    card = people.offer_of(page, NAME)
    expect(card.locator("[itemprop=ratingValue]")).to_have_attribute("content", "5.0")
    people.follow(page, NAME)
    people.read(page, "Équipe ponctuelle, courtoise, rien à redire.")
    people.read(page, "5,0 sur 5")
