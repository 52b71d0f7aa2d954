"""Small tables of held-out predictions with the recipe that they came from, as they are committed."""

import io
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from annotated_types import Interval

from pipeline.errors import MissingFileError, ModelError, WorkspaceError
from pipeline.files.bounds import Seconds, Share, Word
from pipeline.files.disk import replace_file, to_json
from pipeline.files.parquet import SHARE, TEXT, read_table, read_table_note
from pipeline.files.records import record
from pipeline.limits import MOST_NOTE_BYTES
from pipeline.metrics.predictions_table import (
    PREFIX,
    check_probabilities,
    codes_in,
    highest,
    probabilities_of,
    probability_columns,
)
from pipeline.models.model_info import ExtraImages

_KEY = b"lesionlab"
_IDS = ["image_id", "lesion_id", "truth"]
_AGAIN = "Restore it from a copy, or delete it: it is then trained again."


@dataclass(frozen=True)
class Origin:
    """Where a table comes from.

    Attributes:
        recipe: `recipe_digest` of its runs' configs.
        fold: the held-out fold, 0..4.
        data_hash: of the data set's content.
        frequencies: share of each diagnosis in the whole data set, which the probabilities assume.
        config: the first run's.
        versions: of the libraries; told, never compared.
        run: its name.
        seconds: that training took; None where it is not known.
        weights, explanations: SHA-256 of the files beside a fold's table; None of a table alone.
        half_precision_difference: the largest difference of any probability, 0..1, between the weights as they were
            trained and as they are stored; None of a table alone.
        extra: the images of another data set that joined the training; None without.
    """

    recipe: Word
    fold: Annotated[int, Interval(ge=0, le=4)]
    data_hash: Word
    frequencies: dict[Word, Share]
    config: dict[str, Any]
    versions: dict[Word, Word]
    run: Word
    seconds: Seconds | None
    weights: Word | None = None
    explanations: Word | None = None
    half_precision_difference: Share | None = None
    extra: ExtraImages | None = None


def write_predictions(path: Path, predictions: pd.DataFrame, origin: Origin) -> None:
    """Writes image_id, lesion_id, truth and p_<code> (float32) of `predictions`, sorted by image_id.

    Raises:
        WorkspaceError: the disk is full or the folder cannot be written.
    """
    columns = probability_columns(codes_in(predictions))
    table = predictions[[*_IDS, *columns]].astype(dict.fromkeys(columns, np.float32))
    arrow = pa.Table.from_pandas(table.sort_values("image_id", ignore_index=True), preserve_index=False)
    arrow = arrow.replace_schema_metadata({**(arrow.schema.metadata or {}), _KEY: to_json(asdict(origin)).encode()})
    content = io.BytesIO()
    pq.write_table(
        arrow, content, compression="zstd", compression_level=19, use_dictionary=["lesion_id", "truth"],
        column_encoding=dict.fromkeys(columns, "BYTE_STREAM_SPLIT"),
    )
    replace_file(path, content.getvalue())


def read_predictions(path: Path) -> tuple[pd.DataFrame, Origin]:
    """What `write_predictions` wrote, with `predicted`: the diagnosis of the highest probability.

    Raises:
        ModelError: the file is damaged, or no such table.
        FileNotFoundError: there is none.
    """
    try:
        table = read_table(path, dict.fromkeys(_IDS, TEXT), _AGAIN, prefixed={PREFIX: SHARE}, unique="image_id")
        check_probabilities(table, path, _AGAIN)
        note = read_table_note(path, _KEY, MOST_NOTE_BYTES, _AGAIN)
        origin = None if note is None else record(note, Origin, f"The recipe in {path}", _AGAIN)
    except MissingFileError:
        raise
    except WorkspaceError as error:
        raise ModelError(f"{path} cannot be used: {error.problem}", _AGAIN) from error
    if origin is None:
        raise _unusable(path, "it does not say which recipe it came from")
    codes = codes_in(table)
    return table.assign(predicted=highest(codes, probabilities_of(table, codes))), origin


def check_images(path: Path, predictions: pd.DataFrame, split: pd.DataFrame) -> None:
    """Sees to it that a table holds just the images that `split` holds out, with their lesions and diagnoses.

    Raises:
        ModelError: it does not.
    """
    held_out = split[split["part"] == "validation"].rename(columns={"dx": "truth"})
    expected = held_out[_IDS].sort_values("image_id", ignore_index=True).astype(str)
    found = predictions[_IDS].sort_values("image_id", ignore_index=True).astype(str)
    if not found.equals(expected):
        raise _unusable(path, f"its {len(found):,} images are not the {len(expected):,} of this data set that are held "
                              "out there, with their lesions and diagnoses")


def _unusable(path: Path, why: str) -> ModelError:
    return ModelError(f"{path} cannot be used: {why}.", _AGAIN)
