"""Images of a wall, small enough for the browser: a plain file of modest size goes out as it is, without being decoded.
"""

import io
from pathlib import Path

from app.loaders.file_cache import kept
from pipeline.errors import ImageError
from pipeline.images.reading import bytes_for_browsers, opened

SIDE = 640  # pixels: twice the width of a column, for dense screens


@kept(lambda path: [path], entries=512, copied=True)
def _reduced(path: Path) -> bytes:
    with opened(path, path.name) as image:
        image.thumbnail((SIDE, SIDE))
        file = io.BytesIO()
        image.save(file, "JPEG", quality=88)
    return file.getvalue()


def thumbnail(path: Path, width: int, height: int) -> bytes:
    """An image file's bytes for the browser: the file itself up to SIDE pixels, where a browser shows what LesionLab
    reads from it, else reduced to that and decoded.

    Raises:
        ImageError: the file is gone or cannot be read.
    """
    if not path.is_file():
        raise ImageError(
            f"The image file {path.name} is gone or cannot be read.", "Import the data set again under the same name."
        )
    if max(width, height) <= SIDE and (content := bytes_for_browsers(path, path.name, SIDE)) is not None:
        return content
    return _reduced(path)
