"""Films: MP4 by moviepy, WebM, ProRes and lossless FFV1 by ffmpeg itself."""

from __future__ import annotations

from abc import abstractmethod

from renderer.sinks.base import Frames, Sink
from renderer.sinks.ffmpeg import FfmpegPipe, raw_input
from renderer.sinks.moviepy_pipe import MoviepyPipe, fps_is_safe
from renderer.sinks.pixels import pad_even, to_rgb, to_rgba_or_rgb
from renderer.sinks.sound import check_sound, sound_input, sound_output

H264 = {"draft": ("ultrafast", "22"), "good": ("veryfast", "16"), "best": ("slow", "12")}  # preset, crf
AAC_RATE = {"draft": "192k", "good": "192k", "best": "320k"}
VP9 = {"draft": ("8", "32"), "good": ("5", "24"), "best": ("2", "16")}  # cpu-used, crf
OPUS_RATE = {"draft": "128k", "good": "160k", "best": "256k"}


def bt709(pixel_format: str) -> list[str]:
    """Return the arguments that convert RGB to video colours by the bt709 matrix and say so in the file."""
    scale = "scale=in_range=pc:out_range=tv:out_color_matrix=bt709:flags=bicubic+accurate_rnd+full_chroma_int"
    tags = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
    said = ["-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv"]
    return ["-vf", f"{scale},format={pixel_format},{tags}", *said]


