"""The one filter bar over a run's images. Every choice stands in the address, and the address fills the bar."""

import math

import streamlit as st

from app.addresses.case_address import FILTERS, Asked, Known, written_levels
from app.addresses.links import remember, written
from app.charts.dataset import FACTOR_WORDS, level_words
from app.components.run_figures import PART_WORDS
from app.words.case_words import EVIDENCE
from app.words.evaluation_words import DECISION_WORDS
from pipeline.classes import label
from pipeline.evaluation.evidence import KINDS
from pipeline.explain.perturb import NAMED
from pipeline.metrics.cases import METADATA_LEVELS, Range
from pipeline.number_words import count
from pipeline.runs.teaching import TeachingSet
from pipeline.shown import as_text

_ALL = ""  # None would be shown as a box that waits for a choice
_KEY = "explore."
_SEEN = {_ALL: "Both", "yes": "Seen", "no": "Not seen"}
_EVIDENCE = {_ALL: "All", **EVIDENCE}
_VERDICTS = {_ALL: "Both", "yes": "Right", "no": "Wrong"}


def clear_filters() -> None:
    """Show all images of the run; for callbacks."""
    remember(page=None, **dict.fromkeys(FILTERS))


def case_filters(known: Known, asked: Asked, sets: dict[str, TeachingSet], names: dict[str, str]) -> None:
    """The bar; `names` are those of other runs in words."""
    for problem in asked.problems:
        st.warning(as_text(problem), icon=":material/link_off:")
    first = st.columns(4)
    _levels(first[0], "truth", "Truth", known, asked)
    _levels(first[1], "predicted", "Prediction", known, asked)
    _box(first[2], "right", "Right or wrong", list(_VERDICTS), _word(asked.right), _VERDICTS.get)
    _runs(first[3], "differs", "Disagrees with", known, asked, names,
          "Other runs on the same data set: the images that all judged and on which not all say the same.")
    with st.expander("More filters", icon=":material/tune:"):
        _box(st.columns(3)[0], "decision", "Predictions under the decision", [_ALL, *DECISION_WORDS], asked.decision,
             lambda decision: DECISION_WORDS.get(decision, "As the run stored them"),
             help="How probabilities become one answer. What is filtered here, and what stands under each image, is "
             "under this decision.")
        _of_the_patient(known, asked)
        _of_the_output(known, asked)
        _of_the_lesion(known, asked)
        _of_other_runs(known, asked, names)
        _of_the_teacher(known, asked, sets)


def _of_the_patient(known: Known, asked: Asked) -> None:
    columns = st.columns(3)
    for place, factor in enumerate(factor for factor in METADATA_LEVELS if factor in known.levels):
        _levels(columns[place % 3], factor, FACTOR_WORDS[factor], known, asked)
    if len(known.levels["part"]) > 1:
        _levels(columns[2], "part", "Part", known, asked)


def _of_the_output(known: Known, asked: Asked) -> None:
    columns = st.columns(3)
    _share(columns[0], "confidence", "Confidence: probability of the prediction", asked.confidence)
    with columns[1].container(horizontal=True, vertical_alignment="bottom"):
        _losses(asked.loss)
    _box(columns[2], "flips", "Prediction flips when the image is", [_ALL, *known.flips], asked.flips,
         lambda name: NAMED[name][0] if name in NAMED else "Not asked", disabled=not known.flips,
         help="From the stored question What if, on the page of any case." if not known.flips else None)
    _levels(columns[0], "of", "Output for one or several diagnoses, summed", known, asked)
    if asked.of:
        _share(columns[1], "share", "That output, averaged over the lesion's images", asked.share)
        _share(columns[2], "own", "That output, of the image itself", asked.own)


def _of_the_lesion(known: Known, asked: Asked) -> None:
    columns = st.columns(3)
    _levels(columns[0], "called", "Prediction for the lesion, its images averaged", known, asked)
    _box(columns[1], "seen", "Another image of the lesion in training", list(_SEEN), _word(asked.seen), _SEEN.get,
         disabled=not known.seen, help=None if known.seen else "Training saw none of these lesions.")
    _box(columns[2], "evidence", "Evidence outside the lesion", [_ALL, *KINDS], asked.evidence, _EVIDENCE.get,
         disabled=not known.evidence,
         help=None if known.evidence else "From lesion masks: the page Leakage, under Evidence outside the lesion.")


