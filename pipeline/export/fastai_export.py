"""A model as fastai's `export.pkl`, for notebooks: `load_learner(file).predict(image)` with plain fastai.

The learner is built for the export alone: stock transforms, a stock loss, no callback and no class of this project,
so that it opens where this project is not installed. fastai's files are pickles: they are an export, never an input.
"""

import dataclasses
import tempfile
import warnings
from pathlib import Path

import numpy as np
from fastai.callback import progress  # noqa: F401  no_bar is patched in
from fastai.data.core import Datasets
from fastai.data.transforms import Categorize, IntToFloatTensor, Normalize, ToTensor, parent_label
from fastai.learner import Learner, load_learner
from fastai.losses import CrossEntropyLossFlat
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.core import PILImage
from PIL import Image

from pipeline.errors import ModelError
from pipeline.export.stock_network import stock_network
from pipeline.files.disk import disk_errors, replace_file
from pipeline.inference.network_parts import load_network
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import ModelInfo

CLOSEST = 1e-5  # the largest difference of a probability that an export with plain resizing may have


def _learner(info: ModelInfo, network, folder: Path) -> Learner:
    """A learner whose data are one grey image: fastai wants an example to learn the types from; exports drop it."""
    example = folder / info.classes[0] / "example.png"
    example.parent.mkdir()
    Image.new("RGB", (info.width, info.height), (128, 128, 128)).save(example)
    method = ResizeMethod.Squish if info.resize == "squish" else ResizeMethod.Crop
    resize = Resize((info.height, info.width), method, resamples=(Image.Resampling.BILINEAR, Image.Resampling.NEAREST))
    normalize = [Normalize.from_stats(*info.normalisation, cuda=False)] if info.normalize else []
    datasets = Datasets(
        [example], [[PILImage.create], [parent_label, Categorize(vocab=list(info.classes), sort=False)]],
        splits=[[0], [0]],
    )
    loaders = datasets.dataloaders(
        bs=1, num_workers=0, after_item=[resize, ToTensor()], after_batch=[IntToFloatTensor(), *normalize],
        device="cpu",
    )
    loaders.path = Path(".")  # this computer's folders are nobody's business
    return Learner(loaders, network, loss_func=CrossEntropyLossFlat(), path=Path("."), model_dir="models")


def _test_image(height: int, width: int) -> Image.Image:
    """Smooth colours and noise, larger than the input and of another shape, always the same."""
    rng = np.random.default_rng(0)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((2 * width + 7, 3 * height + 5))
    noise = rng.integers(-20, 21, (coarse.height, coarse.width, 3))
    return Image.fromarray(np.clip(np.asarray(coarse) + noise, 0, 255).astype(np.uint8))


def _predicted(exported: Path, image: Image.Image) -> np.ndarray:
    """Probabilities (C,) that the written learner gives for the image; the one file here that is opened as a pickle."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="load_learner` uses Python's insecure pickle", category=UserWarning)
        learner = load_learner(exported)
    with learner.no_bar(), learner.no_logging():
        return learner.predict(np.asarray(image))[2].numpy()


def export_fastai(info: ModelInfo, path: Path) -> float:
    """Writes the model as a fastai learner to `path`, after opening it again and asking it about a test image.

    fastai neither turns images by their EXIF nor lays transparent ones on black, as LesionLab does.

    The learner is the network alone: what calibrates a model's answers (`model_output`) is not in it. Of a
    cross-validation's networks it is that of fold 0.

    Returns:
        The largest difference between a probability of the exported learner and the network's, on the test image.
        With resize "crop" it may be large: fastai crops before it scales, and cuts fractions of pixels otherwise.

    Raises:
        ModelError: the model's weights are missing, or the learner answers otherwise than the model.
        WorkspaceError: the file cannot be written.
    """
    info = info.of_fold(0) if info.folds else info
    plain = dataclasses.replace(info, flips=False, temperature=1.0, frequencies=None, detail=None, view="whole")
    predictor = Predictor(plain)
    image = _test_image(info.height, info.width)
    expected = predictor.probabilities([predictor.prepare(image)])[0]
    with disk_errors(path), tempfile.TemporaryDirectory() as folder:
        learner = _learner(info, stock_network(load_network(info).eval(), info.height, info.width), Path(folder))
        exported = Path(folder) / "export.pkl"
        learner.export(exported)
        difference = float(np.abs(_predicted(exported, image) - expected).max())
        if info.resize == "squish" and not difference <= CLOSEST:
            raise ModelError(f"The exported learner's probabilities differ from the model's by {difference:.2g}.")
        replace_file(path, exported.read_bytes())
    return difference
