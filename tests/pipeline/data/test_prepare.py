"""Any image a person may bring reaches the network upright, in RGB, at its size; what is no image gets a sentence."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from pipeline.data.prepare import covering_size, fit_for_cropping, prepare_image, window
from pipeline.errors import ImageError
from pipeline.images.generated import exif_with_notice, is_generated
from pipeline.images.reading import open_image
from tests.small_archives import encoded, exactly, jpeg, noise

ORIENTATION = 0x0112


def opened(pixels: np.ndarray, kind: str = "PNG", **options) -> Image.Image:
    return open_image(encoded(pixels, kind, **options), "a.png")


def quarters() -> np.ndarray:
    """40 × 60: red and green above, blue and white below."""
    pixels = np.zeros((40, 60, 3), dtype=np.uint8)
    pixels[:20, :30], pixels[:20, 30:], pixels[20:, :30], pixels[20:, 30:] = (
        (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)
    )
    return pixels


# how a camera stores an upright picture that it says to turn by that orientation (EXIF 2.3)
STORED = {
    1: lambda p: p,
    2: lambda p: p[:, ::-1],
    3: lambda p: p[::-1, ::-1],
    4: lambda p: p[::-1],
    5: lambda p: p.transpose(1, 0, 2),
    6: lambda p: np.rot90(p, 1),
    7: lambda p: p[::-1, ::-1].transpose(1, 0, 2),
    8: lambda p: np.rot90(p, -1),
}


@pytest.mark.parametrize("orientation", STORED)
@pytest.mark.parametrize("resize", ["squish", "crop"])
def test_images_are_turned_upright(orientation, resize):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    image = opened(np.ascontiguousarray(STORED[orientation](quarters())), exif=exif)
    assert np.array_equal(prepare_image(image, 40, 60, resize), quarters())
    assert covering_size(image.size, 80, 80) == (80, 120) == fit_for_cropping(image, 80, 80).shape[:2]


@pytest.mark.parametrize("orientation", [0, 9, 300])
def test_an_orientation_that_does_not_exist_turns_nothing(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    assert np.array_equal(prepare_image(opened(quarters(), exif=exif), 40, 60, "squish"), quarters())


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_broken_exif_does_no_harm():
    exif = exif_with_notice()
    exif[ORIENTATION] = 6
    content = encoded(quarters(), "JPEG", exif=exif)
    rng = np.random.default_rng(0)
    for _ in range(300):
        broken = bytearray(content)
        for place in rng.integers(30, 110, 3):
            broken[place] = rng.integers(256)
        try:
            image = open_image(bytes(broken), "a.jpg")
        except ImageError:
            continue
        is_generated(image)
        assert prepare_image(image, 24, 32, "crop").shape == (24, 32, 3)


def test_opening_keeps_the_exif():
    assert is_generated(open_image(jpeg(1, generated=True), "a.jpg"))
    assert not is_generated(open_image(jpeg(1), "a.jpg"))


def test_squish_takes_the_whole_image_and_crop_its_middle():
    pixels = np.zeros((100, 300, 3), dtype=np.uint8)
    pixels[:, 100:200] = 200
    squished = prepare_image(opened(pixels), 50, 60, "squish")
    assert squished.shape == (50, 60, 3) and squished.dtype == np.uint8
    assert (squished[:, :18] == 0).all() and (squished[:, 22:38] == 200).all() and (squished[:, 42:] == 0).all()
    cropped = prepare_image(opened(pixels), 50, 50, "crop")
    assert cropped.shape == (50, 50, 3) and cropped.flags.c_contiguous
    assert (cropped[:, 2:-2] == 200).all()


@pytest.mark.parametrize(
    ("size", "shape", "covering"),
    [
        ((60, 40), (40, 60), (40, 60)),
        ((60, 40), (40, 40), (40, 60)),
        ((60, 40), (20, 60), (40, 60)),
        ((40, 60), (30, 30), (45, 30)),
        ((600, 450), (150, 200), (150, 200)),
        ((33, 77), (50, 100), (233, 100)),
        ((1, 20), (10, 10), (200, 10)),
    ],
)
def test_crop_covers_the_window(size, shape, covering):
    image = opened(noise(1, size))
    fitted = fit_for_cropping(image, *shape)
    assert fitted.shape == (*covering, 3)
    middle = prepare_image(image, *shape, "crop")
    assert middle.shape == (*shape, 3)
    assert np.array_equal(middle, window(fitted, *shape))


def test_an_image_of_the_right_size_is_untouched():
    pixels = noise(3)
    for resize in ("squish", "crop"):
        assert np.array_equal(prepare_image(opened(pixels), 24, 32, resize), pixels)


def test_grey_and_black_and_white():
    grey = noise(1)[..., 0]
    assert np.array_equal(prepare_image(opened(grey), 24, 32, "squish"), np.stack([grey] * 3, axis=-1))
    marks = grey > 140
    image = open_image(encoded(marks, "PNG"), "a.png")
    assert np.array_equal(prepare_image(image, 24, 32, "squish")[..., 1], marks * np.uint8(255))


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_shades(kind):
    deep = np.linspace(0, 65535, 24 * 32).reshape(24, 32).astype(np.uint16)
    seen = prepare_image(opened(deep, kind), 24, 32, "squish")
    assert np.array_equal(seen[..., 0], (deep // 257).astype(np.uint8))
    assert seen[0, 0].tolist() == [0, 0, 0] and seen[-1, -1].tolist() == [255, 255, 255]


def png_16_bit_rgb(pixels: np.ndarray) -> bytes:
    def block(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, _ = pixels.shape
    lines = b"".join(b"\0" + line.astype(">u2").tobytes() for line in pixels)
    header = struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + block(b"IHDR", header) + block(b"IDAT", zlib.compress(lines)) + block(b"IEND", b"")


def test_16_bit_colour_keeps_its_shades():
    pixels = noise(4)
    image = open_image(png_16_bit_rgb(pixels.astype(np.uint16) * 257), "a.png")
    assert np.array_equal(prepare_image(image, 24, 32, "squish"), pixels)


def test_what_is_transparent_is_black():
    pixels = np.full((24, 32, 4), 255, dtype=np.uint8)
    pixels[:, :16, 3] = 0
    seen = prepare_image(opened(pixels), 24, 32, "squish")
    assert (seen[:, :16] == 0).all() and (seen[:, 16:] == 255).all()
    assert np.array_equal(prepare_image(opened(np.dstack([noise(1), pixels[::-1, ::-1, 3] | 255])), 24, 32, "crop"),
                          noise(1))


def test_palettes_with_and_without_transparency():
    image = Image.fromarray(quarters()).quantize(4)
    file = io.BytesIO()
    image.save(file, "PNG")
    assert np.array_equal(prepare_image(open_image(file.getvalue(), "a.png"), 40, 60, "squish"), quarters())
    white = image.getpixel((59, 39))
    file = io.BytesIO()
    image.save(file, "PNG", transparency=white)
    seen = prepare_image(open_image(file.getvalue(), "a.png"), 40, 60, "squish")
    assert (seen[20:, 30:] == 0).all() and np.array_equal(seen[:20], quarters()[:20])


def test_cmyk():
    image = Image.fromarray(quarters()).convert("CMYK")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=95)
    seen = prepare_image(open_image(file.getvalue(), "a.jpg"), 40, 60, "squish")
    assert np.abs(seen[5:15, 5:25].astype(int) - (255, 0, 0)).max() < 12


def test_paths_bytes_and_files_are_alike(tmp_path):
    path = tmp_path / "a.jpg"
    path.write_bytes(jpeg(1))
    with path.open("rb") as file:
        images = [open_image(source, "a.jpg") for source in (path, jpeg(1), io.BytesIO(jpeg(1)), file)]
    assert all(np.array_equal(images[0], image) for image in images)
    path.unlink()
    assert images[0].getpixel((0, 0))  # decoded already


def test_bad_files_are_named(tmp_path):
    def refused(source, sentence):
        with pytest.raises(ImageError, match=exactly(sentence)):
            open_image(source, "a.jpg")

    refused(tmp_path / "a.jpg", "There is no image a.jpg. Check the path.")
    refused(tmp_path, "a.jpg is a folder, not an image. Check the path.")
    not_one = "a.jpg is not an image that LesionLab can read. Use a JPEG or PNG file."
    refused(b"", "a.jpg is empty. Get a fresh copy of the file.")
    for content in (b"hello", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"):
        refused(content, not_one)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
def test_truncated_images_are_named(kind, share):
    content = encoded(noise(1, (64, 48)), kind)
    damaged = r"is damaged or incomplete and cannot be opened\. Get a fresh copy of the file\."
    unknown = r"is not an image that LesionLab can read\. Use a JPEG or PNG file\."
    with pytest.raises(ImageError, match=f"^a.jpg ({damaged}|{unknown})$"):
        open_image(content[: int(len(content) * share)], "a.jpg")


@pytest.mark.parametrize("kept", [500, 990])
def test_a_truncated_jpeg_is_named_word_for_word_and_without_the_decoders_words(kept):
    sentence = "a.jpg is damaged or incomplete and cannot be opened. Get a fresh copy of the file."
    with pytest.raises(ImageError, match=exactly(sentence)):
        open_image(jpeg(1)[:kept], "a.jpg")


def claimed_size(width: int, height: int) -> bytes:
    """A PNG that says in its header that it is that large."""
    content = bytearray(encoded(noise(1), "PNG"))
    content[16:24] = struct.pack(">II", width, height)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


@pytest.mark.parametrize(
    ("size", "sentence"),
    [
        (
            (10_000, 6_001),
            "a.png has 10000 × 6001 pixels, more than LesionLab opens (60 million). Make the image smaller and try "
            "again.",
        ),
        (
            (50_000, 50_000),
            "a.png has 50000 × 50000 pixels, more than LesionLab opens (60 million). Make the image smaller and try "
            "again.",
        ),
        (
            (2_001, 100),
            "a.png has 2001 × 100 pixels: a strip more than 20 times as long as wide. Cut it to the lesion.",
        ),
    ],
)
def test_huge_images_are_refused_before_they_are_decoded(size, sentence):
    with pytest.raises(ImageError, match=exactly(sentence)):
        open_image(claimed_size(*size), "a.png")
