"""A model on any imported data set: what of it can judge the model fairly, and why the rest cannot. Infers nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from pipeline.data.dataset import Dataset, load_dataset
from pipeline.data.overlap import plain_id
from pipeline.data.reserved import reserved_images
from pipeline.errors import DataError
from pipeline.evaluation.class_mapping import checked_mapping, mapping_words, to_confirm, truths
from pipeline.files.workspace import Workspace
from pipeline.models.decided_output import model_priors, without_priors
from pipeline.models.model_info import ModelInfo, find_model
from pipeline.models.trained_on import chose_epoch, trained_on
from pipeline.number_words import count
from pipeline.vocabulary import AskedPart

PART = "test"
_FIRST = 5  # ids that a sentence names


class Overlap(NamedTuple):
    """Images that the model was trained on, or whose lesion it was trained on.

    `images`: image_id, lesion_id, and by_id, by_content, by_lesion (bool): what it shares with a training image.
    """

    images: pd.DataFrame

    def counts(self) -> dict[str, int]:
        """images, lesions, and of the images by_id, by_content, by_lesion."""
        return {
            "images": len(self.images), "lesions": int(self.images["lesion_id"].nunique()),
            **{column: int(self.images[column].sum()) for column in ("by_id", "by_content", "by_lesion")},
        }


@dataclass(frozen=True)
class EvaluationPlan:
    """What an evaluation will judge.

    Attributes:
        mapping: the data set's code to the model's, or to "none", for those that were named.
        images: those that judge the model: image_id, lesion_id, dx (the model's code), dx_there (the data set's), part.
        left_out: images by diagnosis that the model has no output for and that nothing was mapped to.
        overlap: what is left out because the model was trained on it.
        note: what cannot be told of the model's training images; None where all is known.
        chose_epoch: how many of `images` also chose which epoch's weights were kept.
        priors: share of each diagnosis in the model's training images; None where it is not known.
        part: "reserved" where the reserved images alone judge; None: all others do.
        reserved: how many images of the data set are reserved.
    """

    model: ModelInfo
    dataset: Dataset
    mapping: dict[str, str]
    images: pd.DataFrame
    left_out: dict[str, int]
    overlap: Overlap
    note: str | None
    chose_epoch: int
    priors: dict[str, float] | None
    part: AskedPart | None = None
    reserved: int = 0

    def record(self) -> dict[str, Any]:
        """What is stored with the evaluation, and what the command answers."""
        return {
            "model": self.model.name, "data": self.dataset.name, "mapping": self.mapping, "judged_part": self.part,
            "images": len(self.images), "lesions": int(self.images["lesion_id"].nunique()),
            "left_out": self.left_out, "overlap": self.overlap.counts(),
            "overlapping_images": self.overlap.images["image_id"].head(_FIRST).tolist(),
            "overlap_note": self.note, "chose_epoch": self.chose_epoch, "words": self.sentences(),
        }

    def sentences(self) -> list[str]:
        """What a reader of the figures must know, one thing a sentence."""
        n, lesions = len(self.images), self.images["lesion_id"].nunique()
        said = [f"{count(n, 'image')} of {count(lesions, 'lesion')} of the data set {self.dataset.name} judge the "
                f"model {self.model.name}."]
        if self.part:
            said.append("They are the images that were reserved: they join no training and no choice.")
        elif self.reserved:
            said.append(f"Left out because they are reserved, for one judgement at the end: "
                        f"{count(self.reserved, 'image')}.")
        if self.mapping:
            said.append(mapping_words(self.mapping, self.dataset, self.model.classes))
        if self.left_out:
            kinds = ", ".join(f"{code} ({n:,})" for code, n in self.left_out.items())
            images = count(sum(self.left_out.values()), "image")
            said.append(f"Left out because the model has no output for them: {images}, {kinds}.")
        said.append(overlap_sentence(self.overlap, self.note))
        if self.chose_epoch:
            said.append(f"{self.chose_epoch:,} of these images also chose which epoch's weights to keep, so the "
                        "figures are a little too good.")
        if (self.model.view, self.dataset.view) == ("whole", "square"):
            said.append(f"The model was trained on whole images, and {self.dataset.name} has their central squares "
                        "alone: it sees less of each, in other proportions than it has learnt.")
        if self.priors is None:
            said.append(without_priors(self.model))
        absent = [code for code in self.model.classes if code not in set(self.images["dx"])]
        if absent:
            them = "it" if len(absent) == 1 else "them"
            said.append(f"No image shows {', '.join(absent)}, so the means leave {them} out.")
        return said


def plan_evaluation(
    workspace: Workspace, model: str, data: str, mapping: Mapping[str, str] | None = None, part: AskedPart | None = None
) -> EvaluationPlan:
    """What of the data set can judge the model.

    Args:
        model: a model, or a run that has one.
        mapping: confirmed by the user; None where none was, which will do where the model has an output for each
            diagnosis.
        part: "reserved" for the reserved images alone; without it they are left out.

    Raises:
        ModelError: there is no such model.
        DataError: there is no such data set; it is of another kind; it has other diagnoses and no mapping was
            confirmed (the sentence shows one, and the command); or the model was trained on every lesion of it.
    """
    info, dataset = find_model(workspace, model), load_dataset(workspace, data)
    _check_kind(info, dataset)
    if mapping is None and (refused := to_confirm(dataset, info.name, info.classes)):
        raise refused
    checked_mapping(mapping or {}, dataset, info.name, info.classes)
    reserved = reserved_images(dataset)
    if part and not reserved:
        raise DataError(f"No image of the data set {dataset.name} is reserved.",
                        f"Reserve some: data reserve {dataset.name}.")
    table = dataset.metadata()
    table = table[table["image_id"].isin(reserved) == bool(part)]
    table = table.assign(truth=truths(table["dx"], mapping or {}, info.classes))
    known = trained_on(workspace, info)
    if known.images.empty and info.data_hash == dataset.content_hash:
        raise DataError(f"The model {info.name} was trained on images of the data set {dataset.name}, and which ones "
                        "is not known.", "Choose another data set, or train the model again.")
    # drawings of every set are counted from 1, so between sets only their content says that two are the same
    names = not dataset.generated or info.data_hash == dataset.content_hash
    overlap = find_overlap(table, known.images, names)
    left = table[~table["image_id"].isin(overlap.images["image_id"])]
    if left.empty:
        raise DataError(
            f"The model {info.name} was trained on every lesion of the data set {dataset.name} "
            f"({count(len(table), 'image')} of {count(table['lesion_id'].nunique(), 'lesion')}), so none is left to "
            "judge it by.", "Choose a data set with other lesions.",
        )
    judged = left[left["truth"].notna()]
    if judged.empty:
        raise DataError(f"No image of the data set {dataset.name} has a diagnosis that the model {info.name} has an "
                        "output for.", "Choose another data set, or map a diagnosis.")
    images = judged[["image_id", "lesion_id", "truth", "dx"]].rename(columns={"truth": "dx", "dx": "dx_there"})
    chosen = plain_id(pd.Series(sorted(chose_epoch(workspace, info)), dtype=str)) if names else []
    return EvaluationPlan(
        info, dataset, dict(mapping or {}), images.assign(part=PART).reset_index(drop=True),
        {str(code): int(n) for code, n in left.loc[left["truth"].isna(), "dx"].value_counts().items()}, overlap,
        known.note, int(plain_id(images["image_id"]).isin(chosen).sum()), model_priors(workspace, info), part,
        len(reserved),
    )


def find_overlap(table: pd.DataFrame, trained: pd.DataFrame, names: bool = True) -> Overlap:
    """The images of `table` that share an id, their content or their lesion with one of `trained`, and all others of
    such a lesion.

    Args:
        table, trained: image_id, lesion_id, sha256 (in `trained` it may be missing).
        names: whether ids of images and lesions mean the same in both; otherwise only contents are compared.
    """
    by_id = plain_id(table["image_id"]).isin(set(plain_id(trained["image_id"])) if names else set())
    by_content = table["sha256"].isin(set(trained["sha256"].dropna()))
    seen = set(table.loc[by_id | by_content, "lesion_id"]) | (set(trained["lesion_id"]) if names else set())
    found = table[["image_id", "lesion_id"]].assign(
        by_id=by_id, by_content=by_content, by_lesion=table["lesion_id"].isin(seen)
    )
    return Overlap(found[found["by_lesion"]].reset_index(drop=True))


def overlap_sentence(overlap: Overlap, note: str | None) -> str:
    """How much was left out because the model was trained on it, and what could not be checked."""
    counts = overlap.counts()
    if not counts["images"]:
        return note or "It shares no image and no lesion with what the model was trained on."
    first = ", ".join(overlap.images["image_id"].head(_FIRST))
    more = ", …" if counts["images"] > _FIRST else ""
    said = (f"Left out because the model was trained on their lesions: {count(counts['images'], 'image')} of "
            f"{count(counts['lesions'], 'lesion')}, {counts['by_id']:,} with the id and {counts['by_content']:,} with "
            f"the content of a training image ({first}{more}).")
    return f"{said} {note}" if note else said


def _check_kind(info: ModelInfo, dataset: Dataset) -> None:
    if info.generated == dataset.generated:
        return
    of = "generated drawings" if info.generated else "real images"
    shows = "drawings" if dataset.generated else "real images"
    raise DataError(
        f"The model {info.name} was trained on {of} and the data set {dataset.name} has {shows}, so its output for "
        "them would mean nothing.", "Choose a data set of its kind.",
    )
