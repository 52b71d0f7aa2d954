"""What a cheap look at an image file tells before anything is decoded."""

from dataclasses import dataclass, field

from pipeline.errors import ImageError
from pipeline.limits import MOST_DECODING_BYTES, MOST_ELONGATED, MOST_PIXELS


@dataclass(frozen=True)
class Header:
    """The look at one file.

    Attributes:
        width, height: pixels as stored, before it is turned; 0 where the look did not find them.
        content: what the decoder gets: the file, in most formats without its metadata, which costs pixels nothing
            when it is broken and no time when it is hostile.
        plain: whether it is built as such files are, so that this process may decode it; all others are left to a
            process with limits.
        orientation: of EXIF, 1 to 8.
        generated: whether its metadata carry the mark of generated images.
        profile: the embedded ICC profile, or nothing.
        bytes_per_pixel: memory that decoding takes at the most.
        as_it_is: whether its samples are the pixels, 8 bits of grey or of red, green and blue, none transparent.
        inverted: a TIFF whose 16-bit grey has white at 0, which Pillow does not turn.
    """

    width: int = 0
    height: int = 0
    content: bytes = field(default=b"", repr=False)
    plain: bool = False
    orientation: int = 1
    generated: bool = False
    profile: bytes = field(default=b"", repr=False)
    bytes_per_pixel: int = 8  # Pillow keeps four, and turning or converting makes another image
    as_it_is: bool = False
    inverted: bool = False

    @property
    def upright_size(self) -> tuple[int, int]:
        """(width, height) after it is turned."""
        return (self.height, self.width) if self.orientation >= 5 else (self.width, self.height)


def check_size(width: int, height: int, name: str, bytes_per_pixel: int = 1) -> None:
    """Refuses an image that would take too much memory, or that is a strip.

    Raises:
        ImageError: more than 60 million pixels, or as many as a format lets fit into MOST_DECODING_BYTES, or more than
            MOST_ELONGATED times as long as wide.
    """
    size, most = f"{width} × {height} pixels", min(MOST_PIXELS, MOST_DECODING_BYTES // bytes_per_pixel)
    if width * height > most:
        which = " of its format" if most < MOST_PIXELS else ""
        raise ImageError(
            f"{name} has {size}, more than LesionLab opens{which} ({most / 1e6:.0f} million).",
            "Make the image smaller and try again.",
        )
    if max(width, height) > MOST_ELONGATED * min(width, height):
        raise ImageError(
            f"{name} has {size}: a strip more than {MOST_ELONGATED} times as long as wide.", "Cut it to the lesion."
        )


def damaged(name: str) -> ImageError:
    """The error for a file that begins as an image and cannot be decoded; a decoder's own words may quote the file."""
    return ImageError(f"{name} is damaged or incomplete and cannot be opened.", "Get a fresh copy of the file.")


def several(name: str, pictures: str) -> ImageError:
    """The error for a file with several pictures, none of which is the one that is meant."""
    return ImageError(f"{name} holds {pictures}, and LesionLab reads single images.",
                      "Save the picture that shows the lesion as a JPEG or PNG file.")


def too_much_memory(name: str) -> ImageError:
    """The error for a file whose decoding asks for more memory than it may have."""
    return ImageError(f"{name} takes more memory to open than LesionLab gives an image.",
                      "Open it in another program and save it as a new JPEG or PNG file.")


def too_slow(name: str) -> ImageError:
    """The error for a file whose decoding takes longer than it may."""
    return ImageError(f"{name} takes longer to open than LesionLab gives an image: it is built unlike others.",
                      "Open it in another program and save it as a new JPEG or PNG file.")
