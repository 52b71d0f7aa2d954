"""A teaching set on paper: a PDF with the pictures and a place for each answer, its key on the last page; or the same
as a folder of images with a table.

What is drawn of others (names, notes, ids) is text and nothing else: ReportLab's own markup is never read.
"""

import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from pipeline.classes import label
from pipeline.errors import TeachingError
from pipeline.export.paper import ACROSS, FONT, GREY, MARGIN, TOP, draw_picture, footer, new_canvas, write
from pipeline.files.csv_cells import table_as_csv
from pipeline.images.generated import NOTICE, exif_with_notice
from pipeline.images.reading import opened
from pipeline.number_words import count, probability
from pipeline.shown import as_plain

MOST = 120  # images of one handout: twenty pages, some 20 MB
PURPOSE = "For teaching, never for diagnosis."
_COLUMNS, _ROWS = 2, 3


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
    file = io.BytesIO()
    page = new_canvas(file, handout.name)
    per_page = _COLUMNS * _ROWS
    for start in range(0, len(handout.lesions), per_page):
        top = _heading(page, handout, first=start == 0)
        for place, lesion in enumerate(handout.lesions[start : start + per_page]):
            _lesion(page, top, place, start + place + 1, lesion)
        footer(page, handout.terms)
        page.showPage()
    _key(page, handout)
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


def _jpeg(path: Path, generated: bool) -> bytes:
    """The picture as a file of its own, without what else was in its file, but for the mark of a drawing."""
    content = io.BytesIO()
    with opened(path, path.name) as image:
        image.convert("RGB").save(content, "JPEG", quality=92, **({"exif": exif_with_notice()} if generated else {}))
    return content.getvalue()


def _heading(page, handout: Handout, *, first: bool) -> float:
    y = write(page, handout.name, MARGIN, TOP, 15 if first else 10, ACROSS, 2, bold=True)
    if first:
        y = write(page, "What do you see? Write a diagnosis, and how sure you are. The key is on the last page.",
                  MARGIN, y - 2, 9, ACROSS, 2, grey=GREY)
        if handout.note:
            y = write(page, handout.note, MARGIN, y - 2, 9, ACROSS, 4)
    return y - 6


def _lesion(page, top: float, place: int, number: int, lesion: HandoutLesion) -> None:
    gap = 18
    box = (ACROSS - gap * (_COLUMNS - 1)) / _COLUMNS
    room = (top - MARGIN - 24) / _ROWS
    x = MARGIN + (place % _COLUMNS) * (box + gap)
    y = top - (place // _COLUMNS) * room
    words = 52
    picture = draw_picture(page, lesion.path, x, y, box, room - words - 8)
    under = y - picture - 11
    under = write(page, f"{number}   {lesion.facts}", x, under, 9, box, 1, bold=True)
    page.setStrokeGray(0.6)
    page.setFont(FONT, 8)
    page.setFillGray(GREY)
    page.drawString(x, under - 8, "Diagnosis")
    page.line(x + 46, under - 9, x + box, under - 9)
    for step, answer in enumerate(("guessing", "fairly sure", "sure")):
        left = x + 46 + step * (box - 46) / 3
        page.rect(left, under - 25, 7, 7)
        page.drawString(left + 11, under - 24, answer)


def _key(page, handout: Handout) -> None:
    """One entry a lesion, as many pages as they need."""
    y = 0.0
    for number, lesion in enumerate(handout.lesions, 1):
        if y < MARGIN + 60:
            if y:
                footer(page, handout.terms)
                page.showPage()
            y = write(page, f"Key: {handout.name}", MARGIN, TOP, 13, ACROSS, 2, bold=True)
            y = write(page, _asked(handout), MARGIN, y - 2, 8, ACROSS, 2, grey=GREY) - 6
        y = write(page, f"{number}   {lesion.reference}", MARGIN, y, 9, ACROSS, 2, bold=True)
        y = write(page, _said(lesion), MARGIN + 22, y, 8, ACROSS - 22, 2)
        if lesion.note:
            y = write(page, lesion.note, MARGIN + 22, y, 8, ACROSS - 22, 6, grey=GREY)
        y -= 5
    footer(page, handout.terms)
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
