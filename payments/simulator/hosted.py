"""The pages Stripe hosts, as acts: what a person does there, and the address the browser is then sent to."""

from payments.simulator import accounts, checkout, intents, setups
from payments.simulator.cards import find_card
from payments.simulator.customers import add_card
from payments.simulator.errors import invalid, missing

AUTHENTICATION_FAILED = "payment_intent_authentication_failure"


class Hosted:
    def __init__(self, sim):
        self.sim = sim

    # Checkout

    def pay(self, session_id, card="4242 4242 4242 4242", *, authenticate=True):
        """Type this card; at 3-D Secure accept, refuse (`authenticate=False`) or leave (`None`).

        Returns where the browser goes: the success page, the 3-D Secure page when left there, or the card page
        again when the card or its holder refused. Raises ApiError when the session is no longer open.
        """
        url = self.submit_card(session_id, card)
        intent = self.intent_of(session_id)
        if intent["status"] != "requires_action" or authenticate is None:
            return url
        return self.authenticate(intent["id"], accept=authenticate)

    def submit_card(self, session_id, number, *, name=None):
        sim = self.sim
        with sim.writing():
            sim.catch_up()
            session = self.open_session(session_id)
            if find_card(number) is None:
                raise invalid("Your card number is incorrect.", code="incorrect_number", param="number")
            sim.book.changed = True
            checkout.submit(sim, session, add_card(sim, number, name=name))
            return self.next_page(session)

    def authenticate(self, intent_id, *, accept):
        """Answer 3-D Secure; return where the browser goes."""
        sim = self.sim
        with sim.writing():
            sim.catch_up()
            session = self.session_of(intent_id)
            intent = self.intent_of(session["id"])
            if intent["status"] == "requires_action":
                sim.book.changed = True
                self.resolve(session, intent, accept=accept)
            return self.next_page(session)

    def resolve(self, session, intent, *, accept):
        if accept:
            checkout.advance(self.sim, session, intent, authenticated=True)
        elif session["mode"] == "setup":
            setups.refuse(self.sim, intent, AUTHENTICATION_FAILED)
        else:
            intents.refuse(self.sim, intent, AUTHENTICATION_FAILED)

    def next_page(self, session):
        if session["status"] == "complete":
            return session["success_url"].replace("{CHECKOUT_SESSION_ID}", session["id"])
        intent = self.intent_of(session["id"])
        if intent and intent["status"] == "requires_action":
            return intent["next_action"]["redirect_to_url"]["url"]
        return f"{self.sim.base_url}/c/pay/{session['id']}"

    def open_session(self, session_id):
        session = self.sim.get("checkout.session", session_id, param="session")
        if session["status"] != "open":
            raise invalid("This Checkout Session is no longer open.", param="session")
        return session

    def session_of(self, intent_id):
        for field in ("payment_intent", "setup_intent"):
            if sessions := self.sim.book.every("checkout.session", **{field: intent_id}):
                return sessions[-1]
        raise missing("checkout session", intent_id)

    def intent_of(self, session_id):
        """The session's intent, or None while no card was typed."""
        session = self.sim.get("checkout.session", session_id, param="session")
        return self.sim.book.find(session["setup_intent"] or session["payment_intent"])

    # Onboarding

    def onboard(self, account_id, *, complete=True):
        """Follow the account's latest link and answer everything, or nothing; return where the browser goes.

        Without a link the account is simply completed, and the address is empty.
        """
        links = [token for token, kept in self.sim.book.private.items() if kept.get("account") == account_id]
        if not links:
            self.finish_onboarding(account_id, complete=complete)
            return ""
        link = self.open_link(links[-1])
        if link is None:
            return self.sim.book.private[links[-1]]["refresh_url"]
        self.finish_onboarding(account_id, complete=complete)
        return link["return_url"]

    def open_link(self, token):
        """The link, used up; None when it was used already or is too old."""
        sim = self.sim
        link = self.link(token)
        with sim.writing():
            if link["used"] or link["until"] <= sim.now().timestamp():
                return None
            sim.book.changed = link["used"] = True
            return link

    def link(self, token):
        if not token.startswith("link_") or token not in self.sim.book.private:
            raise missing("account link", token)
        return self.sim.book.private[token]

    def finish_onboarding(self, account_id, *, complete):
        with self.sim.writing():
            account = self.sim.get("v2.core.account", account_id)
            if complete:
                accounts.set_status(self.sim, account, "active")
