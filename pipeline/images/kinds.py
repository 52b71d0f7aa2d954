"""What a file is, told by its first bytes and never by its name; what LesionLab does not read gets its sentence."""

from typing import Literal

from pipeline.errors import ImageError

Kind = Literal["JPEG", "PNG", "BMP", "TIFF", "WEBP", "AVIF"]
_MAGIC: tuple[tuple[bytes, Kind], ...] = (
    (b"\xff\xd8\xff", "JPEG"), (b"\x89PNG\r\n\x1a\n", "PNG"), (b"BM", "BMP"),
    (b"II*\0", "TIFF"), (b"MM\0*", "TIFF"),
)
_AVIF = {b"avif", b"avis"}
_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}
_AS_PNG = "Save it as a PNG or JPEG file."
_FOREIGN: tuple[tuple[bytes, str, str], ...] = (
    (b"GIF8", "is a GIF, whose 256 colours are too few for a lesion", "Use the original image, as a JPEG or PNG file."),
    (b"8BPS", "is a Photoshop document", "Export it as a PNG or JPEG file."),
    (b"8BPB", "is a Photoshop document", "Export it as a PNG or JPEG file."),
    (b"\0\0\0\x0cjP  ", "is a JPEG 2000 image, which LesionLab does not read", _AS_PNG),
    (b"\xff\x4f\xff\x51", "is a JPEG 2000 image, which LesionLab does not read", _AS_PNG),
    (b"\0\0\0\x0cJXL ", "is a JPEG XL image, which LesionLab does not read", _AS_PNG),
    (b"\xff\x0a", "is a JPEG XL image, which LesionLab does not read", _AS_PNG),
    (b"II+\0", "is a BigTIFF, which LesionLab does not read", _AS_PNG),
    (b"MM\0+", "is a BigTIFF, which LesionLab does not read", _AS_PNG),
    (b"\0\0\1\0", "is an icon, not a photograph", "Use the original image, as a JPEG or PNG file."),
)


def kind_of(content: bytes, name: str) -> Kind:
    """The kind of the image file `content`.

    Raises:
        ImageError: it is none that LesionLab reads; the sentence names `name` and, where it is known, what it is.
    """
    for magic, kind in _MAGIC:
        if content.startswith(magic):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        brands = {content[place : place + 4] for place in range(8, min(content[3], 128), 4)}
        if brands & _AVIF:
            return "AVIF"
        if brands & _HEIC:
            raise ImageError(
                f"{name} is a HEIC image, as iPhones store them, which LesionLab does not read.",
                "Export it as a JPEG file; for new pictures choose Settings > Camera > Formats > Most Compatible on "
                "the iPhone.",
            )
    raise _foreign(content, name)


def _foreign(content: bytes, name: str) -> ImageError:
    for magic, words, next_step in _FOREIGN:
        if content.startswith(magic):
            return ImageError(f"{name} {words}.", next_step)
    beginning = content[:1024]
    if content[128:132] == b"DICM":
        return ImageError(f"{name} is a DICOM file, which LesionLab does not read.",
                          "Export the image alone, without the patient's data, as a PNG or JPEG file.")
    if b"%PDF-" in beginning:
        return ImageError(f"{name} is a PDF document, not an image.", "Export the image in it as a PNG or JPEG file.")
    if b"<svg" in beginning.lower():
        return ImageError(f"{name} is a drawing (SVG), not a photograph.", "Use a JPEG or PNG file.")
    return ImageError(f"{name} is not an image that LesionLab can read.", "Use a JPEG or PNG file.")
