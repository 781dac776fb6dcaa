"""The site builds without a warning, every link and anchor leads somewhere, and nothing is asked of other servers."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

OUTSIDE = re.compile(r"<(?:script|img|iframe|source)[^>]*\bsrc=\"https?://|<link[^>]*stylesheet[^>]*\bhref=\"https?://")


def build(root: Path, out: Path) -> subprocess.CompletedProcess[str]:
    """Build the site of a project as `make site` does, into a folder."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(out)]
    own = {"NO_MKDOCS_2_WARNING": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=root, env=os.environ | own, capture_output=True, text=True, timeout=250)


def test_site_builds_with_strict_links(tmp_path):
    done = build(ROOT, tmp_path)
    assert done.returncode == 0, done.stderr
    pages = sorted(tmp_path.rglob("*.html"))
    assert {"index.html", "gallery.html", "changelog.html", "tutorial-film.html"} <= {page.name for page in pages}
    asking = [page.name for page in pages if OUTSIDE.search(page.read_text(encoding="utf-8"))]
    assert asking == [], "a page asks something of another server"


@pytest.mark.full
@pytest.mark.parametrize("link", ["nowhere.md", "scene.md#nowhere", "../scenes/nowhere.yaml", "images/nowhere.webp"])
def test_a_link_that_leads_nowhere_fails(link, tmp_path):
    for name in ("docs", "scenes", "plugins", "examples", "benchmarks", "renderer", "tests"):
        shutil.copytree(
            ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "golden", "fixtures")
        )
    for name in ("mkdocs.yml", "README.md", "CHANGELOG.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    with (tmp_path / "docs" / "outputs.md").open("a", encoding="utf-8") as page:
        page.write(f"\n[here]({link})\n")
    done = build(tmp_path, tmp_path / "site")
    assert done.returncode != 0
    assert "nowhere" in done.stdout + done.stderr
