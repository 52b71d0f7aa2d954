"""LesionLab's bundle: a model as one zip, with its list of training images, its card and its label.

Equal models give equal bytes: members in a fixed order, stored uncompressed, without times. Version 1 holds a model
that is one network, version 2 one that is the networks of a cross-validation.
"""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from pipeline.errors import ModelError
from pipeline.files.disk import replace_file, to_json
from pipeline.files.workspace import Workspace
from pipeline.models.card import model_card
from pipeline.models.decided_output import model_priors
from pipeline.models.model_info import FOLD_WEIGHTS, WEIGHTS, ModelInfo
from pipeline.models.training_images import FILE as TRAINING_IMAGES
from pipeline.models.weights_files import own_weights
from pipeline.runs.labels import LABEL_FILE

FORMAT = "lesionlab-bundle"
MANIFEST, INFO, CARD = "bundle.json", "model.json", "card.md"
# by version; older models have no list of training images, but without it no network of a fold could answer alone
REQUIRED = {1: (INFO, WEIGHTS, CARD), 2: (INFO, *FOLD_WEIGHTS[:2], TRAINING_IMAGES, CARD)}
OPTIONAL = {1: (TRAINING_IMAGES, LABEL_FILE), 2: (*FOLD_WEIGHTS[2:], LABEL_FILE)}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can hold


def _member(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.create_system, info.external_attr = 3, 0o644 << 16  # the same on every system
    archive.writestr(info, content)


def _contents(workspace: Workspace, info: ModelInfo) -> dict[str, bytes]:
    weights = own_weights(info)
    for path in weights:
        if not path.exists():
            raise ModelError(f"The model {info.name} has no weights at {path}.", "Train it again.")
    contents = {path.name: path.read_bytes() for path in (info.folder / INFO, *weights)}
    if not info.training_frequencies and (priors := model_priors(workspace, info)):
        # a description of before; elsewhere, without its run, nobody could know them
        stated = {**json.loads(contents[INFO]), "training_frequencies": priors}
        contents[INFO] = (to_json(stated, indent=1) + "\n").encode()
    contents[CARD] = model_card(workspace, info).encode()
    for name in (TRAINING_IMAGES, LABEL_FILE):
        if (info.folder / name).exists():
            contents[name] = (info.folder / name).read_bytes()
    return contents


def bundle_bytes(workspace: Workspace, info: ModelInfo) -> bytes:
    """The bundle of a model, whole.

    Raises:
        ModelError: the model has no weights.
    """
    contents = _contents(workspace, info)
    files = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in sorted(contents.items())
    }
    manifest = to_json({"format": FORMAT, "version": 2 if info.folds else 1, "files": files}, indent=1) + "\n"
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _member(archive, MANIFEST, manifest.encode())
        for name in files:
            _member(archive, name, contents[name])
    return stream.getvalue()


def export_bundle(workspace: Workspace, info: ModelInfo, path: Path) -> None:
    """Writes the bundle to `path` in one step.

    Raises:
        ModelError: the model has no weights.
        WorkspaceError: the file cannot be written.
    """
    replace_file(path, bundle_bytes(workspace, info))
