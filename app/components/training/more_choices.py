"""The folded choices of a new run, drawn from the declarations of the settings, and the settings that they come to."""

import dataclasses
from collections.abc import Iterable

import streamlit as st

from app.loaders import resources
from pipeline.configuration.config import SETTINGS, RunConfig
from pipeline.configuration.settings import Choice, DatasetName, Number, Setting, StageEpochs, Switch
from pipeline.runs.lineage import INHERITED
from pipeline.shown import as_text

_COLUMNS = (  # what this form has a choice for
    ("arch", "weights", "head", "size", "resize"), ("epochs", "lr", "batch_size", "seed"),
    ("loss", "augment", "keep", "limit", "extra"),
)
_ELSEWHERE = ("split",)  # has a place of its own in the form


def select(
    place, label: str, words: dict[str, str], names: Iterable[str], default: str, key: str, help: str | None = None,
    fixed: bool = False,
) -> str:
    """A select box over `names`; one without `words` stands under its own name. A `fixed` one cannot be changed."""
    names = list(names)
    return place.selectbox(
        label, names, index=names.index(default), format_func=lambda name: words.get(name, name), key=key, help=help,
        disabled=fixed,
    )


def setting_widget(place, setting: Setting, config: RunConfig, key: str) -> str:
    """Draws the widget of a setting and gives its value as `--set` takes it.

    Args:
        config: the value to begin with; what a branch has from its parent is shown, but cannot be changed.
        key: of the form's widgets; another one shows its own values.
    """
    fixed = config.parent is not None and setting.field in ("arch", *INHERITED)
    title, common = as_text(setting.title), {"help": as_text(setting.sentence), "disabled": fixed}
    match setting:
        case Choice():
            return select(place, title, setting.options, setting.options, setting.text(config), f"{key}.{setting.key}",
                          common["help"], fixed)
        case DatasetName():
            names = ["none", *(of.name for of in resources.datasets() if of.name != config.data and not of.generated)]
            own = setting.text(config)  # of a branch, whose parent's may be gone
            return select(place, title, {"none": "None"}, dict.fromkeys([*names, own]), own, f"{key}.{setting.key}",
                          common["help"], fixed)
        case Switch():
            on = place.toggle(title, getattr(config, setting.field), key=f"{key}.{setting.key}", **common)
            return "yes" if on else "no"
        case Number():
            low = 0 if setting.optional else setting.low  # 0 stands for none
            typed = place.number_input(
                title, low, setting.high, getattr(config, setting.field) or low, key=f"{key}.{setting.key}",
                **common,
            )
            return "none" if setting.optional and not typed else str(typed)
        case StageEpochs():
            return ",".join(
                str(place.number_input(
                    f"{title}, stage {number} ({'head only' if stage.freeze else 'all layers'})", 0,
                    setting.high, stage.epochs, key=f"{key}.{setting.key}.{number}", **common,
                ))
                for number, stage in enumerate(config.stages, start=1)
            )
    return place.text_input(title, setting.text(config), key=f"{key}.{setting.key}", **common)


def more_choices(config: RunConfig, key: str) -> dict[str, str]:
    """Draws the choices and gives them by setting; arguments as those of `setting_widget`."""
    return {
        name: setting_widget(place, SETTINGS[name], config, key)
        for place, names in zip(st.columns(len(_COLUMNS)), _COLUMNS, strict=True) for name in names
    }


def as_settings(config: RunConfig, chosen: dict[str, str]) -> list[str]:
    """ "key=value" for each choice that differs from what the preset's `config` has anyway."""
    return [f"{key}={text}" for key, text in chosen.items() if text.strip() != SETTINGS[key].text(config)]


def set_by_the_preset(config: RunConfig) -> str | None:
    """One sentence with what the preset sets and this form has no choice for; None where all of it is usual."""
    usual = {field.name for field in dataclasses.fields(RunConfig) if field.default is not dataclasses.MISSING}
    in_the_form = {*_ELSEWHERE, *(name for column in _COLUMNS for name in column)}
    values = ", ".join(
        f"{name.replace('_', ' ')} {setting.text(config)}" for name, setting in SETTINGS.items()
        if name not in in_the_form and setting.field in usual
        and getattr(config, setting.field) != getattr(RunConfig, setting.field)
    )
    return f"The preset also sets {values}; the command line changes it with --set." if values else None
