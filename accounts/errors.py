from marketplace.errors import MarketplaceError


class AccountError(MarketplaceError):
    """A professional's file cannot go where it was asked to go."""


class CalendarError(Exception):
    """An outside calendar could not be read; `problem` is one of ExternalCalendar.Problem."""

    def __init__(self, problem):
        super().__init__(problem)
        self.problem = problem
