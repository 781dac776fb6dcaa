"""`render SCENE --reload`: the film again after every edit, one line each time, until Ctrl-C."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from renderer.errors import LatentreelError, ValueProblem

if TYPE_CHECKING:
    from renderer.authoring.reload import Fresh, Reloader
    from renderer.film import Rendered
    from renderer.job import Job

EVERY = 0.2  # seconds between two looks at the files
Chosen = Callable[["Job"], tuple[range, list[str] | None]]  # the frames of a film, and the files to write


class SupersededError(Exception):
    """Stop a render whose scene or plugins were edited meanwhile."""


def keep_fresh(film: Reloader, chosen: Chosen) -> None:
    """Render a film into its files again and again; errors are shown and survived, Ctrl-C ends it."""
    from renderer import report

    changed: Sequence[Path] = ()
    try:
        while True:
            try:
                report.print_fresh(render_fresh(film, film.load(), chosen), changed)
            except (LatentreelError, ValueProblem) as error:
                report.err.print(f"{time.strftime('%H:%M:%S')}  {error}", soft_wrap=True)
            except SupersededError:
                pass
            while not (changed := film.changed()):
                time.sleep(EVERY)
    except KeyboardInterrupt:
        report.err.print("stopped; the files are those of the last render that was whole")


def render_fresh(film: Reloader, fresh: Fresh, chosen: Chosen) -> Rendered:
    """Render the film as it is now; raise SupersededError as soon as it was edited once more."""
    from renderer import api, report

    def progress(count: int) -> None:
        if film.changed():
            raise SupersededError

    frames, files = chosen(fresh.job)
    sinks = api.open_sinks(fresh.job, files, frames, fresh.registries)
    with report.err.status(f"rendering {len(frames)} frames"):
        return api.render_into(fresh.job, sinks, frames, progress)
