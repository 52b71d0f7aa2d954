"""Every page asks its own server for everything: no font, map, script or report from elsewhere."""

from tests.e2e.views import PAGES


def test_every_request_of_every_page_goes_to_the_server(browser, running_app):
    asked: list[str] = []
    context = browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.on("websocket", lambda socket: asked.append(socket.url))
    for path in PAGES:
        page.goto(f"{running_app.url}/{path}", wait_until="networkidle")
        page.get_by_role("heading", level=1).first.wait_for()
    context.close()
    own = (f"{running_app.url}/", f"{running_app.url.replace('http', 'ws')}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(own)] == [] and len(asked) > 10 * len(PAGES)
