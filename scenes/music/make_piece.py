"""Synthesise the music of scenes/music.yaml: a minute in A minor whose every beat is known, by numpy alone.

    python scenes/music/make_piece.py                              # writes piece.ogg and piece.json beside this file
    python scenes/music/make_piece.py --tempo 97 --offset 0.4 -o other.wav

Drums and four voices: a kick on every beat, except in the break; a clap on the second and fourth; hats; a bass line; a
chord change every two bars; a riser, and a drop. It was written for this project and is under the project's licence.
"""

from __future__ import annotations

import argparse
import functools
import json
import subprocess
import wave
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Sound = NDArray[np.float64]  # [samples], or [samples, 2]

RATE = 44100
TEMPO, OFFSET, BEATS_PER_BAR = 124.0, 0.25, 4
FORM = (("intro", 4), ("verse", 8), ("drop", 8), ("break", 4), ("drop", 8))  # name, bars
CHORDS = {  # two bars each; the root of the bass, then the notes of the chord, as MIDI numbers
    "Am": (33, (57, 60, 64, 69)),
    "F": (29, (53, 57, 60, 64)),
    "C": (36, (55, 60, 64, 67)),
    "G": (31, (55, 59, 62, 67)),
}
HARMONY = {"intro": ("Am", "F"), "verse": ("Am", "F", "C", "G"), "drop": ("Am", "F", "C", "G"), "break": ("F", "G")}
BASS = {"verse": (0, 6, 8, 14), "drop": (0, 2, 3, 6, 8, 10, 11, 14)}  # sixteenths of a bar
MELODY = ((0, 76), (3, 74), (6, 72), (8, 69), (11, 72), (14, 74), (16, 76), (19, 79), (22, 76), (26, 74), (28, 72))


@dataclass(frozen=True)
class Piece:
    """Hold the sound, float32 [samples, 2] at `rate`, and all that is true of it, in seconds.

    beats are all beats, kicks those on which the kick sounds, bars the first beat of every bar, sections and chords
    (start, end, name).
    """

    sound: NDArray[np.float32]
    tempo: float
    offset: float
    beats: list[float]
    kicks: list[float]
    bars: list[float]
    sections: list[tuple[float, float, str]]
    chords: list[tuple[float, float, str]]
    rate: int = RATE
    key: str = "A minor"

    @property
    def truth(self) -> dict[str, object]:
        """Return what is true of the sound as plain data."""
        lists = {name: _rounded(getattr(self, name)) for name in ("beats", "kicks", "bars", "sections", "chords")}
        known = {"tempo": self.tempo, "offset": self.offset, "key": self.key}
        return {**known, "duration": round(len(self.sound) / self.rate, 6), **lists}


def make_piece(tempo: float = TEMPO, offset: float = OFFSET, form: tuple[tuple[str, int], ...] = FORM) -> Piece:
    """Return the piece at a tempo in beats per minute, its first beat at `offset` seconds."""
    score = Score(tempo, offset, form)
    drums, music = Track(score.samples), Track(score.samples)
    for bar, (name, chord) in enumerate(zip(score.names, score.harmony, strict=True)):
        play_drums(drums, score, bar, name)
        play_music(music, score, bar, name, chord)
    wet = music.sound * ducking(score)[:, None]
    sound = master(drums.sound + wet + 0.35 * reverb(wet))
    return Piece(
        sound.astype(np.float32), tempo, offset, score.beats, score.kicks, score.bars, score.sections, score.chords
    )


