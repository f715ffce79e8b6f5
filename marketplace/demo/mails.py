"""The demo's post: e-mails are files, dated by the site's clock and read back by the mailbox page."""

import email
import re
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime
from functools import cached_property
from pathlib import Path

from django.conf import settings
from django.core.mail.backends.filebased import EmailBackend as FileBackend

from marketplace import clock

RULE = re.compile(rb"^-{79}\n", re.MULTILINE)  # what the backend writes between two messages
CODE = re.compile(r"^[A-Z0-9]{3,8}(?:-[A-Z0-9]{3,8})?$", re.MULTILINE)  # alone on its line


class EmailBackend(FileBackend):
    """One file a batch; the clock that the visitor moves gives the date."""

    def send_messages(self, email_messages):
        for message in email_messages:
            message.extra_headers.setdefault("Date", format_datetime(clock.now()))
        return super().send_messages(email_messages)


@dataclass(frozen=True)
class Mail:
    key: str
    message: EmailMessage

    @property
    def subject(self):
        return self.message["Subject"]

    @property
    def recipient(self):
        return self.message["To"].addresses[0].addr_spec

    @cached_property
    def sent_at(self) -> datetime:
        return self.message["Date"].datetime

    @cached_property
    def text(self):
        return self.message.get_body(("plain",)).get_content().strip()

    @property
    def code(self):
        """The code to type in the page left open, or nothing."""
        found = CODE.search(self.text)
        return found[0] if found else ""


def read_mails():
    """Return every e-mail, the newest first."""
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"))
    mails = [mail for file in files for mail in read_file(file)]
    return sorted(mails, key=lambda mail: mail.sent_at, reverse=True)


def read_file(file):
    parts = [part for part in RULE.split(file.read_bytes()) if part.strip()]
    for number, part in enumerate(parts):
        yield Mail(f"{file.stem}-{number}", email.message_from_bytes(part, policy=default))
