"""One image of the ISIC archive by its id, and what the archive says of it: JSON that names the file's signed address.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, NotRequired

import requests
from annotated_types import Interval
from typing_extensions import TypedDict

from pipeline.data.patient_words import OLDEST
from pipeline.data.sources.download import Remote, download
from pipeline.data.sources.isic import GALLERY, image_address
from pipeline.data.sources.refusals import Host, refused, unreachable
from pipeline.data.sources.requests_out import get, may_follow, sent_elsewhere
from pipeline.errors import DataError, WorkspaceError
from pipeline.files.bounds import Count, FileName, Text, Word
from pipeline.files.records import record
from pipeline.limits import MOST_ANSWER_BYTES, MOST_IMAGE_BYTES

IMAGE_ID = re.compile(r"ISIC_[0-9]{7}")
_PAUSES = (1.0, 3.0)  # seconds before another try: many images wait behind one
_LATER = f"Look for it on {GALLERY}, or try again later."
HOST = Host("The ISIC archive", rejected=_LATER, forbidden=_LATER, missing=_LATER)
_Years = Annotated[float, Interval(ge=0, le=OLDEST)]


class _File(TypedDict):
    url: Text
    size: NotRequired[Count | None]


class _Files(TypedDict):
    full: _File


class _Acquisition(TypedDict):
    image_type: NotRequired[Word | None]


class _Clinical(TypedDict):
    age_approx: NotRequired[_Years | None]
    sex: NotRequired[Word | None]
    anatom_site_general: NotRequired[Word | None]
    diagnosis_confirm_type: NotRequired[Word | None]


class _Metadata(TypedDict):
    acquisition: NotRequired[_Acquisition]
    clinical: NotRequired[_Clinical]


class _Answer(TypedDict):
    isic_id: FileName
    attribution: NotRequired[Text | None]
    copyright_license: NotRequired[Text | None]
    files: _Files
    metadata: NotRequired[_Metadata]


@dataclass(frozen=True)
class ArchiveImage:
    """What the archive says of an image; what it does not say is None.

    Attributes:
        age: in years, as the archive rounds it.
        copyright_license, attribution, image_type, sex, anatom_site_general, diagnosis_confirm_type: as it writes them.
    """

    isic_id: FileName
    copyright_license: Text | None
    attribution: Text | None
    image_type: Word | None
    age: _Years | None
    sex: Word | None
    anatom_site_general: Word | None
    diagnosis_confirm_type: Word | None


def fetch_image(isic_id: str, folder: Path, pauses: Sequence[float] = _PAUSES) -> ArchiveImage:
    """Downloads the image as `<isic_id>.jpg` into `folder`, unless it is there, and gives what the archive says of it.

    Args:
        pauses: seconds before each further try where no byte comes.

    Raises:
        HostError: the archive cannot be reached, or asks for a pause.
        DataError: it refuses, breaks off, gives another answer than it is to, or sends the image from a server where
            LesionLab does not go.
        WorkspaceError: the disk is too full, or the folder cannot be written.
    """
    answer = _asked(isic_id)
    size = answer["files"]["full"].get("size")

    def open_(headers: dict[str, str]) -> requests.Response:
        return get(HOST, _where(answer), headers)

    most = MOST_IMAGE_BYTES if size is None else min(size, MOST_IMAGE_BYTES)
    path = download(Remote(f"{isic_id}.jpg", HOST, open_, most), folder, pauses=pauses)
    if size is not None and path.stat().st_size != size:
        came = path.stat().st_size
        path.unlink()
        raise DataError(f"{HOST.name} announced {size:,} bytes of {isic_id}, and sent {came:,}.", "Try again later.")
    return _said(answer)


def _asked(isic_id: str) -> _Answer:
    try:
        with get(HOST, image_address(isic_id), {"Accept-Encoding": "identity"}) as response:
            if response.status_code != 200:
                raise refused(HOST, f"image {isic_id}", response)
            content = b"".join(_bounded(response))
    except requests.RequestException as error:
        raise unreachable(HOST, error) from None
    try:
        answer = record(content, _Answer, "The answer")
    except WorkspaceError:
        answer = None
    if answer is None or answer["isic_id"] != isic_id:
        raise DataError(f"{HOST.name} gave an answer about {isic_id} that LesionLab does not understand.",
                        "Try again later.")
    return answer


def _bounded(response: requests.Response) -> Iterator[bytes]:
    """The parts of the body, no more of them than an answer can have; what is cut off is no answer."""
    left = MOST_ANSWER_BYTES
    for part in response.iter_content(2**14):
        left -= len(part)
        if left < 0:
            return
        yield part


def _where(answer: _Answer) -> str:
    """The address of the file: signed, for a while, and on a server of its own."""
    url = answer["files"]["full"]["url"]
    if not may_follow(image_address(answer["isic_id"]), url, elsewhere=True):
        raise sent_elsewhere(HOST)
    return url


def _said(answer: _Answer) -> ArchiveImage:
    metadata = answer.get("metadata", {})
    clinical = metadata.get("clinical", {})
    return ArchiveImage(
        answer["isic_id"], answer.get("copyright_license"), answer.get("attribution"),
        metadata.get("acquisition", {}).get("image_type"), clinical.get("age_approx"), clinical.get("sex"),
        clinical.get("anatom_site_general"), clinical.get("diagnosis_confirm_type"),
    )
