"""`lr-find`: the learning-rate finder on a stage of a run, or at the beginning of a preset."""

from pipeline.commands.arguments import add_command, add_set, settings_epilog
from pipeline.commands.output import Output
from pipeline.errors import ConfigError
from pipeline.files.workspace import current_workspace
from pipeline.text_tables import table

_NAMES = {
    "valley": "valley", "steepest": "steepest", "minimum": "minimum / 10", "slide": "slide",
    "article_steepest": "the article's first rule", "article_plateau": "the article's second rule",
}


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "lr-find", lr_find, epilog=settings_epilog(),
        help="search the learning rate for what follows a stage of a run, or for the first stage of a preset",
    )
    parser.add_argument("start", metavar="RUN:STAGE", nargs="?", help="a stage, from 1, of a run")
    parser.add_argument("--data", metavar="NAME", help="with --preset, instead of RUN:STAGE: the data set")
    parser.add_argument("--preset", metavar="NAME", help="the preset whose first stage is searched for")
    add_set(parser)


def lr_find(arguments, out: Output) -> int:
    from pipeline.commands.foreground_command import work_here
    from pipeline.runs.searches import create_search, origin, plan_first_search, plan_search, read_found

    workspace = current_workspace()
    if arguments.start and not (arguments.data or arguments.preset or arguments.settings):
        config = plan_search(workspace, arguments.start)
    elif arguments.data and arguments.preset and not arguments.start:
        config = plan_first_search(workspace, arguments.data, arguments.preset, arguments.settings)
    else:
        raise ConfigError("It is not clear where the search starts.", "Give RUN:STAGE, or --data and --preset.")
    search = create_search(workspace, config)
    out.warn(f"Search {search.name}: {origin(config)}.")
    status = work_here(search, workspace, out)
    found = read_found(search)
    answer = {"search": search.name, "state": status.state, "origin": origin(config), "error": status.error,
              "found": found}
    out.answer(answer, _text(found) if found else f"{search.name}: {status.state}")
    return 0 if status.state == "done" else 1


def _text(found: dict) -> str:
    from pipeline.training.rate_rules import VERDICTS

    rows = []
    for key, name in _NAMES.items():
        value = found.get(key)
        shown = "–" if value is None else " to ".join(f"{rate:.2e}" for rate in ([value] if key in (
            "valley", "steepest", "minimum", "slide") else value))
        rows.append([name, shown])
    return f"{VERDICTS[found['verdict']]}\n{table(['suggestion', 'learning rate'], rows)}"
