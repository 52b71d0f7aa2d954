"""The hidden `preview`: a batch before and after its transforms, made in a process of its own, as the app asks for it.
"""

from pipeline.commands.output import Output
from pipeline.commands.plan_work import StepLines, add_plan_command, planned
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_plan_command(commands, "preview", preview)
    parser.add_argument("--draw", type=int, default=0, metavar="N", help="another number shows other images")


def preview(arguments, out: Output) -> int:
    from pipeline.classes import label
    from pipeline.data.dataset import load_dataset

    workspace = current_workspace()
    config = planned(workspace, arguments)
    say = StepLines(out)
    say(0.1, "Loads fastai.")
    from pipeline.training.preview import preview_batch

    found = preview_batch(load_dataset(workspace, config.data), config, arguments.draw, say)
    names = [f"{image.image_id}  {label(image.truth)}" for image in found.images]
    out.answer(found.to_json(), "\n".join([*found.steps, *names]))
    return 0
