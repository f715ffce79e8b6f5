"""The hosted pages and the book: a path and a form in, a page out."""

import re

from payments.simulator import balance
from payments.simulator.accounts import is_payable, status_of
from payments.simulator.cards import CARDS
from payments.simulator.customers import card_of
from payments.simulator.errors import ApiError
from payments.simulator.pages import (
    REFUSALS,
    REFUSED,
    Html,
    alert,
    euros,
    instant,
    link,
    page,
    redirect,
    stylesheet,
    table,
)


def answer(sim, method, path, form):
    """The page for this request. `form` holds the fields of a POST."""
    for pattern, verb, view in PAGES:
        match = re.fullmatch(pattern, path)
        if match and verb == method:
            return guarded(view, sim, form, match.groups())
    return message("Page introuvable", "Le simulateur n’a rien à cette adresse.", status=404)


def guarded(view, sim, form, identifiers):
    try:
        with sim.writing():
            sim.catch_up()
            return view(sim, form, *identifiers)
    except ApiError as error:
        return message("Page introuvable", "Ce lien n’est pas ou plus valable.", status=error.status)


def message(title, text, *, status=200, url=None):
    return page(title, "message", status=status, message=text, link=link(url, "Revenir au site"))


# Checkout


def show_card_page(sim, form, session_id):
    session = sim.get("checkout.session", session_id)
    if session["status"] != "open":
        return closed(session)
    return card_page(sim, session, refusal_of(sim, session))


