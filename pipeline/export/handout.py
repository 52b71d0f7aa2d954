"""A teaching set on paper: a PDF with the pictures and a place for each answer, its key on the last page; or the same
as a folder of images with a table.

What is drawn of others (names, notes, ids) is text and nothing else: ReportLab's own markup is never read.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
from PIL import Image

from pipeline.classes import label
from pipeline.errors import TeachingError
from pipeline.files.csv_cells import table_as_csv
from pipeline.images.generated import NOTICE, exif_with_notice
from pipeline.images.reading import opened
from pipeline.number_words import count, probability
from pipeline.shown import as_plain

MOST = 120  # images of one handout: twenty pages, some 20 MB
PURPOSE = "For teaching, never for diagnosis."
_SIDE = 900  # pixels of a printed picture's longer side: 300 dpi at 7.5 cm
_FONT, _BOLD = "DejaVuSans", "DejaVuSans-Bold"
_MARGIN, _COLUMNS, _ROWS = 48, 2, 3  # points, 1/72 inch
_GREY = 0.35


@dataclass(frozen=True)
class HandoutLesion:
    """One image of the set.

    Attributes:
        facts: age, sex and site, as a student may read them.
        origin: how the reference diagnosis was made, in words; None of a drawing, which was drawn as it.
        predicted, share: the model's diagnosis and its probability (0..1); None where it was not asked.
    """

    image_id: str
    path: Path
    facts: str
    truth: str
    origin: str | None
    predicted: str | None
    share: float | None
    note: str
    doubtful: bool

    @property
    def reference(self) -> str:
        """ "Melanoma · mel (histology)", or what it was drawn as."""
        return f"{label(self.truth)} ({self.origin})" if self.origin else f"drawn as {label(self.truth)}"


@dataclass(frozen=True)
class Handout:
    """A teaching set with what stands on its pages.

    Attributes:
        model: who predicted, a few words.
        licence, attribution: of the images.
        generated: whether they are drawings.
    """

    name: str
    note: str
    model: str
    licence: str
    attribution: str
    generated: bool
    lesions: tuple[HandoutLesion, ...]

    def __post_init__(self):
        if not 1 <= len(self.lesions) <= MOST:
            raise TeachingError(f"A handout has 1 to {MOST} images, and the set “{as_plain(self.name)}” has "
                                f"{len(self.lesions):,}.", "Make a smaller set.")

    @property
    def terms(self) -> str:
        """The line under each page."""
        drawn = f"Drawings: {NOTICE}. " if self.generated else ""
        return f"{PURPOSE} {drawn}Images: {self.licence}; {self.attribution}."


def handout_pdf(handout: Handout) -> bytes:
    """A4 pages with six pictures each, numbered, and the key after them; the same handout gives the same bytes.

    Raises:
        ImageError: a picture is gone or cannot be read.
    """
    from reportlab.lib.pagesizes import A4
    from reportlab.pdfgen.canvas import Canvas

    _fonts()
    file = io.BytesIO()
    page = Canvas(file, pagesize=A4, invariant=1)
    page.setTitle(as_plain(handout.name))
    page.setAuthor("LesionLab")
    per_page = _COLUMNS * _ROWS
    for start in range(0, len(handout.lesions), per_page):
        top = _heading(page, A4, handout, first=start == 0)
        for place, lesion in enumerate(handout.lesions[start : start + per_page]):
            _lesion(page, A4, top, place, start + place + 1, lesion)
        _footer(page, A4, handout)
        page.showPage()
    _key(page, A4, handout)
    page.save()
    return file.getvalue()


def handout_folder(handout: Handout) -> bytes:
    """A zip: `images/01.jpg` and on, whose names tell nothing, `key.csv`, and `README.txt` with the terms.

    Raises:
        ImageError: a picture is gone or cannot be read.
    """
    content = io.BytesIO()
    rows = []
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for number, lesion in enumerate(handout.lesions, 1):
            name = f"images/{number:02d}.jpg"
            archive.writestr(zipfile.ZipInfo(name), _jpeg(lesion.path, handout.generated))
            rows.append({
                "file": name, "image_id": lesion.image_id, "reference_diagnosis": lesion.truth,
                "how_it_was_made": lesion.origin or "drawn", "prediction": lesion.predicted or "",
                "probability": lesion.share, "label_doubtful": lesion.doubtful, "note": lesion.note,
            })
        archive.writestr(zipfile.ZipInfo("key.csv"), table_as_csv(pd.DataFrame(rows)))
        archive.writestr(zipfile.ZipInfo("README.txt"), f"{handout.name}\n\n{handout.terms}\n")
    return content.getvalue()


@cache
def _fonts() -> None:
    """DejaVu, which has Greek, Cyrillic and signs too; it comes with matplotlib, which fastai needs."""
    import matplotlib
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    for name in (_FONT, _BOLD):
        registerFont(TTFont(name, str(folder / f"{name}.ttf")))


def _jpeg(path: Path, generated: bool) -> bytes:
    """The picture as a file of its own, without what else was in its file, but for the mark of a drawing."""
    content = io.BytesIO()
    with opened(path, path.name) as image:
        image.convert("RGB").save(content, "JPEG", quality=92, **({"exif": exif_with_notice()} if generated else {}))
    return content.getvalue()


def _lines(text: str, size: float, width: float, most: int, font: str = _FONT) -> list[str]:
    """The text in lines that fit, `most` of them; what is left out is told by an ellipsis."""
    from reportlab.lib.utils import simpleSplit

    lines = simpleSplit(as_plain(text), font, size, width)
    return lines if len(lines) <= most else [*lines[: most - 1], f"{lines[most - 1].rstrip()[:-1]}…"]


def _write(page, text: str, x: float, y: float, size: float, width: float, most: int, *, bold: bool = False,
           grey: float = 0.0) -> float:
    """Writes lines from `y` downwards; where the next thing may stand."""
    font = _BOLD if bold else _FONT
    page.setFont(font, size)
    page.setFillGray(grey)
    for line in _lines(text, size, width, most, font):
        page.drawString(x, y, line)
        y -= size * 1.35
    return y


def _heading(page, size: tuple[float, float], handout: Handout, *, first: bool) -> float:
    width, height = size
    across = width - 2 * _MARGIN
    y = _write(page, handout.name, _MARGIN, height - _MARGIN - 6, 15 if first else 10, across, 2, bold=True)
    if first:
        y = _write(page, "What do you see? Write a diagnosis, and how sure you are. The key is on the last page.",
                   _MARGIN, y - 2, 9, across, 2, grey=_GREY)
        if handout.note:
            y = _write(page, handout.note, _MARGIN, y - 2, 9, across, 4)
    return y - 6


def _lesion(page, size: tuple[float, float], top: float, place: int, number: int, lesion: HandoutLesion) -> None:
    width, gap = size[0], 18
    box = (width - 2 * _MARGIN - gap * (_COLUMNS - 1)) / _COLUMNS
    room = (top - _MARGIN - 24) / _ROWS
    x = _MARGIN + (place % _COLUMNS) * (box + gap)
    y = top - (place // _COLUMNS) * room
    words = 52
    picture = _picture(page, lesion.path, x, y, box, room - words - 8)
    under = y - picture - 11
    under = _write(page, f"{number}   {lesion.facts}", x, under, 9, box, 1, bold=True)
    page.setStrokeGray(0.6)
    page.setFont(_FONT, 8)
    page.setFillGray(_GREY)
    page.drawString(x, under - 8, "Diagnosis")
    page.line(x + 46, under - 9, x + box, under - 9)
    for step, answer in enumerate(("guessing", "fairly sure", "sure")):
        left = x + 46 + step * (box - 46) / 3
        page.rect(left, under - 25, 7, 7)
        page.drawString(left + 11, under - 24, answer)


def _picture(page, path: Path, x: float, y: float, width: float, height: float) -> float:
    """Draws the picture at its own shape, its top at `y`; its height in points."""
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


def _footer(page, size: tuple[float, float], handout: Handout) -> None:
    across = size[0] - 2 * _MARGIN
    _write(page, handout.terms, _MARGIN, _MARGIN - 8, 6.5, across - 30, 3, grey=_GREY)
    page.drawRightString(size[0] - _MARGIN, _MARGIN - 8, str(page.getPageNumber()))


def _key(page, size: tuple[float, float], handout: Handout) -> None:
    """One entry a lesion, as many pages as they need."""
    width, height = size
    across = width - 2 * _MARGIN
    y = 0.0
    for number, lesion in enumerate(handout.lesions, 1):
        if y < _MARGIN + 60:
            if y:
                _footer(page, size, handout)
                page.showPage()
            y = _write(page, f"Key: {handout.name}", _MARGIN, height - _MARGIN - 6, 13, across, 2, bold=True)
            y = _write(page, _asked(handout), _MARGIN, y - 2, 8, across, 2, grey=_GREY) - 6
        y = _write(page, f"{number}   {lesion.reference}", _MARGIN, y, 9, across, 2, bold=True)
        y = _write(page, _said(lesion), _MARGIN + 22, y, 8, across - 22, 2)
        if lesion.note:
            y = _write(page, lesion.note, _MARGIN + 22, y, 8, across - 22, 6, grey=_GREY)
        y -= 5
    _footer(page, size, handout)
    page.showPage()


def _asked(handout: Handout) -> str:
    return f"{count(len(handout.lesions), 'image')}. Predictions: {handout.model}."


def _said(lesion: HandoutLesion) -> str:
    parts = []
    if lesion.predicted is not None and lesion.share is not None:
        right = "right" if lesion.predicted == lesion.truth else "wrong"
        parts.append(f"Prediction: {label(lesion.predicted)}, {probability(lesion.share)} ({right})")
    else:
        parts.append("No prediction")
    if lesion.doubtful:
        parts.append("label doubtful")
    return " · ".join([*parts, lesion.image_id])


def in_words(age: float | None, sex: str | None, localization: str | None) -> str:
    """Age, sex and site as a student may read them."""
    told: Sequence[str] = (
        "age not recorded" if age is None else f"{age:g} years", sex or "sex not recorded",
        localization or "site not recorded",
    )
    return ", ".join(told)