@dataclass
class Score:
    """Hold when everything happens: bars are counted from 0, steps are sixteenths of a bar."""

    tempo: float
    offset: float
    form: tuple[tuple[str, int], ...]
    names: list[str] = field(init=False)  # of the section of every bar
    harmony: list[str] = field(init=False)  # the chord of every bar

    def __post_init__(self) -> None:
        self.names = [name for name, bars in self.form for _ in range(bars)]
        self.harmony = [HARMONY[name][bar // 2 % len(HARMONY[name])] for name, bars in self.form for bar in range(bars)]

    def time(self, bar: float, step: float = 0) -> float:
        """Return the seconds of a step of a bar."""
        return self.offset + (bar + step / 16) * BEATS_PER_BAR * 60 / self.tempo

    @property
    def samples(self) -> int:
        """Return the length of the piece; its last chord dies away."""
        return round((self.time(len(self.names)) + 1.5) * RATE)

    @property
    def bars(self) -> list[float]:
        """Return the first beat of every bar."""
        return [self.time(bar) for bar in range(len(self.names))]

    @property
    def beats(self) -> list[float]:
        """Return every beat."""
        return [self.time(bar, 4 * beat) for bar in range(len(self.names)) for beat in range(BEATS_PER_BAR)]

    @property
    def kicks(self) -> list[float]:
        """Return the beats on which the kick sounds."""
        return [beat for i, beat in enumerate(self.beats) if self.names[i // BEATS_PER_BAR] != "break"]

    @property
    def sections(self) -> list[tuple[float, float, str]]:
        """Return start, end and name of every section."""
        ends = np.cumsum([bars for _, bars in self.form])
        starts = [0, *ends[:-1]]
        return [(self.time(a), self.time(b), name) for a, b, (name, _) in zip(starts, ends, self.form, strict=True)]

    @property
    def chords(self) -> list[tuple[float, float, str]]:
        """Return start, end and name of every chord."""
        return [(self.time(bar), self.time(bar + 2), self.harmony[bar]) for bar in range(0, len(self.harmony), 2)]


class Track:
    """Collect sounds on two channels."""

    def __init__(self, samples: int) -> None:
        self.sound = np.zeros((samples, 2))

    def add(self, sound: Sound, at: float, gain: float = 1.0, pan: float = 0.0) -> None:
        """Add a sound [samples] at a time in seconds; pan is -1 (left) to 1."""
        start = round(at * RATE)
        part = self.sound[start : start + len(sound)]
        part += gain * sound[: len(part), None] * np.sqrt([1 - pan, 1 + pan])


def play_drums(track: Track, score: Score, bar: int, name: str) -> None:
    """Play one bar of drums."""
    starts = bar == 0 or score.names[bar - 1] != name
    rng = np.random.default_rng(bar)
    if name == "break":
        play_riser(track, score, bar)
        return
    for beat in range(BEATS_PER_BAR):
        track.add(kick(), score.time(bar, 4 * beat), 0.62 if name != "intro" else 0.45)
        track.add(hat(0.09 if name == "drop" else 0.05), score.time(bar, 4 * beat + 2), 0.16, 0.2)
        if beat % 2 and name != "intro":
            track.add(clap(), score.time(bar, 4 * beat), 0.42)
    for step in range(16) if name == "drop" else range(0, 16, 2):
        track.add(hat(0.02), score.time(bar, step), 0.07 + 0.05 * rng.random(), -0.25)
    if starts and name == "drop":
        track.add(crash(), score.time(bar), 0.45)


def play_riser(track: Track, score: Score, bar: int) -> None:
    """Play one bar of the break: quiet hats, and at its end noise and claps that grow into the drop."""
    for step in range(2, 16, 4):
        track.add(hat(0.03), score.time(bar, step), 0.08, 0.2)
    left = next((i for i, name in enumerate(score.names[bar:]) if name != "break"), len(score.names) - bar)
    if left == 2:
        track.add(riser(score.time(2) - score.time(0)), score.time(bar), 0.5)
    if left == 1:
        for step in range(16):
            track.add(clap(), score.time(bar, step), 0.04 + 0.018 * step)


def play_music(track: Track, score: Score, bar: int, name: str, chord: str) -> None:
    """Play one bar of bass, chords, arpeggio and melody."""
    root, notes = CHORDS[chord]
    sixteenth = score.time(0, 1) - score.time(0)
    if bar % 2 == 0:
        bright = {"intro": 4, "verse": 7, "break": 12, "drop": 18}[name]
        for i, note in enumerate(notes):
            long = pad(note, 32 * sixteenth, bright)
            track.add(long[:, 0], score.time(bar), 0.055, -0.5 + i / 3)
            track.add(long[:, 1], score.time(bar), 0.055, 0.5 - i / 3)
    for step in BASS.get(name, ()):
        octave = 12 * (name == "drop" and step in (6, 14))
        track.add(bass(root + octave, 1.8 * sixteenth), score.time(bar, step), 0.26)
    if name in ("verse", "break", "intro"):
        for step in range(0, 16, 2 if name != "verse" else 1):
            note = notes[(0, 2, 1, 3)[step % 4]] + 12 * (1 + (step % 8 == 6))
            track.add(pluck(note, 0.4), score.time(bar, step), 0.10 if name == "intro" else 0.17, 0.6 * (-1) ** step)
    if name == "drop":
        for step, note in MELODY:
            if step // 16 == bar % 2:
                track.add(lead(note, 2.6 * sixteenth), score.time(bar, step % 16), 0.15)


def seconds(length: float) -> Sound:
    """Return the times of the samples of so many seconds."""
    return np.arange(round(length * RATE)) / RATE


def hertz(note: float) -> float:
    """Return the frequency of a MIDI number."""
    return 440 * 2 ** ((note - 69) / 12)


def decay(t: Sound, time: float) -> Sound:
    """Return a fall to 1/e in `time` seconds that ends at exactly 0."""
    return np.exp(-t / time) * np.clip((t[-1] - t) / 0.005, 0, 1)


def noise(length: float, low: float, seed: int) -> Sound:
    """Return noise without what is below `low` Hz, and duller above 11 kHz; the same for the same seed."""
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(round(length * RATE)))
    hz = np.fft.rfftfreq(round(length * RATE), 1 / RATE)
    return np.fft.irfft(white / (1 + (low / np.maximum(hz, 1)) ** 4) / (1 + (hz / 11000) ** 2), round(length * RATE))


def tone(note: float, t: Sound, bright: float) -> Sound:
    """Return a sawtooth of which the overtones above the first `bright` are quiet; none is above 15 kHz."""
    table = period(bright, max(1, min(round(4 * bright), int(15000 / hertz(note)))))
    return table[(hertz(note) * t * len(table)).astype(np.int64) % len(table)]


@functools.cache
def period(bright: float, count: int) -> Sound:
    """Return one period of a tone of so many overtones, its peak at 1."""
    turn = 2 * np.pi * np.arange(1 << 14) / (1 << 14)
    wave = sum(np.sin(n * turn) * np.exp(-n / bright) / n for n in range(1, count + 1))
    return np.asarray(wave / np.abs(wave).max())


@functools.cache
def kick() -> Sound:
    """Return a sine that falls from 185 Hz to 55, an A, with a click before it."""
    t = seconds(0.32)
    sweep = 55 * t + 130 * 0.03 * (1 - np.exp(-t / 0.03))
    return np.tanh(1.8 * (np.sin(2 * np.pi * sweep) * decay(t, 0.13) + 0.5 * np.exp(-t / 0.002) * np.sin(6000 * t)))


@functools.cache
def clap() -> Sound:
    """Return a burst of noise with a short drum in it."""
    t = seconds(0.22)
    return noise(0.22, 1100, 1) * decay(t, 0.05) + 0.4 * np.sin(2 * np.pi * 190 * t) * decay(t, 0.03)


@functools.cache
def hat(time: float) -> Sound:
    """Return a hi-hat; 20 ms is closed, 90 ms open."""
    return noise(5 * time, 7500, 2) * decay(seconds(5 * time), time)


@functools.cache
def crash() -> Sound:
    """Return a cymbal."""
    return noise(2.5, 4000, 3) * decay(seconds(2.5), 0.6)


def riser(length: float) -> Sound:
    """Return noise and a tone that rise all the time."""
    t, way = seconds(length), seconds(length) / length
    whistle = np.sin(2 * np.pi * 220 * (t + t * way**2))
    return 0.4 * way**2 * noise(length, 1500, 4) + 0.15 * way**3 * whistle


@functools.cache
def bass(note: int, length: float) -> Sound:
    """Return a note of the bass."""
    t = seconds(length)
    return np.tanh(1.5 * tone(note, t, 4)) * decay(t, 0.8 * length) * np.clip(t / 0.004, 0, 1)


@functools.cache
def pad(note: int, length: float, bright: float) -> Sound:
    """Return a chord's note on two channels, each a little out of tune with the other."""
    t = seconds(length)
    swell = np.clip(t / 0.08, 0, 1) * np.clip((length - t) / 0.05, 0, 1)
    sides = [tone(note + cent, t, bright) + tone(note - 0.6 * cent, t, bright) for cent in (0.07, 0.11)]
    return np.stack(sides, 1) * swell[:, None]


@functools.cache
def pluck(note: int, length: float) -> Sound:
    """Return a note of the arpeggio."""
    t = seconds(length)
    return tone(note, t, 7) * decay(t, 0.09) * np.clip(t / 0.002, 0, 1)


@functools.cache
def lead(note: int, length: float) -> Sound:
    """Return a note of the melody: two voices, one with vibrato."""
    t = seconds(length)
    vibrato = 7e-5 * t / length * np.sin(2 * np.pi * 5.5 * t)
    return (tone(note, t + vibrato, 6) + tone(note + 0.08, t, 6)) * decay(t, 0.6 * length) * np.clip(t / 0.005, 0, 1)


def ducking(score: Score) -> Sound:
    """Return the gain that makes room for the kick, [samples]."""
    t, gain = seconds(0.3), np.ones(score.samples)
    for beat in score.kicks:
        start = round(beat * RATE)
        part = gain[start : start + len(t)]
        part *= (1 - 0.6 * np.exp(-((t / 0.13) ** 2)))[: len(part)]
    return gain


def reverb(sound: Sound) -> Sound:
    """Return the sound [samples, 2] as a hall of 1.2 s gives it back."""
    t = seconds(1.2)
    hall = np.random.default_rng(5).standard_normal((len(t), 2)) * np.exp(-t / 0.28)[:, None] * 0.02
    size = len(sound) + len(hall)
    wet = np.fft.irfft(np.fft.rfft(sound, size, axis=0) * np.fft.rfft(hall, size, axis=0), size, axis=0)
    return wet[: len(sound)]


def master(sound: Sound) -> Sound:
    """Return the sound saturated gently, faded out, and at most -1 dB."""
    sound = np.tanh(0.9 * sound)
    sound *= np.clip((len(sound) - np.arange(len(sound))) / (1.0 * RATE), 0, 1)[:, None]
    return sound / np.abs(sound).max() * 10 ** (-1 / 20)


def write_wav(path: Path, piece: Piece) -> None:
    """Write a WAV of 16 bits."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(piece.rate)
        file.writeframes((piece.sound * 32767).round().astype("<i2").tobytes())


def write_piece(path: Path, piece: Piece) -> None:
    """Write the sound, by ffmpeg unless it is a WAV, and what is true of it as JSON beside it."""
    wav = path.with_suffix(".wav")
    write_wav(wav, piece)
    if path != wav:
        from imageio_ffmpeg import get_ffmpeg_exe

        quality = ["-c:a", "libvorbis", "-q:a", "1"] if path.suffix == ".ogg" else []
        bare = ["-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact"]
        subprocess.run(
            [get_ffmpeg_exe(), "-y", "-loglevel", "error", "-i", str(wav), *quality, *bare, str(path)], check=True
        )
        wav.unlink()
    text = json.dumps(piece.truth)
    path.with_suffix(".json").write_text(text.replace(', "', ',\n "') + "\n")


def _rounded(values: list) -> list:
    return [[*map(_short, value)] if isinstance(value, tuple) else _short(value) for value in values]


def _short(value: float | str) -> float | str:
    return value if isinstance(value, str) else round(float(value), 6)


def main() -> None:
    """Read the command line and write the piece."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tempo", type=float, default=TEMPO, help="beats per minute")
    parser.add_argument("--offset", type=float, default=OFFSET, help="seconds of the first beat")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).with_name("piece.ogg"))
    options = parser.parse_args()
    write_piece(options.output, make_piece(options.tempo, options.offset))


if __name__ == "__main__":
    main()