def closed(session):
    if session["status"] == "complete":
        return redirect(session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"]))
    text = "Cette page de paiement a expiré. Revenez au site pour recommencer."
    return message("Page expirée", text, status=410, url=session["cancel_url"])


def submit_card(sim, form, session_id):
    session = sim.get("checkout.session", session_id)
    if session["status"] != "open":
        return closed(session)
    number = form.get("number", "").strip() or form.get("test_card", "")
    try:
        return redirect(sim.hosted.submit_card(session_id, number))
    except ApiError as error:
        if error.error["code"] != "incorrect_number":
            raise
        return card_page(sim, session, REFUSALS["incorrect_number"], number=number)


def card_page(sim, session, error, number=""):
    saves = session["mode"] == "setup"
    amount = "0,00\u00a0€" if saves else euros(session["amount_total"])
    names = ", ".join(sim.book.private[session["id"]]["names"])
    return page(
        "Enregistrer une carte" if saves else "Payer par carte",
        "card",
        status=422 if number else 200,
        amount=amount,
        purpose="Votre carte est enregistrée ; rien n’est débité aujourd’hui." if saves else names,
        error=alert(error),
        number=number,
        cards=Html("".join(card_choice(card) for card in CARDS.values())),
        button="Enregistrer la carte" if saves else f"Payer {amount}",
        cancel=link(session["cancel_url"], "Annuler et revenir au site"),
    )


def card_choice(card):
    return (
        f'<label><input type="radio" name="test_card" value="{card.number}">'
        f"{card.spaced}<span>{card.label}</span></label>"
    )


def refusal_of(sim, session):
    intent = sim.hosted.intent_of(session["id"])
    error = intent and (intent.get("last_payment_error") or intent.get("last_setup_error"))
    return REFUSALS.get(error["decline_code"], REFUSED) if error else ""


# 3-D Secure


def show_authentication(sim, form, intent_id):
    session = sim.hosted.session_of(intent_id)
    intent = sim.hosted.intent_of(session["id"])
    if session["status"] != "open":
        return closed(session)
    if intent["status"] != "requires_action":
        return redirect(sim.hosted.next_page(session))
    card = card_of(sim, sim.get("payment_method", intent["payment_method"]))
    amount = euros(session["amount_total"] or 0)
    return page("Vérification 3-D Secure", "three_d_secure", amount=amount, card=card.spaced)


def answer_authentication(sim, form, intent_id):
    session = sim.hosted.session_of(intent_id)
    if session["status"] != "open":
        return closed(session)
    return redirect(sim.hosted.authenticate(intent_id, accept=form.get("answer") == "accept"))


# Accounts


def show_onboarding(sim, form, token):
    opened = sim.hosted.open_link(token)
    if opened is None:
        return redirect(sim.hosted.link(token)["refresh_url"])
    account = sim.get("v2.core.account", opened["account"])
    return page("Recevoir vos virements", "onboarding", name=account["display_name"] or account["contact_email"])


def answer_onboarding(sim, form, token):
    opened = sim.hosted.link(token)
    if not opened["used"] or opened.get("answered"):
        return redirect(opened["refresh_url"])
    opened["answered"] = True
    sim.hosted.finish_onboarding(opened["account"], complete=form.get("answer") == "complete")
    return redirect(opened["return_url"])


def show_express(sim, form, account_id):
    account = sim.get("v2.core.account", account_id)
    rows = [
        [transfer["id"], euros(transfer["amount"] - transfer["amount_reversed"]), instant(transfer["created"])]
        for transfer in sim.book.every("transfer", destination=account_id)
    ]
    state = "Les virements sont actifs." if is_payable(account) else "Les virements sont suspendus."
    title = account["display_name"] or account_id
    return page(title, "express", state=state, transfers=table(["Virement", "Montant", "Date"], rows), width="wide")


# The book


def show_book(sim, form):
    return page(
        "Livre du simulateur",
        "book",
        width="wide",
        available=euros(balance.available(sim)),
        pending=euros(balance.pending(sim)),
        outbox=len(sim.outbox),
        intents=intent_table(sim),
        transfers=transfer_table(sim),
        refunds=refund_table(sim),
        disputes=dispute_table(sim),
        accounts=account_table(sim),
    )


def newest(sim, kind):
    return reversed(sim.book.every(kind))


def intent_table(sim):
    headings = ["Paiement", "Groupe", "Montant", "Retenu", "Encaissé", "État", "Retenue jusqu’au"]
    return table(headings, [intent_row(sim, intent) for intent in newest(sim, "payment_intent")])


def intent_row(sim, intent):
    charge = sim.book.get("charge", intent["latest_charge"])
    capture_before = charge and charge["payment_method_details"]["card"].get("capture_before")
    held = capture_before if intent["status"] == "requires_capture" else None
    amounts = [euros(intent[name]) for name in ("amount", "amount_capturable", "amount_received")]
    return [intent["id"], intent["transfer_group"] or "", *amounts, intent["status"], instant(held)]


def transfer_table(sim):
    headings = ["Virement", "Groupe", "Destinataire", "Montant", "Repris", "Date"]
    rows = [
        [
            transfer["id"],
            transfer["transfer_group"] or "",
            transfer["destination"],
            euros(transfer["amount"]),
            euros(transfer["amount_reversed"]),
            instant(transfer["created"]),
        ]
        for transfer in newest(sim, "transfer")
    ]
    return table(headings, rows)


def refund_table(sim):
    """Refunds that moved money; Stripe also books one for each hold let go."""
    rows = [
        [refund["id"], refund["payment_intent"], euros(refund["amount"]), refund["status"], instant(refund["created"])]
        for refund in newest(sim, "refund")
        if refund["balance_transaction"]
    ]
    return table(["Remboursement", "Paiement", "Montant", "État", "Date"], rows)


def dispute_table(sim):
    rows = [
        [dispute["id"], dispute["payment_intent"], euros(dispute["amount"]), dispute["status"]]
        for dispute in newest(sim, "dispute")
    ]
    return table(["Litige", "Paiement", "Montant", "État"], rows)


def account_table(sim):
    rows = [
        [account["id"], account["display_name"] or "", status_of(account)] for account in newest(sim, "v2.core.account")
    ]
    return table(["Compte", "Nom", "Virements"], rows)


PAGES = [
    (r"/c/pay/([^/]+)", "GET", show_card_page),
    (r"/c/pay/([^/]+)", "POST", submit_card),
    (r"/3d-secure/([^/]+)", "GET", show_authentication),
    (r"/3d-secure/([^/]+)", "POST", answer_authentication),
    (r"/onboarding/([^/]+)", "GET", show_onboarding),
    (r"/onboarding/([^/]+)", "POST", answer_onboarding),
    (r"/express/([^/]+)", "GET", show_express),
    (r"/livre/", "GET", show_book),
    (r"/", "GET", lambda sim, form: redirect("/livre/")),
    (r"/simulator\.css", "GET", lambda sim, form: stylesheet()),
]
