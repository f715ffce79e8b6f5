import gzip
from threading import Event

import pytest

from accounts.errors import CalendarError
from accounts.fetching import MOST_BYTES, MOST_REDIRECTS, Network, fetch, is_public
from accounts.models import ExternalCalendar
from accounts.tests.calendars import URL, Server

Problem = ExternalCalendar.Problem


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path).start()
    yield server
    server.stop()


def problem_of(url, network):
    with pytest.raises(CalendarError) as error:
        fetch(url, network)
    return error.value.problem


def test_a_file_is_fetched_as_it_is_without_saying_more_than_needed(server):
    server.gives(b"BEGIN:VCALENDAR", path="/prive.ics?cl%C3%A9=a")
    assert fetch(f"{URL}?clé=a", server.network()) == b"BEGIN:VCALENDAR"
    [(path, headers)] = server.asked
    assert path == "/prive.ics?cl%C3%A9=a"
    assert headers == {
        "Host": f"agenda.exemple.fr:{server.server_port}",
        "Accept": "text/calendar, */*;q=0.1",
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": "MonAgentDeSecu/1.0 (calendar)",
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://agenda.exemple.fr/prive.ics",
        "ftp://agenda.exemple.fr/prive.ics",
        "file:///etc/passwd",
        "https:///prive.ics",
        "https://agenda.exemple.fr:8443/prive.ics",
        "https://agenda.exemple.fr:99999/prive.ics",
        "https://moi:secret@agenda.exemple.fr/prive.ics",
        "https://moi@agenda.exemple.fr/prive.ics",
        "https://[::1/prive.ics",
        "https://a..b/prive.ics",
        "",
    ],
)
def test_an_address_that_is_not_plain_https_is_never_asked(server, url):
    server.gives(b"secret")
    assert problem_of(url, server.network()) == Problem.ADDRESS
    assert server.asked == []


@pytest.mark.parametrize(
    "place",
    [
        "http://agenda.exemple.fr/prive.ics",
        "https://moi:secret@agenda.exemple.fr/autre.ics",
        "https://agenda.exemple.fr:22/",
        "file:///etc/passwd",
    ],
)
def test_a_redirection_is_held_to_the_same_rules(server, place):
    server.redirects(place)
    assert problem_of(URL, server.network()) == Problem.ADDRESS
    assert len(server.asked) == 1


def test_redirections_are_followed_and_their_addresses_checked(server):
    asked = []

    def resolve(host, _port):
        asked.append(host)
        return ["127.0.0.1"]

    server.redirects("/ailleurs.ics?a=1", status=301)
    server.redirects(URL.replace("prive", "fin"), path="/ailleurs.ics?a=1", status=307)
    server.gives(b"ok", path="/fin.ics")
    assert fetch(URL, server.network(resolve=resolve)) == b"ok"
    assert asked == ["agenda.exemple.fr"] * 3


def test_a_redirection_to_a_private_machine_is_refused(server):
    addresses = {"agenda.exemple.fr": ["127.0.0.1"], "interne.exemple.fr": ["10.0.0.1"]}
    server.redirects("https://interne.exemple.fr/prive.ics")
    network = server.network(resolve=lambda host, _port: addresses[host])
    assert problem_of(URL, network) == Problem.ADDRESS


def test_a_name_that_changes_its_mind_between_two_hops_is_refused(server):
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])
    server.redirects("/prive.ics")
    assert problem_of(URL, server.network(resolve=lambda _host, _port: next(answers))) == Problem.ADDRESS
    assert len(server.asked) == 1


def test_redirections_end(server):
    server.redirects("/prive.ics")
    assert problem_of(URL, server.network()) == Problem.REFUSED
    assert len(server.asked) == MOST_REDIRECTS + 1


@pytest.mark.parametrize("addresses", [["127.0.0.1", "192.168.1.1"], ["10.0.0.1"], []])
def test_one_private_address_is_enough_to_refuse_a_name(server, addresses):
    server.gives(b"secret")
    assert problem_of(URL, server.network(resolve=lambda _host, _port: addresses)) == Problem.ADDRESS
    assert server.asked == []


def test_the_name_is_resolved_once_and_the_address_checked_is_the_one_spoken_to(server):
    answers = iter([["127.0.0.1"]])
    server.gives(b"ok")
    assert fetch(URL, server.network(resolve=lambda _host, _port: next(answers))) == b"ok"


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "https://2130706433/", "https://[::1]/", "https://localhost/"])
def test_this_machine_is_not_public_however_it_is_written(url):
    assert problem_of(url, Network()) == Problem.ADDRESS


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.215.14", True),
        ("2606:4700::6810:84e5", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),  # noqa: S104
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("192.0.2.1", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fd00:ec2::254", False),
        ("ff02::1", False),
        ("::127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:a00:1::", False),
        ("2002:5db8:d70e::", True),
        ("2001:0:53aa:64c::1", False),
    ],
)
def test_which_addresses_are_public(address, expected):
    assert is_public(address) is expected


