import logging

from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)


def after_commit(task, *ids):
    """Hint to the worker, once the transaction is committed, that a row is waiting.

    The row is the duty and the sweep finds it anyway, so a broker that is away is logged, never raised.
    """
    transaction.on_commit(lambda: _publish(task, ids), robust=True)


def _publish(task, ids):
    try:
        task.apply_async(ids, retry=False)
    except OperationalError:
        logger.warning("Broker away: %s is left to the sweep", task.name)
