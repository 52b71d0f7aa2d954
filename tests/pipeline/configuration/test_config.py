"""Every setting with good and bad values, its declaration, the presets, and the stored form."""

import dataclasses
import json
import re
from typing import get_args, get_type_hints

import pytest

from pipeline.configuration.config import SETTINGS, RunConfig, Stage, apply_settings, settings_text
from pipeline.configuration.network_registry import HALF, IMAGENET, NETWORKS, UNCHANGED
from pipeline.configuration.presets import PRESETS, preset
from pipeline.configuration.settings import Choice, Number
from pipeline.errors import ConfigError

QUICK = preset("quick").for_data("ham", "abc")
FROZEN, TUNED = QUICK.stages

GOOD = [
    ("arch=resnet50", {"arch": "resnet50"}),
    ("weights=random", {"weights": "random"}),
    ("size=224", {"width": 224, "height": 224}),
    ("size=200x150", {"width": 200, "height": 150}),
    ("size=200X150", {"width": 200, "height": 150}),
    ("size=32", {"width": 32, "height": 32}),
    ("size=1024", {"width": 1024, "height": 1024}),
    ("resize=crop", {"resize": "crop"}),
    ("epochs=2,5", {"stages": (dataclasses.replace(FROZEN, epochs=2), dataclasses.replace(TUNED, epochs=5))}),
    ("epochs=0, 5", {"stages": (dataclasses.replace(TUNED, epochs=5),)}),
    ("epochs=1,0", {"stages": (FROZEN,)}),
    ("lr=1e-3,1e-5:1e-4", {"stages": (Stage(True, FROZEN.epochs, 1e-3), Stage(False, TUNED.epochs, 1e-4, 1e-5))}),
    ("lr=1e-3,1e-4", {"stages": (Stage(True, FROZEN.epochs, 1e-3), Stage(False, TUNED.epochs, 1e-4, None))}),
    ("batch_size=2", {"batch_size": 2}),
    ("batch_size=1024", {"batch_size": 1024}),
    ("seed=0", {"seed": 0}),
    ("seed=2147483647", {"seed": 2**31 - 1}),
    ("split=lesion-test", {"split": "lesion-test"}),
    ("split=random", {"split": "random"}),
    ("limit=500", {"limit": 500}),
    ("limit=none", {"limit": None}),
    ("arch=efficientnet_lite2", {"arch": "efficientnet_lite2"}),
    ("augment=article", {"augment": "article"}),
    ("augment=flips", {"augment": "flips"}),
    ("augment=strong", {"augment": "strong"}),
    ("loss=cross_entropy", {"loss": "cross_entropy"}),
    ("label_smoothing=0.05", {"label_smoothing": 0.05}),
    ("weight_decay=0", {"weight_decay": 0.0}),
    ("weight_decay=0.05", {"weight_decay": 0.05}),
    ("dropout=0.3", {"dropout": 0.3}),
    ("drop_path=0.1", {"drop_path": 0.1}),
    ("ema=0.998", {"ema": 0.998}),
    ("fold=4", {"fold": 4}),
    ("repeat=2", {"repeat": 2}),
    ("keep=last", {"keep": "last"}),
    ("keep_epochs=yes", {"keep_epochs": True}),
    ("flips=yes", {"flips": True}),
    ("extra=isic-2019", {"extra": "isic-2019"}),
    ("extra=none", {"extra": None}),
    ("features=yes", {"features": True}),
    ("normalize=no", {"normalize": False}),
    ("head=linear", {"head": "linear"}),
    ("mix=cutmix", {"mix": "cutmix"}),
    ("precision=fp16", {"precision": "fp16"}),
    (" seed = 7 ", {"seed": 7}),
]

