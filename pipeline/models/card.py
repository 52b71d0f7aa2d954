"""A model's card in Markdown, written from its run, along the items of CLAIM.

CLAIM, the Checklist for Artificial Intelligence in Medical Imaging: Mongan, Moy & Kahn 2020, Radiol. Artif. Intell.
2:e200029; 2024 update: Tejani et al., Radiol. Artif. Intell. 6:e240300.
"""

import contextlib
import datetime
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.classes import label
from pipeline.errors import LesionLabError, ModelError, WorkspaceError
from pipeline.files.bounds import without_controls
from pipeline.files.disk import read_bytes
from pipeline.files.workspace import Workspace, error_words
from pipeline.limits import MOST_CARD_BYTES
from pipeline.models.card_combined import combined_card
from pipeline.models.card_data import (
    data_of,
    described_images,
    flow_text,
    missing_text,
    people_text,
    reference_text,
    source_text,
)
from pipeline.models.card_results import (
    failures_text,
    figures_text,
    melanoma_sentence,
    network_words,
    seen_sentences,
    training_text,
)
from pipeline.models.decided_output import model_priors, without_priors
from pipeline.models.library import model_label, run_of, title_of
from pipeline.models.model_info import ModelInfo
from pipeline.models.notice import notice, weighing
from pipeline.models.recognition import networks_sentence
from pipeline.models.training_images import training_images
from pipeline.number_words import UNDEFINED, count
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_code, as_lines, as_text
from pipeline.text_tables import bullets
from pipeline.vocabulary import HELD_OUT_PARTS, HeldOutPart

CARD_FILE = "card.md"
_NO_CARD = "Delete that file, or import the model's bundle again: the card is then written from its description."
_INTENDED = (
    "Teaching: how such a network is trained, what it gets right, and how it errs.",
    "Use by educators and students who look at its errors, on dermatoscopic images of single lesions.",
)
_OUT_OF_SCOPE = (
    "Any decision about a person: screening, triage, diagnosis, treatment, reassurance.",
    "Photographs taken without a dermatoscope.",
    "Lesions of nails and mucosa, and diagnoses that it was not trained on: it always chooses one of its own.",
)


def brought_card(workspace: Workspace, info: ModelInfo) -> str | None:
    """The card that came with a model, as whoever made it wrote it; None where its run here tells more.

    Raises:
        ModelError: it is damaged.
    """
    stored = info.folder / CARD_FILE
    if info.members or run_of(workspace, info) is not None or not os.path.lexists(stored):
        return None
    return read_card(stored)


def model_card(workspace: Workspace, info: ModelInfo) -> str:
    """The card of a model: written anew from its run, or the one that an imported model brought with it.

    What the run or its data set can no longer tell is a dash with the reason.
    """
    if info.members:
        return combined_card(workspace, info)
    if (brought := brought_card(workspace, info)) is not None:
        return brought
    run = run_of(workspace, info)
    dataset = data_of(workspace, info) if run else None
    images = described_images(run, dataset) if run else None
    made_up = "\n\nInvented, like everything about the drawings." if info.generated else ""
    sections = {
        "Intended use": _intended(info),
        "The model": _facts(workspace, info),
        "Data": source_text(info, dataset),
        "Flow of images": _of_run(run, lambda of: flow_text(of, dataset, images)),
        "Age, sex and site of each part": people_text(images) + made_up,
        "Reference standard": "How each diagnosis was made, in images of all parts.\n\n" + reference_text(images)
        + made_up,
        "Missing values": missing_text(images),
        "Split and training": _of_run(run, training_text),
        **_results(info, run),
        "Limits": _limits(info),
    }
    text = "\n\n".join(f"## {heading}\n\n{body}" for heading, body in sections.items())
    return f"# Model card: {as_text(title_of(info))}\n\n{notice(info)}\n\n{text}\n"


