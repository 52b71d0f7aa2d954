"""`evaluate`: a run's figures, computed again from its stored predictions; or a model's on another data set."""

from typing import get_args

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.files.workspace import Workspace, current_workspace
from pipeline.vocabulary import AskedPart


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "evaluate", evaluate,
        help="compute a run's figures again from its stored predictions, or with --data those of a model on a data "
        "set; store and print them",
    )
    parser.add_argument(
        "run", metavar="RUN_OR_MODEL", help="the run, as `runs list` names it, or the model, as `models list` does"
    )
    parser.add_argument(
        "--data", metavar="NAME", help="judge the model on this data set, in the foreground, waiting for its turn; "
        "what it was trained on is left out, and the result is stored as an evaluation of its own",
    )
    parser.add_argument(
        "--map", metavar="CODE=CODE,…", help="what diagnoses of the data set that the model has no output for count "
        "as: the data set's code=the model's, or code=none to leave it out",
    )
    parser.add_argument(
        "--part", choices=get_args(AskedPart), help="with --data: judge on the images alone that `data reserve` "
        "reserved; otherwise these are left out",
    )
    parser.add_argument(
        "--sets", action="store_true", help="print instead how often prediction sets hold the diagnosis of a run's "
        "held-out lesions, by diagnosis and image source, and what answering only when sure leaves; nothing is stored",
    )
    parser.set_defaults(usage_error=parser.error)


def evaluate(arguments, out: Output) -> int:
    workspace = current_workspace()
    if arguments.sets:
        if arguments.data or arguments.map or arguments.part:
            arguments.usage_error("--sets looks at a run's stored predictions, so it goes without --data")
        return _sets(workspace, arguments.run, out)
    data = arguments.data or _members_data(workspace, arguments.run)
    if data:
        return _evaluate_on(workspace, arguments.run, data, arguments.map, arguments.part, out)
    if arguments.map or arguments.part:
        arguments.usage_error("--map and --part say what of --data is judged and how, so they need --data")
    return _evaluate_again(workspace, arguments.run, out)


def _sets(workspace: Workspace, name: str, out: Output) -> int:
    from pipeline.commands.set_coverage_text import set_figures
    from pipeline.runs.run_dir import find_run

    out.answer(*set_figures(workspace, find_run(workspace, name)))
    return 0


def _evaluate_again(workspace: Workspace, name: str, out: Output) -> int:
    from pipeline.commands.run_text import run_text
    from pipeline.evaluation.evaluate import evaluate_run
    from pipeline.runs.run_dir import find_run
    from pipeline.runs.summary import run_summary

    run = find_run(workspace, name)
    run.check_own()
    results = evaluate_run(run)
    summary = run_summary(run)
    out.answer({**summary, "results": results}, run_text(summary, results))
    return 0


def _members_data(workspace: Workspace, name: str) -> str | None:
    """The one data set that all members of a mean of models were trained on; None for everything else.

    Raises:
        ModelError: it is a model without a run, whose data set has to be named.
    """
    from pipeline.errors import ModelError
    from pipeline.models.library import run_of
    from pipeline.models.model_info import list_models
    from pipeline.runs.run_dir import list_runs

    info = next((info for info in list_models(workspace) if info.name == name), None)
    if info is None or run_of(workspace, info) or name in [run.name for run in list_runs(workspace)]:
        return None
    if info.members and info.data_hash:
        return info.data
    raise ModelError(f"The model {name} has no stored predictions of its own here.",
                     "Name the data set to judge it on with --data.")


def _evaluate_on(
    workspace: Workspace, model: str, data: str, mapping: str | None, part: AskedPart | None, out: Output
) -> int:
    from pipeline.commands.foreground_command import work_here
    from pipeline.commands.run_text import run_text
    from pipeline.evaluation.class_mapping import parse_mapping
    from pipeline.inference.evaluation_plan import plan_evaluation
    from pipeline.jobs.evaluating import create_evaluation, overlap_path
    from pipeline.runs.summary import run_summary

    plan = plan_evaluation(workspace, model, data, parse_mapping(mapping) if mapping else None, part)
    run = create_evaluation(workspace, plan)
    for sentence in plan.sentences():
        out.warn(sentence)
    status = work_here(run, workspace, out)
    summary, results = run_summary(run), run.results()
    answer = {**summary, "evaluation": plan.record(), "overlap_file": str(overlap_path(run)), "results": results}
    out.answer(answer, run_text(summary, results))
    return 0 if status.state == "done" else 1