STAGES = "Give one number a stage with a comma between; 0 leaves a stage out."
RATES = "Give one rate a stage with a comma between; EARLIEST:HEAD for discriminative rates."
# what is refused, and what the sentence names: the range, or what can be chosen
BAD = [
    ("arch=vgg16", ", ".join(NETWORKS)),
    ("arch=", "Choose one of: "),
    ("weights=imagenet21k", "imagenet, random"),
    ("size=31", "from 32 to 1024"),
    ("size=200x2000", "size=2000 is not a whole number from 32 to 1024"),
    ("size=big", "from 32 to 1024"),
    ("size=99.5", "from 32 to 1024"),
    ("resize=pad", "squish, crop"),
    ("epochs=3", f"epochs=3 names 1 stage, but the preset has 2. {STAGES}"),
    ("epochs=1,2,3", f"epochs=1,2,3 names 3 stages, but the preset has 2. {STAGES}"),
    ("epochs=0,0", "epochs=0,0 leaves no stage to train. Give at least one stage an epoch."),
    ("epochs=1,-1", "epochs=-1 is not a whole number from 0 to 1000"),
    ("epochs=1,1001", "from 0 to 1000"),
    ("epochs=1,", "epochs= is not a whole number from 0 to 1000"),
    ("lr=1e-3", f"lr=1e-3 names 1 stage, but the run has 2. {RATES}"),
    ("lr=1e-3,1e-5:1e-4:1e-3", "lr=1e-5:1e-4:1e-3 has more than two rates. Give RATE or EARLIEST:HEAD."),
    ("lr=1e-3,nan", "lr=nan is not a number from 1e-10 to 10"),
    ("lr=0,1e-3", "from 1e-10 to 10"),
    ("lr=1e-3,fast", "from 1e-10 to 10"),
    ("batch_size=1", "from 2 to 1024"),
    ("batch_size=", "from 2 to 1024"),
    ("seed=-1", "from 0 to 2.14748e+09"),
    ("split=patient", "lesion, lesion-test, random, all"),
    ("split=external", "lesion, lesion-test, random, all"),
    ("split=all", "Set keep=last, or another split."),
    ("limit=19", "from 20 to 1e+07"),
    ("augment=heavy", "none, flips, light, strong, article"),
    ("loss=focal", "cross_entropy, balanced_softmax, weighted"),
    ("label_smoothing=1", "from 0 to 0.5"),
    ("weight_decay=-0.1", "from 0 to 1"),
    ("dropout=1", "from 0 to 0.9"),
    ("drop_path=nan", "from 0 to 0.9"),
    ("ema=1", "from 0 to 0.99999"),
    ("fold=5", "from 0 to 4"),
    ("repeat=-1", "from 0 to 999"),
    ("keep=best", "last, balanced_accuracy, accuracy, valid_loss"),
    ("flips=maybe", "yes, no"),
    ("extra=../mine", "extra=../mine is no data set's name"),
    ("extra=", "`data list` names the data sets"),
    ("features=true", "yes, no"),
    ("keep_epochs=2", "yes, no"),
    ("normalize=true", "yes, no"),
    ("head=mlp", "fastai, linear"),
    ("mix=both", "none, mixup, cutmix"),
    ("precision=half", "auto, fp32, bf16, fp16"),
]


def _key(setting):
    return setting.partition("=")[0].strip()


def test_every_setting_has_a_good_and_a_bad_case_here():
    assert {_key(setting) for setting, _ in GOOD} == {_key(setting) for setting, _ in BAD} == set(SETTINGS)


@pytest.mark.parametrize(("setting", "expected"), GOOD, ids=[setting for setting, _ in GOOD])
def test_a_good_value_changes_its_fields_and_no_other(setting, expected):
    assert apply_settings(QUICK, [setting]) == dataclasses.replace(QUICK, **expected)


@pytest.mark.parametrize(("setting", "named"), BAD, ids=[setting for setting, _ in BAD])
def test_a_bad_value_is_refused_with_what_can_be_chosen(setting, named):
    with pytest.raises(ConfigError, match=re.escape(named)) as refused:
        apply_settings(QUICK, [setting])
    assert refused.value.next_step


