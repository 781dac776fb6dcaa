"""Films: MP4, WebM, ProRes and lossless FFV1, by moviepy wherever it can be put right."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from renderer.errors import SinkError
from renderer.sinks.base import Frames, Piece, Sink, SinkSpec
from renderer.sinks.encoders import AUTO, SOFTWARE, Encoder, choose_encoder
from renderer.sinks.ffmpeg import FfmpegPipe, raw_input
from renderer.sinks.moviepy_pipe import MoviepyPipe, fps_is_safe
from renderer.sinks.pieces import count_frames, join
from renderer.sinks.pixels import pad_even, to_rgb, to_rgba_or_rgb
from renderer.sinks.sound import check_sound, is_copied, sound_input, sound_output

H264 = {"draft": ("ultrafast", "22"), "good": ("veryfast", "16"), "best": ("slow", "12")}  # preset, crf
AAC_RATE = {"draft": "192k", "good": "192k", "best": "320k"}
VP9 = {
    "draft": ("realtime", "8", "32"),
    "good": ("good", "5", "24"),
    "best": ("good", "2", "16"),
}  # deadline, cpu-used, crf
OPUS_RATE = {"draft": "128k", "good": "160k", "best": "256k"}


def bt709(pixel_format: str, last: str = "") -> list[str]:
    """Return the arguments that convert RGB to video colours by the bt709 matrix and say so in the file.

    last  a filter after all others.
    """
    scale = "scale=in_range=pc:out_range=tv:out_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int"
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    said = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
    return ["-vf", ",".join(filter(None, (scale, f"format={pixel_format}", tags, last))), *said]


class VideoSink(Sink):
    """Send frames to moviepy, or to ffmpeg where moviepy would round fps; a subclass says how it encodes."""

    writer = "moviepy; ffmpeg where moviepy would round fps"
    supports_audio = True
    audio_codec: ClassVar[str]  # ffmpeg's name of the encoder
    copies: ClassVar[tuple[str, ...]] = ()  # codecs of sound that go into the file untouched
    even: ClassVar[bool] = True
    _pipe: FfmpegPipe | None = None

    @property
    @abstractmethod
    def video_codec(self) -> str:
        """Return ffmpeg's name of the encoder; a subclass with one sets it as an attribute."""

    @abstractmethod
    def picture(self) -> list[str]:
        """Return the arguments of the video encoder."""

    def sound(self) -> list[str]:
        """Return the arguments of the audio encoder."""
        return []

    def preset(self) -> str | None:
        """Return the preset of the encoder, None where it has none."""
        return None

    def opening(self) -> list[str]:
        """Return the arguments that stand before the inputs of ffmpeg."""
        return []

    def container(self) -> list[str]:
        """Return the arguments of the file, whatever stands in it."""
        return []

    @property
    def resumes(self) -> bool:
        """Say that ffmpeg completes what it has, even after the end of this process."""
        return True

    @property
    def reel(self) -> Path:
        """Return the path of what is encoded: the file itself, or the next piece of it."""
        return self.part.with_suffix(f".piece{self.part.suffix}") if self.pieces else self.part

    def count(self, piece: Path) -> int:
        """Return how many frames stand in a piece."""
        return count_frames(piece, self.spec.fps)

    @property
    def by_moviepy(self) -> bool:
        """Say whether moviepy writes this film right: it rounds fps, and opens one sound only, once."""
        return fps_is_safe(self.spec.fps) and len(sound_input(self.spec)) <= 2

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) of the file in pixels."""
        odd = int(self.even)
        return self.spec.width + self.spec.width % 2 * odd, self.spec.height + self.spec.height % 2 * odd

    @property
    def alpha(self) -> bool:
        """Say whether the file has alpha."""
        return self.spec.channels == 4 and self.keeps_alpha

    def check(self) -> None:
        """Refuse a file without sound and note the padding."""
        super().check()
        if self.spec.audio is not None:
            check_sound(self.spec.audio)
        if self.size != (self.spec.width, self.spec.height):
            came, goes = f"{self.spec.width}x{self.spec.height}", f"{self.size[0]}x{self.size[1]}"
            self.notes.append(f"{self.codec} needs even sides: {came} is padded to {goes} by repeating the edge")

    @property
    def sound_codec(self) -> str:
        """Return what ffmpeg does with the sound: the name of an encoder, or copy."""
        return "copy" if is_copied(self.spec, self.copies) else self.audio_codec

    def begin(self) -> None:
        """Start moviepy or ffmpeg, unless every frame is there; only the first piece has sound, for it may be all."""
        if self.written < self.spec.frames:
            spec = replace(self.spec, audio=None) if self.pieces else self.spec
            self._pipe = self._moviepy_pipe(spec) if self.by_moviepy else self._ffmpeg_pipe(spec)

    def encode(self, frames: Frames) -> None:
        """Send frames [N, H, W, C] on, with even sides if need be."""
        assert self._pipe is not None
        colours = to_rgba_or_rgb(frames) if self.alpha else to_rgb(frames)
        self._pipe.write(pad_even(colours) if self.even else colours)

    def finish(self) -> None:
        """Complete the file, of all its pieces."""
        if self._pipe is not None:
            self._pipe.close()
        if self.pieces:
            self._join()

    def cancel(self) -> None:
        """End moviepy or ffmpeg at once."""
        if self._pipe is not None:
            self._pipe.kill()

    def leave(self) -> None:
        """Let the piece be completed."""
        if self._pipe is not None:
            self._pipe.release()

    def _join(self) -> None:
        new = self.spec.frames - sum(piece.frames for piece in self.pieces)
        pieces = [*self.pieces, Piece(self.reel, new)] if new else self.pieces
        join(self.spec, pieces, self.part, [*sound_input(self.spec), "-c:a", self.sound_codec],
             [*self._sound_parameters(self.spec), *self.container()])  # fmt: skip

    def _sound_parameters(self, spec: SinkSpec) -> list[str]:
        copied = self.sound_codec == "copy"
        return [*sound_output(spec, copied=copied), *([] if spec.audio is None or copied else self.sound())]

    def _parameters(self, spec: SinkSpec) -> list[str]:
        return [*self._sound_parameters(spec), *self.picture(), *self.container()]

    def _moviepy_pipe(self, spec: SinkSpec) -> FfmpegPipe:
        track = {} if spec.audio is None else {"audiofile": sound_input(spec)[1], "audio_codec": self.sound_codec}
        return MoviepyPipe(
            spec.path,
            self.reel,
            self.size,
            spec.fps,
            self.log,
            codec=self.video_codec,
            preset=self.preset() or "medium",  # moviepy always sends one
            with_mask=self.alpha,
            ffmpeg_params=[*self._parameters(spec), "-loglevel", "error", "-nostats"],
            **track,
        )

    def _ffmpeg_pipe(self, spec: SinkSpec) -> FfmpegPipe:
        preset = self.preset()
        inputs = [*self.opening(), *raw_input(*self.size, spec.fps, 4 if self.alpha else 3), *sound_input(spec)]
        codecs = ["-c:v", self.video_codec, "-c:a", self.sound_codec, *(["-preset", preset] if preset else [])]
        return FfmpegPipe(spec.path, [*inputs, *codecs, *self._parameters(spec), str(self.reel)], self.log)

    def _keyframes(self) -> list[str]:
        """Return the arguments that put a keyframe at least every two seconds."""
        return ["-g", str(max(1, round(2 * self.spec.fps)))]


class Mp4Sink(VideoSink):
    """Write H.264 and AAC that play everywhere: yuv420p, bt709, the index in front; in hardware where there is some."""

    name = "MP4"
    suffixes = (".mp4", ".m4v")
    description = "plays everywhere; the index is in front, so it starts before it is loaded"
    codec = "H.264"
    audio_codec = "aac"
    copies = ("aac", "mp3")
    _hardware: Encoder | None = None

    def check(self) -> None:
        """Choose the encoder."""
        super().check()
        try:
            self._hardware = choose_encoder(self.spec.encoder, self.spec.quality, self.size)
        except SinkError as error:
            raise SinkError(f"{self.spec.path}: {error}") from error
        if self._hardware is not None and self.spec.encoder == AUTO:
            self.notes.append(f"encoded by {self._hardware.codec}; `--encoder {SOFTWARE}` takes x264")

    @property
    def encoder(self) -> str:
        """Return the name of the encoder that was chosen."""
        return SOFTWARE if self._hardware is None else self._hardware.name

    @property
    def video_codec(self) -> str:
        """Return ffmpeg's name of the encoder."""
        return "libx264" if self._hardware is None else self._hardware.codec

    @property
    def by_moviepy(self) -> bool:
        """Say whether moviepy writes this film right: it always sends a preset of x264."""
        return super().by_moviepy and self._hardware is None

    def opening(self) -> list[str]:
        """Return the arguments that open the device of the encoder."""
        return [] if self._hardware is None else list(self._hardware.opening)

    def preset(self) -> str | None:
        """Return the preset of x264."""
        return H264[self.spec.quality][0] if self._hardware is None else None

    def picture(self) -> list[str]:
        """Return the arguments of the encoder."""
        rest = [*self._keyframes(), *self._ceiling()]
        hardware = self._hardware
        if hardware is None:
            return ["-crf", H264[self.spec.quality][1], *bt709("yuv420p"), *rest]
        colours = bt709(hardware.pixels, "hwupload" if hardware.uploaded else "")
        return [*hardware.qualities[self.spec.quality], *colours, *rest]

    def container(self) -> list[str]:
        """Return what puts the index in front."""
        return ["-movflags", "+faststart"]

    def _ceiling(self) -> list[str]:
        """Return the arguments that keep the pictures of any second below the rate that is allowed."""
        rate = self.spec.max_rate
        return [] if rate is None else ["-maxrate", str(rate), "-bufsize", str(rate)]

    def sound(self) -> list[str]:
        """Return the rate of AAC."""
        return ["-b:a", AAC_RATE[self.spec.quality]]


