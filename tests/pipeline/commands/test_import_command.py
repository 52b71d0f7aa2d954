"""`data import` on the command line: a mapping is proposed as it can be typed; problems of one kind are one line."""

import json

from pipeline import cli
from pipeline.commands.dataset_text import problem_lines
from tests.small_archives import files_of, jpeg, rows, write_folder


def test_a_mapping_is_proposed_and_the_proposal_typed_imports(workspace, tmp_path, capfd):
    files = {f"{name}/{n}.jpg": jpeg(n) for n, name in enumerate(("melanoma", "solar lentigo", "Nevus, Spitz", "wart"))}
    source = write_folder(tmp_path / "mine", files)
    arguments = ["data", "import", str(source), "--name", "mine"]
    assert cli.main(arguments) == 1
    said = capfd.readouterr().err
    proposal = said.partition('--map "')[2].partition('"')[0]
    assert proposal == "nevus spitz=nv,solar lentigo=bkl,wart=none"
    confirmed = proposal.replace("nevus spitz", "Nevus, Spitz")
    assert cli.main([*arguments, "--map", confirmed, "--json"]) == 0
    answer = json.loads(capfd.readouterr().out)
    assert {code: n["images"] for code, n in answer["diagnoses"].items()} == {"bkl": 1, "mel": 1, "nv": 1}
    assert answer["problems"] == [{"image_id": "3", "problem": "its diagnosis was mapped to none"}]
    assert cli.main(["data", "import", "--name", "mine", "--map", "wart=nv", "--sources", str(tmp_path / "x.csv")]) == 1
    assert "--table, --fill, --view and --map are for images" in capfd.readouterr().err


def test_problems_of_one_kind_are_one_line(workspace, tmp_path, capfd):
    files = {path: content for n, (path, content) in enumerate(files_of(rows(24)).items()) if n < 5}
    assert cli.main(["data", "import", str(write_folder(tmp_path / "part", files)), "--name", "part"]) == 0
    lines = capfd.readouterr().out.splitlines()
    absent = [line for line in lines if "but there is no image" in line]
    assert absent == [
        "  20 images (ISIC_0000004, ISIC_0000005, ISIC_0000006, ISIC_0000007, ISIC_0000008, ISIC_0000009, "
        "ISIC_0000010, ISIC_0000011 and 12 more): the table has it, but there is no image"
    ]
    assert problem_lines([{"image_id": None, "problem": "x"}, {"image_id": "a", "problem": "y"}]) == ["  x", "  a: y"]
