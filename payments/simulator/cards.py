"""Stripe's test cards that we use: https://docs.stripe.com/testing."""

from dataclasses import dataclass
from datetime import timedelta

CLIENT_PRESENT_HOLD = timedelta(days=7)
# https://docs.stripe.com/payments/place-a-hold-on-a-payment-method: a Visa hold placed by the merchant
OFF_SESSION_HOLDS = {"visa": timedelta(days=4, hours=18), "mastercard": timedelta(days=7)}


@dataclass(frozen=True)
class Card:
    """`save` and `charge` are the decline codes of saving and of charging it, None when accepted.

    `authenticates` tells when its holder is asked for 3-D Secure: "never", "once" (until it is saved) or "always".
    """

    number: str
    label: str
    brand: str = "visa"
    save: str | None = None
    charge: str | None = None
    authenticates: str = "never"
    disputed: bool = False

    @property
    def last4(self):
        return self.number[-4:]

    @property
    def spaced(self):
        return " ".join(self.number[start : start + 4] for start in range(0, 16, 4))

    def asks_holder(self, *, saved):
        return self.authenticates == "always" or (self.authenticates == "once" and not saved)

    def hold_lasts(self, *, off_session):
        return OFF_SESSION_HOLDS[self.brand] if off_session else CLIENT_PRESENT_HOLD


CARDS = {
    card.number: card
    for card in [
        Card("4242424242424242", "Paiement accepté"),
        Card("5555555555554444", "Paiement accepté (Mastercard)", brand="mastercard"),
        Card("4000002500003155", "3-D Secure à l’enregistrement, puis plus jamais", authenticates="once"),
        Card("4000002760003184", "3-D Secure à chaque paiement", authenticates="always"),
        Card("4000000000000341", "Enregistrement accepté, paiements refusés", charge="generic_decline"),
        Card("4000000000009995", "Provision insuffisante", save="insufficient_funds", charge="insufficient_funds"),
        Card("4000000000000002", "Carte refusée", save="generic_decline", charge="generic_decline"),
        Card("4000000000000259", "Paiement accepté, puis contesté", disputed=True),
    ]
}

MESSAGES = {
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "incorrect_number": "Your card number is incorrect.",
    "payment_intent_authentication_failure": "The provided PaymentMethod has failed authentication.",
}
CODES_OF_THEIR_OWN = {"authentication_required", "incorrect_number", "payment_intent_authentication_failure"}


def find_card(number):
    """The test card with this number, spaces or not, or None."""
    return CARDS.get("".join(digit for digit in number if digit.isdigit()))


def refusal(decline_code):
    """The fields of a card error: `code`, `decline_code`, `message`, `type`."""
    return {
        "type": "card_error",
        "code": decline_code if decline_code in CODES_OF_THEIR_OWN else "card_declined",
        "decline_code": decline_code,
        "message": MESSAGES.get(decline_code, "Your card was declined."),
    }
