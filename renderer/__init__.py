"""latentreel: turn a YAML scene into a film of StyleGAN latents.

    import renderer

    scene = renderer.load_scene("scenes/morph.yaml")
    renderer.render(scene, "morph.mp4")

Everything public is listed in `__all__`; what is imported only when it is used keeps `render --help` fast.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from renderer.api import compile_timeline as compile_timeline
    from renderer.api import iterate_frames as iterate_frames
    from renderer.api import load_generator as load_generator
    from renderer.api import load_scene as load_scene
    from renderer.api import prepare as prepare
    from renderer.api import render as render
    from renderer.audio.hpss import harmonic_percussive as harmonic_percussive
    from renderer.audio.melody import melody as melody
    from renderer.audio.onsets import onset_strength as onset_strength
    from renderer.audio.silence import through_silence as through_silence
    from renderer.audio.song import Song as Song
    from renderer.audio.trackers import Beats as Beats
    from renderer.bending import BENDS as BENDS
    from renderer.blur import gaussian_blur as gaussian_blur
    from renderer.colour import luma as luma
    from renderer.colour import paint as paint
    from renderer.colour import split_alpha as split_alpha
    from renderer.colour import to_linear as to_linear
    from renderer.colour import to_srgb as to_srgb
    from renderer.context import Film as Film
    from renderer.context import Frame as Frame
    from renderer.context import Past as Past
    from renderer.deprecation import deprecated as deprecated
    from renderer.effects import ImageEffect as ImageEffect
    from renderer.effects import LatentEffect as LatentEffect
    from renderer.effects import SynthesisEffect as SynthesisEffect
    from renderer.effects import param as param
    from renderer.errors import CheckpointError as CheckpointError
    from renderer.errors import LatentFileError as LatentFileError
    from renderer.errors import LatentreelError as LatentreelError
    from renderer.errors import PhotoError as PhotoError
    from renderer.errors import PluginError as PluginError
    from renderer.errors import SceneError as SceneError
    from renderer.errors import SinkError as SinkError
    from renderer.errors import ValueProblem as ValueProblem
    from renderer.errors import nearest as nearest
    from renderer.fitting import fit as fit
    from renderer.generators.base import FeatureMap as FeatureMap
    from renderer.generators.base import Generator as Generator
    from renderer.generators.tensor_files import read_tensors as read_tensors
    from renderer.hookspecs import hookimpl as hookimpl
    from renderer.inversion.encoders import load_encoder as load_encoder
    from renderer.job import Run as Run
    from renderer.landmarks import Face as Face
    from renderer.latents import Latents as Latents
    from renderer.latents import lerp as lerp
    from renderer.latents import slerp as slerp
    from renderer.latents import truncate as truncate
    from renderer.layer_noise import layer_noise as layer_noise
    from renderer.layer_noise import noise_amounts as noise_amounts
    from renderer.lettering import draw_text as draw_text
    from renderer.lut import Lut as Lut
    from renderer.lut import read_lut as read_lut
    from renderer.masks import read_mask as read_mask
    from renderer.masks import sampled as sampled
    from renderer.mixing import keep_neutral as keep_neutral
    from renderer.mixing import lay_over as lay_over
    from renderer.mixing import mix as mix
    from renderer.mixing import per_picture as per_picture
    from renderer.mixing import premultiplied as premultiplied
    from renderer.mixing import straight as straight
    from renderer.noise import simplex_loop as simplex_loop
    from renderer.pages import keep_pages as keep_pages
    from renderer.picture_file import read_picture as read_picture
    from renderer.scene.model import Scene as Scene
    from renderer.signal_source import Hearing as Hearing
    from renderer.signal_source import Series as Series
    from renderer.signal_source import SignalSource as SignalSource
    from renderer.sinks.base import Sink as Sink
    from renderer.synthesis_inputs import SynthesisInputs as SynthesisInputs
    from renderer.timeline.timeline import Timeline as Timeline
    from renderer.values.band import Band as Band
    from renderer.values.beats import BeatGrid as BeatGrid
    from renderer.values.colour import Colour as Colour
    from renderer.values.direction import Directions as Directions
    from renderer.values.easing import Easing as Easing
    from renderer.values.feature import Feature as Feature
    from renderer.values.latent import LatentKeys as LatentKeys
    from renderer.values.latent import LatentSource as LatentSource
    from renderer.values.layers import Layers as Layers
    from renderer.values.section import Section as Section
    from renderer.values.section import Sections as Sections
    from renderer.values.signal import Signal as Signal
    from renderer.values.text import Text as Text
    from renderer.values.text import TimedText as TimedText
    from renderer.values.time import Time as Time
    from renderer.values.upscaler import Upscaler as Upscaler
    from renderer.warping import Edge as Edge
    from renderer.warping import pixel_centres as pixel_centres
    from renderer.warping import sample_at as sample_at
    from renderer.warping import view_matrix as view_matrix
    from renderer.warping import warp as warp

__version__ = "0.1.0"
API_VERSION = 1  # of what plugins and scripts build on; counted up when something of it is taken away
OLDEST_API = 1  # plugins written for this version are still loaded

_PLACES = {
    "api": "compile_timeline iterate_frames load_generator load_scene prepare render",
    "audio.hpss": "harmonic_percussive",
    "audio.melody": "melody",
    "audio.onsets": "onset_strength",
    "audio.silence": "through_silence",
    "audio.song": "Song",
    "audio.trackers": "Beats",
    "bending": "BENDS",
    "blur": "gaussian_blur",
    "colour": "split_alpha to_linear to_srgb luma paint",
    "context": "Film Frame Past",
    "deprecation": "deprecated",
    "effects": "ImageEffect LatentEffect SynthesisEffect param",
    "errors": (
        "CheckpointError LatentFileError LatentreelError PhotoError PluginError SceneError SinkError ValueProblem "
        "nearest"
    ),
    "fitting": "fit",
    "generators.base": "FeatureMap Generator",
    "generators.tensor_files": "read_tensors",
    "hookspecs": "hookimpl",
    "inversion.encoders": "load_encoder",
    "job": "Run",
    "landmarks": "Face",
    "latents": "Latents lerp slerp truncate",
    "layer_noise": "layer_noise noise_amounts",
    "lettering": "draw_text",
    "lut": "Lut read_lut",
    "masks": "read_mask sampled",
    "mixing": "keep_neutral lay_over mix per_picture premultiplied straight",
    "noise": "simplex_loop",
    "pages": "keep_pages",
    "picture_file": "read_picture",
    "scene.model": "Scene",
    "signal_source": "Hearing Series SignalSource",
    "sinks.base": "Sink",
    "synthesis_inputs": "SynthesisInputs",
    "timeline.timeline": "Timeline",
    "values.band": "Band",
    "values.beats": "BeatGrid",
    "values.colour": "Colour",
    "values.direction": "Directions",
    "values.easing": "Easing",
    "values.feature": "Feature",
    "values.latent": "LatentKeys LatentSource",
    "values.layers": "Layers",
    "values.section": "Section Sections",
    "values.signal": "Signal",
    "values.text": "Text TimedText",
    "values.time": "Time",
    "values.upscaler": "Upscaler",
    "warping": "Edge pixel_centres sample_at view_matrix warp",
}
_HOME = {name: module for module, names in _PLACES.items() for name in names.split()}

__all__ = sorted([*_HOME, "API_VERSION", "OLDEST_API"])


_RENAMED: dict[str, tuple[str, str]] = {}  # public names that were given up: the new one, and the version it came with


def __getattr__(name: str) -> Any:
    if name in _RENAMED:
        from renderer.deprecation import warn

        instead, since = _RENAMED[name]
        warn(f"renderer.{name}", since, f"use renderer.{instead}")
        return getattr(importlib.import_module("renderer"), instead)
    if name not in _HOME:
        raise AttributeError(f"module 'renderer' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"renderer.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
