"""A real HTTPS server on this machine, and calendars to serve from it."""

import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from accounts.fetching import Network, https_context

HOST = "agenda.exemple.fr"
URL = f"https://{HOST}/prive.ics"


def calendar(*events, head=""):
    """The bytes of a calendar of these VEVENT bodies, written without CR for easy reading."""
    body = "".join(f"BEGIN:VEVENT\n{event.strip()}\nEND:VEVENT\n" for event in events)
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//Exemple//FR\n{head}{body}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


def event(start, end, *more, uid="un@exemple.fr", summary="Rendez-vous chez le médecin"):
    lines = [f"UID:{uid}", f"DTSTART{start}", f"DTEND{end}", f"SUMMARY:{summary}", *more]
    return "\n".join(lines)


def make_certificate(folder, host=HOST):
    """Write a certificate of its own authority for `host` and its key, valid now; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    paths[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, *private))
    return paths


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.path, dict(self.headers)))
        self.server.answers[self.path](self)
        self.close_connection = True

    def log_message(self, *_arguments):
        """Say nothing on the terminal."""


class Server(ThreadingHTTPServer):
    """Answers by path: `answers` gives what to do with the handler, `asked` keeps the path and headers of each call."""

    daemon_threads = True

    def __init__(self, folder, host=HOST):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.asked, self.released = {}, [], Event()
        self.certificate, key = make_certificate(folder, host)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, key)
        # The handshake waits for the first read, in the thread of the connection.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, *_arguments):
        """A client that refuses our certificate or leaves early is part of the tests."""

    def start(self):
        Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def stop(self):
        self.released.set()
        self.shutdown()
        self.server_close()

    def gives(self, body, status=200, path="/prive.ics", **headers):
        self.answers[path] = lambda handler: answer(handler, status, body, headers)

    def redirects(self, place, path="/prive.ics", status=302):
        self.gives(b"", status, path, Location=place)

    def network(self, **changes):
        """The way to this server for every name, as if it were public."""
        defaults = {
            "resolve": lambda _host, _port: ["127.0.0.1"],
            "is_public": lambda address: address == "127.0.0.1",
            "port": self.server_port,
            "seconds": 10,
            "context": https_context(self.certificate),
        }
        return Network(**defaults | changes)


def answer(handler, status, body, headers):
    handler.send_response(status)
    for name, value in ({"Content_Length": len(body)} | headers).items():
        handler.send_header(name.replace("_", "-"), str(value))
    handler.end_headers()
    handler.wfile.write(body)
