"""What a safetensors file holds, from its header alone: checked against the file before anybody takes memory for it."""

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import WorkspaceError
from pipeline.files.disk import REPAIR, open_regular, parse_json, read_errors
from pipeline.limits import MOST_TENSORS, MOST_WEIGHTS_BYTES, MOST_WEIGHTS_HEADER_BYTES

_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "U8": 1, "BOOL": 1}


class Tensor(NamedTuple):
    """The `dtype` as safetensors names it, and the shape."""

    dtype: str
    shape: tuple[int, ...]


def read_tensors(path: Path, repair: str = REPAIR) -> dict[str, Tensor]:
    """The tensors in the file at `path` by name; their numbers are not read.

    Raises:
        MissingFileError: there is no such file.
        WorkspaceError: it cannot be read, is larger than a network's weights may be, or its header does not say what
            the file has, byte for byte.
    """
    damage = WorkspaceError(f"{path} is damaged: its header is not that of a file of weights.", repair)
    with read_errors(path, repair), open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if size > MOST_WEIGHTS_BYTES:
            raise WorkspaceError(f"{path} is larger than the {MOST_WEIGHTS_BYTES / 2**20:,.0f} MiB that weights may "
                                 "have.", repair)
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(size - 8, MOST_WEIGHTS_HEADER_BYTES):
            raise damage
        header = parse_json(file.read(length), str(path), repair)
    if not isinstance(header, dict):
        raise damage
    header.pop("__metadata__", None)
    if not 0 < len(header) <= MOST_TENSORS:
        raise damage
    places, found = [], {}
    for name, about in header.items():
        tensor, place = _tensor(about, damage)
        places.append(place)
        found[name] = tensor
    at = 0
    for first, after in sorted(places):
        if first != at:
            raise damage
        at = after
    if at != size - 8 - length:
        raise damage
    return found


def _tensor(about: object, damage: WorkspaceError) -> tuple[Tensor, tuple[int, int]]:
    """A tensor and its first byte with the one after its last."""
    if not isinstance(about, dict) or set(about) != {"dtype", "shape", "data_offsets"}:
        raise damage
    dtype, shape, place = about["dtype"], about["shape"], about["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BYTES or not _are_counts(shape) or not _are_counts(place):
        raise damage
    if len(place) != 2 or len(shape) > 8 or place[1] - place[0] != math.prod(shape) * _BYTES[dtype]:
        raise damage
    return Tensor(dtype, tuple(shape)), (place[0], place[1])


def _are_counts(found: object) -> bool:
    return isinstance(found, list) and all(type(one) is int and 0 <= one < 2**40 for one in found)


def check_tensors(path: Path, expected: Mapping[str, tuple[int, ...]], whose: str, repair: str = REPAIR) -> None:
    """Sees to it that the file at `path` has just the tensors of a network, each with its shape.

    Args:
        expected: the shape of each, by name.
        whose: the network's, in words for the sentence.

    Raises:
        MissingFileError, WorkspaceError: as `read_tensors`, or they are others.
    """
    shapes = {name: tensor.shape for name, tensor in read_tensors(path, repair).items()}
    if shapes != dict(expected):
        raise WorkspaceError(f"The weights at {path} do not fit {whose}.", repair)
