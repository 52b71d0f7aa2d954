"""`evaluate`: a run's figures, computed again from its stored predictions."""

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_command(
        commands, "evaluate", evaluate,
        help="compute a run's figures again from its stored predictions, store and print them",
    )
    parser.add_argument("run", metavar="RUN", help="the run, as `runs list` names it")


def evaluate(arguments, out: Output) -> int:
    from pipeline.commands.run_text import run_text
    from pipeline.evaluation.evaluate import evaluate_run
    from pipeline.jobs.run_dir import find_run
    from pipeline.jobs.summary import run_summary

    run = find_run(current_workspace(), arguments.run)
    results = evaluate_run(run)
    summary = run_summary(run)
    out.answer({**summary, "results": results}, run_text(summary, results))
    return 0
