"""Make the site of pages that are read on code hosts as well: what they link to beyond docs/ becomes pages, too.

mkdocs calls the `on_*` functions (https://www.mkdocs.org/user-guide/configuration/#hooks).
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent
WHOLE = {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}  # pages that stand beside docs/
SINGLE = ("renderer/generators/bloom.py", "tests/test_layers.py")
SHOWN = ("LICENSE", "scenes", "plugins", "examples", "benchmarks", *SINGLE)
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".md": "markdown", "": "text"}
_LINK = re.compile(r"(\]\()([^)\s:#]+)((?:#[^)\s]*)?\))")
_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def on_files(files: Files, *, config: Any) -> Files:
    """Add the pages beside docs/, and the source files that pages link to."""
    for name, page in WHOLE.items():
        files.append(File.generated(config, page, content=relinked((ROOT / name).read_text("utf-8"), name, page)))
    for path in sources():
        files.append(File.generated(config, page_of(path), content=source_page(path)))
    return files


def on_page_markdown(markdown: str, *, page: Any, config: Any, files: Files) -> str:
    """Let the links of a page below docs/ lead to pages of the site."""
    if page.file.abs_src_path is None or page.file.generated_by is not None:
        return markdown
    return relinked(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def sources() -> list[Path]:
    """Return the files and folders that have a page, as paths from the root."""
    found = []
    for name in SHOWN:
        top = ROOT / name
        inside = [path for path in sorted(top.rglob("*")) if path.is_dir() or path.suffix in LANGUAGES]
        found += [top, *(path for path in inside if not re.search(r"__pycache__|\.egg-info|/\.", str(path)))]
    return [path.relative_to(ROOT) for path in found]


def page_of(path: Path) -> str:
    """Return the page of a source file, or of a folder."""
    name = path.as_posix()
    return f"source/{name}/index.md" if (ROOT / path).is_dir() else f"source/{name}.md"


def source_page(path: Path) -> str:
    """Return a file as a page, or the list of what is in a folder."""
    head = f"---\nsearch: {{exclude: true}}\n---\n\n# {path.as_posix()}\n\n"
    if (ROOT / path).is_dir():
        below = [one for one in sources() if one.parent == path]
        return head + "\n".join(f"- [{one.name}]({posixpath.relpath(page_of(one), f'source/{path}')})" for one in below)
    return f"{head}````{LANGUAGES[path.suffix]}\n{(ROOT / path).read_text('utf-8')}\n````\n"


def relinked(markdown: str, name: str, page: str) -> str:
    """Return a page, read as the file `name` below the root, with its links as they stand on the site."""

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), match[2]))
        return f"{match[1]}{posixpath.relpath(page_on_site(target), posixpath.dirname(page) or '.')}{match[3]}"

    blocks = _BLOCK.findall(markdown)
    texts = [_LINK.sub(link, text) for text in _BLOCK.split(markdown)]
    return "".join(part for pair in zip(texts, [*blocks, ""], strict=True) for part in pair)


def page_on_site(target: str) -> str:
    """Return the page, or picture, of the site for a file of the project."""
    if target in WHOLE:
        return WHOLE[target]
    if target.startswith("docs/"):
        return target.removeprefix("docs/")
    return page_of(Path(target))
