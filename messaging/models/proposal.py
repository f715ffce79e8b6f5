from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from messaging.models.thread import Thread
from missions.models import Mission, Priced, Terms


class ProposalQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(Q(thread__mission__client__user=user) | Q(thread__mission__professional__user=user))

    def received_by(self, user):
        return self.of(user).exclude(author=user)

    def open(self):
        return self.filter(status=Proposal.Status.OPEN)

    def lapsed(self, now):
        """Still open although nobody can answer any more: out of time, or their request is closed."""
        closed = ~Q(thread__mission__status=Mission.Status.INQUIRY)
        return self.open().filter(Q(expires_at__lte=now) | closed)


class Proposal(Terms, Priced):
    """Terms one side offers the other, with the price they come to, frozen when written."""

    class Status(models.TextChoices):
        OPEN = "open", _("En attente de réponse")
        ACCEPTED = "accepted", _("Acceptée")
        DECLINED = "declined", _("Refusée")
        SUPERSEDED = "superseded", _("Remplacée")
        EXPIRED = "expired", _("Expirée")

    thread = models.ForeignKey(Thread, models.PROTECT, verbose_name=_("discussion"), related_name="proposals")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("auteur"), related_name="+")
    number = models.PositiveSmallIntegerField(_("numéro"))
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.OPEN)
    written_at = models.DateTimeField(_("écrite le"))
    expires_at = models.DateTimeField(_("expire le"))
    answered_at = models.DateTimeField(_("répondue le"), null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = ProposalQuerySet.as_manager()

    class Meta(Terms.Meta):
        verbose_name = _("proposition")
        ordering = ["number"]
        constraints = [
            *Terms.Meta.constraints,
            models.UniqueConstraint(fields=["thread", "number"], name="proposal_number_in_thread"),
            models.UniqueConstraint(fields=["thread"], condition=Q(status="open"), name="one_open_proposal_per_thread"),
        ]
        indexes = [models.Index("expires_at", name="proposal_due", condition=Q(status="open"))]

    def __str__(self):
        return f"Proposition n° {self.number}"

    def get_absolute_url(self):
        return f"{reverse('messaging:thread', args=[self.thread_id])}#proposal-{self.number}"

    @property
    def is_open(self):
        return self.status == self.Status.OPEN

    def is_answerable(self, now):
        return self.is_open and now < self.expires_at
