"""What people upload: judged by its content, never by its name or declared type.

Images are re-encoded, so nothing but their pixels remains. PDFs are kept as they came, since many are signed, but
those that could act by themselves are refused.
"""

import re
import secrets
from io import BytesIO
from threading import Lock

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_c
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 40_000_000
MAX_PAGES = 50

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
SIGNATURES = {b"\xff\xd8\xff": JPEG, b"\x89PNG\r\n\x1a\n": PNG, b"%PDF-": PDF}
EXTENSIONS = {".pdf": PDF, ".jpg": JPEG, ".jpeg": JPEG, ".png": PNG}
STORED_AS = {JPEG: ".jpg", PNG: ".png", PDF: ".pdf"}
PILLOW_FORMATS = {JPEG: "JPEG", PNG: "PNG"}

# PDFium is not safe to call from two threads at once.
PDFIUM = Lock()

# Names that only a script, a launch action or an embedded file needs (ISO 32000-2, 7.11.4, 12.6.4 and 13.7).
ACTIVE_NAMES = {
    b"JavaScript",
    b"JS",
    b"Launch",
    b"EmbeddedFile",
    b"EmbeddedFiles",
    b"EF",
    b"FileAttachment",
    b"RichMedia",
    b"XFA",
}
# Strings, comments and streams are matched first so that nothing inside them counts as a name. Each ends with the
# file at the latest: a token that failed there would be looked for again from every place where it can start.
PDF_TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.)*+(?:\)|\Z)|%[^\r\n]*|>>\s*+stream\r?\n.*?(?:endstream|\Z)|/(?P<name>[^\s()<>\[\]{}/%]+)",
    re.DOTALL,
)


def clean_upload(file, max_bytes=MAX_BYTES):
    """Return the file as a ContentFile with a random name and its `content_type`, or raise ValidationError."""
    if file.size > max_bytes:
        megabytes = max_bytes // (1024 * 1024)
        message = _("Ce fichier dépasse %(megabytes)s Mo. Réduisez-le, puis déposez-le à nouveau.")
        raise ValidationError(message, "too_large", {"megabytes": megabytes})
    content = file.read()
    content_type = type_of(content)
    if content_type == PDF:
        check_pdf(content)
    else:
        content = reencoded(content, content_type)
    cleaned = ContentFile(content, name=f"{secrets.token_hex(16)}{STORED_AS[content_type]}")
    cleaned.content_type = content_type
    return cleaned


def type_of(content):
    for signature, content_type in SIGNATURES.items():
        if content.startswith(signature):
            return content_type
    raise ValidationError(
        _(
            "Ce fichier n’est ni un PDF, ni un JPEG, ni un PNG. "
            "Enregistrez-le dans l’un de ces formats, puis déposez-le à nouveau."
        ),
        "wrong_type",
    )


def reencoded(content, content_type):
    """Return the image upright and without metadata."""
    image = open_image(content, content_type)
    if image.width * image.height > MAX_PIXELS:
        raise too_many_pixels()
    output = BytesIO()
    bare(image, content_type).save(output, PILLOW_FORMATS[content_type], quality=90)
    return output.getvalue()


def open_image(content, content_type):
    """Read the header only; the pixels are still to be decoded."""
    try:
        return Image.open(BytesIO(content), formats=[PILLOW_FORMATS[content_type]])
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels() from error
    except Exception as error:  # a hostile header makes Pillow fail in many ways
        raise broken_image() from error


def bare(image, content_type):
    try:
        upright = ImageOps.exif_transpose(image)
        transparent = content_type == PNG and upright.has_transparency_data
        pixels = upright.convert("RGBA" if transparent else "RGB")
    except Exception as error:  # a broken file makes Pillow fail in many ways
        raise broken_image() from error
    pixels.info.clear()
    return pixels


def too_many_pixels():
    message = _("Cette image compte plus de %(millions)s millions de pixels. Réduisez-la, puis déposez-la à nouveau.")
    return ValidationError(message, "too_many_pixels", {"millions": MAX_PIXELS // 1_000_000})


def broken_image():
    message = _("Cette image est illisible ou incomplète. Ouvrez-la, enregistrez-la à nouveau, puis déposez-la.")
    return ValidationError(message, "broken")


def check_pdf(content):
    with PDFIUM, open_pdf(content) as document:
        if len(document) > MAX_PAGES:
            message = _("Ce PDF compte plus de %(pages)s pages. Ne gardez que les pages utiles.")
            raise ValidationError(message, "too_many_pages", {"pages": MAX_PAGES})
        if is_active(content) or is_active(rewritten(document)):
            raise ValidationError(
                _(
                    "Ce PDF contient un script, une action automatique ou une pièce jointe. "
                    "Imprimez-le dans un nouveau PDF, puis déposez celui-ci."
                ),
                "active",
            )


def open_pdf(content):
    """Open the document and its first page; the caller holds PDFIUM."""
    try:
        document = pdfium.PdfDocument(content)
        document.get_page_size(0)
    except pdfium.PdfiumError as error:
        raise unreadable_pdf(error) from error
    return document


def unreadable_pdf(error):
    if error.err_code == pdfium_c.FPDF_ERR_PASSWORD:
        message = _("Ce PDF est protégé par un mot de passe. Enregistrez-en une copie sans mot de passe.")
        return ValidationError(message, "password")
    message = _("Ce PDF est illisible ou incomplet. Ouvrez-le, enregistrez-le à nouveau, puis déposez-le.")
    return ValidationError(message, "broken")


def rewritten(document):
    """Return the document as PDFium writes it: decrypted, and its compressed objects in the open."""
    output = BytesIO()
    document.save(output, flags=pdfium_c.FPDF_REMOVE_SECURITY)
    return output.getvalue()


def is_active(content):
    names = (match["name"] for match in PDF_TOKEN.finditer(content))
    return any(plain_name(name) in ACTIVE_NAMES for name in names if name)


def plain_name(name):
    """Undo the escapes of a PDF name: "J#53" is "JS"."""
    return re.sub(rb"#([0-9A-Fa-f]{2})", lambda match: bytes.fromhex(match[1].decode()), name)


def page_count(content, content_type):
    if content_type != PDF:
        return 1
    with PDFIUM, open_pdf(content) as document:
        return len(document)


def page_png(content, content_type, number, width):
    """Draw page `number` (from 1) of a cleaned file, `width` pixels wide; LookupError when there is no such page."""
    if not 1 <= number <= page_count(content, content_type):
        raise LookupError(number)
    image = draw_page(content, number, width) if content_type == PDF else draw_image(content, content_type, width)
    output = BytesIO()
    image.save(output, "PNG")
    return output.getvalue()


def draw_page(content, number, width):
    with PDFIUM, open_pdf(content) as document:
        page = document[number - 1]
        return page.render(scale=scale_to(width, *page.get_size())).to_pil()


def draw_image(content, content_type, width):
    image = open_image(content, content_type)
    scale = min(scale_to(width, *image.size), 1)
    return image.resize([max(1, round(side * scale)) for side in image.size])


def scale_to(width, page_width, page_height):
    """Scale to the width wanted, or to what the pixel limit allows on a page that is very long."""
    return min(width / page_width, (MAX_PIXELS / (page_width * page_height)) ** 0.5)
