from marketplace.errors import MarketplaceError


class AccountError(MarketplaceError):
    """A professional's file cannot go where it was asked to go."""
