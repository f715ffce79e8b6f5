"""The functions of `marketplace.formatting` as filters, and our icons. Builtin: no {% load %} needed.

Filters of an instant take its place as argument: {{ mission.starts_at|hour:mission }}. Those of a whole (`span`,
`period`, `hours`) read `starts_at`, `ends_at` and `timezone` from it. Nothing is written for None.
"""

from functools import lru_cache, wraps
from zlib import crc32

import lucide
from django import template
from django.forms import CheckboxSelectMultiple, RadioSelect
from django.utils.safestring import mark_safe

from marketplace import formatting

TINTS = ("is-night", "is-dusk", "is-sea", "is-leaf")

register = template.Library()


def silent_without_value(function):
    @wraps(function)
    def filter_function(value, *args):
        return "" if value is None or value == "" else function(value, *args)

    return filter_function


def of_whole(function):
    return lambda whole: function(whole.starts_at, whole.ends_at, whole.timezone)


for function in (
    formatting.agents,
    formatting.day,
    formatting.day_of_month,
    formatting.day_plain,
    formatting.day_short,
    formatting.device,
    formatting.duration,
    formatting.euros,
    formatting.hour,
    formatting.initials,
    formatting.kilometres,
    formatting.moment,
    formatting.month,
    formatting.month_short,
    formatting.near,
    formatting.number,
    formatting.percent,
    formatting.phone,
    formatting.recent,
    formatting.reviews,
    formatting.score,
    formatting.whole_euros,
    formatting.within_sentence,
):
    register.filter(function.__name__, silent_without_value(function))

for function in (formatting.hours, formatting.period, formatting.span):
    register.filter(function.__name__, silent_without_value(of_whole(function)))


@register.filter
def stars(score):
    """Five booleans, as many True as the rounded score: what _stars.html lights."""
    return [star <= round(score or 0) for star in range(1, 6)]


@register.filter
def avatar_tint(name):
    """One of the four grounds of an avatar, always the same for a name."""
    return TINTS[crc32(str(name).encode()) % len(TINTS)]


@register.filter
def is_choice_list(field):
    """Whether a bound field is drawn as several radios or boxes."""
    return isinstance(field.field.widget, RadioSelect | CheckboxSelectMultiple)


@register.filter
def first_id(field):
    """The id of what a link to this field should reach: its first choice, where it has several."""
    return f"{field.auto_id}_0" if is_choice_list(field) else field.id_for_label


@register.filter
def summary_label(field):
    """The field's label as the start of a line: a box's label may be a whole sentence."""
    return str(field.label).rstrip(".")


@register.filter
def has_search(path):
    """Whether this page to come back to is a search, or a professional to write to."""
    return "service=" in (path or "") or "/contacter/" in (path or "")


@register.filter
def error_count(form):
    return len(form.non_field_errors()) + sum(1 for name in form.errors if name in form.fields)


@register.filter
def elided_pages(page):
    """Page numbers around this one, with None where some are left out."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [number if isinstance(number, int) else None for number in numbers]


@register.simple_tag
def icon(name, variant=""):
    """Lucide's icon `name` as inline SVG, hidden from screen readers: the words beside it carry the meaning."""
    return _svg(str(name), str(variant))


@lru_cache(maxsize=256)
def _svg(name, variant):
    svg = lucide._render_icon(name, None, **{"class": f"icon {variant}".strip(), "aria_hidden": "true"})
    return mark_safe(" ".join(svg.split()))  # noqa: S308 - our own file, our own class names
