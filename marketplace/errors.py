class MarketplaceError(Exception):
    """Something the person can understand and mend: the message is a sentence for them."""
