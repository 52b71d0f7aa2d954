"""What tests of commands share."""

import pytest

from pipeline import cli


@pytest.fixture
def call(capfd):
    """Runs a command in this process and gives its exit code, stdout and stderr."""

    def run(*arguments):
        capfd.readouterr()
        code = cli.main(list(map(str, arguments)))
        return code, *capfd.readouterr()

    return run
