"""The mark that every generated image carries in its file, so that a model never mixes it with real ones."""

from PIL import Image

NOTICE = "generated – not for learning dermoscopy"
EXIF_NOTICE = NOTICE.replace("–", "-")  # the EXIF tag is ASCII
_IMAGE_DESCRIPTION = 0x010E  # EXIF tag ImageDescription


def exif_with_notice() -> Image.Exif:
    """EXIF block whose ImageDescription is the notice; hand it to `Image.save(exif=…)`."""
    exif = Image.Exif()
    exif[_IMAGE_DESCRIPTION] = EXIF_NOTICE
    return exif


def is_generated(image: Image.Image) -> bool:
    """Whether the opened file carries the notice. Read it before EXIF is stripped."""
    return str(image.getexif().get(_IMAGE_DESCRIPTION, "")).startswith(EXIF_NOTICE)
