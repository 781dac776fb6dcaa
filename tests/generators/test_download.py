"""Downloads: complete or not at all, resumed, verified, and one clear sentence for whatever a server does."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from renderer.errors import CheckpointError
from renderer.generators import download
from renderer.generators.cache import Remote, cache_folder, is_url
from renderer.generators.download import fetch
from renderer.generators.transport import Limits, checked_url
from renderer.generators.zoo import read_zoo, zoo
from tests.generators.model_server import ModelServer, moved, page, serve, serving, status

CONTENT = b"\x80\x04" + bytes(range(256)) * 1000 + b"."
HASH = hashlib.sha256(CONTENT).hexdigest()
QUICK = Limits(timeout=0.3, pause=0.01, attempts=3, slow=(0.3, 1000), wait=0.3)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LATENTREEL_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("LATENTREEL_OFFLINE", raising=False)
    return tmp_path / "cache" / "models"


@pytest.fixture
def server():
    with serving(CONTENT) as running:
        yield running


def refusal(url: str, limits: Limits = QUICK) -> str:
    with pytest.raises(CheckpointError) as caught:
        fetch(url, limits=limits)
    assert "\n" not in str(caught.value)
    remote = Remote.find(url) if is_url(url) and "127.0.0.1" in url else None
    assert remote is None or not remote.file.exists(), "nothing lies under the final name"
    return str(caught.value)


def parts(cache: Path) -> list[Path]:
    return list(cache.glob("*.part"))


def test_a_file_is_fetched_once(server: ModelServer, cache: Path):
    seen: list[tuple[int, int | None]] = []
    file = fetch(server.url, progress=lambda done, total: seen.append((done, total)), limits=QUICK)
    assert file.read_bytes() == CONTENT
    assert file.parent == cache == cache_folder()
    assert file.name.startswith("ffhq-")
    assert file.suffix == ".pkl"
    assert seen[0] == (0, len(CONTENT))
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert fetch(server.url) == file
    assert len(server.seen) == 1
    assert json.loads(Remote.find(server.url).beside(".json").read_text())["sha256"] == HASH
    assert parts(cache) == []


def test_two_addresses_with_one_file_name_do_not_meet(server: ModelServer):
    first, second = fetch(server.url, limits=QUICK), fetch(server.url.replace("files", "more"), limits=QUICK)
    assert first != second


@pytest.mark.parametrize("dated", [False, True])
def test_a_break_is_resumed(server: ModelServer, dated: bool):
    broken = serve(100_000, dated=dated, etag="" if dated else None)
    server.behaviours = [broken, serve(dated=dated, etag="" if dated else None)]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, "bytes=100000-"]


def test_the_next_call_goes_on_where_the_last_gave_up(server: ModelServer, cache: Path):
    server.behaviours = [serve(70_000)]
    said = refusal(server.url, Limits(timeout=0.3, pause=0.01, attempts=1))
    assert said.endswith(
        f"cannot be downloaded: the connection ended after 70000 of {len(CONTENT)} bytes;"
        " 70000 bytes are kept, and the next try goes on from there"
    )
    assert Remote.find(server.url).held == (70_000, len(CONTENT))
    server.behaviours = [serve()]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    assert server.ranges[1:] == ["bytes=70000-"]


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGKILL])
def test_a_process_that_was_stopped_is_resumed(server: ModelServer, cache: Path, signal_number: int):
    server.behaviours = [serve(90_000, stall=20), serve()]
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # in the background it is ignored
    code = f"{heard}; from renderer.generators.download import fetch; fetch({server.url!r})"
    process = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while not any(part.stat().st_size == 90_000 for part in parts(cache)) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal_number)
    try:
        assert process.wait(20) != 0
    finally:
        process.kill()
    assert not Remote.find(server.url).file.exists()
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    assert server.ranges[-1] == "bytes=90000-"


def test_a_server_without_ranges_is_asked_for_everything_again(server: ModelServer):
    server.behaviours = [serve(100_000), serve(ranges=False)]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT


def test_without_a_version_nothing_is_joined(server: ModelServer):
    server.behaviours = [serve(100_000, etag=""), serve(etag="")]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    assert server.ranges == [None, None]


def test_a_part_that_was_complete_needs_no_further_byte(server: ModelServer):
    remote = Remote.find(server.url)
    server.behaviours = [serve(70_000), status(404)]
    refusal(server.url)
    remote.beside(".part").write_bytes(CONTENT)
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT


@pytest.mark.parametrize("obey_if_range", [True, False])
def test_content_that_changes_meanwhile_is_not_mixed(server: ModelServer, obey_if_range: bool):
    new = b"\x80\x04" + bytes(range(255, -1, -1)) * 900 + b"."

    def changed(handler):
        server.content = new
        return serve(obey_if_range=obey_if_range)(handler)

    server.behaviours = [serve(100_000), changed, serve(obey_if_range=obey_if_range)]
    assert fetch(server.url, limits=QUICK).read_bytes() == new


def test_content_that_shrinks_meanwhile_begins_again(server: ModelServer):
    new = b"\x80\x04" + bytes(1000) + b"."

    def changed(handler):
        server.content = new
        return serve(obey_if_range=False)(handler)

    server.behaviours = [serve(100_000), changed]
    assert fetch(server.url, limits=QUICK).read_bytes() == new


def test_a_stalled_server_is_left(server: ModelServer):
    server.behaviours = [serve(50_000, stall=3)]
    began = time.monotonic()
    assert "nothing came for 0.3 s" in refusal(server.url)
    assert time.monotonic() - began < 3


def test_a_stall_is_resumed(server: ModelServer):
    server.behaviours = [serve(50_000, stall=1), serve()]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT


def test_a_drip_is_a_stall(server: ModelServer):
    server.behaviours = [serve(drip=0.02)]
    assert "bytes came in 0.3 s" in refusal(server.url)


def test_a_length_that_is_too_long_is_told(server: ModelServer):
    server.behaviours = [serve(length=1000, ranges=False)]
    assert f"ended after {len(CONTENT)} of {len(CONTENT) + 1000} bytes" in refusal(server.url)


def test_a_length_that_is_too_short_is_told(server: ModelServer, cache: Path):
    server.behaviours = [serve(length=-1000)]
    said = refusal(server.url)
    assert said.endswith(f"is not complete, although the server says so ({len(CONTENT) - 1000} bytes came)")
    assert parts(cache) == []


def test_without_a_length_the_end_is_the_end(server: ModelServer):
    server.behaviours = [serve(length=None)]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT


@pytest.mark.parametrize("length", [None, 0])
def test_size_has_a_bound(server: ModelServer, cache: Path, length: int | None):
    server.behaviours = [serve(length=length)]
    limits = Limits(timeout=0.3, pause=0.01, max_bytes=100_000)
    assert "more than the 100000 that a model may have" in refusal(server.url, limits)
    assert parts(cache) == []


def test_redirects_are_followed_with_the_range(server: ModelServer):
    there = server.url.replace("files", "elsewhere")
    server.behaviours = [serve(70_000), moved(there), serve()]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    assert server.seen[-1]["path"] == "/elsewhere/ffhq.pkl"
    assert server.ranges[-1] == "bytes=70000-"


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("/files/ffhq.pkl", "redirects more than 8 times, perhaps in a circle"),
        ("ftp://127.0.0.1/ffhq.pkl", "models are fetched from https:// addresses only"),
        ("file:///etc/passwd", "is no valid address"),
        ("http://example.com/ffhq.pkl", "leads to http://example.com/ffhq.pkl: models are fetched from https://"),
        ("https://me:secret@example.com/x", "an address with a user name or password in it is not asked"),
    ],
)
def test_redirects_that_are_not_followed(server: ModelServer, target: str, said: str):
    server.behaviours = [moved(target)]
    told = refusal(server.url)
    assert said in told
    assert "secret" not in told


def test_https_never_leads_to_http():
    assert checked_url("http://127.0.0.1/x", "http://127.0.0.1/y")
    with pytest.raises(CheckpointError, match=r"^https://a\.b/c: leads to http://127\.0\.0\.1/x: models are fetched"):
        checked_url("http://127.0.0.1/x", "https://a.b/c")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://example.com/a.pkl", "models are fetched from https:// addresses only"),
        ("gdrive://networks/a.pkl", "models are fetched from https:// addresses only"),
        ("https:///a.pkl", "is no valid address"),
        ("https://example.com:port/a.pkl", "is no valid address"),
        ("https://[1/a.pkl", "is no valid address"),
        ("https://example.com/a.pkl#sha256=12", "expected #sha256= and 64 hexadecimal digits"),
        ("https://example.com/a.pkl#page", "expected #sha256= and 64 hexadecimal digits"),
        ("stylegan2-ada-ffhq", "did you mean 'stylegan2-ada-ffhq-"),
    ],
)
def test_addresses_that_are_not_asked(url: str, said: str):
    assert said in refusal(url)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (404, "the server has no such file (404)"),
        (403, "the server does not give it to everybody (403); download it with a browser"),
        (401, "the server does not give it to everybody (401)"),
        (418, "the server answers 418"),
        (204, "the server answers 204 without a file"),
        (304, "the server answers 304"),
    ],
)
def test_final_answers_are_not_repeated(server: ModelServer, code: int, said: str):
    server.behaviours = [status(code)]
    assert said in refusal(server.url)
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [500, 503, 429])
def test_passing_trouble_is_tried_again(server: ModelServer, code: int):
    server.behaviours = [status(code, **{"Retry-After": 0}), status(code), serve()]
    assert fetch(server.url, limits=QUICK).read_bytes() == CONTENT
    server.behaviours = [status(code)]
    assert f"the server answers {code}" in refusal(server.url.replace("files", "never"))
    assert len(server.seen) == 6


def test_a_pause_asked_for_is_kept(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    slept: list[float] = []
    monkeypatch.setattr(download.time, "sleep", slept.append)
    server.behaviours = [status(503, **{"Retry-After": 7}), status(503, **{"Retry-After": 10**5}), status(503), serve()]
    fetch(server.url, limits=Limits(timeout=1, pause=1))
    assert slept == [7, 60, 4]


def test_nobody_there_is_said():
    with serving(CONTENT) as gone:
        url = gone.url
    assert "cannot be downloaded: Connection refused" in refusal(url)


def test_an_answer_that_is_no_http(server: ModelServer):
    server.behaviours = [lambda handler: handler.wfile.write(b"SSH-2.0-nothing here\r\n")]
    assert "the server's answer is no HTTP" in refusal(server.url)


def test_a_page_is_not_a_model(server: ModelServer, cache: Path):
    server.behaviours = [page]
    said = refusal(server.url)
    assert "the server sends a web page, not a model; download it with a browser" in said
    assert len(server.seen) == 1
    assert parts(cache) == []


@pytest.mark.parametrize(("content", "said"), [(b"", "is empty"), (b"\x1f\x8b" + bytes(600), "compressed with gzip")])
def test_other_files_are_not_models(content: bytes, said: str):
    with serving(content) as server:
        assert said in refusal(server.url)


def test_a_compressed_answer_is_refused(server: ModelServer):
    server.behaviours = [serve(headers={"Content-Encoding": "gzip"})]
    assert "compressed, which was not asked for" in refusal(server.url)


def test_a_known_hash_is_checked(server: ModelServer, cache: Path):
    assert fetch(f"{server.url}#sha256={HASH.upper()}", limits=QUICK).read_bytes() == CONTENT
    wrong = f"{server.url}#sha256={'0' * 64}"
    with pytest.raises(CheckpointError, match=r"is not the file it should be .*; delete .* to fetch it again$"):
        fetch(wrong)
    Remote.find(server.url).file.unlink()
    assert "is not the file it should be" in refusal(wrong)
    assert parts(cache) == []


def test_first_use_is_trusted_and_the_next_must_be_the_same(server: ModelServer, cache: Path):
    fetch(server.url, limits=QUICK).unlink()
    server.content = CONTENT[:-5] + b"other"[:4] + b"."
    said = refusal(server.url)
    assert "is another file than the one first downloaded (sha256" in said
    Remote.find(server.url).beside(".json").unlink()
    assert fetch(server.url, limits=QUICK).read_bytes() == server.content


def test_a_file_changed_in_the_cache_is_told(server: ModelServer):
    file = fetch(server.url, limits=QUICK)
    os.utime(file)
    assert fetch(server.url) == file, "touched, but the same"
    file.write_bytes(CONTENT[:-1])
    with pytest.raises(CheckpointError, match=r"has changed since it was downloaded .*; delete it to fetch it again$"):
        fetch(server.url)


def test_a_damaged_record_is_told(server: ModelServer):
    file = fetch(server.url, limits=QUICK)
    Remote.find(server.url).beside(".json").write_text('{"url": 3}')
    with pytest.raises(CheckpointError, match="is damaged; delete it and try again"):
        fetch(server.url)
    Remote.find(server.url).beside(".json").unlink()
    assert fetch(server.url) == file


def test_offline_asks_nobody(server: ModelServer, cache: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("LATENTREEL_OFFLINE", "1")
    said = refusal(server.url)
    assert said == f"{server.url}: is not in the cache ({cache}), and LATENTREEL_OFFLINE is set"
    assert server.seen == []
    monkeypatch.setenv("LATENTREEL_OFFLINE", "0")
    file = fetch(server.url, limits=QUICK)
    monkeypatch.setenv("LATENTREEL_OFFLINE", "1")
    assert fetch(server.url) == file


def test_several_at_once_fetch_it_once(server: ModelServer):
    files: list[Path] = []
    threads = [threading.Thread(target=lambda: files.append(fetch(server.url))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {file.read_bytes() for file in files} == {CONTENT}
    assert len(files) == 4
    assert len(server.seen) == 1


def test_another_process_that_takes_too_long_is_told(server: ModelServer, cache: Path):
    import filelock

    cache.mkdir(parents=True)
    with filelock.FileLock(Remote.find(server.url).beside(".lock")):
        assert refusal(server.url).endswith("another process is still downloading it")


def test_a_full_disk_is_one_sentence(server: ModelServer, monkeypatch: pytest.MonkeyPatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage)
    assert f"needs {len(CONTENT)} bytes more, but only 1000 are free at" in refusal(server.url)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: usage._replace(free=1 << 40))
    monkeypatch.setattr(download, "read_body", full)
    assert "the model cannot be stored here: No space left on device" in refusal(server.url)


def test_a_cache_that_cannot_be_written_is_one_sentence(server: ModelServer, tmp_path: Path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LATENTREEL_CACHE", str(tmp_path / "file"))
    assert refusal(server.url) == f"{tmp_path}/file/models: the model cannot be stored here: Not a directory"


def test_the_zoo_holds_together():
    models = zoo()
    assert {"stylegan2-ada-ffhq-1024x1024", "stylegan3-t-ffhq-1024x1024", "stylegan2-cat-config-f"} <= set(models)
    for model in models.values():
        assert checked_url(model.url) == model.url
        assert model.url.endswith(".pkl")
        assert str(model.resolution) in model.name or model.family == "StyleGAN2 (TensorFlow)"
        assert Remote.find(model.name).file.name
    assert len({Remote.find(name).file for name in models}) == len(models)


def test_a_name_twice_in_the_zoo_is_an_error():
    source = "{family: F, about: https://a.b/, base: https://a.b/, licence: L, models: [%s]}"
    model = "{name: a, resolution: 8, shows: x}"
    assert read_zoo("sources: [" + source % model + "]")["a"].url == "https://a.b/a.pkl"
    with pytest.raises(ValueError, match="the name a is in the zoo twice"):
        read_zoo("sources: [" + source % f"{model}, {model}" + "]")
    with pytest.raises(ValueError, match="base"):
        read_zoo(("sources: [" + source % model + "]").replace("base: https", "base: http"))
