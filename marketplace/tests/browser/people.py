"""What people do on the site, in the words they read there."""

import re
import time
from datetime import timedelta
from io import BytesIO

from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.conf import settings
from django.core import mail
from django.test import Client
from django.utils import timezone
from PIL import Image, ImageDraw
from playwright.sync_api import expect

from accounts.tests.factories import PASSWORD, make_siret, make_staff
from marketplace import clock

TOTP_SECRET = "JBSWY3DPEHPK3PXP"
CARD_WITH_3D_SECURE = "4000 0027 6000 3184"


def press(page, name):
    page.get_by_role("button", name=name).click()


def follow(page, name):
    page.get_by_role("link", name=name).first.click()


def read(page, sentence):
    """Wait until the page says this."""
    expect(page.get_by_role("main")).to_contain_text(sentence)


def look_again(page, sentence):
    page.reload()
    read(page, sentence)


# Accounts


def sign_up(page, role, name, email):
    page.get_by_label(role).check()
    page.get_by_label("Votre nom").fill(name)
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_label("J’accepte les conditions générales").check()
    press(page, "Créer mon compte")


def verify(page, email):
    read(page, email)
    page.get_by_label("Code").fill(code_sent_to(email))
    press(page, "Confirmer")


def code_sent_to(email):
    text = [message.body for message in mail.outbox if message.to == [email]][-1]
    return re.search(r"^[A-Z0-9]{4}-[A-Z0-9]{4}$", text, re.MULTILINE)[0]


def sign_in(page, email):
    page.goto("/compte/login/")
    fill_login(page, email)


def fill_login(page, email):
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    press(page, "Se connecter")


def come_back(page, user):
    """Be signed in already."""
    visit = Client()
    visit.force_login(user)
    session = visit.cookies[settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": settings.SITE_URL}])


def sign_in_as_staff(page):
    staff = make_staff(second_factor=False)
    TOTP.activate(staff, TOTP_SECRET)
    sign_in(page, staff.email)
    page.get_by_label("Code").fill(second_factor())
    press(page, "Se connecter")


def second_factor():
    """What the application on their phone shows; it knows nothing of the site's clock."""
    return format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // app_settings.TOTP_PERIOD))


# The professional's file


def open_part(page, name):
    """One of the pages that make up a professional's file."""
    page.get_by_role("navigation", name="Votre dossier").get_by_role("link", name=name).click()


def fill_profile(page):
    page.get_by_label("SIRET").fill(make_siret())
    page.get_by_label("Téléphone").fill("06 12 34 56 78")
    page.get_by_label("Présentation").fill("Dix ans de surveillance de nuit, à Lyon et autour.")
    page.get_by_label("Commune de départ").fill("Lyon")
    page.get_by_label("Nombre d’agents").fill("6")
    press(page, "Enregistrer")
    read(page, "Votre profil est enregistré.")


def set_rate(page, service, euros):
    page.get_by_label(service).fill(euros)
    press(page, "Enregistrer les tarifs")
    read(page, "Vos tarifs sont enregistrés.")


def open_day_and_night(page):
    press(page, "Ouvrir 24 h/24, 7 j/7")
    read(page, "Rien n’est encore enregistré")
    page.get_by_role("button", name="Enregistrer la semaine").last.click()
    read(page, "Votre semaine est enregistrée.")


def papers(siret):
    """Each document asked for: the text typed beside it, by label, and the choice ticked, if any."""
    today = timezone.localdate(clock.now())
    issued, expires = (today - timedelta(days=20)).isoformat(), (today + timedelta(days=900)).isoformat()
    issue, term, activity = {"Délivré le": issued}, {"Valable jusqu’au": expires}, "Surveillance humaine"
    return {
        "Autorisation d’exercer": ({"Numéro": "AUT-069-2124-03-15-20240312345"}, activity),
        "Agrément dirigeant": ({"Numéro": f"AGD-069-{expires}-20240312345"} | term, None),
        "Carte professionnelle": ({"Numéro": f"CAR-069-{expires}-20240312345"} | term, activity),
        "Extrait Kbis, RNE ou avis SIRENE": ({"SIRET": siret} | issue, None),
        "Assurance responsabilité civile": ({"Numéro de police": "RC 12-345"} | term, None),
        "Attestation de vigilance": ({"Code de sécurité": "A1B2C3D4"} | issue, None),
        "Pièce d’identité": (term, None),
    }


def deposit(page, title, texts, choice):
    follow(page, re.compile(f"Déposer : {title}"))
    for label, text in texts.items():
        page.get_by_label(label).fill(text)
    if choice:
        page.get_by_label(choice).check()
    page.get_by_label("Fichier").set_input_files(scan(title))
    press(page, "Déposer le document")
    read(page, "Document déposé.")


def scan(title):
    """A PDF of one sheet with these words on it."""
    sheet = Image.new("L", (595, 842), "white")
    ImageDraw.Draw(sheet).text((60, 80), title, fill="black")
    output = BytesIO()
    sheet.save(output, "PDF")
    return {"name": "scan.pdf", "mimeType": "application/pdf", "buffer": output.getvalue()}


def activate_payments(page):
    press(page, "Activer mes paiements chez Stripe")
    press(page, "Tout compléter")
    read(page, "Vos paiements sont activés")


# Staff


def approve_papers(page):
    """Open the first document of the queue, then approve each one that follows, its page beside the form."""
    page.goto("/admin/accounts/document/")
    follow(page, next(iter(papers(""))))
    for title in papers(""):
        read(page, title)
        picture = page.get_by_role("img", name="Page 1 du document")
        expect(picture).to_be_visible()
        expect(picture).to_have_js_property("naturalWidth", 1000)
        press(page, "Approuver")
        read(page, "La décision est enregistrée.")


def approve_professional(page, trade_name):
    page.goto("/admin/accounts/professional/")
    follow(page, trade_name)
    press(page, "Approuver")
    read(page, "La décision est enregistrée.")


# The client


def search(page, service, place, day, start, duration, agents):
    """Fill the form of the home page."""
    form = page.get_by_role("search")
    form.get_by_text(service).click()
    form.get_by_label("Lieu").fill(place)
    form.get_by_label("Date").fill(day.isoformat())
    form.get_by_label("Début").select_option(start)
    form.get_by_label("Durée").select_option(duration)
    form.get_by_label("Agents").fill(str(agents))
    form.get_by_role("button", name="Rechercher").click()


def offer_of(page, trade_name):
    """The card of this professional among the results."""
    return page.get_by_role("article").filter(has=page.get_by_role("heading", name=trade_name))


def pay_by_card(page, number):
    """On Stripe's page, to which the site sends."""
    page.get_by_label("Numéro de carte").fill(number)
    press(page, "Payer")
    expect(page.get_by_role("heading", name="Vérification 3-D Secure")).to_be_visible()
    press(page, "Authentifier")


# The two of them, in their thread


def write(page, text):
    page.get_by_label("Votre message à").fill(text)
    press(page, "Envoyer")
    read(page, text)


def propose(page, hourly=None):
    follow(page, re.compile("Faire une( autre)? proposition"))
    if hourly:
        page.get_by_label("Tarif horaire").fill(hourly)
    press(page, "Envoyer la proposition")
    read(page, "Votre proposition est envoyée.")
