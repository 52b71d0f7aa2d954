"""The configurations of the trainings that make the bundled model, and a digest of what decides their results."""

import dataclasses
import hashlib
from typing import Any

from pipeline.configuration.config import RunConfig, Stage
from pipeline.errors import ConfigError
from pipeline.evaluation.leakage import BY_IMAGE, BY_LESION
from pipeline.files.disk import to_json
from pipeline.files.workspace import Workspace
from pipeline.runs.plan import plan_config

PRESET = "strong"
SHORT_PRESET = "quick"
FOLDS = 5
# names, the data (compared by its content; that of the extra data set counts), which fold, and what leaves the result
# as it is
_NOT_THE_RECIPE = {"data", "data_hash", "extra", "fold", "preset", "keep_epochs"}


@dataclasses.dataclass(frozen=True)
class Recipe:
    """The trainings: one for each fold, and the short ones of the leakage lesson by their split, one for each fold of
    it."""

    folds: tuple[RunConfig, ...]
    leakage: dict[str, tuple[RunConfig, ...]]


def plan_recipe(
    workspace: Workspace, data: str, settings: list[str], short_settings: list[str], lesson_folds: int = FOLDS
) -> Recipe:
    """The trainings on the data set `data`.

    Args:
        settings: "key=value" changes of the recipe's preset; `short_settings` of the short one.
        lesson_folds: how many folds of each split the leakage lesson trains, 1..5; with all of them both trainings
            judge every image.

    Raises:
        ConfigError: a setting is unknown or out of its range, or the epoch would be chosen on held-out images.
        DataError: there is no such data set.
    """
    folds = [plan_config(workspace, data, PRESET, [*settings, "split=lesion", f"fold={k}"]) for k in range(FOLDS)]
    if folds[0].keep != "last":
        raise ConfigError(f"With keep={folds[0].keep} the images that judge a fold's network would choose its epoch.",
                          "Set keep=last.")
    leakage = {
        split: tuple(
            plan_config(workspace, data, SHORT_PRESET,
                        ["keep=last", *short_settings, f"split={split}", "seed=0", f"fold={k}"])
            for k in range(lesson_folds)
        )
        for split in (BY_LESION, BY_IMAGE)
    }
    return Recipe(tuple(folds), leakage)


def recipe_digest(config: RunConfig) -> str:
    """SHA-256 over what decides the result, whatever the data sets are called and whichever fold is held out.

    What has its usual value is left out, so that a setting that a later version adds changes no digest.
    """
    told = _unusual(config)
    told["stages"] = [_unusual(stage) for stage in config.stages]
    return hashlib.sha256(to_json({key: told[key] for key in sorted(told)}).encode()).hexdigest()


def _unusual(config: RunConfig | Stage) -> dict[str, Any]:
    return {
        field.name: getattr(config, field.name) for field in dataclasses.fields(config)
        if field.name not in _NOT_THE_RECIPE and getattr(config, field.name) != field.default
    }
