from django.http import HttpResponse
from django.utils.http import content_disposition_header


def private_response(content, content_type, *, filename=None):
    """Answer with a private file: nothing keeps it, nothing in it runs. Without `filename` it is shown, not saved."""
    headers = {
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    if filename:
        headers["Content-Disposition"] = content_disposition_header(True, filename)
    return HttpResponse(content, content_type=content_type, headers=headers)
