from marketplace.errors import MarketplaceError


class MissionError(MarketplaceError):
    """This act is not possible in the mission's present state."""


class SlotTaken(MissionError):
    """Not enough agents are left for these hours."""
