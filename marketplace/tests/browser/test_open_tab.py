"""A thread left open asks for its news while one looks at it, and only then."""

import pytest

from marketplace.tests.browser import people
from messaging.models import Message
from messaging.tests.factories import make_message, make_thread

pytestmark = pytest.mark.browser

LOOK_AWAY = 'Object.defineProperty(document, "visibilityState", {value: "hidden", configurable: true})'
LOOK_BACK = "delete document.visibilityState"


def test_a_hidden_page_asks_for_no_news_and_reads_no_message(newcomer):
    thread = make_thread()
    page = newcomer()
    people.come_back(page, thread.mission.client.user)
    page.clock.install()
    page.goto(thread.get_absolute_url())
    message = make_message(thread, thread.mission.professional.user, body="Me voici")
    asked = []
    page.on("request", lambda request: "/nouveautes/" in request.url and asked.append(request.url))

    page.evaluate(LOOK_AWAY)
    page.clock.run_for(60_000)
    assert asked == []
    assert Message.objects.get(pk=message.pk).seen_at is None

    page.evaluate(LOOK_BACK)
    page.clock.run_for(6_000)
    people.read(page, "Me voici")
    assert Message.objects.get(pk=message.pk).seen_at is not None
