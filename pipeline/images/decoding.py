"""From the bytes of an image to its pixels, in the process that asks: the look at its header, Pillow, colours, turning.
"""

import io
import struct
import warnings
import zlib

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    Image,
    ImageFile,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

from pipeline.images import jpeg, png, tiff, webp
from pipeline.images.bitmaps import look_at_avif, look_at_bmp
from pipeline.images.colours import in_srgb
from pipeline.images.header import Header, check_size, damaged
from pipeline.images.kinds import Kind, kind_of

_LOOKS = {"JPEG": jpeg.look, "PNG": png.look, "TIFF": tiff.look, "WEBP": webp.look, "BMP": look_at_bmp,
          "AVIF": look_at_avif}
# by its first bytes, not by Image.open: that reads JPEGs of several pictures as something else, and more formats
_OPEN: dict[Kind, type[ImageFile.ImageFile]] = {
    "JPEG": JpegImagePlugin.JpegImageFile, "PNG": PngImagePlugin.PngImageFile, "TIFF": TiffImagePlugin.TiffImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile, "BMP": BmpImagePlugin.BmpImageFile, "AVIF": AvifImagePlugin.AvifImageFile,
}
_TURNS = {  # EXIF 2.3, tag Orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_OF_PILLOW = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError, SyntaxError,
    TypeError, ValueError, struct.error, zlib.error, Image.DecompressionBombError,
)

# the C library gives blocks of over 32 MB back as soon as they are freed; smaller ones would stay with each thread
Image.core.set_block_size(64 * 2**20)
# our own limit is lower and ends in a sentence; set once, because catch_warnings is not made for threads
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def look(content: bytes, name: str) -> tuple[Kind, Header]:
    """What kind of image `content` is, and what a cheap look at it tells.

    Raises:
        ImageError: it is none that LesionLab reads, or has too many pixels; the sentence names `name`.
    """
    kind = kind_of(content, name)
    header = _LOOKS[kind](content, name)
    if header.width and header.height:
        check_size(header.width, header.height, name, header.bytes_per_pixel)
    return kind, header


def _orientation(kind: Kind, image: Image.Image, header: Header) -> int:
    if kind != "AVIF":
        return header.orientation
    from pipeline.images.exif import read_exif

    return read_exif(image.info.get("exif", b"")).orientation  # made by Pillow of AVIF's own boxes


def decode(kind: Kind, header: Header, name: str) -> Image.Image:
    """The image of a look: RGB in sRGB, upright, with no metadata.

    Raises:
        ImageError: it is damaged, has too many pixels, or colours that cannot be known.
    """
    try:
        image: Image.Image = _OPEN[kind](io.BytesIO(header.content))
        check_size(*image.size, name, header.bytes_per_pixel)
        image.load()
        profile = header.profile or (image.info.get("icc_profile", b"") if kind == "AVIF" else b"")
        turn = _TURNS.get(_orientation(kind, image, header))
    except _OF_PILLOW as error:
        raise damaged(name) from error
    image = in_srgb(image, profile, name, inverted=header.inverted)
    if turn is not None:
        image = image.transpose(turn)
    image.info = {}
    return image
