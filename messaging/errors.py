from missions.errors import MissionError


class ProposalError(MissionError):
    """This proposal cannot be made or answered now."""
