"""Opening an image, from a file or from bytes, for whoever needs its pixels."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from PIL import Image

from pipeline.images.apart import decode_apart
from pipeline.images.decoding import decode, look
from pipeline.images.generated import exif_with_notice
from pipeline.images.header import too_much_memory
from pipeline.images.memory_room import DECODING
from pipeline.images.profiles import to_srgb
from pipeline.images.source import Source, image_bytes
from pipeline.limits import MOST_DECODING_BYTES

_NOTICE: dict[str | tuple[int, int], Any] = {"exif": exif_with_notice().tobytes()}


@contextmanager
def opened(source: Source, name: str) -> Iterator[Image.Image]:
    """As `open_image`, for many threads: until the end of the `with` others wait where large images would fill the
    memory together. Open no second image within it.
    """
    content = image_bytes(source, name)
    kind, header = look(content, name)
    size = header.width * header.height * header.bytes_per_pixel or MOST_DECODING_BYTES
    with DECODING.taken(size):
        try:
            if header.plain:
                del content
                image, generated = decode(kind, header, name), header.generated
            else:
                del header
                image, generated = decode_apart(content, name)
        except MemoryError as error:
            raise too_much_memory(name) from error
        image.info = dict(_NOTICE) if generated else {}
        yield image


def open_image(source: Source, name: str) -> Image.Image:
    """The image: RGB in sRGB, upright, fully decoded; of its metadata only the mark of generated images is left.

    Raises:
        ImageError: no such file, no image or one of a kind that LesionLab does not read, a damaged one, one with more
            than 60 million pixels, a strip, one of several pictures, or one that takes too long or too much memory;
            the sentence names `name`.
    """
    with opened(source, name) as image:
        return image


def image_size(source: Source, name: str) -> tuple[int, int]:
    """(width, height) of the image, upright; from its header where that tells.

    Raises:
        ImageError: as `open_image`, where the header shows it.
    """
    _, header = look(image_bytes(source, name), name)
    return header.upright_size if header.plain else open_image(source, name).size


def bytes_for_browsers(source: Source, name: str, side: int) -> bytes | None:
    """The file itself, but for its metadata, where browsers show from it what `open_image` reads and it is no larger
    than `side` pixels; else None. Only its header is read.

    Raises:
        ImageError: as `open_image`, where the header shows it.
    """
    _, header = look(image_bytes(source, name), name)
    shown_alike = header.as_it_is and header.orientation == 1 and to_srgb(header.profile, "RGB") is None
    return header.content if header.plain and shown_alike and max(header.upright_size) <= side else None
