"""The login at an OpenID provider, where whoever runs the server has set one up: Streamlit's, by the section [auth] of
`.streamlit/secrets.toml`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st
from streamlit.errors import StreamlitAuthError

from pipeline.errors import ConfigError


def login_set_up() -> bool:
    """Whether there is a provider to log in at."""
    return "is_logged_in" in st.user.to_dict()


def logged_in() -> bool:
    """Whether this session's browser has logged in there."""
    return bool(st.user.to_dict().get("is_logged_in"))


def person_of(user: Mapping[str, Any]) -> str:
    """The e-mail of whom Streamlit names; "" for nobody, and for a login whose provider does not say that it verified
    the e-mail: where it does not, anybody may register under an operator's.

    Args:
        user: as `st.user`: the claims of the login, or what a proxy's trusted headers say.
    """
    if user.get("is_logged_in") and str(user.get("email_verified")).lower() != "true":
        return ""
    return str(user.get("email") or "")


def log_in() -> None:
    """Sends the browser to the provider.

    Raises:
        ConfigError: the section [auth] is not as Streamlit wants it.
    """
    try:
        st.login()
    except StreamlitAuthError as error:
        raise ConfigError(
            "Nobody can log in: the section [auth] of .streamlit/secrets.toml is incomplete.",
            "Whoever runs the server gives redirect_uri, cookie_secret, client_id, client_secret and "
            "server_metadata_url there, and starts it again.",
        ) from error
