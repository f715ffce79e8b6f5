from django.http import HttpResponseNotAllowed
from django.shortcuts import render


class MethodNotAllowedMiddleware:
    """Give a page in words to whoever opens an address that only takes forms."""

    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed):
            return response
        page = render(request, "405.html", status=405)
        page["Allow"] = response["Allow"]
        return page
