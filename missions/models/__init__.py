from missions.models.contest import Contest
from missions.models.event import MissionEvent
from missions.models.listing import Listing
from missions.models.mission import Agreement, Cancellation, Mission
from missions.models.reservation import SeatReservation
from missions.models.review import Review
from missions.models.terms import Priced, Terms

__all__ = [
    "Agreement",
    "Cancellation",
    "Contest",
    "Listing",
    "Mission",
    "MissionEvent",
    "Priced",
    "Review",
    "SeatReservation",
    "Terms",
]