def _of_other_runs(known: Known, asked: Asked, names: dict[str, str]) -> None:
    columns = st.columns(3)
    _runs(columns[0], "judged", "Validation images of these runs too", known, asked, names)
    _runs(columns[1], "wrong", "Wrong in each of these runs too", known, asked, names)


def _of_the_teacher(known: Known, asked: Asked, sets: dict[str, TeachingSet]) -> None:
    columns = st.columns(3, vertical_alignment="bottom")
    _box(columns[0], "set", "Teaching set", [_ALL, *known.sets], asked.set,
         lambda one: sets[one].name if one else "All images", disabled=not known.sets)
    key = f"{_KEY}doubtful"
    st.session_state[key] = asked.doubtful
    columns[1].checkbox("Label doubtful", key=key, on_change=lambda: remember(
        page=None, doubtful="yes" if st.session_state[key] else None),
        help="Images that were tagged so on their page.")


def _word(verdict: bool | None) -> str:
    return _ALL if verdict is None else written(verdict)


def _changed(name: str) -> None:
    chosen = st.session_state[_KEY + name]
    remember(page=None, **{name: written_levels(chosen) if isinstance(chosen, list) else chosen or None})


def _levels(place, name: str, title: str, known: Known, asked: Asked) -> None:
    key = _KEY + name
    outputs = {"of": asked.of, "called": asked.called}
    st.session_state[key] = list(outputs[name] if name in outputs else asked.levels.get(name, ()))
    place.multiselect(title, known.levels["truth" if name in outputs else name], key=key, on_change=_changed,
                      args=(name,),
                      format_func=lambda level: _level(name, level), placeholder="None" if name == "of" else "All")


def _level(name: str, level: str) -> str:
    if name == "part":
        return PART_WORDS.get(level, level)
    return label(level) if name in ("truth", "predicted", "of", "called") else level_words(name, level)


def _runs(
    place, name: str, title: str, known: Known, asked: Asked, names: dict[str, str], help: str | None = None
) -> None:
    key = _KEY + name
    st.session_state[key] = list(getattr(asked, name))
    place.multiselect(title, known.runs, key=key, on_change=_changed, args=(name,), help=help, placeholder="None",
                      format_func=lambda run: names.get(run, run), disabled=not known.runs)


def _box(place, name: str, title: str, options: list[str], chosen: str | None, words, **more) -> None:
    key = _KEY + name
    st.session_state[key] = chosen or _ALL
    place.selectbox(title, options, key=key, format_func=words, on_change=_changed, args=(name,), **more)


def _share(place, name: str, title: str, chosen: Range | None) -> None:
    """A range of probabilities; the slider counts in per cent."""
    key = _KEY + name
    low, high = chosen or (0.0, 1.0)
    st.session_state[key] = (100 * min(max(low, 0.0), 1.0), 100 * min(max(high, 0.0), 1.0))

    def changed() -> None:
        low, high = (end / 100 for end in st.session_state[key])
        remember(page=None, **{name: None if (low, high) == (0.0, 1.0) else written((low, high))})

    place.slider(title, 0.0, 100.0, key=key, on_change=changed, step=1.0, format="%d %%")


def _losses(chosen: Range | None) -> None:
    """Both ends of the loss; an empty box is no end."""
    low, high = chosen or (0.0, math.inf)
    ends = {"low": low or None, "high": high if math.isfinite(high) else None}

    def changed() -> None:
        low, high = (st.session_state[f"{_KEY}loss.{end}"] for end in ends)
        bounds = low or 0.0, math.inf if high is None else high
        remember(page=None, loss=None if bounds == (0.0, math.inf) else written((bounds[0], max(bounds))))

    for end, title in (("low", "Loss from"), ("high", "to below")):
        key = f"{_KEY}loss.{end}"
        st.session_state[key] = ends[end]
        st.number_input(title, 0.0, None, key=key, step=0.5, format="%.2f", on_change=changed, placeholder="Any")


def in_words(found: int, lesions: int, all_images: int, asked: Asked) -> str:
    """How many images match, as markdown."""
    if not asked.any:
        return f"**{count(found, 'image')}** of {count(lesions, 'lesion')}, all that the run judged."
    return f"**{count(found, 'image')}** of {count(lesions, 'lesion')} match, out of {count(all_images, 'image')}."
