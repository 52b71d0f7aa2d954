"""From an upload to probabilities and a heatmap; probabilities alone; a folder: against plain fastai and bare networks.

`python -m tests.benchmarks.classify [--tiny] [--json]`. The images are the real 600×450 originals of `../shared/data`
(where absent: generated noise of that size), the networks have random weights, which take as long as trained ones.

upload: theirs is `learn.predict(PILImage.create(bytes))` of a fastai learner with the same weights, and Grad-CAM as
fastai's book has it: hooks on the body, a forward pass and a full backward pass. Ours is what the app does with an
upload: `visitor_image`, `prepare`, `output`, `explain`. Both begin with the file's bytes; both answers are compared.
probabilities: theirs is the fastest of PyTorch, PyTorch with channels_last and ONNX Runtime on a normalised tensor,
ours `Predictor.probabilities` of uint8 pixels. folder: theirs is the fastest of these three on normalised batches
of 8 or 32, without files, ours `predict_files`. Times alternate, theirs first. Goals of theirs/ours: 5, 0.5,
about 1.
"""

import argparse
import copy
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fastai.callback.progress  # gives learners no_bar
import numpy as np
import onnxruntime
import pandas as pd
import PIL
import torch
from fastai.data.core import Datasets
from fastai.data.transforms import Categorize, IntToFloatTensor, Normalize, ToTensor
from fastai.learner import Learner
from fastai.losses import CrossEntropyLossFlat
from fastai.torch_core import first
from fastai.vision.augment import Resize, ResizeMethod
from fastai.vision.core import PILImage
from PIL import Image
from torch import nn

from app.components.models.visitor_image import visitor_image
from pipeline.export.onnx_export import onnx_bytes
from pipeline.files.workspace import Workspace
from pipeline.inference.network_parts import load_network
from pipeline.inference.predict_files import predict_files
from pipeline.inference.predictor import Predictor
from pipeline.models.model_info import ModelInfo
from tests.benchmarks.input_pipeline import originals
from tests.random_models import make_model

GOALS = {"upload": 5.0, "probabilities": 0.5, "folder": 1.0}
NETWORKS = ("efficientnet_lite0", "resnet34")
BATCHES, SEED = (8, 32), 0
Work = Callable[[int], object]  # told the number of the repetition


def learner(info: ModelInfo, network: nn.Module) -> Learner:
    """The learner that a notebook would have, with a copy of `network`."""
    blank = PILImage.create(np.zeros((450, 600, 3), dtype=np.uint8))
    datasets = Datasets([blank], [[PILImage.create], [lambda _: info.classes[0], Categorize(vocab=list(info.classes))]],
                        splits=[[0], [0]])
    loaders = datasets.dataloaders(
        bs=1, num_workers=0, device="cpu",
        after_item=[Resize((info.height, info.width), method=ResizeMethod.Squish), ToTensor()],
        after_batch=[IntToFloatTensor(), Normalize.from_stats(*info.normalisation, cuda=False)],
    )
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    return Learner(loaders, plain, loss_func=CrossEntropyLossFlat())


