"""Example images to choose from: a row of thumbnails for each data set. The chosen one stands in the address."""

from collections.abc import Iterator
from itertools import count

import streamlit as st

from app.addresses.links import linked, remember
from app.components.models.visitor_image import Truth, VisitorImage, visitor_image
from app.loaders import resources
from app.loaders.examples import Examples, Offer, drawn, examples
from app.loaders.image_pixels import thumbnail
from pipeline.data.tables import described
from pipeline.errors import ImageError
from pipeline.models.model_info import ModelInfo
from pipeline.shown import as_text

_SIDE = 72  # pixels: four beside each other on a phone and in a third of a lecturer's screen
_DRAW, _MODEL = "examples.draw", "examples.model"


def _show_others() -> None:
    st.session_state[_DRAW] = st.session_state.get(_DRAW, 0) + 1
    remember(example=None)


def _thumbnail(offer: Offer, row, number: int, chosen: str | None) -> None:
    name = f"{offer.dataset.name}/{row.image_id}"
    try:
        content = thumbnail(offer.dataset.image_path(row.file), row.width, row.height)
    except ImageError:
        st.caption("Image gone")
        return
    st.image(content, width="stretch", alt=f"Example image {number}")  # its name and reference come with the output
    st.button(f"Use {number}", key=f"example.{name}", width="stretch", on_click=remember, kwargs={"example": name},
              type="primary" if name == chosen else "secondary")


def _known(found: Examples, asked: str) -> list[str]:
    name, _, image_id = asked.partition("/")
    return [asked] if any(o.dataset.name == name and image_id in o.images.index for o in found.offers) else []


def _exists(asked: str) -> bool:
    name, _, image_id = asked.partition("/")
    return any(d.name == name and image_id in resources.metadata(d).index for d in resources.datasets())


def _chosen(info: ModelInfo, found: Examples) -> str | None:
    """`<data set>/<image_id>` of the address, if the model can be shown it; else says why not."""
    asked = st.query_params.get("example", "")
    another_model = st.session_state.get(_MODEL, info.name) != info.name
    st.session_state[_MODEL] = info.name
    link = linked("example", _known(found, asked))
    if not link.problem:
        return link.value
    if another_model:
        remember(example=None)
    elif _exists(asked):
        st.warning(as_text(f"The address names the example image {asked[:80]}, which is no example for the model "
                           f"{info.name}: the model was trained on it, or on images of another kind."),
                   icon=":material/link_off:")
    else:
        st.warning(as_text(link.problem), icon=":material/link_off:")
    return None


def _row(offer: Offer, numbers: Iterator[int], chosen: str | None) -> None:
    with st.container(horizontal=True, gap="xsmall"):
        for row in drawn(offer.images, st.session_state.get(_DRAW, 0)).itertuples():
            with st.container(width=_SIDE, gap="xxsmall"):
                _thumbnail(offer, row, next(numbers), chosen)


def example_rows(info: ModelInfo) -> list[VisitorImage]:
    """The rows, those of other data sets than the model's own folded; the chosen image, if there is one.

    Raises:
        ImageError: the chosen image is gone or damaged.
    """
    found = examples(info)
    chosen = _chosen(info, found)
    numbers = count(1)
    for place, offer in enumerate(found.offers):
        if place == 0:
            with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
                st.markdown(f"**{as_text(offer.dataset.name)}**", width="content")
                st.button("Show others", key="examples.others", icon=":material/casino:", type="tertiary",
                          on_click=_show_others, help="Another image of each diagnosis.")
            _row(offer, numbers, chosen)
        else:
            with st.expander(as_text(offer.dataset.name), expanded=_from(offer, chosen)):
                _row(offer, numbers, chosen)
    if not found.offers:
        st.info("There is no example image for this model. Choose My images above and bring one.")
    with st.expander("Which images are offered", icon=":material/help:", expanded=not found.offers):
        for offer in found.offers:
            st.caption(as_text(f"{offer.dataset.name}: {offer.origin}"))
        for sentence in found.left_out:
            st.caption(as_text(sentence))
    return [_read(found, chosen)] if chosen else []


def _from(offer: Offer, chosen: str | None) -> bool:
    return chosen is not None and chosen.startswith(f"{offer.dataset.name}/")


def _read(found: Examples, chosen: str) -> VisitorImage:
    image_id = chosen.partition("/")[2]
    offer = next(offer for offer in found.offers if _from(offer, chosen))
    row = offer.images.loc[image_id]
    truth = Truth(row["dx"], described(offer.images.loc[[image_id]])["dx_type"].iloc[0])
    return visitor_image(offer.dataset.image_path(row["file"]), image_id, truth)
