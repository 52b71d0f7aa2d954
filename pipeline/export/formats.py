"""The forms in which a model leaves LesionLab, and writing one of them."""

import tempfile
from pathlib import Path
from typing import Literal, get_args

from pipeline.errors import ModelError, WorkspaceError
from pipeline.files.disk import replace_file
from pipeline.files.workspace import Workspace
from pipeline.inference.model_output import is_plain
from pipeline.models.card import model_card
from pipeline.models.model_info import ModelInfo
from pipeline.progress import Progress, silent

Format = Literal["bundle", "onnx", "fastai", "card"]
FORMATS: tuple[Format, ...] = get_args(Format)
FORMAT_WORDS: dict[str, str] = {
    "bundle": "LesionLab bundle: everything that another LesionLab needs, as one zip",
    "onnx": "ONNX, one file: decoded pixels in, probabilities out, for any ONNX runtime",
    "fastai": "fastai's export.pkl for notebooks: load_learner(file).predict(image)",
    "card": "the model card alone, in Markdown",
}
_ENDINGS = {"bundle": ".zip", "onnx": ".onnx", "fastai": "-export.pkl", "card": "-card.md"}


def file_name(info: ModelInfo, kind: Format) -> str:
    """What the exported file is called unless told otherwise."""
    return info.name + _ENDINGS[kind]


def place_for(info: ModelInfo, kind: Format, out: Path) -> Path:
    """The file that `out` means: itself, or the usual name in the folder that it is; checked before any work is done.

    Raises:
        WorkspaceError: it cannot be written there.
    """
    path = out / file_name(info, kind) if out.is_dir() else out
    try:
        path.resolve().parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path.resolve().parent):
            pass
    except OSError as error:
        raise WorkspaceError(f"{path} cannot be written: {error.strerror}.", "Give another place.") from error
    if path.exists() and not path.is_file():
        raise WorkspaceError(f"{path} is not a file that can be written.", "Give the name of a file.")
    return path


def left_out(info: ModelInfo, kind: Format) -> str | None:
    """What of the model's answers the exported file does not do itself, in a sentence; None where it does all."""
    if kind == "fastai" and (info.folds or not is_plain(info)):
        whose = (f"the plain output of one of the {len(info.folds)} networks, that of fold 0," if info.folds else
                 "the network's plain output")
        over = "networks and " if info.folds else ""
        square = " It takes all of an image: give it the central square of the shorter side." * (info.view == "square")
        return (
            f"The fastai learner gives {whose} for the image as it is: without the mean over {over}flips, the "
            "temperature and the frequencies that calibrate LesionLab's answers, so its numbers differ from them."
            + square
        )
    if kind == "onnx" and (info.detail or info.view == "square"):
        square = "cut to the central square of the shorter side" if info.view == "square" else ""
        smaller = f"reduced to {info.detail[0]}×{info.detail[1]} pixels" if info.detail else ""
        return (
            f"The ONNX file gives LesionLab's calibrated answers for images that were "
            f"{' and '.join(filter(None, [square, smaller]))} before anything else; its metadata tell how."
        )
    return None


def export_model(
    workspace: Workspace, info: ModelInfo, kind: Format, path: Path, progress: Progress = silent
) -> float | None:
    """Writes the model to `path` in one step.

    Returns:
        For "onnx" and "fastai" the largest difference found between a probability of the written file and the model's
        own; None for the others, which hold the model itself.

    Raises:
        ModelError: the model has no weights, or the written file would answer otherwise than the model.
        WorkspaceError: the file cannot be written.
    """
    if kind == "card":
        replace_file(path, model_card(workspace, info).encode())
        return None
    if info.members:
        raise ModelError(f"The model {info.name} is a mean and has no weights of its own.",
                         f"Export its members: {', '.join(name for name, _ in info.members)}.")
    if kind == "bundle":
        from pipeline.export.bundle import export_bundle

        export_bundle(workspace, info, path)
        return None
    if kind == "onnx":
        progress(None, "Loads PyTorch, writes the ONNX file, and compares it with the model in ONNX Runtime.")
        from pipeline.export.onnx_export import export_onnx

        return export_onnx(info, path)
    progress(None, "Loads fastai, builds the learner, writes it, and compares it with the model.")
    from pipeline.export.fastai_export import export_fastai

    return export_fastai(info, path)
