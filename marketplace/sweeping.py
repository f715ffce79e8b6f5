import logging

logger = logging.getLogger(__name__)


def attempt(act, *row):
    """Do what a sweep found due for one row: its failure is logged and never stops the rest."""
    try:
        act(*row)
    except Exception:
        logger.exception("The sweep could not %s", act.__name__)
