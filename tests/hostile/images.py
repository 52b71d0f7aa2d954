"""Images as cameras, programs and attackers write them, each read by the command line, the page, the wall and the
import: all give the same pixels, or the same sentence.
"""

import os
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tests.hostile import image_costs
from tests.hostile.case import Case
from tests.hostile.colour_profiles import DISPLAY_P3, SRGB, in_srgb, profile
from tests.hostile.image_bytes import (
    FORMATS,
    chunk,
    encoded,
    flipped,
    grey_tiff,
    icc_segments,
    patched,
    picture,
    png_of,
    with_ihdr,
    with_segments,
    without_segment,
)
from tests.hostile.image_readers import read_alike

_LOSSY = {"JPEG": 3.0, "AVIF": 4.0}  # mean levels that coding changes of a soft picture
_FAST = {"png-16-bit-grey", "png-LA", "png-1", "png-P-transparent", "png-16-bit-rgb", "jpeg-cmyk", "mpo", "tiff-I;16B",
         "tiff-jpeg", "avif-RGB", "tiff-float", "tiff-lab", "tiff-multi-page", "webp-animated", "gif"}
ORIENTATION = 0x0112
STORED: dict[int, Callable[[np.ndarray], np.ndarray]] = {  # how an upright picture lies that is to be turned so
    1: lambda p: p, 2: lambda p: p[:, ::-1], 3: lambda p: p[::-1, ::-1], 4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2), 6: lambda p: np.rot90(p, 1), 7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}


def _hand_over(folder: Path, make: Callable[[], bytes], name: str, **options) -> None:
    path = folder / name
    path.write_bytes(make())
    read_alike(path, **options)


def _case(name: str, make: Callable[[], bytes], expect: str = "either", *, fast: bool = False, file: str = "a.jpg",
          **options) -> Case:
    return Case(name, partial(_hand_over, make=make, name=file, **options), expect, fast)


def _grey(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, axis=-1)


def _in_lab(image: Image.Image) -> Image.Image:
    return ImageCms.profileToProfile(image, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"),
                                     outputMode="LAB")


