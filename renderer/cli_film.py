"""`render SCENE`: a film with a bar, that can be interrupted and gone on with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from renderer.film import Rendered
    from renderer.job import Job
    from renderer.registry import Registries
    from renderer.sinks import Sink


class Interrupt:
    """Raise KeyboardInterrupt when the process is asked to end, and remember it.

    An exception in the middle of a callback, as of the compiler of kernels, would be lost.
    """

    asked = False

    def __call__(self, number: int, frame: object) -> NoReturn:
        """Take a signal."""
        self.asked = True
        raise KeyboardInterrupt


interrupt = Interrupt()


def render_kept(
    job: Job, sinks: Sequence[Sink], frames: range, registries: Registries, *, fresh: bool, quiet: bool
) -> Rendered:
    """Render frames of a job into sinks, from where an interrupted render ended, and say what is kept of this one.

    Raises SystemExit where it is interrupted itself.
    """
    from renderer import api, report

    with report.finding(quiet=quiet):
        keeping = api.look_for_kept(job, sinks, frames, registries, fresh=fresh)
    if keeping.told and not quiet:
        report.err.print(keeping.told, soft_wrap=True)
    title, done = f"{job.scene.path.name} {job.size[0]}x{job.size[1]}", keeping.first
    try:
        with report.progress_bar(title, len(frames), quiet=quiet, done=done) as advance:

            def progress(count: int) -> None:
                nonlocal done
                done += count
                if interrupt.asked:
                    raise KeyboardInterrupt
                advance(count)

            return api.render_into(job, sinks, frames, progress, keeping)
    except KeyboardInterrupt as stop:
        busy = "".join(f"; {note}" for note in getattr(stop, "__notes__", ()))
        report.err.print(
            f"stopped after {done} of {len(frames)} frames{busy}; {report.kept(keeping)}",
            soft_wrap=True,
        )
        raise SystemExit(130) from None
    except Exception:  # whatever it was goes on, behind a word on what is kept of the film
        if not quiet:
            report.print_kept(keeping)
        raise
