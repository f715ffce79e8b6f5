"""Messages, proposals and the mission's events of a thread, in one order, day by day."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import groupby

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace import clock
from messaging import masking
from messaging.details import details
from missions import policy
from missions.models import MissionEvent

Kind = MissionEvent.Kind

EVENT_ICONS = {
    Kind.ASKED: "search",
    Kind.DECLINED: "x",
    Kind.WITHDRAWN: "x",
    Kind.ACCEPTED: "handshake",
    Kind.CARD_SAVED: "credit-card",
    Kind.CARD_REFUSED: "triangle-alert",
    Kind.SECURED: "lock",
    Kind.EXPIRED: "clock",
    Kind.CANCELLED: "x",
    Kind.CONFIRMED: "circle-check",
    Kind.CONTESTED: "scale",
    Kind.ANSWERED: "message-square",
    Kind.SETTLED: "scale",
    Kind.PAID: "euro",
    Kind.REVIEWED: "star",
}

# What each event is called for the one who made it, and for the other; the rest is called by its label.
EVENT_WORDS = {
    Kind.ASKED: (_("Vous avez envoyé une demande"), _("%(actor)s vous a envoyé une demande")),
    Kind.DECLINED: (_("Vous avez décliné la demande"), _("%(actor)s a décliné la demande")),
    Kind.WITHDRAWN: (_("Vous avez retiré votre demande"), _("%(actor)s a retiré sa demande")),
    Kind.ACCEPTED: (_("Vous avez accepté la proposition"), _("%(actor)s a accepté la proposition")),
    Kind.CARD_SAVED: (_("Vous avez enregistré votre carte"), _("%(actor)s a enregistré sa carte")),
    Kind.CANCELLED: (_("Vous avez annulé la mission"), _("%(actor)s a annulé la mission")),
    Kind.CONFIRMED: (_("Vous avez validé la mission"), _("%(actor)s a validé la mission")),
    Kind.CONTESTED: (_("Vous avez contesté la mission"), _("%(actor)s a contesté la mission")),
    Kind.ANSWERED: (_("Vous avez répondu à la contestation"), _("%(actor)s a répondu à la contestation")),
    Kind.REVIEWED: (_("Vous avez donné votre avis"), _("%(actor)s a donné son avis")),
}


@dataclass(frozen=True)
class Viewer:
    """Who reads the thread, and who is across the table."""

    user: object
    mission: object
    now: datetime

    @cached_property
    def other(self):
        return self.mission.other(self.user)

    @property
    def is_client(self):
        return self.mission.is_client(self.user)

    def is_author(self, thing):
        return thing.author_id == self.user.pk

    def shown(self, text):
        return masking.show(text) if self.mission.shows_contacts else masking.mask(text)

    def line(self, text):
        """The same in plain text on one line, for names, addresses and excerpts."""
        words = " ".join(text.split())
        return words if self.mission.shows_contacts else masking.mask_plain(words)


@dataclass
class Entry:
    """One line of the timeline: a message, a proposal or an event, as one of the two reads it."""

    kind: str
    at: datetime
    thing: object
    viewer: Viewer

    @property
    def template(self):
        return f"messaging/_{self.kind}.html"

    @property
    def is_mine(self):
        return self.viewer.is_author(self.thing)

    @cached_property
    def body(self):
        return self.viewer.shown(self.thing.body)

    @property
    def excerpt(self):
        """A message in the inbox, which cuts it: one that is only a file is called so."""
        return self.viewer.line(self.thing.body) or _("Pièce jointe")

    @property
    def attachments(self):
        """The files of a message, with their names."""
        return [(attachment, self.viewer.line(attachment.name)) for attachment in self.thing.attachments.all()]

    @cached_property
    def instructions(self):
        return self.viewer.shown(self.thing.instructions)

    @property
    def masking_reason(self):
        hidden = self.body if self.kind == "message" else self.instructions
        return masking.reason(hidden.kinds) if hidden.kinds else ""

    @property
    def is_answerable(self):
        in_talks = self.viewer.mission.status == self.viewer.mission.Status.INQUIRY
        return in_talks and self.thing.is_answerable(self.viewer.now)

    @property
    def icon(self):
        return EVENT_ICONS[self.thing.kind]

    @property
    def fee_now(self):
        """What cancelling this proposal would cost the client already now, in basis points."""
        return policy.cancellation_fee(policy.CANCELLATION_POLICY, self.thing.starts_at, self.viewer.now)

    @property
    def fee_now_cents(self):
        return self.thing.price.scaled(self.fee_now).total_cents

    @property
    def details(self):
        return [self.viewer.shown(line) for line in details(self.thing, self.viewer)]

    @property
    def words(self):
        actor = self.thing.actor_id
        known = EVENT_WORDS.get(self.thing.kind)
        if known is None or not self.viewer.mission.is_party(actor):
            return self.thing.get_kind_display()
        mine, theirs = known
        return mine if actor == self.viewer.user.pk else theirs % {"actor": self.viewer.other}


def message_entry(message, viewer):
    return Entry("message", message.written_at, message, viewer)


def days(thread, user):
    """Return (local day, entries) pairs, oldest first. Four queries."""
    viewer = Viewer(user, thread.mission, clock.now())
    messages = thread.messages.prefetch_related("attachments")
    entries = [Entry("event", event.happened_at, event, viewer) for event in thread.mission.events.all()]
    entries += [message_entry(message, viewer) for message in messages]
    entries += [Entry("proposal", proposal.written_at, proposal, viewer) for proposal in thread.proposals.all()]
    entries.sort(key=lambda entry: entry.at)
    by_day = groupby(entries, key=lambda entry: timezone.localdate(entry.at, thread.mission.zone))
    return [(day, list(group)) for day, group in by_day]