def read_card(path: Path) -> str:
    """The card that a model brought with it.

    Raises:
        ModelError: it cannot be read, is too long, or is no text.
    """
    try:
        text = read_bytes(path, MOST_CARD_BYTES, _NO_CARD).decode("utf-8")
    except (WorkspaceError, UnicodeDecodeError) as error:
        raise ModelError(f"The card {path} is damaged.", _NO_CARD) from error
    if not without_controls(text.replace("\r\n", "\n")):
        raise ModelError(f"The card {path} is damaged: it has control characters.", _NO_CARD)
    return text


def _of_run(run: RunDir | None, write: Callable[[RunDir], str]) -> str:
    if run is None:
        return f"{UNDEFINED} The run of this model is not here."
    try:
        return write(run)
    except (LesionLabError, FileNotFoundError) as error:
        return f"{UNDEFINED} {as_text(error_words(error))}"


def _intended(info: ModelInfo) -> str:
    description = model_label(info).note
    drawings = ["Real images: it was trained on drawings, so its output for them would mean nothing."]
    intended = ("Trying LesionLab out: every step from training to errors, on drawings that teach no dermoscopy.",)
    return "\n\n".join(filter(None, [
        as_lines(description),
        "For:\n\n" + bullets(intended if info.generated else _INTENDED),
        "Not for:\n\n" + bullets([*(drawings if info.generated else []), *_OUT_OF_SCOPE]),
    ]))


def _facts(workspace: Workspace, info: ModelInfo) -> str:
    made = datetime.datetime.fromtimestamp(info.created, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")
    try:
        listed = f"their ids, lesions and content hashes are with it ({len(training_images(info)):,})"
    except ModelError:
        listed = "it does not carry the list of them"
    return bullets([
        f"Name for commands: {as_code(info.name)}. Made {made} by the run {as_text(info.run)}.",
        f"Network: {as_text(network_words(info))}, input {info.width}×{info.height} pixels."
        f"{seen_sentences(info)}",
        *([networks_sentence(info)] if info.folds else []),
        "Output: a probability for each of " + ", ".join(as_text(label(code)) for code in info.classes) + ".",
        weighing(info),
        *([] if model_priors(workspace, info) else [as_text(without_priors(info))]),
        f"Trained on {count(info.training_images, 'image')} of {count(info.training_lesions, 'lesion')}; {listed}.",
    ])


def _results(info: ModelInfo, run: RunDir | None) -> dict[str, str]:
    """Figures and errors; of a model without its run the validation figures that it carries."""
    results: dict[HeldOutPart, Any] = {"validation": info.validation}
    if run is not None:
        with contextlib.suppress(LesionLabError):  # the model carries the figures of its own training
            if stored := run.results():
                results = {part: stored[part] for part in HELD_OUT_PARTS if part in stored}
    sections = {f"Figures in {as_text(part)}": figures_text(part, figures) for part, figures in results.items()}
    validation = results.get("validation")
    failures = failures_text(run, validation) if run else bullets([melanoma_sentence(validation)])
    return {**sections, "Failure analysis (validation)": failures}


def _limits(info: ModelInfo) -> str:
    lines = [
        f"It chooses among {len(info.classes)} diagnoses and always names one of them.",
        "It was not tested on images from elsewhere, nor against physicians.",
        "A heatmap shows regions that raised an output; it is not a reason.",
    ]
    if info.split == "random":
        lines.append("Images of one lesion are on both sides of the split, so the validation figures flatter it.")
    if info.generated:
        lines.append("It has seen drawings only: none of its figures says anything about skin.")
    else:
        lines.append("Skin type is not recorded: how it does on brown and black skin is unknown.")
        if "HAM10000" in info.attribution:
            lines.append("HAM10000 comes from two places, in Austria and Australia, and shows mostly light skin.")
        lines.append(
            "Images come from one collection, whose mix of diagnoses is not that of a clinic. Where its sources differ "
            "in camera and in diagnoses, a network can learn the camera."
        )
    return bullets(lines)
