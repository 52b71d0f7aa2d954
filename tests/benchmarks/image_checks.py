"""What the checks of an uploaded picture find, and how often they fire on images that are as they should be.

`python -m tests.benchmarks.image_checks [--images N] [--every N] [--limits]`, on the real HAM10000 of
`../shared/data`: scores of the whole picture on the copies at 200×150, those of sharpness, hair, rulers and bubbles on
the central squares at 256×256.

limits: the percentiles that `CHECKS` should have (--limits prints these alone). false alarms: share of HAM10000's
images on which a check fires, in all and by image source. Hair, dark corners, rulers and bubbles are common there: of
the images to which a network of others (Bissoto et al. 2022, a weak reference) gives more than 0.9 and less than 0.1,
the shares on which they fire. found: share of the 124 originals at 600×450, changed in a known way, on which a check
fires, and of the unchanged.
"""

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
from PIL import Image, ImageFilter

from pipeline.explain.perturb import Perturbation, perturb
from pipeline.suitability.checks import CHECKS, check_picture
from pipeline.suitability.lesion_area import lesion_area
from pipeline.suitability.standard import Standard, standard
from tests.conftest import SHARED_DATA

# the check, and that network's column
_WEAK = {"hair": "hair", "dark-corners": "dark_corner", "ruler": "ruler", "gel-bubbles": "gel_bubble"}
_FEW, _MANY = 0.1, 0.9
# down in heights of the picture, across in its widths, radius in heights
BUBBLES = ((0.25, 0.2, 0.035), (0.3, 0.75, 0.05), (0.8, 0.3, 0.07))


