"""Time how long a song is heard: every signal alone, a whole scene cold and from the cache, and the memory of a mix.

    python benchmarks/analyse_song.py                  # four minutes of scenes/music/piece.ogg, repeated
    python benchmarks/analyse_song.py song.mp3
    python benchmarks/analyse_song.py --minutes 60 --scene-only

librosa is imported before the clock starts; how long that takes is told by itself. `pitch` and `section` are no part of
the scene, and are timed apart.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import imageio_ffmpeg

PIECE = Path(__file__).parent.parent / "scenes" / "music" / "piece.ogg"
SIGNALS = """\
  loud: {rms: {}}
  hits: {onset: {}}
  kicks: {onset: kick}
  low: {band: bass}
  a: {chroma: A}
  pads: {harmonic: {}}
  drums: {percussive: {}}
  bright: {centroid: {}}
  hiss: {flatness: {}}
  tick: {beat: pulse}
  clock: {rms: {}, accumulate: true}
"""
SCENE = "audio: {song}\nsignals:\n{signals}timeline:\n  - walk: {{keys: {{bar 1: 3, bar 2: 4}}}}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("song", nargs="?", type=Path, default=PIECE)
    parser.add_argument("--minutes", type=float, default=4.0)
    parser.add_argument("--scene-only", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LATENTREEL_CACHE"] = folder
        song = Path(folder) / "song.mka"
        repeat = [
            "-stream_loop",
            "-1",
            "-i",
            str(options.song.absolute()),
            "-t",
            str(60 * options.minutes),
            "-c",
            "copy",
        ]
        subprocess.run([imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *repeat, str(song)], check=True)
        measure(song, SIGNALS, options)


def measure(song: Path, signals: str, options: argparse.Namespace) -> None:
    import renderer
    from renderer.job import plugins

    registries, began = plugins(), time.perf_counter()
    import librosa

    _ = librosa.beat.beat_track, librosa.pyin
    print(f"librosa gets ready     {time.perf_counter() - began:6.2f} s")
    scene = song.with_name("scene.yaml")

    def load(text: str) -> float:
        scene.write_text(SCENE.format(song=song.name, signals=text))
        start = time.perf_counter()
        renderer.load_scene(scene, registries=registries)
        return time.perf_counter() - start

    print(f"scene, cold            {load(signals):6.2f} s")
    print(f"scene, from the cache  {load(signals):6.2f} s")
    if not options.scene_only:
        for line in ["p: {pitch: {}}", "s: {section: A}"]:
            print(f"{line:22} {load(f'  {line}' + chr(10)):6.2f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"memory                 {peak / (1024**2 if sys.platform != 'darwin' else 1024**3):6.2f} GiB at most")


if __name__ == "__main__":
    main()
