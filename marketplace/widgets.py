"""Choices drawn our way: as cards, or as segments in a row."""

from django import forms


class _Choices(forms.RadioSelect):
    """`hints` and `icons`: by value, a line under a choice and the lucide icon before it."""

    variant = ""

    def __init__(self, *args, hints=None, icons=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.hints = hints or {}
        self.icons = icons or {}

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        return option | {"hint": self.hints.get(str(value)), "icon": self.icons.get(str(value))}


class ChoiceCards(_Choices):
    variant = "cards"


class Segmented(_Choices):
    variant = "segmented"
