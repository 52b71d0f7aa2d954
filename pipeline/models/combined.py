"""Means of models, and of an image's flips, as models of their own: a description that names its members. No torch."""

import dataclasses
import time
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from pipeline.data.left_behind import temporary_folder
from pipeline.errors import ModelError
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import Workspace
from pipeline.models.decided_output import mean_priors, model_priors
from pipeline.models.library import check_free, check_model_name, library_lock
from pipeline.models.model_info import ModelInfo, find_model, write_model_info
from pipeline.models.trained_on import trained_on
from pipeline.models.training_images import COLUMNS, write_training_images
from pipeline.models.weights_files import digest_of

MOST = 5


def combine(workspace: Workspace, name: str, members: list[str], flips: bool) -> ModelInfo:
    """A model `name` whose probabilities are the mean of those of `members`, taken at the same frequencies.

    Args:
        members: models, or runs that have one: 2 to 5, or one with `flips`.
        flips: each member's softmax is the mean over the image and its three flips.

    Raises:
        ModelError: the name cannot be used or is taken; there are too few or too many members; they have other
            diagnoses, other inputs that cannot be laid over each other, or images of another kind; one is a mean
            itself, has no weights, or does not say what it was trained on; or see `member_priors`.
        WorkspaceError: the workspace cannot be written.
    """
    check_model_name(name)
    infos = [find_model(workspace, member) for member in members]
    _check_number(members, flips)
    _check_alike(infos)
    learnt = [_trained_on(workspace, info) for info in infos]
    images = pd.concat(learnt).drop_duplicates("image_id").reset_index(drop=True)
    priors = member_priors(workspace, infos)
    folder = workspace.create().models / name
    with library_lock(workspace), temporary_folder(workspace, ".incoming-", workspace.models) as incoming:
        check_free(workspace, name)
        write_training_images(incoming, images, images["image_id"])
        combined = _description(name, incoming, infos, flips, images, priors)
        write_model_info(combined)
        with disk_errors(folder):
            incoming.chmod(0o755)
            incoming.rename(folder)
    return dataclasses.replace(combined, folder=folder)


def members_of(workspace: Workspace, info: ModelInfo) -> list[ModelInfo]:
    """The members of a mean, each as it was when they were combined; over flips where the mean is.

    Raises:
        ModelError: one is no longer here, or has other weights by now.
    """
    members = [_member(workspace, info, name, digest) for name, digest in info.members]
    return [dataclasses.replace(member, flips=info.flips or member.flips) for member in members]


def member_priors(workspace: Workspace, infos: list[ModelInfo]) -> list[dict[str, float]] | None:
    """The class priors of each member, which the probabilities of several are carried from; None for a single member
    whose priors are not known, and which needs none.

    Raises:
        ModelError: those of one of several are not known.
    """
    priors = [model_priors(workspace, info) for info in infos]
    known = [of for of in priors if of is not None]
    if len(known) == len(infos):
        return known
    if len(infos) == 1:
        return None
    lacking = infos[priors.index(None)]
    raise ModelError(
        f"How frequent each diagnosis is in the training images of the model {lacking.name} is not known here, so its "
        "probabilities cannot be averaged with those of others.", "Train it again, or export it anew where its run is.",
    )


def members_sentence(info: ModelInfo) -> str:
    """What a mean of models is, in words."""
    names = ", ".join(name for name, _ in info.members)
    over = "over the image and its three flips (across, down, both)"
    if len(info.members) == 1:
        return f"The mean of the model {names} {over}."
    each = f", each averaged {over}" if info.flips else ""
    answers = "" if info.frequencies else ", and then weigh all diagnoses alike, as theirs do"
    return (f"The mean of {len(info.members)} models: {names}{each}. Their probabilities are averaged at the mean of "
            f"their training frequencies{answers}.")


