"""Every setting with good and bad values, the sentences word for word, the presets, and the stored form."""

import dataclasses
import json
import re

import pytest

from pipeline.config import SETTINGS, RunConfig, Stage, apply_settings
from pipeline.errors import ConfigError
from pipeline.presets import PRESETS, preset

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
    ("features=yes", {"features": True}),
    ("normalize=no", {"normalize": False}),
    (" seed = 7 ", {"seed": 7}),
]

_ARCHES = "efficientnet_lite0, efficientnet_lite1, efficientnet_lite2, resnet18, resnet34, resnet50"
BAD = [
    ("arch=vgg16", f"arch=vgg16 is not known. Choose one of: {_ARCHES}."),
    ("arch=", f"arch= is not known. Choose one of: {_ARCHES}."),
    ("weights=imagenet21k", "weights=imagenet21k is not known. Choose one of: imagenet, random."),
    ("size=31", "size=31 is not a whole number from 32 to 1024. Give a value in that range."),
    ("size=200x2000", "size=2000 is not a whole number from 32 to 1024. Give a value in that range."),
    ("size=big", "size=big is not a whole number from 32 to 1024. Give a value in that range."),
    ("size=99.5", "size=99.5 is not a whole number from 32 to 1024. Give a value in that range."),
    ("resize=pad", "resize=pad is not known. Choose one of: squish, crop."),
    (
        "epochs=3",
        ("epochs=3 names 1 stage, but the preset has 2. Give one number a stage with a comma between; 0 leaves a "
         "stage out."),
    ),
    (
        "epochs=1,2,3",
        ("epochs=1,2,3 names 3 stages, but the preset has 2. Give one number a stage with a comma between; 0 leaves a "
         "stage out."),
    ),
    ("epochs=0,0", "epochs=0,0 leaves no stage to train. Give at least one stage an epoch."),
    ("epochs=1,-1", "epochs=-1 is not a whole number from 0 to 1000. Give a value in that range."),
    ("epochs=1,", "epochs= is not a whole number from 0 to 1000. Give a value in that range."),
    (
        "lr=1e-3",
        ("lr=1e-3 names 1 stage, but the run has 2. Give one rate a stage with a comma between; EARLIEST:HEAD for "
         "discriminative rates."),
    ),
    ("lr=1e-3,1e-5:1e-4:1e-3", "lr=1e-5:1e-4:1e-3 has more than two rates. Give RATE or EARLIEST:HEAD."),
    ("lr=1e-3,nan", "lr=nan is not a number from 1e-10 to 10. Give a value in that range."),
    ("lr=0,1e-3", "lr=0 is not a number from 1e-10 to 10. Give a value in that range."),
    ("lr=1e-3,fast", "lr=fast is not a number from 1e-10 to 10. Give a value in that range."),
    ("batch_size=1", "batch_size=1 is not a whole number from 2 to 1024. Give a value in that range."),
    ("batch_size=", "batch_size= is not a whole number from 2 to 1024. Give a value in that range."),
    ("seed=-1", "seed=-1 is not a whole number from 0 to 2.14748e+09. Give a value in that range."),
    ("split=patient", "split=patient is not known. Choose one of: lesion, lesion-test, random, all."),
    (
        "split=all",
        ("split=all holds no image out that could choose an epoch, but keep=balanced_accuracy asks for that. Set "
         "keep=last, or another split."),
    ),
    ("limit=19", "limit=19 is not a whole number from 20 to 1e+07. Give a value in that range."),
    ("augment=heavy", "augment=heavy is not known. Choose one of: none, flips, light, strong, article."),
    ("loss=focal", "loss=focal is not known. Choose one of: cross_entropy, balanced_softmax, weighted."),
    ("label_smoothing=1", "label_smoothing=1 is not a number from 0 to 0.5. Give a value in that range."),
    ("weight_decay=-0.1", "weight_decay=-0.1 is not a number from 0 to 1. Give a value in that range."),
    ("dropout=1", "dropout=1 is not a number from 0 to 0.9. Give a value in that range."),
    ("drop_path=nan", "drop_path=nan is not a number from 0 to 0.9. Give a value in that range."),
    ("ema=1", "ema=1 is not a number from 0 to 0.99999. Give a value in that range."),
    ("fold=5", "fold=5 is not a whole number from 0 to 4. Give a value in that range."),
    ("repeat=-1", "repeat=-1 is not a whole number from 0 to 999. Give a value in that range."),
    ("keep=best", "keep=best is not known. Choose one of: last, balanced_accuracy, accuracy, valid_loss."),
    ("flips=maybe", "flips=maybe is not known. Choose one of: yes, no."),
    ("features=true", "features=true is not known. Choose one of: yes, no."),
    ("keep_epochs=2", "keep_epochs=2 is not known. Choose one of: yes, no."),
    ("normalize=true", "normalize=true is not known. Choose one of: yes, no."),
]


def _key(setting):
    return setting.partition("=")[0].strip()


def test_every_setting_has_a_good_and_a_bad_case_here():
    assert {_key(setting) for setting, _ in GOOD} == {_key(setting) for setting, _ in BAD} == set(SETTINGS)


@pytest.mark.parametrize(("setting", "expected"), GOOD, ids=[setting for setting, _ in GOOD])
def test_a_good_value_changes_its_fields_and_no_other(setting, expected):
    assert apply_settings(QUICK, [setting]) == dataclasses.replace(QUICK, **expected)


@pytest.mark.parametrize(("setting", "sentence"), BAD, ids=[setting for setting, _ in BAD])
def test_a_bad_value_is_refused_in_these_words(setting, sentence):
    with pytest.raises(ConfigError, match=f"^{re.escape(sentence)}$"):
        apply_settings(QUICK, [setting])


KEYS = (
    "Write key=value; the keys are arch, augment, batch_size, drop_path, dropout, ema, epochs, features, flips, fold, "
    "keep, keep_epochs, label_smoothing, limit, loss, lr, normalize, repeat, resize, seed, size, split, "
    "weight_decay, weights."
)


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
    settings = [
        f"arch={config.arch}", f"weights={config.weights}", f"size={config.width}x{config.height}",
        f"resize={config.resize}", f"batch_size={config.batch_size}", f"split={config.split}",
        f"augment={config.augment}", f"loss={config.loss}", f"keep={config.keep}",
        f"normalize={'yes' if config.normalize else 'no'}",
        "epochs=" + ",".join(str(stage.epochs) for stage in config.stages),
    ]
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
