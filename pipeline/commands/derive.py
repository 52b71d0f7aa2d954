"""The hidden `derive`: a model's body as an ONNX file, written in a process of its own, as the app asks for it."""

from pipeline.commands.arguments import add_command
from pipeline.commands.output import Output
from pipeline.workspace import current_workspace


def add_parsers(commands) -> None:
    parser = add_command(commands, "derive", derive, help=None)
    parser.add_argument("model", metavar="RUN_OR_MODEL", help="the model, as `models list` names it, or its run")


def derive(arguments, out: Output) -> int:
    from pipeline.inference.predictor import Predictor
    from pipeline.models.model_info import find_model
    from pipeline.networks.onnx_body import derived_body

    workspace = current_workspace()
    info = find_model(workspace, arguments.model)
    derived_body(workspace, Predictor(info).network[0], info.height, info.width, out.progress)
    out.answer({"model": info.name}, f"The model {info.name} is ready for ONNX Runtime.")
    return 0
