"""Where an exact address is, asked of the State's geocoder when GEOCODER_URL is set.

Its answers are GeoJSON; see https://geoservices.ign.fr/documentation/services/services-geoplateforme/geocodage
"""

import hashlib
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from time import monotonic

import requests
from django.conf import settings
from django.core.cache import cache

from accounts.models import Commune
from accounts.places.names import fold

SECONDS = 2
MAX_BYTES = 100_000
KEPT_SECONDS = 30 * 24 * 3600
LEAST_SCORE = 0.5
PRECISE = {"housenumber", "street", "locality"}  # "municipality" is the answer to a street it does not know

STREETS = (
    "allee|allees|av|avenue|bd|boulevard|chaussee|chemin|cite|cours|domaine|esplanade|faubourg|hameau|impasse|"
    "lieu dit|lotissement|mail|montee|parc|parvis|passage|place|port|promenade|quai|residence|rond point|route|rue|"
    "ruelle|sentier|square|traverse|venelle|villa|voie|za|zac|zi|zone"
)
ADDRESS = re.compile(
    rf"[0-9]{{1,4}} ?(bis|ter|quater|[a-d])? [a-z]|(.* )?({STREETS}) [a-z0-9]|[a-z].* [0-9]{{5}} [a-z]"
)

logger = logging.getLogger(__name__)
# A thread of its own bounds the whole time of a request, which a socket's time-out does not.
requesters = ThreadPoolExecutor(max_workers=4, thread_name_prefix="geocoder")


@dataclass(frozen=True)
class Site:
    """An exact place, WGS84 degrees, in its commune."""

    label: str
    commune: Commune
    latitude: float
    longitude: float

    @property
    def zone(self):
        return self.commune.zone


class UnreadableAnswer(Exception):
    pass


def is_on():
    return bool(settings.GEOCODER_URL)


def looks_like_address(text):
    """Whether the text has a house number, a kind of street, or words on both sides of a postcode."""
    return ADDRESS.match(fold(text)) is not None


def locate(text):
    """Return the Site of this address, or None when it is unknown, doubtful, or not answered in SECONDS."""
    found = cache.get(cache_key(text))
    if found is None:
        try:
            found = ask(text)
        except (requests.RequestException, TimeoutError, UnreadableAnswer) as error:
            logger.warning("The geocoder did not answer: %s", type(error).__name__)  # its message has the address
            return None
        remember(text, found)
    return site_of(found) if found else None


def remember(text, found):
    """Keep what was found under its own label too, by which links to the same search call it."""
    texts = {text, found["label"]} if found else {text}
    cache.set_many({cache_key(known): found for known in texts}, KEPT_SECONDS)


def cache_key(text):
    return f"geocoder:{hashlib.sha256(fold(text).encode()).hexdigest()}"


def site_of(found):
    commune = Commune.objects.filter(pk=found["insee"]).first()
    return commune and Site(found["label"], commune, found["latitude"], found["longitude"])


def ask(text):
    future = requesters.submit(fetch, settings.GEOCODER_URL, text)
    try:
        return read_answer(future.result(timeout=SECONDS))
    finally:
        future.cancel()


def fetch(url, text):
    """Return the body of the answer; raises RequestException or UnreadableAnswer."""
    params = {"q": text, "limit": 1, "autocomplete": 0}
    deadline = monotonic() + SECONDS
    with requests.get(url, params, timeout=SECONDS, stream=True, allow_redirects=False) as response:
        response.raise_for_status()
        body = b""
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) > MAX_BYTES or monotonic() > deadline:
                raise UnreadableAnswer
        return body


def read_answer(body):
    """Return what to remember of the answer, {} when it is nothing precise; raises UnreadableAnswer."""
    try:
        features = json.loads(body)["features"]
        return read_feature(features[0]) if features else {}
    except (ValueError, LookupError, TypeError) as error:
        raise UnreadableAnswer from error


def read_feature(feature):
    properties = feature["properties"]
    if float(properties["score"]) < LEAST_SCORE or properties["type"] not in PRECISE:
        return {}
    longitude, latitude = map(float, feature["geometry"]["coordinates"])
    if not (abs(latitude) <= 90 and abs(longitude) <= 180):
        raise ValueError
    return {
        "label": str(properties["label"])[:200],
        "insee": str(properties["citycode"])[:5],
        "latitude": latitude,
        "longitude": longitude,
    }
