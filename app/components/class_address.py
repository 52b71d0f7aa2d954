"""The address under which a class opens this server, as a picture to photograph."""

import io

import segno
import streamlit as st

from app.server_mode import Mode, mode


def class_address() -> None:
    """Address and QR code of a server that was started for a class; nothing of any other."""
    if mode() is not Mode.CLASS:
        return
    address = f"http://{st.get_option('server.address')}:{st.get_option('server.port')}"
    drawn = io.BytesIO()
    segno.make(address, error="m").save(drawn, kind="png", scale=8, border=4)
    st.image(drawn.getvalue(), width=320, alt=f"QR code of the address {address}")
    st.code(address, language=None)
