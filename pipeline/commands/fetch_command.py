"""`data fetch`: a collection from Kaggle or the ISIC challenges, or single images of the ISIC archive."""

from pipeline.commands.arguments import add_command
from pipeline.commands.dataset_text import dataset_answer, dataset_text
from pipeline.commands.output import Output
from pipeline.data.sources.catalogue import SOURCES
from pipeline.data.sources.isic import BASE_VARIABLE, IMAGES_VARIABLE
from pipeline.errors import DataError
from pipeline.files.workspace import current_workspace
from pipeline.text_tables import table


def _about() -> str:
    rows = [
        [f"  {s.id}", f"{s.images:,}", f"{s.size / 1e6:,.0f} MB", str(len(s.diagnoses)), s.licence, s.title]
        for s in SOURCES.values()
    ]
    return table(["  source", "images", "about", "diagnoses", "licence", ""], rows, right=(1, 2, 3))


def add_fetch(group) -> None:
    """Adds the command to the group `data`."""
    parser = add_command(
        group, "fetch", data_fetch,
        help="download a collection and import it; an interrupted download goes on where it ended",
        epilog=f"sources:\n{_about()}\n\nKaggle wants a login: $KAGGLE_API_TOKEN, ~/.kaggle/access_token, "
        f"~/.kaggle/kaggle.json,\nor $KAGGLE_USERNAME with $KAGGLE_KEY. ${BASE_VARIABLE} names a mirror of the ISIC "
        f"archives, ${IMAGES_VARIABLE} one of the ISIC archive's API.",
    )
    parser.add_argument("source", metavar="SOURCE", nargs="?", help="one of the sources below")
    parser.add_argument("--name", metavar="NAME", help="what the data set is called from now on; else as below")
    parser.add_argument("--list", action="store_true", help="list the sources with their licences and terms")


def data_fetch(arguments, out: Output) -> int:
    from pipeline.commands.foreground_command import stop_on_signal
    from pipeline.data.dataset import load_dataset
    from pipeline.data.sources.catalogue import find_source
    from pipeline.jobs.fetching import queue_fetch
    from pipeline.jobs.job_worker import work

    if arguments.list:
        return _list(out)
    if arguments.source is None:
        raise DataError("No source was named.", f"The sources are {', '.join(SOURCES)}.")
    source, workspace = find_source(arguments.source), current_workspace()
    out.warn(f"{source.title}. Licence: {source.licence} ({source.terms}). {source.attribution}.")
    fetch = queue_fetch(workspace, source, arguments.name or source.name)
    with stop_on_signal(fetch, out, at_once=True):  # also where it waits for a silent server
        status = work(fetch, workspace, out.progress)
    if status.state == "failed":
        raise DataError(status.error)
    if status.state != "done":
        out.warn("Stopped on request.")
        return 1
    dataset = load_dataset(workspace, fetch.name)
    out.answer({"source": source.id, **dataset_answer(dataset)}, dataset_text(dataset))
    return 0


def _list(out: Output) -> int:
    answer = [
        {
            "source": s.id, "title": s.title, "name": s.name, "images": s.images, "bytes": s.size,
            "diagnoses": s.diagnoses, "licence": s.licence, "terms": s.terms, "attribution": s.attribution,
            "page": s.page, "login": s.login, "remark": s.remark,
        }
        for s in SOURCES.values()
    ]
    terms = "\n".join(f"{s.id}: {s.remark} {s.licence}: {s.terms}. {s.attribution}. {s.page}" for s in SOURCES.values())
    out.answer({"sources": answer}, f"{_about()}\n\n{terms}")
    return 0
