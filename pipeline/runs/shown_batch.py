"""Pictures of a batch that a run at work trains on, in a file that the run replaces as it goes."""

import base64
import io
import os
from pathlib import Path
from typing import Annotated, NamedTuple

from annotated_types import Len
from typing_extensions import TypedDict

from pipeline.errors import ImageError, WorkspaceError
from pipeline.files.bounds import Code, Count, Text
from pipeline.files.disk import write_json
from pipeline.files.records import read_record
from pipeline.images.reading import bytes_for_browsers

NUMBER = 8
SIDE = 256  # pixels: larger pictures are reduced to that
_MOST = 64  # images
_REPAIR = "Delete that file: the run goes on without it."


class _Image(TypedDict):
    truth: Code
    picture: Text


class _Batch(TypedDict):
    stage: Count
    epoch: Count
    images: Annotated[list[_Image], Len(0, _MOST)]


class Shown(NamedTuple):
    """An image of the batch: its reference diagnosis, and a JPEG file's bytes."""

    truth: str
    picture: bytes


class ShownBatch(NamedTuple):
    """The stage and its epoch, each from 1, and some of the images as the network got them."""

    stage: int
    epoch: int
    images: list[Shown]


def write_batch(path: Path, batch: ShownBatch) -> None:
    """Replaces the file in one step.

    Raises:
        WorkspaceError: the disk is full or cannot be written.
    """
    write_json(path, {
        "stage": batch.stage, "epoch": batch.epoch,
        "images": [{"truth": one.truth, "picture": base64.b64encode(one.picture).decode("ascii")}
                   for one in batch.images],
    })


def read_batch(path: Path) -> ShownBatch | None:
    """The batch in the file; None where there is none, as before the first one and after the end.

    Raises:
        WorkspaceError: the file is damaged.
    """
    if not os.path.lexists(path):
        return None
    stored = read_record(path, _Batch, _REPAIR)
    images = []
    for number, one in enumerate(stored["images"], start=1):
        try:
            content = base64.b64decode(one["picture"], validate=True)
            picture = bytes_for_browsers(io.BytesIO(content), path.name, SIDE)
        except (ValueError, ImageError):
            picture = None
        if picture is None:
            raise WorkspaceError(f"{path} is damaged: its picture {number} is none that is written there.", _REPAIR)
        images.append(Shown(one["truth"], picture))
    return ShownBatch(stored["stage"], stored["epoch"], images)