def _modes() -> Iterator[Case]:
    """Every mode that a format knows: right, or refused because its white or its colours cannot be known."""
    rgb = picture()
    image, grey = Image.fromarray(rgb), rgb[..., 0]
    alpha = np.where(np.arange(60) < 30, 0, 255).astype(np.uint8)[None].repeat(40, 0)
    seen, palette = rgb * (alpha > 0)[..., None], image.quantize(64)
    deep = np.linspace(0, 65535, grey.size).reshape(grey.shape).astype(np.uint16)
    marks = np.where(grey > 120, 255, 0).astype(np.uint8)
    black_and_white = Image.fromarray(marks).convert("1")
    shades = _grey((deep // 257).astype(np.uint8))

    turned = image.rotate(180)
    two = Image.merge("LA", [Image.fromarray(grey), Image.fromarray(alpha)])
    ink = Image.fromarray(np.dstack([255 - rgb, np.zeros_like(grey)]), "CMYK")

    def right(name, make, expected, tolerance=0.0):
        return _case(f"mode-{name}", make, "right", expected=expected, tolerance=tolerance,
                     fast=name in _FAST)

    def refused(name, make):
        return _case(f"mode-{name}", make, "refused", fast=name in _FAST)

    for kind in FORMATS:
        yield right(f"{kind.lower()}-RGB", partial(encoded, rgb, kind), rgb, _LOSSY.get(kind, 0))
        if kind != "AVIF":
            yield right(f"{kind.lower()}-L", partial(encoded, grey, kind), _grey(grey), _LOSSY.get(kind, 0))
    for kind in ("PNG", "WEBP", "TIFF"):
        yield right(f"{kind.lower()}-RGBA", partial(encoded, np.dstack([rgb, alpha]), kind, exact=True), seen)
    for kind in ("PNG", "TIFF", "BMP"):
        yield right(f"{kind.lower()}-P", partial(encoded, palette, kind), np.asarray(palette.convert("RGB")))
        yield right(f"{kind.lower()}-1", partial(encoded, black_and_white, kind), _grey(marks))
    for kind in ("PNG", "TIFF"):
        yield right(f"{kind.lower()}-LA", partial(encoded, two, kind), _grey(grey * (alpha > 0)))
        yield right(f"{kind.lower()}-16-bit-grey", partial(encoded, deep, kind), shades)
    yield right("png-16-bit-rgb", partial(png_of, rgb.astype(np.uint16) * 257), rgb)
    yield right("png-16-bit-rgba", partial(png_of, np.dstack([rgb, alpha]).astype(np.uint16) * 257), seen)
    no_colour = palette.getpixel((0, 0))
    holes = np.asarray(palette)[..., None] == no_colour
    yield right("png-P-transparent", partial(encoded, palette, "PNG", transparency=no_colour),
                np.where(holes, 0, np.asarray(palette.convert("RGB"))))
    yield right("png-RGB-transparent", partial(encoded, image, "PNG", transparency=tuple(map(int, rgb[0, 0]))),
                np.where((rgb == rgb[0, 0]).all(-1, keepdims=True), 0, rgb))
    yield right("tiff-I;16B", partial(grey_tiff, deep, 16, order=">"), shades)
    yield right("tiff-16-bit-white-is-zero", partial(grey_tiff, 65535 - deep, 16, photometric=0), shades)
    yield right("tiff-white-is-zero", partial(grey_tiff, 255 - grey, 8, photometric=0), _grey(grey))
    yield right("jpeg-cmyk", partial(encoded, ink, "JPEG"), rgb, 3)
    yield right("tiff-cmyk", partial(encoded, ink, "TIFF"), rgb)
    yield right("jpeg-progressive", partial(encoded, rgb, "JPEG", progressive=True), rgb, 3)
    for packing in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "zstd", "lzma"):
        yield right(f"tiff-{packing}", partial(encoded, rgb, "TIFF", compression=packing), rgb)
    yield right("tiff-jpeg", partial(encoded, rgb, "TIFF", compression="jpeg", quality=95), rgb, 4)
    yield right("tiff-ycbcr", partial(encoded, image.convert("YCbCr"), "TIFF", compression="jpeg", quality=95), rgb, 4)
    yield right("tiff-group4", partial(encoded, black_and_white, "TIFF", compression="group4"), _grey(marks))
    yield right("mpo", partial(encoded, image, "MPO", save_all=True, append_images=[turned], quality=95), rgb, 3)
    yield refused("jpeg-cmyk-no-adobe", lambda: without_segment(encoded(ink, "JPEG"), 0xEE))
    yield refused("tiff-float", partial(encoded, Image.fromarray(grey.astype(np.float32)), "TIFF"))
    yield refused("tiff-float-unit", partial(grey_tiff, grey.astype(np.float32) / 255, 32, sample=3))
    yield refused("tiff-32-bit", partial(encoded, Image.fromarray(grey.astype(np.int32)), "TIFF"))
    yield refused("tiff-16-bit-signed", partial(grey_tiff, grey.astype(np.int16), 16, sample=2))
    yield refused("tiff-lab", lambda: encoded(_in_lab(image), "TIFF"))
    yield refused("tiff-multi-page", partial(encoded, image, "TIFF", save_all=True, append_images=[image]))
    yield refused("tiff-raw", partial(grey_tiff, grey, 8, photometric=32803))
    for kind in ("WEBP", "PNG", "AVIF"):
        yield refused(f"{kind.lower()}-animated",
                      partial(encoded, image, kind, save_all=True, append_images=[turned], duration=100))
    for kind in ("GIF", "ICO", "JPEG2000", "EPS", "PDF", "PPM", "TGA"):
        yield refused(kind.lower(), partial(encoded, image, kind))


def _turned() -> Iterator[Case]:
    rgb = picture()
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF"):
        for number in range(11):
            exif = Image.Exif()
            exif[ORIENTATION] = number
            stored = np.ascontiguousarray(STORED.get(number, STORED[1])(rgb))
            options = {"tiffinfo": {ORIENTATION: number}} if kind == "TIFF" else {"exif": exif}
            yield _case(f"orientation-{kind.lower()}-{number}", partial(encoded, stored, kind, **options), "right",
                        expected=rgb,
                        tolerance=_LOSSY.get(kind, 0), fast=number == 6)


def _broken_exif() -> Iterator[Case]:
    """Broken metadata never cost the image."""
    rng, rgb = np.random.default_rng(0), picture(40, 40)
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    for number in range(16):
        block = bytearray(b"Exif\0\0" + exif.tobytes().removeprefix(b"Exif\0\0") + rng.bytes(40))
        for place in rng.integers(6 if number % 2 else 10, len(block), 12):
            block[place] = rng.integers(256)
        bent = bytes(block)
        for kind in ("JPEG", "PNG", "WEBP"):
            def make(kind=kind, bent=bent):
                if kind == "PNG":
                    return png_of(rgb, [chunk(b"eXIf", bent[6:])])
                return with_segments(encoded(rgb, kind), [(0xE1, bent)]) if kind == "JPEG" else encoded(
                    rgb, kind, exif=bent)

            yield _case(f"exif-broken-{kind.lower()}-{number}", make, "right", fast=kind == "PNG" and number < 2)


def _profiles() -> Iterator[Case]:
    rgb = picture()
    wide, same = profile(DISPLAY_P3), ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    kinds = {
        "display-p3": (wide, in_srgb(rgb, DISPLAY_P3)), "srgb": (same, rgb), "srgb-by-hand": (profile(SRGB), rgb),
        "srgb-other-words": (profile(SRGB, note=b"another"), rgb), "cut": (wide[:300], rgb), "noise": (bytes(512), rgb),
        "grey": (profile(SRGB, space=b"GRAY"), rgb), "link": (profile(DISPLAY_P3, kind=b"link"), rgb),
        "cmyk-of-rgb": (profile(DISPLAY_P3, space=b"CMYK"), rgb), "huge": (wide + bytes(3 * 2**20), rgb),
    }
    for words, (block, expected) in kinds.items():
        for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
            yield _case(f"profile-{words}-{kind.lower()}", partial(encoded, rgb, kind, icc_profile=block), "right",
                        expected=expected, tolerance=_LOSSY.get(kind, 0.2),
                        fast=words == "display-p3")
    for number in range(8):
        bent = flipped(wide, number, 24)
        yield _case(f"profile-bent-{number}", lambda bent=bent: with_segments(
            encoded(rgb, "JPEG"), icc_segments(bent)), "right")
    ink = Image.fromarray(np.dstack([255 - rgb, np.zeros_like(rgb[..., 0])]), "CMYK")
    for words in ("noise", "display-p3"):
        yield _case(f"profile-{words}-cmyk", partial(encoded, ink, "JPEG", icc_profile=kinds[words][0]), "right",
                    expected=rgb, tolerance=3)
    yield _case("profile-parts-missing", lambda: with_segments(
        encoded(rgb, "JPEG"), [(0xE2, b"ICC_PROFILE\0\2\3" + wide)]), "right", expected=rgb, tolerance=3)


def _cut(kind: str, number: int) -> bytes:
    content = encoded(_noise(), kind)
    return content[: int(np.random.default_rng(number).integers(1, len(content) - 40))]


def _bent(kind: str, number: int) -> bytes:
    return flipped(encoded(_noise(), kind), number)


def _noise() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 256, (48, 64, 3), dtype=np.uint8)


