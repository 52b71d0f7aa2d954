"""Central squares made from copies of whole images, for an archive of squares that lacks some."""

import io
from dataclasses import replace

from PIL import Image

from pipeline.data.member import Member
from pipeline.data.prepare import viewed
from pipeline.errors import DataError, ImageError
from pipeline.images.reading import opened

_QUALITY = 75  # of the JPEG, as HAM10000's squares have it: a network should not tell these by their compression


class _Squares:
    """Reads members as JPEGs of their central squares, scaled to `side` pixels."""

    def __init__(self, name: str, side: int):
        self.name, self._side = name, side

    def read(self, key: Member, said: str, most: int, *, whole: bool = True) -> bytes:
        content = io.BytesIO()
        with opened(key.read(), said) as image:
            square = viewed(image, "square").resize((self._side, self._side), Image.Resampling.BILINEAR)
            square.save(content, "JPEG", quality=_QUALITY, exif=image.info.get("exif", b""))
        return content.getvalue()


def _side(squares: dict[str, Member]) -> int:
    """Width and height of the squares, which is that of the first by id."""
    first = squares[min(squares)]
    try:
        with opened(first.read(), first.said) as image:
            size = image.size
    except ImageError as error:
        raise DataError(error.problem, error.next_step) from error
    if size[0] != size[1]:
        raise DataError(f"{first.said} is no square, so what is missing cannot be made like it.",
                        "Import this archive without another one to fill it.")
    return size[0]


def squares_of(missing: dict[str, Member], squares: dict[str, Member]) -> dict[str, Member]:
    """`missing` images as members that give their central squares, as large as `squares`; JPEGs.

    Raises:
        DataError: the first of `squares` is none.
    """
    if not missing:
        return {}
    side = _side(squares)
    return {
        image_id: replace(member, path=f"{image_id}.jpg", source=_Squares(member.source.name, side), key=member)
        for image_id, member in missing.items()
    }
