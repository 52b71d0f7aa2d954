"""The addresses under which a class opens this server, as pictures to photograph."""

import io

import segno
import streamlit as st

from app.access import request_headers
from app.addresses.links import shared_address
from app.connection import named_as_this_computer
from app.server_mode import Mode, mode


def class_address() -> None:
    """Address and QR code of a server that was started for a class; nothing of any other."""
    if mode() is Mode.CLASS:
        address = _shared()
        st.image(qr_code(address), width=320, alt=f"QR code of the address {address}")
        st.code(address, language=None)


def _shared() -> str:
    return f"http://{st.get_option('server.address')}:{st.get_option('server.port')}"


def join_address(code: str) -> str:
    """The address under which a phone joins the class of this code: where the server was started for a class, else as
    this browser reaches it.
    """
    if mode() is Mode.CLASS:
        return f"{_shared()}/take-part?room={code}"
    return shared_address("take-part", room=code)


def phones_reach_it() -> bool:
    """Whether another device can open `join_address`: it names more than this computer, as far as this server knows."""
    return mode() is Mode.CLASS or not named_as_this_computer(request_headers())


def qr_code(address: str) -> bytes:
    """A PNG file's bytes, with the quiet zone that a camera needs."""
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="png", scale=8, border=4)
    return drawn.getvalue()