def _claiming(kind: str, width: int, height: int) -> bytes:
    """A file that says it has another size, as far as its format can say so."""
    content = encoded(_noise(), kind, **({"lossless": False} if kind == "WEBP" else {}))
    if kind == "PNG":
        return with_ihdr(content, width, height)
    if kind == "JPEG":
        size = b"".join(min(n, 65_535).to_bytes(2, "big") for n in (height, width))
        return patched(content, content.index(b"\xff\xc0") + 5, size)
    if kind == "BMP":
        return patched(content, 18, width.to_bytes(4, "little") + height.to_bytes(4, "little"))
    return patched(content, 26, b"".join(min(n, 0x3FFF).to_bytes(2, "little") for n in (width, height)))


def _damaged() -> Iterator[Case]:
    for kind in FORMATS:
        for number in range(8):
            yield _case(f"cut-{kind.lower()}-{number}", partial(_cut, kind, number), wall=False,
                        fast=number == 0)
        for number in range(10):
            yield _case(f"bits-{kind.lower()}-{number}", partial(_bent, kind, number), wall=False,
                        fast=number == 0 and kind in ("JPEG", "PNG"))
    for width, height in ((0, 0), (1, 65_500), (65_500, 65_500), (2**31 - 1, 2**31 - 1), (7_000, 9_000)):
        for kind in ("PNG", "JPEG", "BMP", "WEBP"):
            yield _case(f"claims-{kind.lower()}-{width}x{height}", partial(_claiming, kind, width, height), "refused")