class VideoSink(Sink):
    """Send frames with even sides to a pipe; a subclass makes the pipe."""

    supports_audio = True
    even = True
    _pipe: FfmpegPipe | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Return (width, height) of the file in pixels."""
        odd = int(self.even)
        return self.spec.width + self.spec.width % 2 * odd, self.spec.height + self.spec.height % 2 * odd

    def check(self) -> None:
        """Refuse a silent sound file and note the padding."""
        super().check()
        if self.spec.audio is not None:
            check_sound(self.spec.audio)
        if self.size != (self.spec.width, self.spec.height):
            came, goes = f"{self.spec.width}x{self.spec.height}", f"{self.size[0]}x{self.size[1]}"
            self.notes.append(f"{self.codec} needs even sides: {came} is padded to {goes} by repeating the edge")

    def prepare(self, frames: Frames) -> Frames:
        """Return frames as the pipe takes them."""
        return pad_even(to_rgba_or_rgb(frames) if self.keeps_alpha else to_rgb(frames))

    @abstractmethod
    def pipe(self) -> FfmpegPipe:
        """Start the program that writes `self.part`."""

    def ffmpeg_pipe(self, *codec: str) -> FfmpegPipe:
        """Start ffmpeg with the arguments of a codec."""
        spec = self.spec
        channels = 4 if spec.channels == 4 and self.keeps_alpha else 3
        raw = raw_input(*self.size, spec.fps, channels)
        arguments = [*raw, *sound_input(spec), *sound_output(spec), *codec, str(self.part)]
        return FfmpegPipe(spec.path, arguments)

    def keyframes(self) -> list[str]:
        """Return the arguments that put a keyframe at least every two seconds."""
        return ["-g", str(max(1, round(2 * self.spec.fps)))]

    def begin(self) -> None:
        """Start the pipe."""
        self._pipe = self.pipe()

    def encode(self, frames: Frames) -> None:
        """Send frames [N, H, W, C] to the pipe."""
        assert self._pipe is not None
        self._pipe.write(self.prepare(frames))

    def finish(self) -> None:
        """Let the pipe complete the file."""
        assert self._pipe is not None
        self._pipe.close()

    def cancel(self) -> None:
        """End the pipe at once."""
        if self._pipe is not None:
            self._pipe.kill()


class Mp4Sink(VideoSink):
    """Write H.264 and AAC that play everywhere: yuv420p, bt709, the index in front."""

    name = "MP4"
    suffixes = (".mp4", ".m4v")
    description = "plays everywhere; the index is in front, so it starts before it is loaded"
    codec = "H.264"
    writer = "moviepy; ffmpeg where fps has more than two decimals (24000/1001), which moviepy rounds"

    def pipe(self) -> FfmpegPipe:
        """Start moviepy, or ffmpeg where moviepy would round fps."""
        preset, crf = H264[self.spec.quality]
        picture = ["-crf", crf, *self.keyframes(), *bt709("yuv420p"), "-movflags", "+faststart"]
        rate = [] if self.spec.audio is None else ["-b:a", AAC_RATE[self.spec.quality]]
        if fps_is_safe(self.spec.fps):
            return self.moviepy_pipe(preset, [*sound_output(self.spec), *picture, *rate])
        codecs = ["-c:v", "libx264", "-preset", preset, *picture, "-c:a", "aac", *rate]
        return self.ffmpeg_pipe(*codecs, "-pix_fmt", "yuv420p")

    def moviepy_pipe(self, preset: str, parameters: list[str]) -> FfmpegPipe:
        """Start moviepy with what corrects it."""
        sound = {} if self.spec.audio is None else {"audiofile": sound_input(self.spec)[1], "audio_codec": "aac"}
        quiet = ["-loglevel", "error", "-nostats"]
        return MoviepyPipe(
            self.spec.path,
            self.part,
            self.size,
            self.spec.fps,
            codec="libx264",
            preset=preset,
            ffmpeg_params=[*parameters, *quiet],
            **sound,
        )


class WebmSink(VideoSink):
    """Write VP9 and Opus, with alpha where the frames have it."""

    name = "WebM"
    suffixes = (".webm",)
    description = "for web pages; browsers show its alpha"
    codec = "VP9"
    writer = "ffmpeg"
    supports_alpha = True

    def pipe(self) -> FfmpegPipe:
        """Start ffmpeg."""
        speed, crf = VP9[self.spec.quality]
        alpha = self.spec.channels == 4
        colours = [*bt709("yuva420p" if alpha else "yuv420p"), *(["-auto-alt-ref", "0"] if alpha else [])]
        codec = ["-c:v", "libvpx-vp9", "-crf", crf, "-b:v", "0", "-deadline", "good", "-cpu-used", speed]
        sound = ["-c:a", "libopus", "-ar", "48000", "-b:a", OPUS_RATE[self.spec.quality]]
        return self.ffmpeg_pipe(*codec, "-row-mt", "1", *self.keyframes(), *colours, *sound)


class ProResSink(VideoSink):
    """Write ProRes 422 HQ, or 4444 with alpha, and PCM sound, for editing."""

    name = "ProRes"
    suffixes = (".mov",)
    description = "for editing: 422 HQ, or 4444 where there is alpha; sound as 24-bit PCM"
    codec = "ProRes"
    writer = "ffmpeg"
    supports_alpha = True

    def pipe(self) -> FfmpegPipe:
        """Start ffmpeg."""
        alpha = self.spec.channels == 4
        colours = bt709("yuva444p10le" if alpha else "yuv422p10le")
        profile = ["-profile:v", "4444", "-alpha_bits", "16"] if alpha else ["-profile:v", "hq"]
        return self.ffmpeg_pipe("-c:v", "prores_ks", *profile, "-vendor", "apl0", *colours, "-c:a", "pcm_s24le")


class LosslessSink(VideoSink):
    """Write FFV1 and FLAC: every pixel comes back as it was."""

    name = "Matroska"
    suffixes = (".mkv",)
    description = "lossless: every pixel comes back as it was; large"
    codec = "FFV1"
    writer = "ffmpeg"
    supports_alpha = True
    even = False

    def prepare(self, frames: Frames) -> Frames:
        """Return frames as RGB or RGBA, of any size."""
        return to_rgba_or_rgb(frames)

    def pipe(self) -> FfmpegPipe:
        """Start ffmpeg."""
        pixels = "bgra" if self.spec.channels == 4 else "bgr0"
        codec = ["-c:v", "ffv1", "-level", "3", "-g", "1", "-slices", "4", "-slicecrc", "1", "-pix_fmt", pixels]
        return self.ffmpeg_pipe(*codec, "-c:a", "flac")
