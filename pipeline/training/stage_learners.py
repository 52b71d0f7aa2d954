"""The learner of each stage of a run: on images, or on stored features where the config says so."""

from fastai.learner import Learner
from torch import nn

from pipeline.config import RunConfig, Stage
from pipeline.runs.reporter import Reporter
from pipeline.runs.run_dir import RunDir
from pipeline.training.features import Body, fast_body, open_features, wanted_features
from pipeline.training.head_stage import head_learner
from pipeline.training.learner import make_learner
from pipeline.training.losses import make_loss
from pipeline.training.material import Material
from pipeline.workspace import Workspace


class StageLearners:
    """Gives the learners of a run that trains `network`.

    All stages whose backbone runs share one, so that its optimizer goes on; a stage on features has one of its own.
    """

    def __init__(
        self, run: RunDir, workspace: Workspace, config: RunConfig, network: nn.Sequential, material: Material,
        reporter: Reporter, device: str,
    ):
        self._run, self._workspace, self._config, self._network = run, workspace, config, network
        self._material, self._reporter, self._device = material, reporter, device
        self._loss = make_loss(config, material.parts["train"][1], material.dataset.classes)
        self._on_images: Learner | None = None

    def of(self, stage: Stage) -> Learner:
        """The learner of `stage`, frozen as it says; for one on features, these are computed where they are missing.

        Raises:
            Cancelled: a stop was asked for.
            WorkspaceError: there is no room for the features.
        """
        learner = self._head() if self._config.on_features(stage) else self._whole()
        learner.freeze() if stage.freeze else learner.unfreeze()
        return learner

    def _whole(self) -> Learner:
        if self._on_images is None:
            self._on_images = make_learner(
                self._config, self._network, self._material.pixels, self._material.parts, self._loss, self._device,
                self._reporter.note, self._run.folder,
            )
        return self._on_images

    def _head(self) -> Learner:
        features = self.features()
        return head_learner(
            self._config, self._network, features, self._material.parts, self._loss, self._device, self._run.folder
        )

    def features(self):
        """What `features.open_features` gives for the network's present body."""
        config, material, reporter = self._config, self._material, self._reporter
        reporter.note(config.features_words)
        reporter.say("Looks for the backbone's outputs.")
        wanted = wanted_features(config, material.parts, len(material.pixels))
        with reporter.timed("features"):
            return open_features(
                material.dataset, config, self._network, material.pixels, wanted, self.body, reporter.watch
            )

    def body(self) -> Body:
        """The network's present body in eval mode, as quick as this computer has it."""
        return fast_body(
            self._workspace, self._network[0], self._config, self._device, self._reporter.note, self._reporter.watch
        )
