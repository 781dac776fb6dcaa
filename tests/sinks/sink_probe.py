"""Read written films back with ffmpeg, and make small frames and sounds for the tests."""

from __future__ import annotations

import re
import struct
import subprocess
import wave
from fractions import Fraction
from pathlib import Path

import numpy as np

from renderer.sinks import Frames, Sink, SinkSpec, sink_for
from renderer.sinks.ffmpeg import ffmpeg_exe


def ffmpeg(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([ffmpeg_exe(), "-nostdin", "-hide_banner", *arguments], capture_output=True)


def probe(path: Path) -> str:
    """Return what `ffmpeg -i` says about a file."""
    return ffmpeg("-i", str(path)).stderr.decode()


def video_line(path: Path) -> str:
    return next(line for line in probe(path).splitlines() if ": Video: " in line)


def audio_line(path: Path) -> str:
    return next((line for line in probe(path).splitlines() if ": Audio: " in line), "")


def decode(path: Path, channels: int = 3, decoder: str = "") -> Frames:
    """Return every frame of a film, uint8 [N, H, W, channels]."""
    width, height = map(int, re.search(r", (\d+)x(\d+)", video_line(path)).groups())
    pixels = {1: "gray", 3: "rgb24", 4: "rgba"}[channels]
    codec = ["-c:v", decoder] if decoder else []
    flags = ["-sws_flags", "accurate_rnd+full_chroma_int+bicubic"]
    done = ffmpeg(
        *codec,
        "-i",
        str(path),
        "-map",
        "0:v",
        *flags,
        "-fps_mode",
        "passthrough",
        "-f",
        "rawvideo",
        "-pix_fmt",
        pixels,
        "-",
    )
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, np.uint8).reshape(-1, height, width, channels)


def frame_times(path: Path) -> list[Fraction]:
    """Return the time of every frame in seconds, exactly as the file has it."""
    done = ffmpeg("-i", str(path), "-map", "0:v", "-c", "copy", "-f", "framecrc", "-")
    text = done.stdout.decode()
    base = Fraction(re.search(r"#tb 0: (\d+/\d+)", text)[1])
    rows = [line.split(",") for line in text.splitlines() if not line.startswith("#")]
    return sorted(int(row[2]) * base for row in rows)


def decode_sound(path: Path, rate: int = 48000) -> np.ndarray:
    """Return the sound as float mono samples."""
    done = ffmpeg("-i", str(path), "-map", "0:a", "-ac", "1", "-ar", str(rate), "-f", "s16le", "-")
    assert done.returncode == 0, done.stderr.decode()
    return np.frombuffer(done.stdout, "<i2") / 32768


def atoms(path: Path) -> list[str]:
    """Return the names of the top-level atoms of an MP4 in their order."""
    data, place, names = path.read_bytes(), 0, []
    while place < len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        names.append(name.decode())
        place += size or len(data)
    return names


def smooth(frames: int = 10, height: int = 48, width: int = 64, channels: int = 3) -> Frames:
    """Return frames that move and have every colour."""
    t = np.arange(frames)[:, None, None, None] / 10
    y, x = np.mgrid[0:height, 0:width][..., None] / 32
    phase = np.arange(channels) * 2.1
    wave_ = np.sin(3 * x + t + phase) + np.sin(2 * y - t + phase)
    return (127.5 + 60 * wave_).astype(np.uint8)


def numbered(frames: int, height: int = 32, width: int = 32) -> Frames:
    """Return frames whose grey level tells their number: frame k is 20 + 8 k."""
    levels = (20 + 8 * np.arange(frames)).astype(np.uint8)
    return np.broadcast_to(levels[:, None, None, None], (frames, height, width, 3)).copy()


def numbers_of(frames: Frames) -> list[int]:
    """Return which `numbered` frames these are."""
    return [round((float(frame.mean()) - 20) / 8) for frame in frames]


def spec_of(path: Path | str, frames: Frames, fps: Fraction | int = 10, **more: object) -> SinkSpec:
    count, height, width, channels = frames.shape
    return SinkSpec(Path(path), width, height, Fraction(fps), count, channels, **more)


def render(path: Path | str, frames: Frames, fps: Fraction | int = 10, batch: int = 4, **more: object) -> Sink:
    """Write frames in batches with the sink that the name asks for."""
    with sink_for(path)(spec_of(path, frames, fps, **more)) as sink:
        for start in range(0, len(frames), batch):
            sink.write(frames[start : start + batch])
    return sink


def click(path: Path, at: float, seconds: float = 1.0, rate: int = 44100, channels: int = 1) -> Path:
    """Write a WAV that is silent but for 5 ms of noise at a time."""
    samples = np.zeros((round(seconds * rate), channels), "<i2")
    noise = np.random.default_rng(0).integers(-20000, 20000, (rate // 200, channels))
    samples[round(at * rate) :][: len(noise)] = noise
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
    return path


def heard_at(path: Path) -> float:
    """Return the time in seconds at which the sound of a film first gets loud."""
    sound = np.abs(decode_sound(path))
    return int(np.argmax(sound > 0.25 * sound.max())) / 48000