def their_upload(learn: Learner, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, and Grad-CAM of the most probable diagnosis as fastai's book has it."""
    image = PILImage.create(content)
    with learn.no_bar(), learn.no_logging():
        _, index, shares = learn.predict(image)
    batch, = first(learn.dls.test_dl([image]))
    kept: dict[str, torch.Tensor] = {}

    def keep(module: nn.Module, given, features: torch.Tensor) -> None:
        kept["features"] = features.detach()
        features.register_hook(lambda gradient: kept.update(gradient=gradient))

    model = learn.model.eval()
    handle = model[0].register_forward_hook(keep)
    model(batch)[0, int(index)].backward()
    handle.remove()
    weights = kept["gradient"][0].mean(dim=(1, 2), keepdim=True)
    return shares.numpy(), (weights * kept["features"][0]).sum(0).clamp(min=0).numpy()


def our_upload(predictor: Predictor, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    """The same as the app does it."""
    image = visitor_image(content, "upload.jpg")
    seen = predictor.prepare(Image.fromarray(image.pixels))
    shares, features, _ = predictor.output(seen)
    return shares, predictor.explain(seen, predictor.info.classes[int(shares.argmax())], features)


def check_answers(theirs: tuple[np.ndarray, np.ndarray], ours: tuple[np.ndarray, np.ndarray]) -> None:
    """Both sides must have done the same work."""
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-4)
    np.testing.assert_allclose(ours[1], theirs[1], rtol=0.01, atol=0.01 * max(float(theirs[1].max()), 1e-6))


def onnx_session(network: nn.Sequential, size: int) -> onnxruntime.InferenceSession:
    """The whole network in ONNX Runtime, with as many threads as torch has."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    content = onnx_bytes(copy.deepcopy(network), torch.zeros(2, 3, size, size), "images", "outputs", {})
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def bare(network: nn.Sequential, session: onnxruntime.InferenceSession, images: torch.Tensor) -> dict[str, Work]:
    """Forward passes of the whole network on a normalised tensor, by name."""
    plain = copy.deepcopy(network).to(memory_format=torch.contiguous_format)
    given = {"images": images.numpy()}

    def torch_pass(model: nn.Module, batch: torch.Tensor) -> Work:
        def run(_):
            with torch.inference_mode():
                return model(batch)
        return run

    last = images.contiguous(memory_format=torch.channels_last)
    return {"PyTorch": torch_pass(plain, images), "channels_last": torch_pass(network, last),
            "ONNX Runtime": lambda _: session.run(None, given)}


def seconds(work: Work, number: int) -> float:
    started = time.perf_counter()
    work(number)
    return time.perf_counter() - started


def alternate(works: dict[str, Work], repeats: int) -> dict[str, float]:
    """The median seconds of each, taken in turn, after one turn that does not count."""
    times = [[seconds(work, number) for work in works.values()] for number in range(repeats + 1)][1:]
    return dict(zip(works, np.median(times, axis=0), strict=True))


def compare(workspace: Workspace, arch: str, files: list[bytes], size: int, images: int, repeats: int) -> list[dict]:
    """The three rows of one network."""
    info = make_model(workspace, arch, arch, width=size, height=size)
    started = time.perf_counter()
    predictor = Predictor(info)
    opened = time.perf_counter() - started
    network = load_network(info).eval().to(memory_format=torch.channels_last)
    learn = learner(info, network)
    check_answers(their_upload(learn, files[0]), our_upload(predictor, files[0]))

    def row(what: str, theirs: float, ours: float, unit: str, n: int, note: str) -> dict:
        return {"what": what, "network": arch, "theirs": theirs, "ours": ours, "unit": unit,
                "ratio": ours / theirs if unit == "images/s" else theirs / ours, "goal": GOALS[what], "n": n,
                "note": note}

    upload = alternate({
        "theirs": lambda number: their_upload(learn, files[number % len(files)]),
        "ours": lambda number: our_upload(predictor, files[number % len(files)]),
    }, repeats)
    rows = [row("upload", 1e3 * upload["theirs"], 1e3 * upload["ours"], "ms", repeats, f"opened in {opened:.2f} s")]

    seen = predictor.prepare(Image.fromarray(visitor_image(files[0], "image.jpg").pixels))
    session = onnx_session(network, size)
    works = bare(network, session, torch.randn(1, 3, size, size))
    times = alternate({**works, "ours": lambda _: predictor.probabilities([seen])}, 3 * repeats)
    name = min(works, key=times.get)
    rows.append(row("probabilities", 1e3 * times[name], 1e3 * times["ours"], "ms", 3 * repeats, f"bare: {name}"))
    rows.append(_folder(predictor, network, session, workspace.home / arch, files, images, max(1, repeats // 10), row))
    return rows


def _folder(
    predictor: Predictor, network: nn.Sequential, session, folder: Path, files: list[bytes], images: int, repeats: int,
    row,
) -> dict:
    folder.mkdir()
    paths = [folder / f"{number:05d}.jpg" for number in range(images)]
    for number, path in enumerate(paths):
        path.write_bytes(files[number % len(files)])
    size = (predictor.info.height, predictor.info.width)
    works, rates = {}, {}
    for batch in BATCHES:
        found = bare(network, session, torch.randn(batch, 3, *size))
        works |= {(name, batch): work for name, work in found.items()}
        rates |= {(name, batch): batch / took for name, took in alternate(found, 3).items()}
    name, batch = max(rates, key=rates.get)
    batches = -(-images // batch)
    answers = {}

    def all_batches(number: int) -> None:
        for _ in range(batches):
            works[name, batch](number)

    def all_files(_: int) -> None:
        answers["table"] = predict_files(predictor, paths, on_problem=lambda path, error: None)

    def decoding(_: int) -> None:
        for path in paths:
            predictor.prepare(Image.open(path))

    times = alternate({"theirs": all_batches, "ours": all_files}, repeats)
    assert len(answers["table"]) == images
    rate = images / seconds(decoding, 0)
    return row("folder", batches * batch / times["theirs"], images / times["ours"], "images/s", repeats,
               f"bare: {name}, batches of {batch}; decoding and resizing alone, one thread: {rate:.0f} images/s")


def measure(networks: tuple[str, ...], size: int, images: int, repeats: int) -> dict:
    """Everything, as one object that `--json` prints."""
    files, kind = originals(min(images, 124))
    conditions = {
        "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        "fastai": fastai.__version__, "torch": torch.__version__, "onnxruntime": onnxruntime.__version__,
        "pillow": PIL.__version__, "torch_threads": torch.get_num_threads(), "seed": SEED,
        "input": f"{size}×{size} pixels",
        "images": f"{len(files)} {kind} images, 600×450 pixels; the folder {images:,} files of them",
    }
    torch.manual_seed(SEED)
    with tempfile.TemporaryDirectory() as temporary:
        workspace = Workspace(Path(temporary)).create()
        rows = [row for arch in networks for row in compare(workspace, arch, files, size, images, repeats)]
    return {"conditions": conditions, "rows": rows}


def _print(result: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["conditions"].items()) + ".")
    table = pd.DataFrame(result["rows"])
    print(table.to_string(index=False, float_format="{:.2f}".format))
    missed = [f"{row.what} of {row.network}" for row in table.itertuples() if row.ratio < row.goal]
    print("Goals " + (f"missed: {', '.join(missed)}." if missed else "met."))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few images at a tiny size, to see that it works")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.tiny:
        result = measure(("resnet18",), size=64, images=6, repeats=1)
    else:
        result = measure(NETWORKS, size=224, images=1_000, repeats=30)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)


if __name__ == "__main__":
    main()
