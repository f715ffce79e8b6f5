from marketplace.errors import MarketplaceError


class PaymentError(MarketplaceError):
    """This act on a payment is not possible now."""


class FeeChanged(Exception):
    """Cancelling no longer costs what whoever cancels was shown."""


class NotOurs(Exception):
    """An object of our Stripe account that another environment made, or somebody by hand."""


class NotSure(Exception):
    """A call that must wait: until a bank has judged, or the team has said what Stripe has and we do not know."""
