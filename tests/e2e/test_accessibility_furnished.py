"""axe-core finds nothing serious on the pages of cases, map, teaching sets and leakage with all that they can show."""

from collections.abc import Iterator

import pytest

from pipeline.files.workspace import Workspace
from tests.e2e.furnish import furnish
from tests.e2e.serving import RunningApp, serve
from tests.e2e.stock import stock_generated
from tests.e2e.test_accessibility import scan_all
from tests.e2e.views import furnished_views

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def furnished_app(tmp_path_factory, trained) -> Iterator[RunningApp]:
    """An app on a workspace of its own, as an educator's after some lessons."""
    folder = tmp_path_factory.mktemp("furnished")
    stock_generated(folder / "home", trained[0])
    furnish(Workspace(folder / "home"), "tiny")
    with serve(folder / "home", folder / "app.log") as app:
        yield app


def test_furnished_pages(furnished_app: RunningApp, visitor) -> None:
    page = visitor(furnished_app.url, color_scheme="light")
    scan_all(page, furnished_views(furnished_app.workspace, "tiny"), furnished_app.url)
