"""Images a second that reach a network: fastai's own loaders against the pixel cache, on the same JPEGs.

`python -m tests.benchmarks.input_pipeline [--tiny] [--json]`. The 124 real 600×450 originals of `../shared/data` (where
absent: generated noise of that size) are copied to 1,240 files. Theirs: `ImageDataLoaders.from_df`, two workers,
`Resize(method="squish")`, batch transforms, ImageNet normalisation, as its tutorials write it. Ours: `PixelLoader` on
the built cache, no workers. With `flips`, both mirror images at random: theirs by fastai's Flip on the batch, ours by
`augmentation.Flips`; with `none` and `light`, both run the very same transforms. "As it goes" is ours on a disk
without room for the cache. Both end in batches of normalised floats; epochs alternate, theirs first. Goals, with flips:
10 times at 224 px, 5 times at 448 px.
"""

import argparse
import json
import math
import os
import platform
import tempfile
import time
import zipfile
from pathlib import Path

import fastai
import numpy as np
import pandas as pd
import PIL
import torch
from fastai.data.transforms import Normalize
from fastai.vision.augment import Resize, ResizeMethod, aug_transforms
from fastai.vision.data import ImageDataLoaders

from pipeline.configuration.network_registry import IMAGENET
from pipeline.data.cache import OnTheFlyPixels, build_cache
from pipeline.data.dataset import Dataset
from pipeline.data.importing import import_dataset
from pipeline.files.workspace import Workspace
from pipeline.training.augmentation import AUGMENTATIONS
from pipeline.training.batches import PixelLoader, batch_transforms
from pipeline.training.memory import keep_freed_memory
from tests.conftest import SHARED_DATA
from tests.hand_made import CODES, image_bytes

GOALS = {224: 10.0, 448: 5.0}
TINY_SIZES = (24, 32)
WORKERS, SEED = 2, 0
_HAM10000 = 10_015


def originals(most: int) -> tuple[list[bytes], str]:
    """At most so many JPEG files of 600×450 pixels, and what they are."""
    archive = SHARED_DATA / "ham10000-600x450-sample.zip"
    if not archive.exists():
        return [image_bytes(n, generated=False, size=(600, 450)) for n in range(min(most, 124))], "generated noise"
    with zipfile.ZipFile(archive) as opened:
        names = sorted(name for name in opened.namelist() if name.endswith(".jpg"))[:most]
        return [opened.read(name) for name in names], "real HAM10000"


def repeated(files: list[bytes], images: int, place: Path) -> Dataset:
    """A data set of so many images: the files again and again, each a file and a lesion of its own."""
    source = place / "source"
    source.mkdir()
    ids = [f"IMG_{number:05d}" for number in range(images)]
    for number, image_id in enumerate(ids):
        (source / f"{image_id}.jpg").write_bytes(files[number % len(files)])
    pd.DataFrame({
        "lesion_id": ids, "image_id": ids, "dx": np.resize(CODES, images), "dx_type": "histo", "age": 50,
        "sex": "male", "localization": "back",
    }).to_csv(source / "HAM10000_metadata.csv", index=False)
    return import_dataset(Workspace(place / "home").create(), source, "repeated")


def _normalize() -> Normalize:
    return Normalize.from_stats(*IMAGENET, cuda=False)


def fastai_loader(dataset: Dataset, size: int, batch: int, augment: str):
    """The training loader that a notebook would have."""
    transforms = AUGMENTATIONS[augment].make() if augment != "flips" else aug_transforms(
        max_rotate=0.0, max_zoom=1.0, max_warp=0.0, max_lighting=0.0
    )
    loaders = ImageDataLoaders.from_df(
        dataset.metadata(), dataset.folder / "images", valid_pct=0.02, seed=SEED, fn_col="file", label_col="dx",
        item_tfms=Resize(size, method=ResizeMethod.Squish), batch_tfms=[*transforms, _normalize()], bs=batch,
        num_workers=WORKERS, device=torch.device("cpu"),
    )
    return loaders.train


def our_loader(dataset: Dataset, pixels, size: int, batch: int, augment: str) -> PixelLoader:
    """The training loader as `make_loaders` makes it."""
    keep_freed_memory()  # as a training does
    targets = dataset.metadata()["dx"].map(dataset.classes.index).to_numpy()
    return PixelLoader(
        pixels, np.arange(len(pixels)), targets, height=size, width=size, squish=True, random_crop=True, bs=batch,
        shuffle=True, drop_last=True, device=torch.device("cpu"),
        after_batch=batch_transforms(augment, IMAGENET, device="cpu"),
    )


