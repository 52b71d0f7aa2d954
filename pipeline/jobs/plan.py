"""From what a user chose to a checked configuration; the same sentences for the app and the command line."""

from pipeline.config import RunConfig, apply_settings
from pipeline.data.dataset import load_dataset
from pipeline.presets import preset
from pipeline.workspace import Workspace


def plan_config(workspace: Workspace, data: str, preset_name: str, settings: list[str]) -> RunConfig:
    """The preset's config for the data set `data` with "key=value" settings applied.

    Raises:
        ConfigError: an unknown preset or setting, or a value out of its range.
        DataError: there is no such data set.
    """
    chosen = preset(preset_name)
    dataset = load_dataset(workspace, data)
    return apply_settings(chosen.for_data(dataset.name, dataset.content_hash), settings)
