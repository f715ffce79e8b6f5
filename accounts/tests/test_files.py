import zlib
from io import BytesIO

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, PngImagePlugin

from accounts.fields import UploadField
from accounts.files import JPEG, PDF, PNG, clean_upload, is_active, page_count, page_png

ORIENTATION, MAKE = 0x0112, 0x010F


class PaperForm(forms.Form):
    paper = UploadField()


def uploaded(content, name="attestation.pdf", content_type="application/pdf"):
    return SimpleUploadedFile(name, content, content_type)


def refusal(content):
    with pytest.raises(ValidationError) as error:
        clean_upload(uploaded(content))
    return error.value.messages[0]


def image_bytes(image_format, size=(60, 30), mode="RGB", **options):
    output = BytesIO()
    Image.new(mode, size, "white").save(output, image_format, **options)
    return output.getvalue()


def write_pdf(objects, trailer=b"/Root 1 0 R"):
    """Write a PDF whose objects are numbered from 1."""
    content, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    lines = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(offsets) + 1)
    tail = b"trailer\n<< /Size %d %s >>\nstartxref\n%d\n%%%%EOF\n" % (len(offsets) + 1, trailer, len(content))
    return content + head + lines + tail


def make_pdf(*extra, catalog=b"", page=b"", pages=1):
    """Make blank A4 pages; `extra` objects are numbered from 3 + `pages`."""
    kids = b" ".join(b"%d 0 R" % (3 + number) for number in range(pages))
    sheet = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] %s >>" % page
    return write_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R %s >>" % catalog,
            b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, pages),
            *[sheet] * pages,
            *extra,
        ]
    )


def stream(data, entries=b""):
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(data), data)


