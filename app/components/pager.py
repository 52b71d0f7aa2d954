"""Pages of a long row of images: which one the address names, and the buttons that turn to another."""

import streamlit as st

from app.addresses.links import remember
from pipeline.shown import as_text


def page_of_address(pages: int) -> int:
    """The page (1..pages) that the address names, the first without one; says so where it names one that is not."""
    asked = st.query_params.get("page")
    if asked is None:
        return 1
    if asked.isascii() and asked.isdecimal() and 1 <= int(asked[:9]) <= pages:
        return int(asked[:9])
    st.warning(as_text(f"The address names page {asked[:20]}, but there is only "
                       f"{'one page' if pages == 1 else f'a page 1 to {pages:,}'}. Shown instead: page 1."),
               icon=":material/link_off:")
    return 1


def _turn_to(page: int) -> None:
    remember(page=None if page == 1 else str(page))


def pager(key: str, page: int, pages: int, size: int, total: int) -> None:
    """Previous, next, and which of the `total` images stand on this `page`; a page holds `size` of them."""
    first = (page - 1) * size + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Previous", key=f"{key}.previous", disabled=page == 1, on_click=_turn_to, args=(page - 1,),
                  icon=":material/arrow_back:")
        st.button("Next", key=f"{key}.next", disabled=page == pages, on_click=_turn_to, args=(page + 1,),
                  icon=":material/arrow_forward:", icon_position="right")
        st.markdown(f"{first:,}–{min(first + size - 1, total):,} of {total:,}", width="content")
