from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Activity(models.TextChoices):
    """What an authorisation covers; holding protection excludes everything else (CSI art. L612-2)."""

    SURVEILLANCE = "surveillance", _("Surveillance humaine ou gardiennage")
    PROTECTION = "protection", _("Protection physique des personnes")


def private_storage():
    return storages["private"]


def document_path(document, filename):
    return f"documents/{document.professional_id}/{filename}"


class DocumentQuerySet(models.QuerySet):
    def of(self, user):
        return self.filter(professional__user=user)

    def readable_by(self, user):
        """Their owner's and, for staff, everyone's; a file that was deleted after the check is read by nobody."""
        documents = self if user.is_staff else self.of(user)
        return documents.exclude(file="")

    def to_review(self):
        return self.filter(status=Document.Status.PENDING)

    def valid_on(self, day):
        return self.filter(Q(expires_on__isnull=True) | Q(expires_on__gte=day), status=Document.Status.APPROVED)

    def covering(self, activity):
        """Titles name the activity they cover; the other papers go with any."""
        return self.filter(Q(activity=activity) | ~Q(kind__in=Document.WITH_ACTIVITY))


class Document(models.Model):
    """A paper the law requires before a professional may be listed (CSI livre VI)."""

    class Kind(models.TextChoices):
        AUT = "aut", _("Autorisation d’exercer (AUT)")
        AGD = "agd", _("Agrément dirigeant (AGD)")
        CAR = "car", _("Carte professionnelle (CAR)")
        REGISTRATION = "registration", _("Extrait Kbis, RNE ou avis SIRENE")
        INSURANCE = "insurance", _("Assurance responsabilité civile professionnelle")
        VIGILANCE = "vigilance", _("Attestation de vigilance URSSAF")
        IDENTITY = "identity", _("Pièce d’identité du dirigeant")

    class Status(models.TextChoices):
        PENDING = "pending", _("En cours d’examen")
        APPROVED = "approved", _("Approuvé")
        REFUSED = "refused", _("Refusé")

    TITLES = (Kind.AUT, Kind.AGD, Kind.CAR)
    WITH_ACTIVITY = (Kind.AUT, Kind.CAR)

    professional = models.ForeignKey(
        "accounts.Professional", models.CASCADE, verbose_name=_("professionnel"), related_name="documents"
    )
    kind = models.CharField(_("document"), max_length=20, choices=Kind)
    number = models.CharField(_("numéro"), max_length=60, blank=True)
    activity = models.CharField(_("activité couverte"), max_length=20, choices=Activity, blank=True)
    issued_on = models.DateField(_("délivré le"), null=True, blank=True)
    expires_on = models.DateField(_("valable jusqu’au"), null=True, blank=True)
    file = models.FileField(_("fichier"), upload_to=document_path, storage=private_storage, max_length=200)
    content_type = models.CharField(max_length=40, editable=False)
    status = models.CharField(_("état"), max_length=20, choices=Status, default=Status.PENDING)
    refusal_reason = models.TextField(_("motif du refus"), blank=True)
    reviewed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, editable=False)
    reviewed_at = models.DateTimeField(_("examiné le"), null=True, editable=False)
    created_at = models.DateTimeField(_("déposé le"), db_default=Now(), editable=False)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        verbose_name = _("document")
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_on__isnull=False) | Q(kind="aut"),
                name="only_an_aut_has_no_term",
                violation_error_message=_("Indiquez jusqu’à quand ce document est valable."),
            ),
            models.CheckConstraint(
                condition=~Q(status="approved") | ~Q(kind__in=["aut", "car"]) | ~Q(activity=""),
                name="approved_title_names_its_activity",
                violation_error_message=_("Indiquez l’activité que couvre ce titre."),
            ),
            models.CheckConstraint(
                condition=~Q(status="refused") | ~Q(refusal_reason=""),
                name="refusal_has_a_reason",
                violation_error_message=_("Donnez au professionnel le motif du refus."),
            ),
        ]
        indexes = [models.Index(fields=["professional", "kind", "status", "expires_on"], name="document_validity")]

    def __str__(self):
        return self.get_kind_display()

    @property
    def is_approved(self):
        return self.status == self.Status.APPROVED

    def is_expired(self, today):
        return self.expires_on is not None and self.expires_on < today
