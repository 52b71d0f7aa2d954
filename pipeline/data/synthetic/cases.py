"""Which lesions and images a generated data set has, with the clinical data of each, in HAM10000's own words."""

from dataclasses import dataclass

import numpy as np

from pipeline.data.synthetic.image import SOURCES
from pipeline.data.synthetic.structures import STRUCTURES
from pipeline.errors import DataError

# Shares of the images beyond each diagnosis's minimum; nevi stay below half.
_SHARES = {"nv": 0.36, "mel": 0.15, "bkl": 0.15, "bcc": 0.12, "akiec": 0.09, "vasc": 0.065, "df": 0.065}
_IMAGES_PER_LESION = 1.4  # HAM10000: 10015 images of 7470 lesions
_AGES = {  # mean and standard deviation in years
    "nv": (44, 16), "mel": (61, 14), "bkl": (64, 13), "bcc": (67, 12), "akiec": (66, 11), "vasc": (51, 19),
    "df": (52, 14),
}  # fmt: skip
_DX_TYPES = {
    "mel": {"histo": 1.0},
    "bcc": {"histo": 1.0},
    "akiec": {"histo": 1.0},
    "nv": {"follow_up": 0.54, "histo": 0.40, "consensus": 0.06},
    "bkl": {"histo": 0.68, "consensus": 0.25, "confocal": 0.07},
    "vasc": {"consensus": 0.55, "histo": 0.45},
    "df": {"consensus": 0.5, "histo": 0.5},
}
_TRUNK_AND_LIMBS = {
    "back": 24, "lower extremity": 22, "trunk": 18, "upper extremity": 11, "abdomen": 12, "face": 3, "chest": 5,
    "foot": 3, "neck": 2, "scalp": 1, "hand": 1, "ear": 0.5, "genital": 1, "acral": 1, "unknown": 2,
}  # fmt: skip
_SUN_EXPOSED = {
    "face": 30, "back": 15, "upper extremity": 13, "lower extremity": 12, "chest": 6, "neck": 6, "scalp": 6, "trunk": 5,
    "hand": 4, "ear": 4, "abdomen": 3, "foot": 1, "unknown": 2,
}  # fmt: skip
_LIMBS = {
    "lower extremity": 40, "upper extremity": 22, "trunk": 10, "back": 9, "abdomen": 8, "hand": 4, "foot": 3,
    "chest": 3, "unknown": 2,
}  # fmt: skip
_LOCALIZATIONS = {
    "nv": _TRUNK_AND_LIMBS,
    "mel": _TRUNK_AND_LIMBS,
    "vasc": _TRUNK_AND_LIMBS,
    "bcc": _SUN_EXPOSED,
    "akiec": _SUN_EXPOSED,
    "bkl": _SUN_EXPOSED,
    "df": _LIMBS,
}


@dataclass(frozen=True)
class Case:
    """One image to draw and its row of metadata; `age` in years is None where missing.

    The seeds go to `synthetic_image`; images of one lesion stand together and share `lesion_seed`.
    """

    lesion_id: str
    image_id: str
    dx: str
    dx_type: str
    age: int | None
    sex: str
    localization: str
    dataset: str
    lesion_seed: tuple[int, ...]
    view_seed: tuple[int, ...]


def planned_cases(images: int, seed: int, lesions_per_diagnosis: int) -> list[Case]:
    """The cases of a set of exactly `images` images, in an order that mixes the diagnoses; the seed decides all.

    Raises:
        DataError: too few images for the lesions that each diagnosis must have, or a seed below 0.
    """
    needed = lesions_per_diagnosis * len(STRUCTURES)
    if lesions_per_diagnosis < 1 or images < needed:
        raise DataError(
            f"A generated set of {images} images cannot hold {lesions_per_diagnosis} lesions of each of the "
            f"{len(STRUCTURES)} diagnoses.",
            f"Ask for at least {max(needed, len(STRUCTURES))} images, and for at least one lesion of each diagnosis.",
        )
    if seed < 0:
        raise DataError(f"A generated set cannot have the seed {seed}.", "Choose a whole number from 0 upwards.")
    rng = np.random.default_rng((seed, 0))
    counts = _image_counts(images, lesions_per_diagnosis)
    views = [(dx, n) for dx, count in counts.items() for n in _views(rng, count, lesions_per_diagnosis)]
    cases: list[Case] = []
    for number, which in enumerate(rng.permutation(len(views)), start=1):
        dx, count = views[which]
        clinical = _clinical_data(rng, dx)
        source = str(rng.choice(list(SOURCES), p=(0.45, 0.33, 0.22)))
        for view in range(1, count + 1):
            cases.append(
                Case(
                    lesion_id=f"GENL_{number:07d}",
                    image_id=f"GEN_{len(cases) + 1:07d}",
                    dx=dx,
                    **clinical,
                    dataset=source,
                    lesion_seed=(seed, number),
                    view_seed=(seed, number, view),
                )
            )
    return cases


def _image_counts(images: int, minimum: int) -> dict[str, int]:
    """Images of each diagnosis: the minimum, and its share of the rest; they sum to `images`."""
    rest = images - minimum * len(_SHARES)
    counts = {dx: minimum + int(share * rest) for dx, share in _SHARES.items()}
    # What rounding left over goes to the diagnoses with few images, so that nevi stay below half.
    for dx in list(reversed(_SHARES))[: images - sum(counts.values())]:
        counts[dx] += 1
    return counts


def _views(rng: np.random.Generator, images: int, minimum: int) -> list[int]:
    """How many images each lesion of one diagnosis has; some have several."""
    lesions = max(minimum, round(images / _IMAGES_PER_LESION))
    extra = rng.integers(0, lesions, images - lesions)
    return (1 + np.bincount(extra, minlength=lesions)).tolist()


def _clinical_data(rng: np.random.Generator, dx: str) -> dict:
    mean, deviation = _AGES[dx]
    age = int(np.clip(5 * round(rng.normal(mean, deviation) / 5), 5, 85))
    return {
        "dx_type": _drawn_from(rng, _DX_TYPES[dx]),
        "age": None if rng.random() < 0.02 else age,
        "sex": _drawn_from(rng, {"male": 0.53, "female": 0.45, "unknown": 0.02}),
        "localization": _drawn_from(rng, _LOCALIZATIONS[dx]),
    }


def _drawn_from(rng: np.random.Generator, weights: dict[str, float]) -> str:
    shares = np.array(list(weights.values()), float)
    return str(rng.choice(list(weights), p=shares / shares.sum()))