@pytest.mark.parametrize(("setting", "sentence"), [
    ("loss=focal", "loss=focal is not known. Choose one of: cross_entropy, balanced_softmax, weighted."),
    ("flips=maybe", "flips=maybe is not known. Choose one of: yes, no."),
    ("fold=5", "fold=5 is not a whole number from 0 to 4. Give a value in that range."),
    ("dropout=1", "dropout=1 is not a number from 0 to 0.9. Give a value in that range."),
])
def test_a_refusal_of_each_kind_word_for_word(setting, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        apply_settings(QUICK, [setting])


@pytest.mark.parametrize("key", SETTINGS)
def test_a_setting_is_declared_whole(key):
    setting, hint = SETTINGS[key], get_type_hints(RunConfig)[SETTINGS[key].field]
    assert setting.title and setting.sentence[0].isupper() and setting.sentence[-1] in ".:"
    assert setting.explained.startswith(setting.sentence) and setting.explained.endswith(".")
    assert apply_settings(QUICK, [f"{key}={setting.text(QUICK)}"]) == QUICK
    if isinstance(setting, Choice) and key != "arch":  # of the networks a stored run may name one that went
        assert set(setting.options) <= set(_literals(hint))


def _literals(hint):
    return [text for part in get_args(hint) for text in (_literals(part) if get_args(part) else [part])]


@pytest.mark.parametrize("setting", [s for s in SETTINGS.values() if isinstance(s, Number)], ids=lambda s: s.key)
def test_a_stored_configuration_keeps_to_the_ranges_that_are_declared(setting):
    lowest = setting.low if setting.low_stored is None else setting.low_stored
    for value in (lowest, setting.high):
        config = dataclasses.replace(QUICK, **{setting.field: value})
        assert RunConfig.from_json(config.to_json()) == config
    for value in (lowest - 1, setting.high + 1):
        with pytest.raises(ConfigError, match=f"its field {setting.field} "):
            RunConfig.from_json(dataclasses.replace(QUICK, **{setting.field: value}).to_json())


KEYS = f"Write key=value; the keys are {', '.join(sorted(SETTINGS))}."


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("colour=red", f"colour=red is not a known setting. {KEYS}"),
        ("Arch=resnet18", f"Arch=resnet18 is not a known setting. {KEYS}"),
        ("=5", f"=5 is not a known setting. {KEYS}"),
        ("seed", f"The setting seed has no value. {KEYS}"),
        ("", f"The setting  has no value. {KEYS}"),
    ],
)
def test_an_unknown_key_is_answered_with_the_keys(setting, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        apply_settings(QUICK, [setting])


def test_several_settings_and_the_last_of_a_key_wins():
    config = apply_settings(QUICK, ["seed=1", "arch=resnet18", "seed=2"])
    assert (config.seed, config.arch) == (2, "resnet18")


@pytest.mark.parametrize("settings", [["epochs=0,4", "lr=1e-3,1e-4"], ["lr=1e-3,1e-4", "epochs=0,4"]])
def test_rates_count_the_preset_s_stages_whatever_the_order(settings):
    assert apply_settings(QUICK, settings).stages == (Stage(False, 4, 1e-4),)


def test_one_bad_setting_changes_nothing():
    before = dataclasses.asdict(QUICK)
    with pytest.raises(ConfigError):
        apply_settings(QUICK, ["seed=1", "batch_size=0"])
    assert dataclasses.asdict(QUICK) == before


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_s_config_survives_its_stored_form(name):
    config = preset(name).for_data("ham", "abc")
    assert (config.data, config.data_hash, config.preset) == ("ham", "abc", name)
    assert RunConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_s_values_are_ones_that_a_user_may_set(name):
    config = preset(name).config
    settings = [f"{key}={text}" for key, text in settings_text(config).items()]
    assert apply_settings(config, settings) == config


def test_quick_is_frozen_then_fine_tuned_with_the_head_learning_fastest():
    assert [stage.freeze for stage in QUICK.stages] == [True, False]
    assert TUNED.lr_earliest < TUNED.lr_max


def test_an_unknown_preset_is_answered_with_those_there_are():
    sentence = f"There is no preset named slow. The presets are {', '.join(PRESETS)}."
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        preset("slow")


@pytest.mark.parametrize(
    "damage", [lambda s: s.pop("stages"), lambda s: s.pop("arch"), lambda s: s.update(colour="red")]
)
def test_a_stored_config_of_another_version_is_refused(damage):
    stored = QUICK.to_json()
    damage(stored)
    with pytest.raises(ConfigError, match=r"^The stored configuration does not fit this version of LesionLab: "):
        RunConfig.from_json(stored)


def test_a_stage_in_words():
    assert Stage(True, 1, 4e-3).words == "frozen, head only, 1 epoch, learning rate 0.004"
    assert Stage(False, 3, 2e-3, 2e-4).words == "fine-tuning, all layers, 3 epochs, learning rate 0.0002 to 0.002"
    assert QUICK.epochs == FROZEN.epochs + TUNED.epochs


def test_a_configuration_from_before_has_imagenets_normalisation():
    stored = dataclasses.replace(QUICK, mean=HALF.mean, std=HALF.std).to_json()
    assert RunConfig.from_json(stored).normalisation == HALF
    del stored["mean"], stored["std"]
    before = RunConfig.from_json(stored)
    assert before.arch == "efficientnet_lite0" and before.normalisation == IMAGENET
    assert dataclasses.replace(before, normalize=False).normalisation == UNCHANGED


@pytest.mark.parametrize("numbers", [{"mean": [0.5, 0.5]}, {"mean": [0.5, 0.5, 2]}, {"std": [0, 0.5, 0.5]}])
def test_a_normalisation_that_none_is_is_refused(numbers):
    with pytest.raises(ConfigError, match="its field (mean|std) "):
        RunConfig.from_json({**QUICK.to_json(), **numbers})


def test_stored_features_cannot_be_mixed():
    with pytest.raises(ConfigError, match="Set mix=none, or features=no"):
        apply_settings(QUICK, ["features=yes", "mix=mixup"])