def _foreign() -> Iterator[Case]:
    ftyp = b"\0\0\0\x18ftyp%s\0\0\0\0mif1heic" + bytes(200)
    contents = {
        "heic": ftyp.replace(b"%s", b"heic"), "heif": ftyp.replace(b"%s", b"mif1"), "psd": b"8BPS\0\1" + bytes(60),
        "pdf": b"%PDF-1.7\n", "svg": b"<?xml version='1.0'?>\n<svg xmlns='x'><script/></svg>",
        "dicom": bytes(128) + b"DICM" + bytes(60), "jxl": b"\xff\x0a" + bytes(60), "bigtiff": b"II+\0" + bytes(60),
        "html": b"<html><img src=x onerror=alert(1)></html>", "zip": b"PK\3\4" + bytes(60), "empty": b"", "text": b"a",
        "mp4": b"\0\0\0\x18ftypisom" + bytes(60),
    }
    for words, content in contents.items():
        for file in ("a.jpg", "a.png"):
            yield _case(f"foreign-{words}-{file[2:]}", lambda content=content: content, "refused", file=file,
                        fast=words in ("heic", "svg", "dicom"))
    for kind, file in (("PNG", "a.jpg"), ("JPEG", "a.png"), ("TIFF", "a.bmp"), ("AVIF", "a.jpeg")):
        yield _case(f"named-otherwise-{kind.lower()}", partial(encoded, picture(), kind), "right", file=file)


def _no_file(folder: Path, name: str) -> None:
    places = {"fifo": folder / "a.jpg", "folder": folder, "gone": folder / "b.jpg", "long": folder / ("a" * 300)}
    if name == "fifo":
        os.mkfifo(places["fifo"])
    if name == "sparse":
        places[name] = folder / "a.jpg"
        with places[name].open("wb") as file:
            file.truncate(2**33)
    path = places.get(name) or Path(f"/{name}")
    from pipeline.images.reading import open_image

    open_image(path, path.name)


def cases() -> Iterator[Case]:
    yield from _modes()
    yield from _turned()
    yield from _broken_exif()
    yield from _profiles()
    yield from _damaged()
    yield from _foreign()
    for name in ("fifo", "folder", "gone", "long", "sparse", "dev/zero", "dev/random", "dev/tty", "proc/self/environ",
                 "proc/kcore", "proc/self/mem", "proc/kmsg"):
        yield Case(f"no-file-{name.replace('/', '-')}", partial(_no_file, name=name), "refused",
                   fast=name in ("fifo", "dev/zero", "proc/kcore", "folder"))
    yield from image_costs.cases()
