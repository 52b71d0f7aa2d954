"""What if the picture were another: controls, the output beside the untouched one's, and how often such changes flip
the prediction over all validation lesions.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from app.addresses.links import ERRORS, explore_link
from app.charts.what_if import what_if_figure
from app.components import problems
from app.components.cases.embedding_job import embedding_job
from app.components.figures import dark, show
from app.components.notice_panel import notice_panel
from app.loaders import case_tables, resources
from app.loaders.image_pixels import digest_of
from app.loaders.run_data import model_of
from pipeline.classes import label
from pipeline.explain.embedding_files import ChangedAnswers
from pipeline.explain.perturb import NAMED, Perturbation, perturb
from pipeline.metrics.predictions_table import probability_column, probability_columns
from pipeline.models.model_info import ModelInfo
from pipeline.number_words import count, percent, probability
from pipeline.runs.run_dir import RunDir
from pipeline.shown import as_text

_FLIPS = {"none": "Not mirrored", "left-right": "Left to right", "top-bottom": "Top to bottom"}
_INKS = {"none": "None", "pen": "Pen's mark", "ruler": "Ruler"}
_START = {"rotate": 0, "flip": "none", "zoom": 1.0, "brightness": 0, "warmth": 0, "ink": "none", "across": 25,
          "down": 25}
_KEY = "what_if."


def _reset() -> None:
    st.session_state.update({_KEY + name: value for name, value in _START.items()})


def what_if_panel(
    info: ModelInfo, case: dict, seen: np.ndarray, at_its_shape: Callable[[np.ndarray], np.ndarray]
) -> None:
    """The controls and the output for one case.

    Args:
        info: the model that gave the case's prediction.
        case: its row of `case_table`, with p_<code>.
        seen: what the network saw of it, uint8 (H, W, 3).
        at_its_shape: gives such pixels in the shape that the picture has.
    """
    if st.session_state.get(_KEY + "image") != case["image_id"]:
        _reset()
        st.session_state[_KEY + "image"] = case["image_id"]
    st.fragment(_panel)(info, case, seen, at_its_shape)


def _panel(info: ModelInfo, case: dict, seen: np.ndarray, at_its_shape: Callable[[np.ndarray], np.ndarray]) -> None:
    with problems.in_words():
        controls, pictures, output = st.columns([4, 3, 5], gap="medium")
        with controls:
            change = _controls()
        changed = perturb(seen, change)
        with pictures:
            if not np.array_equal(seen, changed):  # never the same picture twice
                st.image(at_its_shape(changed), width="stretch", output_format="PNG", caption="The changed picture",
                         alt=f"What the network would see of {case['image_id']} after the change")
            st.image(at_its_shape(seen), width="stretch", output_format="PNG", caption="As the network saw it",
                     alt=f"Image {case['image_id']} as the network saw it")
        with output:
            _output(info, case, seen, changed)


def _controls() -> Perturbation:
    for name, value in _START.items():
        st.session_state.setdefault(_KEY + name, value)
    rotate = st.slider("Turn", -180, 180, step=5, format="%d°", key=f"{_KEY}rotate")
    flip = st.radio("Mirror", list(_FLIPS), format_func=_FLIPS.get, horizontal=True, key=f"{_KEY}flip")
    zoom = st.slider("Enlarge", 1.0, 2.5, step=0.1, format="%.1f×", key=f"{_KEY}zoom")
    brightness = st.slider("Brightness", -50, 50, step=5, format="%d %%", key=f"{_KEY}brightness")
    warmth = st.slider("Colour, from blue to red", -30, 30, step=5, format="%d %%", key=f"{_KEY}warmth")
    ink = st.radio("Draw", list(_INKS), format_func=_INKS.get, horizontal=True, key=f"{_KEY}ink")
    left, right = st.columns(2)
    across = left.slider("Left to right", 0, 100, step=5, format="%d %%", key=f"{_KEY}across", disabled=ink == "none")
    down = right.slider("Top to bottom", 0, 100, step=5, format="%d %%", key=f"{_KEY}down", disabled=ink == "none")
    st.button("Reset", key=f"{_KEY}reset", on_click=_reset, icon=":material/restart_alt:")
    return Perturbation(float(rotate), flip, zoom, brightness / 100, warmth / 100, ink, across / 100, down / 100)


def _output(info: ModelInfo, case: dict, seen: np.ndarray, changed: np.ndarray) -> None:
    before = after = np.array([case[column] for column in probability_columns(info.classes)])
    if not np.array_equal(seen, changed):  # the untouched one is stored: nothing to load before something is changed
        with st.spinner("Asks the network.", show_time=False):
            before, after = (
                resources.output(info, pixels, digest_of(pixels), prepared=True).probabilities
                for pixels in (seen, changed)
            )
    old, new = (info.classes[int(shares.argmax())] for shares in (before, after))
    if old == new:
        st.markdown(f"##### The prediction stays: {as_text(label(new))}")
    else:
        st.markdown(f"##### The prediction flips: {as_text(label(old))} → {as_text(label(new))}")
    truth = info.classes.index(case["truth"])
    st.markdown(f"{as_text(label(case['truth']))}, the reference diagnosis: {probability(float(before[truth]))} → "
                f"**{probability(float(after[truth]))}**")
    table = pd.DataFrame({"code": info.classes, "diagnosis": [label(code) for code in info.classes],
                          "before": before.astype(float), "after": after.astype(float)})
    table = table.sort_values("before", ascending=False, ignore_index=True)
    show(what_if_figure(table, dark()), table, f"{case['image_id']}-what-if", key=f"{_KEY}chart")
    notice_panel(info, f"what-if/{case['image_id']}")


def changed_panel(changed: ChangedAnswers, case: dict, codes: list[str]) -> None:
    """What the network said of one case after each of the named changes, where it cannot be asked itself.

    Args:
        case: its row of `case_table`, with p_<code>.
    """
    truth, before = codes.index(case["truth"]), case[probability_column(case["truth"])]
    rows = []
    for name, shares in changed.of(case["image_id"]).items():
        answer = codes[int(shares.argmax())]
        rows.append({"The picture": NAMED[name][0], "Prediction": label(answer),
                     "Flips": "yes" if answer != case["predicted"] else "no",
                     "Probability of the reference diagnosis": probability(float(shares[truth]))})
    st.markdown(f"The network cannot be asked without its weights and the image. What it said of changed pictures is "
                f"stored. Untouched it said {as_text(label(case['predicted']))}; the reference diagnosis, "
                f"{as_text(label(case['truth']))}, had {probability(float(before))}.")
    st.dataframe(pd.DataFrame(rows), hide_index=True, height="content", key=f"{_KEY}changed")


def flips_of_all(run: RunDir) -> None:
    """How many lesions' predictions flip under each change, of all that judge the run, with links to them."""
    shares, info = case_tables.flip_shares(run), model_of(run)
    if shares is None:
        words = "Here stands, for each change, the share of lesions whose prediction it flips"
        if info and info.is_mean:
            embedding_job(run, f"{words}.")
        else:
            st.markdown(f"{words}, once the job under *Look-alikes in training* is done.")
        return
    lesions = max((share["lesions"] for share in shares.values()), default=0)
    st.markdown(f"Of {count(lesions, 'lesion')}, one averaged prediction each, the prediction flips when every image "
                "of it is …")
    order = sorted(shares, key=lambda name: -len(shares[name]["flipped"]))
    for start in range(0, len(order), 2):
        for column, name in zip(st.columns(2, gap="large"), order[start : start + 2], strict=False):
            share = shares[name]
            n = len(share["flipped"])
            with column:
                st.markdown(
                    f"**{NAMED[name][0]}: {percent(n / share['lesions'])}** (95 % interval {percent(share['low'])} to "
                    f"{percent(share['high'])}), {n:,} of {share['lesions']:,}; {share['lost']:,} were right before, "
                    f"{share['won']:,} are right now")
                if n:
                    st.page_link(ERRORS, label=f"Open the {count(n, 'lesion')} {NAMED[name][0]}",
                                 icon=":material/photo_library:", query_params=explore_link(run.name, flips=name))
    st.caption("Wilson intervals. A dermatologist's answer would not change with any of these. Each change was made to "
               "what the network sees, as above.")