def _members(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    with ZipFile(path) as archive:
        for name in sorted(archive.namelist()):
            if name.endswith(".jpg"):
                yield Path(name).stem, np.asarray(Image.open(io.BytesIO(archive.read(name))).convert("RGB"))


def scores_of(images: int | None) -> pd.DataFrame:
    """A row an image, its scores by the keys of CHECKS, its source, and what that network of others says."""
    small, rows = dict(_limited(_members(SHARED_DATA / "ham10000-200x150.zip"), images)), {}
    for image_id, square in _limited(_members(SHARED_DATA / "ham10000-256-centre.zip"), images):
        if image_id in small:
            whole = standard(small[image_id])
            fine = standard(square).square
            picture = Standard(whole.whole, fine, fine, whole.native, 450)
            area = lesion_area(picture.whole)
            rows[image_id] = {check.key: check.score(picture, area).value for check in CHECKS}
    table = pd.DataFrame.from_dict(rows, orient="index")
    sources = pd.read_csv(SHARED_DATA / "ham10000-sources.csv", index_col="image_id")["dataset"]
    weak = pd.read_csv(SHARED_DATA / "ham10000-artefacts.csv", index_col="image_id")
    return table.join(sources.rename("source")).join(weak[list(_WEAK.values())].add_prefix("weak "))


def _limited(members: Iterator, images: int | None) -> Iterator:
    return (member for number, member in enumerate(members) if images is None or number < images)


def limits(table: pd.DataFrame) -> pd.DataFrame:
    """The percentiles that a limit is taken from: 0.5 and 99.5, or the 95th of those without what is common."""
    rows = {}
    for check in CHECKS:
        values = table[check.key]
        if check.key in _WEAK:
            values = values[table[f"weak {_WEAK[check.key]}"] < _FEW]
            rows[check.key] = {"low": np.nan, "high": values.quantile(0.95)}
        else:
            rows[check.key] = {"low": values.quantile(0.005), "high": values.quantile(0.995)}
    return pd.DataFrame.from_dict(rows, orient="index")


def false_alarms(table: pd.DataFrame) -> pd.DataFrame:
    """Share of images, in all and by source, on which each check fires, and any but what is common."""
    fired = pd.DataFrame({check.key: table[check.key].map(check.fires) for check in CHECKS})
    fired["any but the common"] = fired.drop(columns=list(_WEAK)).any(axis=1)
    by_source = {str(source): fired.loc[part.index].mean() for source, part in table.groupby("source")}
    shares = {"all": fired.mean(), **by_source}
    return pd.DataFrame(shares)


def weakly_found(table: pd.DataFrame) -> pd.DataFrame:
    """Of what is common: share of those with and of those without on which the check fires, and the AUC."""
    from sklearn.metrics import roc_auc_score

    rows = {}
    for check in CHECKS:
        if check.key in _WEAK:
            known = table.dropna(subset=[f"weak {_WEAK[check.key]}", check.key])
            weak = known[f"weak {_WEAK[check.key]}"]
            fired = known[check.key].map(check.fires)
            rows[check.key] = {
                "with": int((weak > _MANY).sum()), "found": fired[weak > _MANY].mean(),
                "without": int((weak < _FEW).sum()), "false": fired[weak < _FEW].mean(),
                "AUC at 0.5": roc_auc_score(weak > 0.5, known[check.key]),
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def _blurred(radius: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda pixels: np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(radius)))


def _compressed(quality: int) -> Callable[[np.ndarray], np.ndarray]:
    def change(pixels: np.ndarray) -> np.ndarray:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        return np.asarray(Image.open(file))

    return change


def _in_corners(pixels: np.ndarray) -> np.ndarray:
    down, across = np.meshgrid(*(np.linspace(-1, 1, side) for side in pixels.shape[:2]), indexing="ij")
    return np.where((down**2 + across**2 > 1.1)[..., None], 0, pixels).astype(np.uint8)


def _glare(pixels: np.ndarray) -> np.ndarray:
    changed = pixels.copy()
    height, width = pixels.shape[:2]
    down, across = np.ogrid[:height, :width]
    changed[(down - 0.4 * height) ** 2 + (across - 0.55 * width) ** 2 < (0.06 * height) ** 2] = 255
    return changed


def _scale(pixels: np.ndarray) -> np.ndarray:
    """Ticks along the left edge, 4 % of the height apart, as of a scale on a dermatoscope's glass."""
    changed, height = pixels.copy(), pixels.shape[0]
    for number, row in enumerate(range(height // 25, height - height // 25, height // 25)):
        length = height // 8 if number % 5 == 0 else height // 13
        changed[row:row + height // 150, height // 40:height // 40 + length] //= 3
    return changed


def _bubbles(pixels: np.ndarray) -> np.ndarray:
    """Three bubbles, each a dark rim and within it a bright crescent towards the light."""
    height, width = pixels.shape[:2]
    gain = np.ones((height, width))
    for at, across, radius in BUBBLES:
        down, right = np.ogrid[:height, :width]
        down, right = down / height - at, (right - across * width) / height
        away = np.hypot(down, right)
        lit = np.clip(np.cos(np.arctan2(down, right) + 0.75 * np.pi), 0, 1)
        gain += 0.5 * lit * np.exp(-((away - 0.8 * radius) / 0.008) ** 2 / 2)
        gain -= 0.45 * np.exp(-((away - radius) / 0.006) ** 2 / 2)
    return (pixels * gain[..., None]).clip(0, 255).astype(np.uint8)


CHANGES: dict[str, tuple[str, Callable[[np.ndarray], np.ndarray]]] = {
    "Gaussian blur, 2 pixels": ("blurred", _blurred(2)),
    "Gaussian blur, 4 pixels": ("blurred", _blurred(4)),
    "JPEG, quality 10": ("compressed", _compressed(10)),
    "luma × 0.4": ("dark", lambda pixels: perturb(pixels, Perturbation(brightness=-0.6))),
    "luma × 1.6": ("bright", lambda pixels: perturb(pixels, Perturbation(brightness=0.6))),
    "grey": ("colours", lambda pixels: np.repeat(np.asarray(Image.fromarray(pixels).convert("L"))[..., None], 3, 2)),
    "blue and red exchanged": ("blue", lambda pixels: np.ascontiguousarray(pixels[..., ::-1])),
    "pen's arc": ("ink", lambda pixels: perturb(pixels, Perturbation(ink="pen", across=0.25, down=0.25))),
    "ruler at the lower edge": ("ruler", lambda pixels: perturb(pixels, Perturbation(ink="ruler", down=0.93))),
    "ticks at the left edge": ("ruler", _scale),
    "three bubbles": ("gel-bubbles", _bubbles),
    "black corners": ("dark-corners", _in_corners),
    "white disc, 12 % of the height": ("glare", _glare),
    "150 pixels high": ("too-small", lambda pixels: np.asarray(Image.fromarray(pixels).resize((200, 150)))),
    "all black": ("no-lesion", np.zeros_like),
    "all of one colour": ("no-lesion", lambda pixels: np.full_like(pixels, (200, 150, 140))),
}


def found(every: int = 1) -> tuple[pd.DataFrame, float]:
    """Of each change the share of the originals on which its check fires, unchanged beside; milliseconds an image.

    Args:
        every: takes each of so many, to be quick.
    """
    originals = [pixels for _, pixels in _members(SHARED_DATA / "ham10000-600x450-sample.zip")][::every]
    begun = time.process_time()
    plain = [{one.key for one in check_picture(pixels)} for pixels in originals]
    taken = (time.process_time() - begun) / len(originals) * 1000
    rows = {}
    for words, (key, change) in CHANGES.items():
        fired = [key in {one.key for one in check_picture(change(pixels))} for pixels in originals]
        rows[words] = {"check": key, "found": np.mean(fired), "unchanged": np.mean([key in keys for keys in plain])}
    rows["nothing"] = {"check": "any", "found": np.nan, "unchanged": np.mean([bool(keys) for keys in plain])}
    return pd.DataFrame.from_dict(rows, orient="index"), taken


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.image_checks", description=__doc__)
    parser.add_argument("--images", type=int, help="of HAM10000, the first in the order of their ids; all without it")
    parser.add_argument("--limits", action="store_true", help="print the percentiles alone")
    parser.add_argument("--every", type=int, default=1, help="of the originals each of so many is changed")
    arguments = parser.parse_args()
    table = scores_of(arguments.images)
    print(f"limits from {len(table):,} images\n{limits(table).round(4).to_string()}\n")
    if not arguments.limits:
        print(f"false alarms\n{false_alarms(table).round(4).to_string()}\n")
        print(f"{weakly_found(table).round(3).to_string()}\n")
        changed, taken = found(arguments.every)
        print(f"{changed.round(3).to_string()}\n\n{taken:.1f} ms of processor time an image of 600×450")
    return 0


if __name__ == "__main__":
    sys.exit(main())
