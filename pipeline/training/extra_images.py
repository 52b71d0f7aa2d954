"""The extra data set of a run: loaded as it was planned, and chosen from so that nothing of what judges is learnt."""

import io
from typing import NamedTuple

import numpy as np
import pandas as pd

from pipeline.audit.near_twins import fingerprints, near_twins, twins_within
from pipeline.configuration.config import RunConfig
from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.extra import COLUMNS, extra_sentences, left_out_of_extra
from pipeline.data.reserved import reserved_images
from pipeline.data.same_lesion import confirmed_pairs
from pipeline.data.split import limit_images
from pipeline.errors import DataError
from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.progress import Progress
from pipeline.runs.run_dir import RunDir


class Extra(NamedTuple):
    """The extra data set of a run, what of it joins the training part (`choose_extra`), and the detail that its images
    are reduced to: (width, height) of the run's own, where these have one size."""

    dataset: Dataset
    table: pd.DataFrame
    detail: tuple[int, int] | None

    @property
    def joins(self) -> pd.DataFrame:
        """The rows of the images that join."""
        return self.table[self.table["left_out"].isna()]

    def sentences(self, split: pd.DataFrame) -> list[str]:
        """What joined the training part of the run's `split`, and what was left out."""
        return extra_sentences(self.dataset.name, self.table, int((split["part"] == "train").sum()))


def extra_dataset(workspace: Workspace, config: RunConfig) -> Dataset | None:
    """The extra data set that the run was planned with; None without one.

    Raises:
        DataError: it is gone or has changed since.
    """
    if config.extra is None:
        return None
    dataset = load_dataset(workspace, config.extra)
    if dataset.content_hash != config.extra_hash:
        raise DataError(f"The data set {config.extra} has changed since this run was planned.", "Start a new run.")
    return dataset


def choose_extra(
    dataset: Dataset, extra: Dataset, config: RunConfig, split: pd.DataFrame, progress: Progress
) -> Extra:
    """Which images of the extra data set join the training part, and why the others are left out.

    With a limit, as large a share of them is used as of the run's own images: whole lesions.

    Args:
        dataset, split: the run's own images and their parts.

    Raises:
        DataError: none is left, or an image is gone or damaged.
        Cancelled: by `progress`.
    """
    own, others = dataset.metadata(), extra.metadata()
    part = own["image_id"].map(split.set_index("image_id")["part"]).astype(object)
    part = part.mask(own["image_id"].isin(reserved_images(dataset)), "reserved")
    held_out = np.flatnonzero((part.notna() & (part != "train")).to_numpy())
    twins = near_twins(fingerprints(extra, progress), fingerprints(dataset, progress).of(held_out), progress)
    pairs = [(others["image_id"][a], own["image_id"][held_out[b]]) for a, b in twins]
    together = [*twins_within(extra, progress), *confirmed_pairs(extra)]
    left_out = left_out_of_extra(others, own, part, reserved_images(extra), pairs, together, dataset.classes)
    if config.limit:
        joins = others[left_out.isna()]
        used = limit_images(joins, round(config.limit * len(joins) / dataset.images), config.seed)
        left_out.loc[joins.index.difference(used.index)] = "limit"
    if left_out.notna().all():
        raise DataError(f"No image of the data set {extra.name} may join the training part.",
                        "Train without it: extra=none.")
    return Extra(extra, others.assign(left_out=left_out)[COLUMNS], dataset.copy_size())


def stored_extra(
    run: RunDir, config: RunConfig, dataset: Dataset, extra: Dataset, split: pd.DataFrame, progress: Progress
) -> Extra:
    """What the run chose when it began, else what it chooses now, which is stored.

    Raises:
        DataError, Cancelled: as `choose_extra`.
        WorkspaceError: the disk is full or cannot be written, or what is stored is damaged.
    """
    if (stored := run.extra()) is not None:
        return Extra(extra, stored, dataset.copy_size())
    chosen, content = choose_extra(dataset, extra, config, split, progress), io.BytesIO()
    chosen.table.to_parquet(content, index=False)
    replace_file(run.extra_path, content.getbuffer())
    return chosen
