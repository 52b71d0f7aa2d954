"""Opening an image: one reader for all, and a process with limits for files that are built unlike others."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from pipeline.commands.image_files import image_files
from pipeline.errors import ImageError
from pipeline.images import apart
from pipeline.images.memory_room import MemoryRoom
from pipeline.images.reading import bytes_for_browsers, image_size, open_image, opened
from tests.hostile.case import cases_of
from tests.hostile.image_bytes import encoded, many_scans, picture, png_bomb
from tests.small_archives import exactly

ROOT = Path(__file__).resolve().parents[3]
CASES = cases_of("images")
MODES = [name for name in CASES if name.startswith(("mode-", "foreign-", "named-", "no-file-"))]


def odd(number: int = 70) -> bytes:
    """A small image that is not decoded in this process."""
    return many_scans(number, 64)


@pytest.fixture
def decoder():
    """A process of this test's own."""
    made = apart.Decoder()
    yield made
    made.close()


@pytest.mark.parametrize("name", MODES)
def test_every_kind_of_file_is_read_alike_or_refused_by_all(name, tmp_path):
    case = CASES[name]
    try:
        case.hand_over(tmp_path)
    except ImageError:
        assert case.expect != "right"
    else:
        assert case.expect != "refused"


def test_a_heic_image_is_known_by_its_bytes_and_its_owner_told_what_to_do(tmp_path):
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(200))
    with pytest.raises(ImageError, match=exactly(
        "IMG_0001.jpg is a HEIC image, as iPhones store them, which LesionLab does not read. Export it as a JPEG file; "
        "for new pictures choose Settings > Camera > Formats > Most Compatible on the iPhone."
    )):
        open_image(path, path.name)
    for name in ("a.heic", "b.HEIF", "c.avif"):
        (tmp_path / name).write_bytes(b"x")
    assert {file.name for file in image_files([tmp_path])} == {"IMG_0001.jpg", "a.heic", "b.HEIF", "c.avif"}


def test_what_a_decoder_says_is_not_quoted():
    content = encoded(picture(), "PNG")
    with pytest.raises(ImageError) as caught:
        open_image(content.replace(b"IDAT", b"IDA<"), "a.png")
    assert str(caught.value) == "a.png is damaged or incomplete and cannot be opened. Get a fresh copy of the file."


def test_an_odd_image_is_right_and_decoded_apart(decoder):
    image, generated = decoder.decode(odd(), "a.jpg")
    assert (image.mode, image.size, generated) == ("RGB", (64, 64), False)
    assert np.abs(np.asarray(image, int) - 128).max() <= 1
    assert np.array_equal(np.asarray(open_image(odd(), "a.jpg")), np.asarray(image))


def test_a_refusal_leaves_the_process_and_names_the_file(decoder):
    with pytest.raises(ImageError, match=r"^lesion 1\.jpg is damaged"):
        decoder.decode(b"\xff\xd8\xff" + bytes(100), "lesion 1.jpg")
    first = decoder._process.pid
    assert decoder.decode(odd(), "b.jpg")[0].size == (64, 64)
    assert decoder._process.pid == first


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_after_its_death_the_next_image_gets_another(decoder, how):
    decoder.decode(odd(), "a.jpg")
    first = decoder._process
    first.send_signal(how)
    first.wait()
    assert decoder.decode(odd(), "a.jpg")[0].size == (64, 64)
    assert decoder._process.pid != first.pid


def test_what_takes_too_long_is_ended_by_its_processor_time():
    decoder = apart.Decoder(seconds=1)
    content = many_scans(20_000, 2_000)
    with pytest.raises(ImageError, match=r"^a\.jpg takes longer to open than LesionLab gives an image"):
        decoder.decode(content, "a.jpg")
    assert decoder.decode(odd(), "b.jpg")[0].size == (64, 64)
    decoder.close()


def test_what_takes_too_long_by_the_clock_is_ended_too(decoder, monkeypatch):
    decoder.decode(odd(), "a.jpg")
    monkeypatch.setattr(apart, "MOST_WAITING_SECONDS", 0.5)
    with pytest.raises(ImageError, match=r"^a\.jpg takes longer to open"):
        decoder.decode(many_scans(20_000, 2_000), "a.jpg")


def test_threads_share_one_process(decoder):
    with ThreadPoolExecutor(8) as pool:
        sizes = list(pool.map(lambda n: decoder.decode(many_scans(70, 32 + 8 * n), "a.jpg")[0].size, range(8)))
    assert sizes == [(32 + 8 * n,) * 2 for n in range(8)]


def _in_a_fork(answer) -> None:
    answer.send(np.asarray(open_image(odd(), "a.jpg")).shape)


def test_a_fork_has_a_process_of_its_own():
    open_image(odd(), "a.jpg")
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    fork = context.Process(target=_in_a_fork, args=(there,))
    fork.start()
    assert here.recv() == (64, 64, 3)
    fork.join()
    assert np.asarray(open_image(odd(), "a.jpg")).shape == (64, 64, 3)


@pytest.mark.parametrize("end", ["", "os.kill(os.getpid(), 9)"])
def test_it_ends_with_whoever_asked(end):
    program = (
        "import os\nfrom pipeline.images import apart\nfrom tests.hostile.image_bytes import many_scans\n"
        f"apart.decode_apart(many_scans(70, 64), 'a')\nprint(apart._decoder._process.pid, flush=True)\n{end}"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(int(done.stdout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not psutil.pid_exists(int(done.stdout))


def test_large_images_wait_for_each_other():
    room, inside, most = MemoryRoom(100), [], []

    def work(size: int) -> None:
        with room.taken(size):
            inside.append(size)
            most.append(sum(inside))
            time.sleep(0.01)
            inside.remove(size)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(work, [60, 30, 60, 250, 30, 60, 40, 40]))
    assert max(most) == 250 and sorted(most)[-2] <= 100 and not inside


def test_a_bomb_of_sixty_million_pixels_is_opened_within_bounds():
    with opened(png_bomb(10_000, 6_000, 1, 0), "a.png") as image:
        assert image.size == (10_000, 6_000) and image.mode == "RGB"


def test_the_size_comes_from_the_header(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encoded(picture(40, 60), "JPEG", exif=exif)
    assert image_size(content, "a.jpg") == (40, 60) == open_image(content, "a.jpg").size
    assert image_size(content[:-20], "a.jpg") == (40, 60)
    assert image_size(odd(), "a.jpg") == (64, 64)


def test_a_wall_gets_plain_files_as_they_are_without_their_metadata():
    exif = Image.Exif()
    exif[0x010E] = "a patient's name"
    content = encoded(picture(), "JPEG", exif=exif)
    sent = bytes_for_browsers(content, "a.jpg", 640)
    assert sent == encoded(picture(), "JPEG") and b"patient" not in sent
    exif[0x0112] = 3
    assert bytes_for_browsers(encoded(picture(), "JPEG", exif=exif), "a.jpg", 640) is None
    assert bytes_for_browsers(content, "a.jpg", 59) is None
    assert bytes_for_browsers(encoded(picture(), "WEBP"), "a.webp", 640) is None


def test_the_process_imports_little():
    program = "import sys, pipeline.images.worker; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert {"torch", "pandas", "streamlit", "sklearn", "scipy"}.isdisjoint(done.stdout.split())
