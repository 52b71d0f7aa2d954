"""Images of a wall, small enough for the browser: a file of modest size goes out as it is, without being decoded."""

import io
from pathlib import Path

import streamlit as st
from PIL import ImageOps

from app.resources import Stamp, stamp
from pipeline.data.prepare import open_image
from pipeline.errors import ImageError

SIDE = 640  # pixels: twice the width of a column, for dense screens
_AS_IT_IS = {".jpg", ".jpeg", ".png"}


@st.cache_data(max_entries=512, show_spinner=False)
def _reduced(of: Stamp) -> bytes:
    path = Path(of[0])
    image = ImageOps.exif_transpose(open_image(path, path.name)).convert("RGB")
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return file.getvalue()


def thumbnail(path: Path, width: int, height: int) -> bytes:
    """An image file's bytes for the browser: the file itself up to SIDE pixels, else reduced to that.

    Raises:
        ImageError: the file is gone or cannot be read.
    """
    if max(width, height) > SIDE or path.suffix.lower() not in _AS_IT_IS:
        return _reduced(stamp(path))
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageError(
            f"The image file {path.name} is gone or cannot be read.", "Import the data set again under the same name."
        ) from error
