"""Drawing on paper: A4 pages with words, pictures and tables, places and sizes in points (1/72 inch), from the lower
left corner.

What is drawn of others (names, notes, ids) is text and nothing else: ReportLab's own markup is never read.
"""

import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from PIL import Image

from pipeline.images.reading import opened
from pipeline.shown import as_plain

WIDTH, HEIGHT = 595.28, 841.89  # A4
MARGIN = 48
ACROSS, TOP, BOTTOM = WIDTH - 2 * MARGIN, HEIGHT - MARGIN - 6, MARGIN + 14
FONT, BOLD = "DejaVuSans", "DejaVuSans-Bold"
GREY = 0.35
_SIDE = 900  # pixels of a printed picture's longer side: 300 dpi at 7.5 cm
_LEADING = 1.35  # from line to line, of the size
_MOST_LINES = 3  # of a cell


def new_canvas(file: io.BytesIO, title: str):
    """A document without a page; the same drawing gives the same bytes."""
    from reportlab.pdfgen.canvas import Canvas

    _fonts()
    page = Canvas(file, pagesize=(WIDTH, HEIGHT), invariant=1)
    page.setTitle(as_plain(title))
    page.setAuthor("LesionLab")
    return page


@cache
def _fonts() -> None:
    """DejaVu, which has Greek, Cyrillic and signs too; it comes with matplotlib, which fastai needs."""
    import matplotlib
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (FONT, BOLD):
        registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def in_lines(text: str, size: float, width: float, most: int, font: str = FONT) -> list[str]:
    """The text in lines that fit, `most` of them; what is left out is told by an ellipsis."""
    from reportlab.lib.utils import simpleSplit

    lines = simpleSplit(as_plain(text), font, size, width)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1].rstrip()[:-1]}…"]


def write(page, text: str, x: float, y: float, size: float, width: float, most: int, *, bold: bool = False,
          grey: float = 0.0) -> float:
    """Writes lines from `y` downwards; where the next thing may stand."""
    font = BOLD if bold else FONT
    page.setFont(font, size)
    page.setFillGray(grey)
    for line in in_lines(text, size, width, most, font):
        page.drawString(x, y, line)
        y -= size * _LEADING
    return y


def draw_picture(page, path: Path, x: float, y: float, width: float, height: float) -> float:
    """Draws the picture at its own shape, its top at `y`; its height.

    Raises:
        ImageError: it is gone or cannot be read.
    """
    from reportlab.lib.utils import ImageReader

    with opened(path, path.name) as image:
        shown = image.convert("RGB")
    shown.thumbnail((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    shown.save(file, "JPEG", quality=90)  # as it is in the PDF: ReportLab would pack pixels ten times as large
    scale = min(width / shown.width, height / shown.height)
    drawn = (shown.width * scale, shown.height * scale)
    page.drawImage(ImageReader(file), x, y - drawn[1], *drawn)
    return drawn[1]


def draw_box(page, x: float, y: float, side: float = 7) -> None:
    """A box to tick, its lower left corner at (x, y)."""
    page.setStrokeGray(0.4)
    page.setLineWidth(0.7)
    page.rect(x, y, side, side)


def draw_rows(
    page, rows: Sequence[Sequence[str]], widths: Sequence[float], y: float, size: float = 7.5, head: bool = True
) -> float:
    """Draws rows of a table in columns of these widths; where the next thing may stand.

    Args:
        head: whether the first row is the table's head.
    """
    for place, row in enumerate(rows):
        is_head = head and place == 0
        tops = y
        x = float(MARGIN)
        for text, width in zip(row, widths, strict=True):
            y = min(y, write(page, text, x, tops, size, width - 6, _MOST_LINES, bold=is_head))
            x += width
        page.setStrokeGray(0.6 if is_head else 0.9)
        page.setLineWidth(0.5)
        page.line(MARGIN, y + size * 0.95, MARGIN + sum(widths), y + size * 0.95)
        y -= 1.5
    return y


def rows_height(rows: Sequence[Sequence[str]], widths: Sequence[float], size: float = 7.5) -> float:
    """How much of a page `draw_rows` takes for these."""
    return sum(
        1.5 + size * _LEADING * max(1, *(
            len(in_lines(text, size, width - 6, _MOST_LINES, FONT if place else BOLD))
            for text, width in zip(row, widths, strict=True)))
        for place, row in enumerate(rows)
    )


def footer(page, terms: str) -> None:
    """What stands under a page, and its number."""
    write(page, terms, MARGIN, MARGIN - 8, 6.5, ACROSS - 30, 3, grey=GREY)
    page.drawRightString(WIDTH - MARGIN, MARGIN - 8, str(page.getPageNumber()))