def _member(workspace: Workspace, info: ModelInfo, name: str, digest: str) -> ModelInfo:
    try:
        member = find_model(workspace, name)
    except ModelError as error:
        raise ModelError(f"The model {info.name} needs its member {name}, which is not here (any more).",
                         f"Restore {name}, or combine others.") from error
    if digest_of(member) != digest:
        raise ModelError(f"The member {name} of the model {info.name} has other weights than when they were combined.",
                         "Combine them again.")
    return member


def _check_number(members: list[str], flips: bool) -> None:
    if len(set(members)) != len(members):
        raise ModelError("A model is named twice.", "Name each once.")
    if not (2 <= len(members) <= MOST or (flips and len(members) == 1)):
        raise ModelError(f"A mean is of 2 to {MOST} models, not of {len(members)}.",
                         "One model alone can be averaged over flips: --flips.")


def _check_alike(infos: list[ModelInfo]) -> None:
    first = infos[0]
    for info in infos:
        if info.members:
            raise ModelError(f"The model {info.name} is a mean of models itself.", "Name its members instead.")
        if info.folds:
            raise ModelError(f"The model {info.name} is the mean of a cross-validation's networks itself.",
                             "Combine models that are one network each.")
        if info.classes != first.classes:
            raise ModelError(
                f"The models {first.name} and {info.name} do not choose among the same diagnoses: "
                f"{', '.join(first.classes)}, and {', '.join(info.classes)}.", "Combine models with the same ones.",
            )
        if info.generated != first.generated:
            raise ModelError(f"Of {first.name} and {info.name} one was trained on drawings and one on real images.",
                             "Combine models of one kind.")
        same_input = (info.width, info.height) == (first.width, first.height)
        same_part = (info.resize, info.view) == (first.resize, first.view)
        if not same_part or (info.resize == "crop" and not same_input):
            raise ModelError(
                f"The models {first.name} and {info.name} see other parts of an image, so their heatmaps cannot be "
                "laid over each other.", "Combine models that squish the image, or that crop it to the same size.",
            )


def _trained_on(workspace: Workspace, info: ModelInfo) -> pd.DataFrame:
    known = trained_on(workspace, info)
    if known.note:
        raise ModelError(known.note, "Train it again to combine it.")
    if known.images.empty or known.images.isna().any(axis=None):
        raise ModelError(f"What the model {info.name} was trained on is not known with its content.",
                         "Train it again to combine it.")
    return known.images[COLUMNS]


def _description(
    name: str, folder: Path, infos: list[ModelInfo], flips: bool, images: pd.DataFrame,
    priors: list[dict[str, float]] | None,
) -> ModelInfo:
    largest = max(infos, key=lambda info: info.width * info.height)
    data, hashes = _each(info.data for info in infos), {info.data_hash for info in infos}
    splits = {info.split for info in infos}
    # where all members weigh diagnoses alike, so does their mean: its figures compare with theirs
    alike = all(info.own_decision == "balanced" for info in infos)
    common = mean_priors(priors) if priors else None
    return dataclasses.replace(
        largest, name=name, folder=folder, run=", ".join(info.run for info in infos), data=", ".join(data),
        data_hash=hashes.pop() if len(hashes) == 1 else "",
        arch=infos[0].arch if len(infos) == 1 else f"Mean of {len(infos)} networks", 
        loss="balanced_softmax" if alike else "cross_entropy",
        training_images=len(images), training_lesions=int(images["lesion_id"].nunique()),
        split=next((kind for kind in ("random", "all") if kind in splits), largest.split), validation=None,
        created=time.time(), licence="; ".join(_each(info.licence for info in infos)),
        attribution="; ".join(_each(info.attribution for info in infos)), temperature=1.0,
        frequencies=None if alike else common, training_frequencies=common, detail=None, extra=None,
        flips=flips, members=tuple((info.name, digest_of(info)) for info in infos),
    )


def _each(texts: Iterable[str]) -> list[str]:
    """Each text once, in order."""
    return list(dict.fromkeys(texts))
