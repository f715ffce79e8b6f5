from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions import file_document, record
from accounts.downloads import private_response
from accounts.files import STORED_AS, page_png
from accounts.forms import DocumentForm
from accounts.forms.documents import HINTS
from accounts.models import Document
from accounts.papers import papers
from accounts.readiness import missing_before_review
from accounts.views.profile import own_professional

PAGE_WIDTH = 1000


@require_safe
def document_list(request):
    professional = own_professional(request)
    context = {
        "professional": professional,
        "papers": papers(professional),
        "missing": missing_before_review(professional),
    }
    return render(request, "accounts/document_list.html", context)


@require_http_methods(["GET", "POST"])
def document_add(request, kind):
    professional = own_professional(request)
    if kind not in Document.Kind.values:
        raise Http404
    kind = Document.Kind(kind)
    form = DocumentForm(request.POST or None, request.FILES or None, professional=professional, kind=kind)
    if form.is_valid():
        file_document(form.document())
        messages.success(request, _("Document déposé. Nous l’examinons sous 2 jours ouvrés."))
        return redirect("accounts:document_list")
    return render(request, "accounts/document_add.html", {"form": form, "kind": kind, "hint": HINTS[kind]})


@require_safe
def document_file(request, pk):
    document = get_object_or_404(Document.objects.readable_by(request.user), pk=pk)
    record(document, request.user, _("Fichier téléchargé."))
    filename = f"{document.kind}-{document.pk}{STORED_AS[document.content_type]}"
    return private_response(document.file.read(), document.content_type, filename=filename)


@require_safe
def document_page(request, pk, number):
    """One page as an image, for staff: the file itself never opens in their browser."""
    if not request.user.is_staff:
        raise Http404
    document = get_object_or_404(Document.objects.readable_by(request.user), pk=pk)
    try:
        image = page_png(document.file.read(), document.content_type, number, PAGE_WIDTH)
    except LookupError as error:
        raise Http404 from error
    record(document, request.user, _("Page %(number)s affichée.") % {"number": number})
    return private_response(image, "image/png")
