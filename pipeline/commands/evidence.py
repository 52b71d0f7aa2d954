"""The hidden `evidence`: how much of a run's evidence lies inside the lesions, stored with the run for the app."""

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_command(commands, "evidence", evidence, help=None)
    parser.add_argument("run", metavar="RUN", help="a finished run")


def evidence(arguments, out: Output) -> int:
    from pipeline.data.dataset import load_dataset
    from pipeline.evaluation.evidence_store import keep_evidence
    from pipeline.runs.run_dir import find_run

    workspace = current_workspace()
    run = find_run(workspace, arguments.run)
    table = keep_evidence(run, load_dataset(workspace, run.config().data), out.progress)
    images = 0 if table is None else len(table)
    out.answer({"run": run.name, "images": images}, f"{run.name}: {images:,} images with a heatmap and a mask.")
    return 0
