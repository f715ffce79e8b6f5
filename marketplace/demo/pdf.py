"""A one-page PDF, small and real, to stand for the papers of invented people."""

OBJECTS = [
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 5 0 R /Resources << /Font << /F 4 0 R >> >> >>",
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
]


def write_pdf(title, lines):
    """Return the bytes of an A4 page with this title and these lines."""
    return assemble([*OBJECTS, stream(drawing(title, lines))])


def drawing(title, lines):
    rows = [show(20, title), *(show(12, line) for line in lines)]
    return b"BT 60 760 Td 26 TL " + b" ".join(rows) + b" ET"


def show(size, text):
    escaped = text.replace("\\", "\\\\").replace("(", r"\(").replace(")", r"\)")
    return f"/F {size} Tf ({escaped}) Tj T*".encode("cp1252", "replace")


def stream(content):
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def assemble(objects):
    """Number the objects and point to each: the cross-reference table of ISO 32000-2, 7.5.4."""
    output, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(output))
        output += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(output))
    return output + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer
