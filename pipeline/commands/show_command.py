"""`runs list`, `runs show`, `presets list`, `presets show`: what there is, read and printed."""

from typing import Any

from pipeline.commands.arguments import add_command, add_group
from pipeline.commands.output import Output
from pipeline.configuration.config import SETTINGS, RunConfig, settings_text
from pipeline.configuration.presets import PRESETS, preset
from pipeline.files.workspace import current_workspace
from pipeline.text_tables import facts, table


def add_parsers(commands) -> None:
    runs = add_group(commands, "runs", "the runs of the workspace")
    add_command(
        runs, "list", runs_list,
        help="every run with its state and validation figures, newest first, the bundled one last",
    )
    parser = add_command(runs, "show", runs_show, help="one run: its configuration, state and figures")
    parser.add_argument("run", metavar="RUN", help="the run, as `runs list` names it")
    presets = add_group(commands, "presets", "the presets that a training starts from")
    add_command(presets, "list", presets_list, help="every preset, a line each")
    parser = add_command(presets, "show", presets_show, help="one preset: its reason, its stages and all its settings")
    parser.add_argument("preset", metavar="NAME", help="the preset, as `presets list` names it")


def runs_list(arguments, out: Output) -> int:
    from pipeline.commands.run_text import runs_table
    from pipeline.runs.run_dir import bundled_run, list_runs
    from pipeline.runs.summary import run_summary

    bundled = bundled_run()
    runs = [*list_runs(current_workspace()), *([bundled] if bundled else [])]
    summaries = [{**run_summary(run), "source": "bundled" if run.bundled else "here"} for run in runs]
    out.answer({"runs": summaries}, runs_table(summaries))
    return 0


def runs_show(arguments, out: Output) -> int:
    from pipeline.commands.run_text import run_text
    from pipeline.runs.run_dir import find_run
    from pipeline.runs.summary import run_summary

    run = find_run(current_workspace(), arguments.run)
    summary, config, results = run_summary(run), run.config(), run.results()
    text = f"{run_text(summary, results)}\n\n{config_text(config)}"
    out.answer({**summary, "config": config.to_json(), "results": results}, text)
    return 0


def presets_list(arguments, out: Output) -> int:
    presets = [{"name": p.name, "line": p.line} for p in PRESETS.values()]
    out.answer({"presets": presets}, facts([(p["name"], p["line"]) for p in presets]))
    return 0


def presets_show(arguments, out: Output) -> int:
    chosen = preset(arguments.preset)
    answer = {
        "name": chosen.name, "line": chosen.line, "reason": chosen.reason, "settings": settings_text(chosen.config),
        "stages": [{**stage, "words": words} for stage, words in _stages(chosen.config)],
    }
    out.answer(answer, f"{chosen.name}: {chosen.line}\n\n{chosen.reason}\n\n{config_text(chosen.config)}")
    return 0


def _stages(config: RunConfig) -> list[tuple[dict[str, Any], str]]:
    return [(dict(stage.__dict__), stage.words) for stage in config.stages]


def config_text(config: RunConfig) -> str:
    """The stages in words, then each setting as `--set` takes it and what it means."""
    stages = [f"  {number}. {words}" for number, (_, words) in enumerate(_stages(config), 1)]
    rows = [[f"  {key}", value, SETTINGS[key].explained] for key, value in settings_text(config).items()]
    return "\n".join(["Stages", *stages, "", table(["Settings", "", ""], rows)])
