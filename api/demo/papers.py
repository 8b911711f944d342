"""A page as a PDF, for the made-up month: what a builder scans and uploads."""

from itertools import accumulate


def page(line: str) -> bytes:
    """A page of A4 with this line of text, in ASCII."""
    stream = f"BT /F1 12 Tf 50 700 Td ({line}) Tj ET".encode()
    fonts = b"/Resources << /Font << /F1 5 0 R >> >>"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R %s >>" % fonts,
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    parts = [b"%PDF-1.7\n"]
    parts += [b"%d 0 obj\n%s\nendobj\n" % (n, body) for n, body in enumerate(objects, start=1)]
    offsets = list(accumulate(map(len, parts)))
    table = b"".join(b"%010d 00000 n \n" % place for place in offsets[:-1])
    count = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (count, offsets[-1])
    return b"".join([*parts, b"xref\n0 %d\n0000000000 65535 f \n" % count, table, trailer])
