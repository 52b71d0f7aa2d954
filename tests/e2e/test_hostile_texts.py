"""A browser on a workspace and on addresses full of hostile texts: no link and no request leads anywhere else."""

from urllib.parse import urlencode, urlsplit

import pytest

from app.old_addresses import MOVED
from pipeline.files.workspace import Workspace
from pipeline.runs.teaching import list_sets
from tests.e2e.serving import serve
from tests.e2e.steps import open_address
from tests.e2e.views import PAGES
from tests.hostile.addresses import PAGES as PARAMETERS
from tests.hostile.named_workspace import name_everything

pytestmark = [pytest.mark.browser, pytest.mark.slow]  # the quick tests hold the same without a browser

HOSTILE = ("\\[Log in](http://evil.example/a) **b** <img src=http://evil.example/b.png> ![c](http://evil.example/c) "
           "http://evil.example/d me@evil.example :red[e] $f$ <a href='http://evil.example/g'>g</a>")
_LINKS = "all => all.map(one => one.href || one.src || one.action || '')"
_MARKED = "[data-testid=stMarkdownContainer] :is(.katex, del, img, span[style*=color])"


def _parameters(page: str) -> tuple[str, ...]:
    names = {"": "home", "learning-rate": "rates", "another-data-set": "evaluate_on", "judge": "evaluation"}
    name = names.get(page, page.replace("-", "_"))
    return PARAMETERS[name]


def test_nothing_hostile_is_a_link_or_asks_elsewhere(tmp_path, visitor):
    run = name_everything(Workspace(tmp_path / "home").create(), tmp_path, HOSTILE)
    elsewhere, image, taught = [], run.predictions()["image_id"].iloc[0], list_sets(Workspace(tmp_path / "home"))[0].id
    with serve(tmp_path / "home", tmp_path / "app.log") as app:
        page = visitor(app.url)
        page.on("request", lambda asked: elsewhere.append(asked.url)
                if urlsplit(asked.url).netloc not in (urlsplit(app.url).netloc, "") else None)
        seen = ""
        for name in (*PAGES, *MOVED):  # an old address is a part of a page
            hostile = dict.fromkeys(_parameters(name), HOSTILE)
            here = {"run": run.name, "image": image} if "run" in hostile else {}
            here |= {"set": taught, "answer": "yes"} if name == "lesson" else {}
            for address in dict.fromkeys(map(urlencode, (hostile, {**hostile, **here}, here))):
                open_address(page, f"{app.url}/{name}?{address}")
                page.eval_on_selector_all("details:not([open]) > summary", "all => all.forEach(one => one.click())")
                page.wait_for_load_state("networkidle")
                links = page.eval_on_selector_all("a[href], img, iframe, form", _LINKS)
                assert not [link for link in links if "evil" in link.partition("?")[0]], name
                marked = page.locator(_MARKED).evaluate_all("all => all.map(one => one.outerHTML)")
                assert not [one for one in marked if "evil" in one or "katex" in one], name
                seen += page.locator("[data-testid=stMain]").inner_text()
        for address in (b"run=%ED%A0%80&run=b", b"run=%00&%00=1", b"a" * 3000, b"&".join([b"run=x"] * 500),
                        b"runs=" + b"%2C" * 5000, b"search=" + b"x" * 30_000):
            open_address(page, f"{app.url}/runs?{address.decode()}")
            assert not page.locator("[data-testid=stException]").count()
    assert not elsewhere
    assert "\\[Log in](http" in seen.replace("\u2060", "")
    assert "Traceback" not in (tmp_path / "app.log").read_text()
