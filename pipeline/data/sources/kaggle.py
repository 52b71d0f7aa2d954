"""HAM10000 from Kaggle, through `kagglesdk`, the client that the package `kaggle` is made of.

The package itself is not imported: importing it looks for a login, asks the network about it and prints. Its client
takes the login from here, and follows KAGGLE_API_ENVIRONMENT (TEST is a server at http://localhost:7777).
"""

import requests

from pipeline.data.sources.credentials import Credentials, find_credentials
from pipeline.data.sources.download import Remote
from pipeline.data.sources.refusals import Host, refused
from pipeline.data.sources.requests_out import get, may_follow, sent_elsewhere
from pipeline.errors import DataError

OWNER, SLUG = "kmader", "skin-cancer-mnist-ham10000"
_GIVE = "give it on the page Data sets, under Get more, or put it where Kaggle's own tools look"
_NEW_TOKEN = f"Make a new token on kaggle.com under Settings, API, and {_GIVE}."
HOST = Host(
    "Kaggle",
    rejected=_NEW_TOKEN,
    forbidden=f"Open kaggle.com/datasets/{OWNER}/{SLUG} with your account, accept what it asks, or make a new token.",
    missing="It may have been moved: search kaggle.com for HAM10000, download it there and import the zip.",
)


def _required_credentials() -> Credentials:
    found = find_credentials()
    if found is None:
        raise DataError("There are no Kaggle credentials here.", _NEW_TOKEN.replace("a new token", "a token"))
    return found


def _status_in_words(error: requests.exceptions.HTTPError) -> int | None:
    """Kaggle may answer 200 and name the failure in the body; what is no status of HTTP's is not believed."""
    try:
        code = error.response.json()["code"] if error.response.status_code < 400 else None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return code if isinstance(code, int) and 400 <= code < 600 else None


def _signed_address(credentials: Credentials) -> str:
    """Where Kaggle lets this login fetch the archive for a while; it is a secret."""
    from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest
    from kagglesdk.kaggle_client import KaggleClient

    request = ApiDownloadDatasetRequest()
    request.owner_slug, request.dataset_slug = OWNER, SLUG
    login = {"username": credentials.username, "password": credentials.key, "api_token": credentials.token}
    try:
        with KaggleClient(**login, user_agent="lesionlab") as client:
            answer = client.datasets.dataset_api_client.download_dataset(request)
    except requests.exceptions.HTTPError as error:
        raise refused(HOST, f"{OWNER}/{SLUG}", error.response, _status_in_words(error)) from None
    except (requests.exceptions.JSONDecodeError, RecursionError):
        raise DataError("Kaggle gave an answer that LesionLab does not understand.", "Try again later.") from None
    with answer:
        if not answer.history:
            raise DataError("Kaggle did not say where the archive lies.", "Try again later.")
        if not may_follow(answer.history[0].url, answer.url, elsewhere=True):
            raise sent_elsewhere(HOST)
        return answer.url


def kaggle_archive() -> Remote:
    """The archive, opened anew with the login at each try, since signed addresses expire.

    Raises:
        DataError: there is no login here, or it cannot be read.
    """
    credentials = _required_credentials()

    def open_(headers: dict[str, str]) -> requests.Response:
        return get(HOST, _signed_address(credentials), headers)

    return Remote(f"{SLUG}.zip", HOST, open_)
