"""The article's two readings of a learning-rate curve, on curves whose shape is known."""

import numpy as np
import pytest

from pipeline.training.rate_rules import VERDICTS, plateau_rule, steepest_point, steepest_rule, verdict

RATES = np.logspace(-7, 0, 141)
DECADES = np.log10(RATES)


def _falls_at(centre):
    """Loss 2, a fall round 10**centre to 1, and a rise from 10**-0.5 on."""
    fall = 1 / (1 + np.exp(-6 * (DECADES - centre)))
    return 2 - fall + 20 * np.clip(DECADES + 0.5, 0, None)


@pytest.mark.parametrize("centre", [-4.3, -3.0, -2.6])
def test_the_steepest_point_is_where_the_loss_falls_fastest(centre):
    assert np.log10(steepest_point(RATES, _falls_at(centre))) == pytest.approx(centre, abs=0.051)


@pytest.mark.parametrize(("centre", "lowest"), [(-4.3, 1e-4), (-3.0, 1e-3), (-2.6, 1e-2)])
def test_the_first_rule_rounds_up_and_goes_a_decade_above(centre, lowest):
    found = steepest_rule(RATES, _falls_at(centre))
    assert found.lowest == pytest.approx(lowest)
    assert found.highest == pytest.approx(10 * lowest)


def test_the_first_rule_gives_the_articles_range_from_the_articles_point():
    losses = 2 - 1 / (1 + np.exp(-40 * (DECADES - np.log10(9.12e-7))))
    assert steepest_rule(RATES, losses) == pytest.approx((1e-6, 1e-5))


def test_the_plateau_is_the_longest_level_stretch_and_its_start_the_lower_end():
    # falls down to 1e-5, level up to 1e-2, then rises
    losses = np.interp(DECADES, [-7, -5, -2, 0], [3.0, 1.0, 1.0, 9.0])
    assert plateau_rule(RATES, losses) == pytest.approx((1e-5, 1e-4))


def test_no_plateau_where_the_loss_never_rests():
    assert plateau_rule(RATES, np.interp(DECADES, [-7, -3, 0], [3.0, 1.0, 9.0])) is None


@pytest.mark.parametrize(
    ("losses", "kind"),
    [
        (_falls_at(-3), "usable"),
        (np.full(141, 1.7) + 0.01 * np.sin(np.arange(141)), "flat"),
        (0.4 + np.clip(DECADES + 3, 0, None), "rises"),
    ],
)
def test_each_kind_of_curve_is_named(losses, kind):
    assert verdict(RATES, losses) == kind
    assert VERDICTS[kind].endswith(".")


def test_a_curve_of_few_batches_is_too_short_whatever_its_shape():
    assert verdict(RATES[:19], _falls_at(-3)[:19]) == "too_short"
    assert verdict(RATES[::7], _falls_at(-3)[::7]) == "usable"
