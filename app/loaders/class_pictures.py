"""The pictures of a lesson's items as phones get them: small at first, as large as zoom needs once somebody zooms."""

from collections.abc import Mapping

from app.loaders import resources
from app.loaders.file_cache import kept
from app.loaders.image_pixels import SIDE, thumbnail
from pipeline.classroom.lesson import Item, Lesson
from pipeline.classroom.lesson_pictures import Picture, all_pictures
from pipeline.errors import ImageError

LARGE = 2000  # pixels of the longer side under two fingers: five to a point of a phone's width


@kept(lambda generated: [one.folder / name for one in resources.datasets() for name in ("dataset.json",
                                                                                      "metadata.parquet")], entries=2)
def _pictures(generated: bool) -> Mapping[tuple[str, str], Picture]:
    return all_pictures(resources.workspace(), generated)


def picture_of(lesson: Lesson, item: Item) -> Picture | None:
    """The largest copy here of an item's image; None where there is none."""
    return picture_named(lesson.generated, item.image_id, item.dx)


def picture_named(generated: bool, image_id: str, dx: str) -> Picture | None:
    """The largest copy here of the image of that id and diagnosis; None where there is none.

    Args:
        generated: whether among drawings; else among all others.
    """
    return _pictures(generated).get((image_id, dx))


def licences_here(lesson: Lesson) -> dict[str, str]:
    """The licence of each of its images that is here, by image_id."""
    found = {item.image_id: picture_of(lesson, item) for items in lesson.forms.values() for item in items}
    return {image_id: picture.licence for image_id, picture in found.items() if picture is not None}


def is_larger(picture: Picture) -> bool:
    """Whether zoom shows more of it than the small copy has."""
    return max(picture.width, picture.height) > SIDE


def content_of(picture: Picture | None, *, large: bool = False) -> bytes | None:
    """A JPEG or PNG file's bytes, at most SIDE or LARGE pixels long; None where there is no picture, or its file is
    gone or cannot be read.
    """
    if picture is None:
        return None
    try:
        return thumbnail(picture.path, picture.width, picture.height, LARGE if large else SIDE)
    except ImageError:
        return None