def pdf_with_packed_objects():
    """Make a PDF whose catalog, with its script, is inside a compressed object stream."""
    body = b"<< /Type /Catalog /Pages 2 0 R /OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >> >>"
    packed = zlib.compress(b"1 0 " + body)
    content, offsets = b"%PDF-1.7\n", {}
    for number, part in [
        (2, b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        (3, b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"),
        (4, stream(packed, b"/Type /ObjStm /N 1 /First 4 /Filter /FlateDecode")),
    ]:
        offsets[number] = len(content)
        content += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    entries = [(0, 0, 65535), (2, 4, 0), *[(1, offsets[number], 0) for number in (2, 3, 4)], (1, len(content), 0)]
    table = b"".join(kind.to_bytes(1) + place.to_bytes(4) + rank.to_bytes(2) for kind, place, rank in entries)
    return content + b"5 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (
        stream(table, b"/Type /XRef /Size 6 /W [1 4 2] /Root 1 0 R"),
        len(content),
    )


def test_a_pdf_is_kept_as_it_came_under_a_name_of_ours():
    content = make_pdf()
    cleaned = clean_upload(uploaded(content, name="../../Kbis de M. Dupont.exe", content_type="text/html"))
    assert (cleaned.content_type, cleaned.read()) == (PDF, content)
    assert len(cleaned.name) == 36
    assert cleaned.name.endswith(".pdf")
    assert "Dupont" not in cleaned.name


@pytest.mark.parametrize(("image_format", "content_type"), [("JPEG", JPEG), ("PNG", PNG)])
def test_the_type_comes_from_the_content(image_format, content_type):
    cleaned = clean_upload(uploaded(image_bytes(image_format)))
    assert cleaned.content_type == content_type
    assert Image.open(cleaned).size == (60, 30)


@pytest.mark.parametrize(
    "content",
    [
        b"<!DOCTYPE html><script>alert(1)</script>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"PK\x03\x04word/document.xml",
        b" %PDF-1.7",
        image_bytes("GIF"),
        image_bytes("WEBP"),
    ],
)
def test_anything_else_is_refused_whatever_its_name(content):
    assert refusal(content).startswith("Ce fichier n’est ni un PDF, ni un JPEG, ni un PNG.")


def test_a_30_mb_file_is_refused_unread():
    file = uploaded(b"%PDF-1.7" + bytes(30 * 1024 * 1024))
    with pytest.raises(ValidationError) as error:
        clean_upload(file)
    assert error.value.messages == ["Ce fichier dépasse 10\xa0Mo. Réduisez-le, puis déposez-le à nouveau."]
    assert file.tell() == 0


def test_a_truncated_image_is_refused():
    content = image_bytes("JPEG", size=(400, 400))
    assert refusal(content[: len(content) // 2]).startswith("Cette image est illisible ou incomplète.")
    assert refusal(content[:20]).startswith("Cette image est illisible ou incomplète.")
    content = image_bytes("PNG", size=(400, 400))
    assert refusal(content[:60]).startswith("Cette image est illisible ou incomplète.")
    assert refusal(content[:8]).startswith("Cette image est illisible ou incomplète.")


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_an_image_whose_header_swells_is_refused(kind):
    swollen = zlib.compress(bytes(80 * 1024 * 1024))
    data = {b"zTXt": b"a\0\0", b"iTXt": b"a\0\1\0\0\0", b"iCCP": b"a\0\0"}[kind] + swollen
    chunk = len(data).to_bytes(4) + kind + data + zlib.crc32(kind + data).to_bytes(4)
    content = image_bytes("PNG")
    assert refusal(content[:33] + chunk + content[33:]).startswith("Cette image est illisible ou incomplète.")


@pytest.mark.parametrize("size", [(8000, 5001), (12000, 12000), (20000, 20000)])
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(size):
    content = bytearray(image_bytes("PNG", size=(1, 1), mode="1"))
    header = b"IHDR" + size[0].to_bytes(4) + size[1].to_bytes(4) + content[24:29]
    content[12:33] = header + zlib.crc32(header).to_bytes(4)
    assert refusal(bytes(content)).startswith("Cette image compte plus de 40 millions de pixels.")


def test_a_photo_loses_its_metadata_and_stands_upright():
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = 6, "SENTINEL"
    content = image_bytes("JPEG", exif=exif, comment=b"SENTINEL", icc_profile=b"SENTINEL", xmp=b"SENTINEL")
    assert content.count(b"SENTINEL") == 4
    cleaned = clean_upload(uploaded(content)).read()
    image = Image.open(BytesIO(cleaned))
    assert b"SENTINEL" not in cleaned
    assert (image.size, dict(image.getexif())) == ((30, 60), {})


def test_a_png_loses_its_texts_and_what_follows_it():
    texts = PngImagePlugin.PngInfo()
    texts.add_text("Author", "SENTINEL")
    content = image_bytes("PNG", mode="RGBA", pnginfo=texts, icc_profile=b"SENTINEL") + b"SENTINEL"
    cleaned = clean_upload(uploaded(content)).read()
    assert b"SENTINEL" not in cleaned
    assert Image.open(BytesIO(cleaned)).info == {}
    assert Image.open(BytesIO(cleaned)).mode == "RGBA"


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK"])
def test_images_of_any_colours_are_kept(mode):
    image_format = "JPEG" if mode == "CMYK" else "PNG"
    output = BytesIO()
    Image.new(mode, (4, 4)).save(output, image_format)
    assert Image.open(clean_upload(uploaded(output.getvalue()))).size == (4, 4)


ACTIVE = {
    "script on opening": make_pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert\\(1\\)) >>"),
    "named script": make_pdf(
        b"<< /S /JavaScript /JS (1) >>", catalog=b"/Names << /JavaScript << /Names [(a) 4 0 R] >> >>"
    ),
    "script on a page": make_pdf(page=b"/AA << /O << /S /JavaScript /JS (1) >> >>"),
    "escaped name": make_pdf(catalog=b"/OpenAction << /S /J#61vaScript /J#53 (1) >>"),
    "packed objects": pdf_with_packed_objects(),
    "launch": make_pdf(catalog=b"/OpenAction << /S /Launch /F (cmd.exe) >>"),
    "launch from a link": make_pdf(
        page=b"/Annots [<< /Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (cmd.exe) >> >>]"
    ),
    "attachment": make_pdf(
        b"<< /Type /Filespec /F (a.exe) /EF << /F 5 0 R >> >>",
        stream(b"MZ", b"/Type /EmbeddedFile"),
        catalog=b"/Names << /EmbeddedFiles << /Names [(a.exe) 4 0 R] >> >>",
    ),
    "attachment on a page": make_pdf(
        b"<< /F (a.exe) /EF << /F 5 0 R >> >>",
        stream(b"MZ"),
        page=b"/Annots [<< /Subtype /FileAttachment /Rect [0 0 9 9] /FS 4 0 R >>]",
    ),
    "behind a name that looks like a stream": make_pdf(
        stream(b"x"), catalog=b"/stream (>>\nstream\n) /OpenAction << /S /Launch /F (cmd.exe) >>"
    ),
}


@pytest.mark.parametrize("content", ACTIVE.values(), ids=ACTIVE.keys())
def test_a_pdf_that_can_act_is_refused(content):
    assert refusal(content).startswith("Ce PDF contient un script, une action automatique ou une pièce jointe.")


@pytest.mark.parametrize("token", [b">>stream\n", b"\\("])
def test_a_text_or_a_stream_without_an_end_is_read_once(token):
    assert not is_active(token * 200_000)
    assert is_active(b"/JS " + token * 200_000)


def test_words_in_a_text_are_not_acts():
    drawn = stream(b"BT (/JavaScript /Launch) Tj ET")
    content = make_pdf(drawn, page=b"/Contents 4 0 R", catalog=b"/Title (Cours /JS et /Launch)")
    assert clean_upload(uploaded(content)).content_type == PDF


def test_a_broken_pdf_is_refused():
    for content in [b"%PDF-1.7", b"%PDF-1.7" + bytes(5000), make_pdf(pages=0), make_pdf()[:80]]:
        assert refusal(content).startswith("Ce PDF est illisible ou incomplet.")


def test_a_pdf_behind_a_password_is_refused():
    handler = b"<< /Filter /Standard /V 1 /R 2 /Length 40 /P -4 /O <%s> /U <%s> >>" % (b"41" * 32, b"42" * 32)
    content = write_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>",
            handler,
        ],
        trailer=b"/Root 1 0 R /Encrypt 4 0 R /ID [<00> <00>]",
    )
    assert refusal(content).startswith("Ce PDF est protégé par un mot de passe.")