class WebmSink(VideoSink):
    """Write VP9 and Opus, with alpha where the frames have it."""

    name = "WebM"
    suffixes = (".webm",)
    description = "for web pages; browsers show its alpha"
    codec = "VP9"
    supports_alpha = True
    video_codec = "libvpx-vp9"
    audio_codec = "libopus"
    copies = ("opus", "vorbis")

    def picture(self) -> list[str]:
        """Return the arguments of libvpx."""
        deadline, speed, crf = VP9[self.spec.quality]
        colours = [*bt709("yuva420p"), "-auto-alt-ref", "0"] if self.alpha else bt709("yuv420p")
        effort = ["-deadline", deadline, "-cpu-used", speed, "-row-mt", "1"]
        return ["-crf", crf, "-b:v", "0", *effort, *self._keyframes(), *colours]

    def sound(self) -> list[str]:
        """Return the rate of Opus, which knows 48 kHz only."""
        return ["-ar", "48000", "-b:a", OPUS_RATE[self.spec.quality]]


class ProResSink(VideoSink):
    """Write ProRes 422 HQ, or 4444 with alpha, and PCM sound, for editing."""

    name = "ProRes"
    suffixes = (".mov",)
    description = "for editing: 422 HQ, or 4444 where there is alpha; sound as 24-bit PCM"
    codec = "ProRes"
    supports_alpha = True
    video_codec = "prores_ks"
    audio_codec = "pcm_s24le"

    def picture(self) -> list[str]:
        """Return the profile and its pixels."""
        if self.alpha:
            return ["-profile:v", "4444", "-alpha_bits", "16", "-vendor", "apl0", *bt709("yuva444p10le")]
        return ["-profile:v", "hq", "-vendor", "apl0", *bt709("yuv422p10le")]


class LosslessSink(VideoSink):
    """Write FFV1 and FLAC: every pixel comes back as it was."""

    name = "Matroska"
    suffixes = (".mkv",)
    description = "lossless: every pixel comes back as it was; large"
    codec = "FFV1"
    supports_alpha = True
    even = False
    video_codec = "ffv1"
    audio_codec = "flac"
    copies = ("flac", "aac", "opus", "vorbis")  # not MP3, which would come 25 ms late

    def picture(self) -> list[str]:
        """Return the arguments of FFV1: every frame alone, with checksums."""
        pixels = ["-pix_fmt", "bgra" if self.alpha else "bgr0"]
        return ["-level", "3", "-g", "1", "-slices", "4", "-slicecrc", "1", *pixels]