def test_a_certificate_for_another_name_is_refused(tmp_path):
    server = Server(tmp_path, host="autre.exemple.fr").start()
    server.gives(b"secret")
    assert problem_of(URL, server.network()) == Problem.ADDRESS
    server.stop()
    assert server.asked == []


def test_a_certificate_nobody_vouches_for_is_refused(server):
    server.gives(b"secret")
    assert problem_of(URL, server.network(context=Network().context)) == Problem.ADDRESS


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (404, Problem.REFUSED),
        (403, Problem.REFUSED),
        (204, Problem.REFUSED),
        (304, Problem.REFUSED),
        (500, Problem.UNREACHABLE),
        (503, Problem.UNREACHABLE),
    ],
)
def test_only_a_plain_success_counts(server, status, problem):
    server.gives(b"" if status in (204, 304) else b"BEGIN:VCALENDAR", status)
    assert problem_of(URL, server.network()) == problem


def test_a_redirection_to_nowhere_is_a_refusal(server):
    server.gives(b"", 302)
    assert problem_of(URL, server.network()) == Problem.REFUSED


def test_a_megabyte_passes_and_one_byte_more_does_not(server):
    server.gives(b"x" * MOST_BYTES)
    assert len(fetch(URL, server.network())) == MOST_BYTES
    server.gives(b"x" * (MOST_BYTES + 1))
    assert problem_of(URL, server.network()) == Problem.TOO_LARGE


def test_the_size_is_counted_not_believed(server):
    """Without a length, in chunks that never end, the reading stops by itself."""

    def pour(handler):
        handler.send_response(200)
        handler.send_header("Transfer-Encoding", "chunked")
        handler.end_headers()
        while not server.released.is_set():
            handler.wfile.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")

    server.answers["/prive.ics"] = pour
    assert problem_of(URL, server.network()) == Problem.TOO_LARGE


def test_what_is_compressed_is_not_expanded(server):
    bomb = gzip.compress(b"x" * 10 * MOST_BYTES)
    server.gives(bomb, Content_Encoding="gzip")
    assert fetch(URL, server.network()) == bomb


def test_half_an_answer_is_none(server):
    server.gives(b"BEGIN:VCALENDAR", Content_Length=100)
    assert problem_of(URL, server.network()) == Problem.UNREACHABLE


@pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nBEGIN"])
def test_a_silent_server_meets_the_deadline(server, start):
    def hang(handler):
        handler.wfile.write(start)
        server.released.wait()

    server.answers["/prive.ics"] = hang
    assert problem_of(URL, server.network(seconds=0.3)) == Problem.TOO_SLOW


def test_a_server_that_drips_meets_the_deadline_of_the_whole(server):
    """Each byte comes well before a time-out of its own would end."""

    def drip(handler):
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not server.released.wait(0.02):
            handler.wfile.write(b"x")

    server.answers["/prive.ics"] = drip
    assert problem_of(URL, server.network(seconds=0.3)) == Problem.TOO_SLOW


def test_a_chain_of_redirections_shares_one_deadline(server):
    def slowly(handler):
        server.released.wait(0.1)
        handler.wfile.write(b"HTTP/1.1 302 Found\r\nLocation: /prive.ics\r\nContent-Length: 0\r\n\r\n")

    server.answers["/prive.ics"] = slowly
    assert problem_of(URL, server.network(seconds=0.25)) == Problem.TOO_SLOW
    assert len(server.asked) <= 3


def test_a_name_that_takes_for_ever_to_resolve_meets_the_deadline(server):
    answered = Event()

    def resolve(_host, _port):
        answered.wait()
        return ["127.0.0.1"]

    assert problem_of(URL, server.network(resolve=resolve, seconds=0.3)) == Problem.TOO_SLOW
    answered.set()


def test_a_server_that_is_away_or_speaks_something_else_is_unreachable(server):
    def mumble(handler):
        handler.wfile.write(b"SSH-2.0-OpenSSH\r\n")

    server.answers["/prive.ics"] = mumble
    assert problem_of(URL, server.network()) == Problem.UNREACHABLE
    assert problem_of(URL, server.network(port=1)) == Problem.UNREACHABLE


def test_the_next_address_is_tried_when_one_does_not_answer(server):
    server.gives(b"ok")
    network = server.network(resolve=lambda _host, _port: ["::1", "127.0.0.1"], is_public=lambda _address: True)
    assert fetch(URL, network) == b"ok"
