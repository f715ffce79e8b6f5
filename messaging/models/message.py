from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from marketplace.encryption import EncryptedTextField
from messaging.models.thread import Thread


def private_storage():
    return storages["private"]


def attachment_path(attachment, filename):
    return f"attachments/{attachment.message.thread_id}/{filename}"


class MessageQuerySet(models.QuerySet):
    def unread_by(self, user):
        mission = "thread__mission"
        mine = Q(**{f"{mission}__client__user": user}) | Q(**{f"{mission}__professional__user": user})
        return self.filter(mine, seen_at=None).exclude(author=user)


class Message(models.Model):
    """What one side wrote; the database only holds it encrypted."""

    thread = models.ForeignKey(Thread, models.PROTECT, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    body = EncryptedTextField()
    written_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(_("créé le"), db_default=Now(), editable=False)

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        ordering = ["written_at", "pk"]
        indexes = [
            models.Index(fields=["thread", "written_at"], name="message_of_thread"),
            models.Index(fields=["thread", "author"], name="message_unseen", condition=Q(seen_at__isnull=True)),
        ]

    def __str__(self):
        return f"Message n° {self.pk}"


class AttachmentQuerySet(models.QuerySet):
    def of(self, user):
        thread = "message__thread__mission"
        return self.filter(Q(**{f"{thread}__client__user": user}) | Q(**{f"{thread}__professional__user": user}))


class Attachment(models.Model):
    """A file sent with a message: checked, kept encrypted, read by the two sides only."""

    message = models.ForeignKey(Message, models.PROTECT, related_name="attachments")
    file = models.FileField(upload_to=attachment_path, storage=private_storage, max_length=200)
    name = models.CharField(max_length=120)
    content_type = models.CharField(max_length=40)
    bytes = models.PositiveIntegerField()

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = _("pièce jointe")
        verbose_name_plural = _("pièces jointes")

    def __str__(self):
        return self.name

    @property
    def kind(self):
        """PDF, JPEG or PNG."""
        return self.content_type.rpartition("/")[2].upper()
