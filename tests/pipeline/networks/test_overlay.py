"""The heatmap's place, strength and colour on the image."""

import numpy as np
import pytest

from pipeline.networks.overlay import enlarge, has_evidence, overlay

GREY = np.full((2, 4, 3), 100, dtype=np.uint8)
VIRIDIS_YELLOW = [253, 231, 37]  # the last colour of Viridis, #fde725


def test_enlarging_interpolates_between_the_cells_centres():
    enlarged = enlarge(np.array([[0.0, 1.0]]), 2, 4)
    assert enlarged.shape == (2, 4)
    np.testing.assert_allclose(enlarged, [[0, 0.25, 0.75, 1]] * 2, atol=1e-6)


def test_enlarging_equals_torch_s_bilinear():
    torch = pytest.importorskip("torch")
    heatmap = np.random.default_rng(0).random((4, 5), dtype=np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(heatmap)[None, None], size=(96, 128), mode="bilinear", align_corners=False
    )[0, 0]
    np.testing.assert_allclose(enlarge(heatmap, 96, 128), expected.numpy(), atol=1e-5)


def test_colour_covers_by_value_times_opacity():
    result = overlay(GREY, np.array([[0.0, 3.0]], dtype=np.float16), 1.0)
    assert (result.shape, result.dtype) == (GREY.shape, np.uint8)
    assert result[0, 0].tolist() == [100, 100, 100]
    assert result[0, 3].tolist() == VIRIDIS_YELLOW
    half = overlay(GREY, np.array([[0.0, 3.0]]), 0.5)
    assert half[1, 3].tolist() == np.rint((np.array(VIRIDIS_YELLOW) + 100) / 2).astype(int).tolist()


def test_the_scale_of_the_heatmap_does_not_matter():
    heatmap = np.array([[0.1, 0.4], [0.2, 0.0]])
    np.testing.assert_array_equal(overlay(GREY, heatmap, 0.7), overlay(GREY, heatmap * 1000, 0.7))


def test_the_strongest_region_lies_where_the_heatmap_has_it():
    heatmap = np.zeros((3, 4))
    heatmap[2, 0] = 1
    change = np.abs(overlay(np.full((90, 120, 3), 100, np.uint8), heatmap, 1.0).astype(int) - 100).sum(2)
    row, column = np.unravel_index(change.argmax(), change.shape)
    assert row >= 60 and column < 30
    assert change[:30].sum() == 0


def test_no_opacity_and_no_evidence_leave_the_image_as_it_is():
    np.testing.assert_array_equal(overlay(GREY, np.ones((2, 2)), 0.0), GREY)
    unchanged = overlay(GREY, np.zeros((2, 2), dtype=np.float16), 1.0)
    np.testing.assert_array_equal(unchanged, GREY)
    assert unchanged is not GREY


def test_the_image_is_not_written_to():
    pixels = GREY.copy()
    overlay(pixels, np.ones((2, 2)), 1.0)
    np.testing.assert_array_equal(pixels, GREY)


@pytest.mark.parametrize(
    ("heatmap", "expected"),
    [
        (np.zeros((2, 2)), False),
        (np.array([[0, 1e-3]]), True),
        (np.full((2, 2), np.nan), False),
        (np.array([[np.inf, 1.0]], dtype=np.float16), False),
    ],
)
def test_evidence_is_a_positive_finite_value(heatmap, expected):
    assert has_evidence(heatmap) is expected


@pytest.mark.parametrize(
    ("pixels", "heatmap", "opacity", "sentence"),
    [
        (GREY.astype(float), np.ones((2, 2)), 0.5, r"^pixels must be uint8 \(H, W, 3\), not float64 \(2, 4, 3\)\.$"),
        (GREY[..., 0], np.ones((2, 2)), 0.5, r"^pixels must be uint8 \(H, W, 3\), not uint8 \(2, 4\)\.$"),
        (GREY, np.ones((1, 2, 2)), 0.5, r"^heatmap must be \(h, w\), not \(1, 2, 2\)\.$"),
        (GREY, np.ones((2, 2)), 1.5, r"^opacity must be from 0 to 1, not 1\.5\.$"),
    ],
)
def test_wrong_shapes_and_ranges_are_refused(pixels, heatmap, opacity, sentence):
    with pytest.raises(ValueError, match=sentence):
        overlay(pixels, heatmap, opacity)


def test_a_heatmap_of_a_part_leaves_the_rest_untouched():
    picture = np.full((60, 100, 3), 100, np.uint8)
    laid = overlay(picture, np.ones((7, 7)), 1.0, box=(20.0, 0.0, 80.0, 60.0))
    changed = (laid != picture).any(axis=2)
    assert changed[:, 20:80].all() and not changed[:, :20].any() and not changed[:, 80:].any()
