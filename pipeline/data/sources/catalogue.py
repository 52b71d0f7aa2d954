"""The collections that can be fetched: what each holds, how large it is, whose it is and on what terms."""

from dataclasses import dataclass

from pipeline.data.sources import isic
from pipeline.errors import DataError

_SEVEN = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")
_HAM10000 = "Tschandl, Rosendahl & Kittler 2018, HAM10000, doi:10.7910/DVN/DBW86T"
_NON_COMMERCIAL = "name the authors, no commercial use"


@dataclass(frozen=True)
class Source:
    """One collection.

    Attributes:
        id: its name on the command line.
        name: what the data set is called unless the user says otherwise.
        size: about how many bytes are downloaded.
        terms: what its licence asks, in words.
        page: where a person can read about it, and download it by hand.
        login: whether Kaggle credentials are needed.
        import_share: disk space that the import takes besides the download, as a share of it.
        remark: what one should know before choosing it.
        by_image: whether single images are chosen and come one by one; then `images` and `size` are about what they
            are, and a further fetch brings what is missing.
    """

    id: str
    title: str
    name: str
    images: int
    size: float
    diagnoses: tuple[str, ...]
    licence: str
    attribution: str
    terms: str
    page: str
    login: bool = False
    import_share: float = 1.0
    remark: str = ""
    by_image: bool = False


def _isic(id: str, title: str, images: int, size: float, remark: str, diagnoses: tuple[str, ...] = _SEVEN) -> Source:
    year = "2019" if id == "isic2019" else "2018"
    return Source(
        id, title, id, images, size, diagnoses, isic.LICENCE, isic.ATTRIBUTION[year], _NON_COMMERCIAL, isic.PAGE,
        remark=remark,
    )


SOURCES: dict[str, Source] = {
    source.id: source
    for source in (
        _isic(
            "isic2018-validation", "Starter set: ISIC 2018, validation images", 193, 54e6,
            "Small, and real: for a first look. None of its images has a lesion id.",
        ),
        Source(
            "ham10000-lessons", "Lesson pack: HAM10000's images for the ready lessons and the tour", "ham10000-lessons",
            80, 22e6, _SEVEN, "CC BY-NC 4.0, or as the ISIC archive says with an image", _HAM10000, _NON_COMMERCIAL,
            isic.GALLERY, by_image=True,
            remark="Chosen by the answers of the model in the box. Its image sources are not recorded.",
        ),
        Source(
            "kaggle-ham10000", "HAM10000 from Kaggle", "ham10000", 10_015, 5.6e9, _SEVEN,
            "CC BY-NC-SA 4.0, as Kaggle lists this copy", _HAM10000,
            f"{_NON_COMMERCIAL}, share alike; Kaggle's own terms of use besides",
            "https://www.kaggle.com/datasets/kmader/skin-cancer-mnist-ham10000",
            login=True, import_share=0.5,
            remark="The article's collection. The archive holds each image twice; one of the two is kept.",
        ),
        _isic(
            "isic2018-training", "ISIC 2018, Task 3, training images", 10_015, 2.8e9,
            "The same images as HAM10000, without a login; without age, sex and localization.",
        ),
        _isic(
            "isic2018-test", "ISIC 2018, Task 3, test images", 1_512, 0.42e9,
            "The official test images with their reference diagnoses, to judge a model that was trained elsewhere. "
            "None of its images has a lesion id.",
        ),
        _isic(
            "isic2019", "ISIC 2019, training images", 25_331, 9.8e9,
            "It contains all images of HAM10000, and labels its 327 akiec as 130 ak and 197 scc.",
            ("ak", "bcc", "bkl", "df", "mel", "nv", "scc", "vasc"),
        ),
    )
}
STARTER = SOURCES["isic2018-validation"]
LESSON_PACK = SOURCES["ham10000-lessons"]


def find_source(id: str) -> Source:
    """The source of that id.

    Raises:
        DataError: there is none; the sentence names those that there are.
    """
    if id not in SOURCES:
        raise DataError(f"There is no source named {id}.", f"The sources are {', '.join(SOURCES)}.")
    return SOURCES[id]