def images_per_second(loader) -> float:
    """Over one epoch, the start of its workers included, as each epoch of a training has it."""
    started, images = time.perf_counter(), 0
    for batch, _ in loader:
        images += len(batch)
    return images / (time.perf_counter() - started)


def compare(dataset: Dataset, pixels, size: int, batch: int, augment: str, repeats: int) -> dict[str, float]:
    """Medians over alternating epochs."""
    theirs, ours = fastai_loader(dataset, size, batch, augment), our_loader(dataset, pixels, size, batch, augment)
    pairs = [(images_per_second(theirs), images_per_second(ours)) for _ in range(repeats)]
    medians = np.median(pairs, axis=0)
    return {"theirs": medians[0], "ours": medians[1], "ratio": medians[1] / medians[0], "n": repeats}


def _built(dataset: Dataset, size: int):
    started = time.perf_counter()
    pixels = build_cache(dataset, size, size, "squish")
    seconds = time.perf_counter() - started
    return pixels, {"size": size, "seconds": seconds, "images_per_second": len(pixels) / seconds,
                    "mb": len(pixels) * size * size * 3 / 1e6}


def measure(sizes: dict[int, float | None], images: int, batch: int, repeats: int) -> dict:
    """Everything, as one object that `--json` prints."""
    files, kind = originals(min(images, 124))
    conditions = {
        "cores": os.cpu_count(), "load_average": round(os.getloadavg()[0], 1), "python": platform.python_version(),
        "fastai": fastai.__version__, "torch": torch.__version__, "pillow": PIL.__version__,
        "torch_threads": torch.get_num_threads(), "seed": SEED, "batch": batch,
        "images": f"{images:,} files of {len(files)} {kind} images, 600×450 pixels",
    }
    rows, caches = [], []
    with tempfile.TemporaryDirectory() as temporary:
        dataset = repeated(files, images, Path(temporary))
        for size, goal in sizes.items():
            pixels, cache = _built(dataset, size)
            for augment, counts in (("none", None), ("light", None), ("flips", goal)):
                result = compare(dataset, pixels, size, batch, augment, repeats)
                rows.append({"size": size, "transforms": augment, **result, "goal": counts})
            saved = 1 / result["theirs"] - 1 / result["ours"]  # seconds an image and epoch
            paid = math.ceil(1 / cache["images_per_second"] / saved) if saved > 0 else None
            caches.append({**cache, "paid_after_epochs": paid})
            on_the_fly = OnTheFlyPixels(dataset, size, size, "squish")
            result = compare(dataset, on_the_fly, size, batch, "flips", 1)
            rows.append({"size": size, "transforms": "flips, as it goes", **result, "goal": None})
    return {"conditions": conditions, "images_per_second": rows, "caches": caches}


def _print(result: dict) -> None:
    print(", ".join(f"{name.replace('_', ' ')} {value}" for name, value in result["conditions"].items()) + ".")
    table = pd.DataFrame(result["images_per_second"])
    print(table.to_string(index=False, float_format="{:.1f}".format, na_rep="–"))
    for cache in result["caches"]:
        paid = cache["paid_after_epochs"]
        ham = cache["mb"] * _HAM10000 / (cache["seconds"] * cache["images_per_second"])
        print(
            f"Cache at {cache['size']} px: built once in {cache['seconds']:.1f} s ({cache['images_per_second']:.0f} "
            f"images/s, {cache['mb']:,.0f} MB; HAM10000 would take {_HAM10000 / cache['images_per_second']:.0f} s and "
            f"{ham:,.0f} MB); " + (f"paid for after {paid} epoch{'s' * (paid > 1)}." if paid else "never paid for.")
        )
    asked = table[table["goal"].notna()]
    missed = asked[asked["ratio"] < asked["goal"]]["size"].tolist()
    if len(asked):
        print("Goals " + (f"missed at {', '.join(map(str, missed))} px." if missed else "met."))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", action="store_true", help="a few images at tiny sizes, to see that it works")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    if arguments.tiny:
        result = measure(dict.fromkeys(TINY_SIZES), images=48, batch=8, repeats=1)
    else:
        result = measure(GOALS, images=1_240, batch=64, repeats=3)
    if arguments.json:
        print(json.dumps(result, indent=1))
    else:
        _print(result)


if __name__ == "__main__":
    main()
