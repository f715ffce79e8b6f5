"""Fetching an address someone gave us: over https, from a machine open to all, small, and in little time.

The name is resolved once. The addresses found are checked, and one of these very addresses is spoken to, so that a
name which changes its mind meanwhile leads nowhere (OWASP, Server-Side Request Forgery Prevention).
"""

import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPSConnection
from ipaddress import IPv4Address, ip_address, ip_network
from time import monotonic
from urllib.parse import urljoin, urlsplit

from django.utils.encoding import iri_to_uri

from accounts.errors import CalendarError
from accounts.models import ExternalCalendar

HTTPS = 443
MOST_BYTES = 1024 * 1024
MOST_REDIRECTS = 5
MOST_SECONDS = 10
NAT64 = ip_network("64:ff9b::/96")
REDIRECTS = (301, 302, 303, 307, 308)
HEADERS = {
    "Accept": "text/calendar, */*;q=0.1",
    "Accept-Encoding": "identity",
    "Connection": "close",
    "User-Agent": "MonAgentDeSecu/1.0 (calendar)",
}

Problem = ExternalCalendar.Problem


class TimedSocket(ssl.SSLSocket):
    """A socket whose every wait ends at the deadline of the whole: a server that drips gains nothing by it."""

    deadline = None

    def recv_into(self, *args, **kwargs):
        self.settimeout(self.deadline.left())
        return super().recv_into(*args, **kwargs)


def https_context(authority=None):
    """Certificates checked against the host's name and the system's authorities, or against `authority` (a path)."""
    context = ssl.create_default_context(cafile=authority)
    context.sslsocket_class = TimedSocket
    return context


def resolve(host, port):
    """Return every IP address of the host, as text."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(address[0] for *_family, address in found))


def is_public(address):
    """Whether the address is one anybody may speak to; one that carries an IPv4 address is judged by that."""
    ip = ip_address(address)
    carried = ipv4_within(ip)
    if carried is not None:
        return is_public(carried)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def ipv4_within(ip):
    """The IPv4 address that an IPv4-mapped, NAT64 or 6to4 one leads to (RFC 4291, 6052 and 3056)."""
    if ip.version == 4:
        return None
    return IPv4Address(ip.packed[-4:]) if ip in NAT64 else ip.ipv4_mapped or ip.sixtofour


@dataclass(frozen=True)
class Network:
    """The way out; the tests give their own machine."""

    resolve: callable = resolve
    is_public: callable = is_public
    port: int = HTTPS
    seconds: float = MOST_SECONDS
    context: ssl.SSLContext = field(default_factory=https_context)


class Deadline:
    def __init__(self, seconds):
        self.ends_at = monotonic() + seconds

    def left(self):
        """Seconds until the end; raises TimeoutError after it."""
        left = self.ends_at - monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class CheckedConnection(HTTPSConnection):
    """Speaks to the addresses that were checked, under the name they were found by."""

    def __init__(self, host, addresses, network, deadline):
        super().__init__(host, network.port, context=network.context)
        self.addresses, self.deadline = addresses, deadline

    def connect(self):
        plain = reach(self.addresses, self.port, self.deadline)
        try:
            plain.settimeout(self.deadline.left())
            self.sock = self._context.wrap_socket(plain, server_hostname=self.host)
        except BaseException:
            plain.close()
            raise
        self.sock.deadline = self.deadline


def reach(addresses, port, deadline):
    """Connect to the first address that answers; each has its share of the time that is left."""
    for number, address in enumerate(addresses):
        try:
            return socket.create_connection((address, port), deadline.left() / (len(addresses) - number))
        except OSError as error:
            last_error = error
    raise last_error


def fetch(url, network=None):
    """Return the bytes found at the address, redirections followed. Raises CalendarError."""
    network = network or Network()
    deadline = Deadline(network.seconds)
    try:
        for _hop in range(MOST_REDIRECTS + 1):
            status, answer = ask(url, network, deadline)
            if status == 200:
                return answer
            url = urljoin(url, answer)
    except TimeoutError as error:
        raise CalendarError(Problem.TOO_SLOW) from error
    except (ssl.SSLCertVerificationError, ValueError) as error:
        raise CalendarError(Problem.ADDRESS) from error
    except (OSError, HTTPException) as error:
        raise CalendarError(Problem.UNREACHABLE) from error
    raise CalendarError(Problem.REFUSED)


def ask(url, network, deadline):
    """Return 200 and the body, or the status and the place a redirection leads to."""
    host, target = read_address(url)
    connection = CheckedConnection(host, checked_addresses(host, network, deadline), network, deadline)
    try:
        connection.request("GET", target, headers=HEADERS)
        return read_answer(connection.getresponse())
    finally:
        connection.close()


def read_address(url):
    """Return the host and what to ask it for. Raises CalendarError, or ValueError where it cannot be read."""
    parts = urlsplit(iri_to_uri(url.strip()))
    if parts.scheme != "https" or not parts.hostname or "@" in parts.netloc or parts.port not in (None, HTTPS):
        raise CalendarError(Problem.ADDRESS)
    target = parts.path or "/"
    return parts.hostname.encode("idna").decode(), f"{target}?{parts.query}" if parts.query else target


def checked_addresses(host, network, deadline):
    """Resolve the name, once. Raises CalendarError when a single one of its addresses is not public."""
    addresses = in_time(lambda: network.resolve(host, network.port), deadline.left())
    if not addresses or not all(map(network.is_public, addresses)):
        raise CalendarError(Problem.ADDRESS)
    return addresses


def in_time(work, seconds):
    """Do what has no time limit of its own, and leave it behind when it lasts too long."""
    executor = ThreadPoolExecutor(max_workers=1)
    try:
        return executor.submit(work).result(seconds)
    finally:
        executor.shutdown(wait=False)


def read_answer(response):
    place = response.getheader("Location")
    if response.status in REDIRECTS and place:
        return response.status, place
    if response.status >= 500:
        raise CalendarError(Problem.UNREACHABLE)
    if response.status != 200:
        raise CalendarError(Problem.REFUSED)
    body = response.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise CalendarError(Problem.TOO_LARGE)
    if response.length:
        raise CalendarError(Problem.UNREACHABLE)
    return response.status, body
