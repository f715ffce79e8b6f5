from functools import wraps

from django.db import IntegrityError, OperationalError
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected, ExclusionViolation, LockNotAvailable

from accounts.locking import lock_professional
from missions.errors import SlotTaken
from missions.models import Mission

# The exclusion constraint on seats, a deadlock, and the lock time-out.
LOST_TO_A_RIVAL = (ExclusionViolation, DeadlockDetected, LockNotAvailable)


def lock_mission(mission):
    """Lock a mission and its professional, in the one order everyone keeps, and read it afresh."""
    professional = lock_professional(mission.professional_id)
    mission = Mission.objects.select_for_update().get(pk=mission.pk)
    mission.professional = professional
    return mission


def answer_rivals(action):
    """Tell whoever lost the race for a slot so, in words, whichever way the database said it."""

    @wraps(action)
    def guarded(*args, **kwargs):
        try:
            return action(*args, **kwargs)
        except (IntegrityError, OperationalError) as error:
            if isinstance(error.__cause__, LOST_TO_A_RIVAL):
                raise slot_taken() from error
            raise

    return guarded


def slot_taken():
    return SlotTaken(_("Ce créneau vient d’être pris. Proposez une autre heure, ou moins d’agents."))
