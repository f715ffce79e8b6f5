from marketplace.errors import MarketplaceError


class PaymentError(MarketplaceError):
    """This act on a payment is not possible now."""
