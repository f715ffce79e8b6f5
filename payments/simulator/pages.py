"""The simulator's HTML: templates, French amounts, dates and refusals. Everything put in a page is escaped here."""

from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

HERE = Path(__file__).parent / "pages"
POLICY = "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'"

REFUSALS = {
    "insufficient_funds": "Provision insuffisante : votre banque a refusé le paiement. Essayez une autre carte.",
    "incorrect_number": "Ce numéro de carte est inconnu du simulateur. Choisissez une des cartes de test.",
    "payment_intent_authentication_failure": "Vous avez refusé l’authentification. Réessayez ou changez de carte.",
}
REFUSED = "Votre banque a refusé la carte. Essayez une autre carte."


class Page(NamedTuple):
    status: int
    headers: dict
    body: str = ""


class Html(str):
    """Markup that is already safe."""


def page(title, name, /, *, width="narrow", status=200, **values):
    """A whole page from `pages/<name>.html`; values are escaped unless they are Html."""
    body = fill(name, **values)
    whole = fill("layout", title=title, body=body, width=width)
    return Page(status, {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}, whole)


def redirect(url):
    """303: the browser follows with a GET."""
    return Page(303, {"Location": url})


def stylesheet():
    return Page(200, {"Content-Type": "text/css; charset=utf-8"}, (HERE / "simulator.css").read_text(encoding="utf-8"))


def fill(name, /, **values):
    safe = {key: value if isinstance(value, Html) else escape(str(value)) for key, value in values.items()}
    return Html(template(name).substitute(safe))


@cache
def template(name):
    return Template((HERE / f"{name}.html").read_text(encoding="utf-8"))


def table(headings, rows):
    """A table; a cell that is an amount in euros is set to the right."""
    if not rows:
        return Html("<p>Rien pour l’instant.</p>")
    head = "".join(f'<th scope="col">{escape(heading)}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(cell(value) for value in row)}</tr>" for row in rows)
    return Html(f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>')


def cell(value):
    number = ' class="number"' if str(value).endswith("€") else ""
    return f"<td{number}>{escape(str(value))}</td>"


def link(url, text):
    return Html(f'<p><a href="{escape(url)}">{escape(text)}</a></p>') if url else Html("")


def alert(text):
    return Html(f'<p class="error" role="alert">{escape(text)}</p>') if text else Html("")


def euros(cents):
    """574,08 € with its no-break spaces."""
    whole, rest = divmod(abs(cents), 100)
    sign = "−" if cents < 0 else ""
    thousands = f"{whole:,}".replace(",", "\u202f")
    return f"{sign}{thousands},{rest:02d}\u00a0€"


def instant(timestamp):
    return datetime.fromtimestamp(timestamp, UTC).strftime("%d/%m/%Y %H:%M UTC") if timestamp else ""
