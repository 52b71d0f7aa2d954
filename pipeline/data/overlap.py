"""Images that a data set shares with others of the workspace: the same picture under the same id, or the same bytes.

ISIC 2019 holds all of HAM10000, with other diagnoses for some: training on the one and judging on the other would count
images that the network has seen.
"""

import pandas as pd

from pipeline.classes import label
from pipeline.data.dataset import list_datasets
from pipeline.errors import WorkspaceError
from pipeline.files.workspace import Workspace

_MOST_DISAGREEMENTS = 6
_MOST_NAMED = 8  # data sets


def plain_id(ids: pd.Series) -> pd.Series:
    """Ids under which an image may go elsewhere: ISIC 2019 names its scaled copies ISIC_0000002_downsampled."""
    return ids.str.removesuffix("_downsampled")


def shared_images(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """The images of `table` that are in `other` too, by id or by content: image_id, dx, and the other's dx_there.

    Args:
        table, other: with image_id, dx, sha256.
    """
    there = other.assign(plain=plain_id(other["image_id"]))
    by_id = there.drop_duplicates("plain").set_index("plain")["dx"]
    by_content = there.drop_duplicates("sha256").set_index("sha256")["dx"]
    found = table["sha256"].map(by_content).fillna(plain_id(table["image_id"]).map(by_id))
    return table[["image_id", "dx"]].assign(dx_there=found)[found.notna()]


def _disagreements(shared: pd.DataFrame) -> str:
    """How many of the `shared` images have another diagnosis there, and which most often; empty where none has."""
    differing = shared[shared["dx"] != shared["dx_there"]]
    if differing.empty:
        return ""
    pairs = differing.groupby(["dx_there", "dx"]).size().sort_values(ascending=False)
    most = pairs.iloc[:_MOST_DISAGREEMENTS].items()
    listed = "; ".join(f"{n:,} × {label(there)} there, {label(here)} here" for (there, here), n in most)
    more = "; and others" if len(pairs) > _MOST_DISAGREEMENTS else ""
    return f" {len(differing):,} of them have another diagnosis there: {listed}{more}. Neither is changed."


def _sentence(found: list[tuple[str, pd.DataFrame]], images: int) -> str:
    """One sentence, of however many data sets, those that share most images first."""
    if len(found) == 1:
        (name, shared), = found
        said = f"{len(shared):,} of its {images:,} images are also in the data set {name} (the same id or content)."
        said += _disagreements(shared)
    else:
        found = sorted(found, key=lambda one: -len(one[1]))
        every = pd.concat([shared for _, shared in found])
        listed = ", ".join(f"{name} {len(shared):,}" for name, shared in found[:_MOST_NAMED])
        more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
        said = (
            f"{every['image_id'].nunique():,} of its {images:,} images are also in {len(found)} other data sets (the "
            f"same id or content): {listed}{more}."
        ) + _disagreements(every.drop_duplicates(["image_id", "dx_there"]))
    return f"{said} Do not judge a model trained on the one with images of the other."


def overlap_notes(workspace: Workspace, name: str, table: pd.DataFrame) -> list[str]:
    """One note on the other data sets that share images with `table`, the new data set `name`; none where none does."""
    found = []
    for dataset in list_datasets(workspace):
        if dataset.name == name:
            continue
        try:
            other = dataset.metadata()
        except WorkspaceError:
            continue  # the pages name the damaged one; this import has nothing to do with it
        shared = shared_images(table, other)
        if len(shared):
            found.append((dataset.name, shared))
    return [_sentence(found, len(table))] if found else []
