import pytest

from messaging.masking import mask, mask_plain, show


@pytest.mark.parametrize(
    "written",
    [
        "0612345678",
        "06 12 34 56 78",
        "06.12.34.56.78",
        "06-12-34-56-78",
        "06\u00a012\u00a034\u00a056\u00a078",
        "+33 6 12 34 56 78",
        "+33 (0)6 12 34 56 78",
        "0033612345678",
        "+262 692 12 34 56",
        "0 6 1 2 3 4 5 6 7 8",
        "06·12·34·56·78",
        "06–12–34–56–78",
        "06_12_34_56_78",
        "06,12,34,56,78",
        "(06) 12 34 56 78",
        "06 12\u200b34 56 78",
        "+41 79 123 45 78",
    ],
)
def test_a_telephone_is_masked(written):
    masked = mask(f"Appelez le {written}, merci")
    assert masked.kinds == {"phone"}
    assert "78" not in masked.html
    assert masked.html.removeprefix("<p>Appelez le ").removeprefix("(").startswith("<span")


@pytest.mark.parametrize(
    "written",
    [
        "camille@exemple.fr",
        "c.morvan+pro@sous.exemple.com",
        "camille (at) exemple.fr",
        "camille @ exemple . fr",
        "camille arobase exemple point fr",
        "camille\u200b@exemple.fr",
    ],
)
def test_an_address_is_masked(written):
    masked = mask(f"Mon adresse : {written}.")
    assert masked.kinds == {"email"}
    assert "exemple" not in masked.html


@pytest.mark.parametrize(
    "written",
    [
        "180 invités le 12/12/2026 de 19 h 00 à 3 h 00",
        "SIRET 732 829 320 00074",
        "AUT-044-2124-03-15-20240312345",
        "le 05/12/2026 20 h 30, ou le 05/02/2026 20:30 - 23:30",
        "08:00-12:00, 14:00-18:00",
        "Le tarif est de 26,50 € de l’heure, soit 1 872,00 € pour 44000 Nantes",
    ],
)
def test_other_figures_stay(written):
    assert mask(written) == show(written)


@pytest.mark.parametrize(
    "text", ["a" * 5000 + "." * 5000 + "0 " * 5000, "+33" + " " * 5000, "+ " * 5000, "a @ " * 5000]
)
def test_a_long_text_is_read_at_once(text):
    assert mask(text).kinds == frozenset()


def test_a_name_is_masked_in_plain_text():
    assert mask_plain("Plan <06 12 34 56 78>.pdf") == "Plan <•• •• •• •• ••>.pdf"


def test_nothing_written_is_html_and_lines_are_kept():
    assert show("<b>un</b>\ndeux\r\n\r\ntrois").html == "<p>&lt;b&gt;un&lt;/b&gt;<br>deux</p><p>trois</p>"