def test_a_pdf_has_at_most_50_pages():
    assert clean_upload(uploaded(make_pdf(pages=50))).content_type == PDF
    assert refusal(make_pdf(pages=51)).startswith("Ce PDF compte plus de 50 pages.")


def test_pages_are_drawn_at_the_width_asked():
    content = make_pdf(pages=2)
    assert page_count(content, PDF) == 2
    assert Image.open(BytesIO(page_png(content, PDF, 2, width=300))).size == (300, 425)
    assert Image.open(BytesIO(page_png(image_bytes("JPEG"), JPEG, 1, width=20))).size == (20, 10)
    assert Image.open(BytesIO(page_png(image_bytes("PNG"), PNG, 1, width=900))).size == (60, 30)


@pytest.mark.parametrize("number", [-1, 0, 3])
def test_a_page_that_does_not_exist_is_not_drawn(number):
    with pytest.raises(LookupError):
        page_png(make_pdf(pages=2), PDF, number, width=300)


def test_a_page_out_of_proportion_is_drawn_within_the_pixel_limit():
    content = make_pdf().replace(b"[0 0 595 842]", b"[0 0 1 14400]")
    image = Image.open(BytesIO(page_png(content, PDF, 1, width=1000)))
    assert image.width * image.height <= 41_000_000


def test_field_returns_the_cleaned_file_or_a_sentence():
    form = PaperForm({}, {"paper": uploaded(image_bytes("PNG"), name="a.pdf")})
    assert form.is_valid()
    assert form.cleaned_data["paper"].content_type == PNG
    form = PaperForm({}, {"paper": uploaded(b"<html></html>")})
    assert form.errors["paper"][0].startswith("Ce fichier n’est ni un PDF, ni un JPEG, ni un PNG.")
    assert 'accept=".pdf,.jpg,.jpeg,.png"' in str(form["paper"])
