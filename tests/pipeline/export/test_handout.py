"""A teaching set on paper: what stands on which page, and that foreign text is text."""

import io
import zipfile

import pandas as pd
import pytest
from PIL import Image
from pypdf import PdfReader

from pipeline.errors import ImageError, TeachingError
from pipeline.export.handout import MOST, Handout, HandoutLesion, handout_folder, handout_pdf, in_words
from pipeline.images.generated import NOTICE, is_generated
from tests.hand_made import image_bytes

MARKUP = '<b>bold</b> <img src="file:///etc/passwd"/> &amp; Ω äöü'


@pytest.fixture
def lesions(tmp_path) -> tuple[HandoutLesion, ...]:
    found = []
    for number in range(8):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(image_bytes(number, False, (400, 300) if number % 2 else (300, 400)))
        found.append(HandoutLesion(
            f"IMG_{number}", path, in_words(45.0, "female", None), "mel", "histology", "nv" if number else "mel", 0.625,
            MARKUP if number == 3 else "", number == 4,
        ))
    return tuple(found)


def handout(lesions, **changes) -> Handout:
    return Handout(**{"name": f"Set {MARKUP}", "note": "Look twice.", "model": "the run X", "licence": "CC0",
                      "attribution": "Somebody", "generated": False, "lesions": lesions, **changes})


def pages(content: bytes) -> list[str]:
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(content)).pages]


def test_six_pictures_a_page_and_the_key_after_them(lesions):
    content = handout_pdf(handout(lesions))
    first, second, key = pages(content)
    reader = PdfReader(io.BytesIO(content))
    assert [len(page.images) for page in reader.pages] == [6, 2, 0]
    assert "1 45 years, female, site not recorded" in first and "8 45 years" in second
    for page in (first, second):  # nothing of the key before its page
        assert "Melanoma" not in page and "IMG_" not in page and "Prediction" not in page
    assert key.count("Melanoma · mel (histology)") == 8 and "Prediction: Melanocytic nevus · nv, 62.5 % (wrong)" in key
    assert "(right)" in key and key.count("label doubtful") == 1 and "IMG_7" in key
    for page in (first, second, key):
        assert "For teaching, never for diagnosis." in page and "Images: CC0; Somebody." in page


def test_markup_of_others_is_text(lesions):
    first, _, key = pages(handout_pdf(handout(lesions)))
    assert MARKUP in key and "<b>bold</b>" in first


def test_the_same_set_gives_the_same_bytes_and_pictures_keep_their_shape(lesions):
    content = handout_pdf(handout(lesions))
    assert content == handout_pdf(handout(lesions))
    assert len(content) < 1_000_000  # 2.9 MB of pixels
    sizes = [image.image.size for page in PdfReader(io.BytesIO(content)).pages for image in page.images]
    assert set(sizes) == {(300, 400), (400, 300)}


def test_drawings_are_called_drawings(lesions):
    drawn = tuple(HandoutLesion(**{**vars(one), "origin": None}) for one in lesions)
    *_, key = pages(handout_pdf(handout(drawn, generated=True)))
    assert "drawn as Melanoma · mel" in key and "histology" not in key and NOTICE.replace("–", "-")[:9] in key
    with zipfile.ZipFile(io.BytesIO(handout_folder(handout(drawn, generated=True)))) as archive:
        assert is_generated(Image.open(io.BytesIO(archive.read("images/01.jpg"))))


def test_the_folder_has_numbered_images_and_the_key(lesions):
    with zipfile.ZipFile(io.BytesIO(handout_folder(handout(lesions)))) as archive:
        assert archive.namelist() == [*(f"images/{n:02d}.jpg" for n in range(1, 9)), "key.csv", "README.txt"]
        key = pd.read_csv(io.BytesIO(archive.read("key.csv")))
        assert list(key["image_id"]) == [one.image_id for one in lesions] and set(key["reference_diagnosis"]) == {"mel"}
        assert not is_generated(Image.open(io.BytesIO(archive.read("images/01.jpg"))))
        assert b"For teaching, never for diagnosis." in archive.read("README.txt")


def test_neither_none_nor_too_many(lesions):
    with pytest.raises(TeachingError, match="has 0"):
        handout(())
    with pytest.raises(TeachingError, match=f"1 to {MOST} images"):
        handout(lesions * (MOST // 8 + 1))


def test_a_picture_that_is_gone_is_named(lesions):
    lesions[2].path.unlink()
    with pytest.raises(ImageError, match=r"2\.jpg"):
        handout_pdf(handout(lesions))
