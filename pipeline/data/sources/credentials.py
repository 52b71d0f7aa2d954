"""The user's Kaggle login: found where Kaggle's own tools look, kept there too, never in the workspace."""

import contextlib
import json
import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import DataError
from pipeline.files.disk import disk_errors
from pipeline.files.workspace import current_workspace
from pipeline.limits import MOST_LOGIN_BYTES, MOST_LOGIN_CHARACTERS

_MODE = 0o600  # readable by the user alone


@dataclass(frozen=True)
class Credentials:
    """An access token, or a user name with a key; `place` says in words where they were found."""

    place: str
    username: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)


def kaggle_folder() -> Path:
    """Where Kaggle's tools keep credentials: $KAGGLE_CONFIG_DIR, else ~/.kaggle."""
    return Path(os.environ.get("KAGGLE_CONFIG_DIR") or Path.home() / ".kaggle").expanduser()


def _folders() -> list[Path]:
    fallback = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "kaggle"
    return list(dict.fromkeys([kaggle_folder(), Path.home() / ".kaggle", fallback]))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_LOGIN_BYTES + 1)
        if len(content) <= MOST_LOGIN_BYTES:
            return content.decode("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"{path} cannot be read.", "Check the file, or give the credentials again.") from None
    raise DataError(f"{path} is too large for a login.", "Check the file, or give the credentials again.")


def _is_word(text: str) -> bool:
    """Whether a request can carry it as a login: one word of printable ASCII."""
    return 0 < len(text) <= MOST_LOGIN_CHARACTERS and text.isascii() and text.isprintable() and " " not in text


def _name_and_key(text: str, name: str) -> tuple[str, str]:
    # from None everywhere: an error about the content must not carry the content along
    try:
        stored = json.loads(text)
        username, key = stored["username"].strip(), stored["key"].strip()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        username = key = ""
    if not _is_word(username) or not _is_word(key):
        raise DataError(
            f"{name} is no kaggle.json: it must hold a username and a key.",
            "Make a new one on kaggle.com under Settings, API, and choose that file.",
        ) from None
    return username, key


def _from_environment() -> Credentials | None:
    if token := os.environ.get("KAGGLE_API_TOKEN", "").strip():
        with contextlib.suppress(OSError):  # a token is no path, and may be too long for one
            if Path(token).is_file():
                return Credentials("the file that KAGGLE_API_TOKEN names", token=_text(Path(token)))
        return Credentials("the environment variable KAGGLE_API_TOKEN", token=token)
    return None


def find_credentials() -> Credentials | None:
    """The login that is here, in the order in which Kaggle's tools look; None where there is none.

    Raises:
        DataError: a file is there but cannot be used.
    """
    if found := _from_environment():
        return found
    for path in [folder / name for folder in _folders() for name in ("access_token", "access_token.txt")]:
        if path.is_file() and (token := _text(path)):
            return Credentials(f"the file {path}", token=token)
    username, key = (os.environ.get(name, "").strip() for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"))
    if username and key:
        return Credentials("the environment variables KAGGLE_USERNAME and KAGGLE_KEY", username, key)
    for path in [folder / "kaggle.json" for folder in _folders()]:
        if path.is_file():
            return Credentials(f"the file {path}", *_name_and_key(_text(path), str(path)))
    return None


def _keep(name: str, text: str) -> Path:
    folder = kaggle_folder()
    if folder.resolve().is_relative_to(current_workspace().home.resolve()):
        raise DataError(
            f"The Kaggle folder {folder} lies in the workspace, where others may read it.",
            "Set KAGGLE_CONFIG_DIR to a folder elsewhere.",
        )
    path = folder / name
    with disk_errors(path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=folder)  # made with mode 600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        os.chmod(temporary, _MODE)
        os.replace(temporary, path)
    return path


def keep_token(token: str) -> Path:
    """Keeps an access token in the Kaggle folder, and gives its place.

    Raises:
        DataError: it is empty or no single word, or that folder lies in the workspace.
        WorkspaceError: the folder cannot be written.
    """
    if not _is_word(token.strip()):
        raise DataError("That is no access token: it must be one word.", "Copy it from kaggle.com, Settings, API.")
    return _keep("access_token", token.strip())


def keep_key(username: str, key: str) -> Path:
    """Keeps a user name and a key as kaggle.json; raises as `keep_token`."""
    if not _is_word(username.strip()) or not _is_word(key.strip()):
        raise DataError("A user name and a key are needed, each of one word.", "Copy them from your kaggle.json.")
    return _keep("kaggle.json", json.dumps({"username": username.strip(), "key": key.strip()}))


def keep_kaggle_json(content: bytes) -> Path:
    """Keeps an uploaded kaggle.json; raises as `keep_token`."""
    try:
        text = content.decode("utf-8-sig") if len(content) <= MOST_LOGIN_BYTES else ""
    except UnicodeDecodeError:
        text = ""
    return keep_key(*_name_and_key(text, "The file"))
