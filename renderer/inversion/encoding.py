"""Find the latents of photos by an encoder, and write them with a picture of each photo beside its result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from renderer.errors import CheckpointError, PhotoError
from renderer.generators.base import Generator
from renderer.inversion.aligning import write_picture
from renderer.inversion.encoder import Encoder
from renderer.inversion.encoders import load_encoder
from renderer.inversion.faces import choose, find_faces, one_square
from renderer.inversion.photo import Photo, picture_tensor, read_photo
from renderer.inversion.result import Result, write_result
from renderer.job import checked_device, load_generator
from renderer.landmarks import Finder
from renderer.levels import to_uint8
from renderer.registry import Registries
from renderer.sheet import lay_out
from renderer.sinks.pixels import to_rgb

CELL, PAIRS = 256, 3  # pixels of a picture, and pairs in a row


@dataclass
class Encoding:
    """Encode photos one by one; latents, pictures and notes grow as photos are added.

    aligned says whether faces are aligned first; None aligns where a face is found. number picks one of many faces.
    """

    model: str
    generator: Generator
    encoder: Encoder
    encoder_file: str
    find: Finder
    aligned: bool | None = None
    number: int | None = None
    ws: list[Tensor] = field(default_factory=list)
    pairs: list[tuple[str, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]] = field(default_factory=list)
    settings: list[dict[str, object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        model: str,
        encoder: str | None,
        find: Finder,
        aligned: bool | None,
        number: int | None,
        device: str,
        registries: Registries,
    ) -> Encoding:
        """Load generator and encoder; raise CheckpointError where the latents of one are none of the other."""
        name = str(checked_device(device))
        if encoder is None and model in registries.generators:
            raise CheckpointError(f"{model} has no encoder of its own; name one with --encoder FILE")
        held = load_encoder(encoder or model, device=name)
        generator = load_generator(model, device=name, registries=registries)
        gives, wants = (held.num_ws, held.w_dim), (generator.num_ws, generator.w_dim)
        if gives != wants:
            raise CheckpointError(
                f"{encoder or model}: the encoder gives ws {[1, *gives]}, but {model} takes {[1, *wants]}; "
                "it was made for another model"
            )
        return cls(model, generator, held, encoder or model, find, aligned, number)

    def add(self, path: Path) -> None:
        """Encode a photo; raise PhotoError where it cannot be read, or shows no face although one was asked for."""
        photo = read_photo(path)
        self.notes += [f"{path}: {note}" for note in photo.notes]
        picture, face = self._prepared(photo)
        image = picture_tensor(picture)[None].to(self.generator.device) * 2 - 1
        with torch.inference_mode():
            ws = self.encoder(image)
            made = self.generator.synthesis(ws).float().cpu()
        self.ws.append(ws.float().cpu())
        self.settings.append({"photo": str(path), "face": face})
        result = Image.fromarray(to_rgb(to_uint8(made))[0]).resize((CELL, CELL), Image.Resampling.BICUBIC)
        self.pairs += [(path.name, one_square(picture, CELL)), ("its latent", np.array(result))]

    def _prepared(self, photo: Photo) -> tuple[Image.Image, int | None]:
        """Return the square that is encoded, and the number of the face in it; None where it is no aligned face."""
        size = self.encoder.image_size
        if self.aligned is not False:
            try:
                faces = find_faces(photo, self.find)
            except PhotoError:
                if self.aligned:
                    raise
                self.notes.append(f"{photo.path}: no face was found, its middle square is taken")
            else:
                one = choose(faces, self.number)
                if len(faces) > 1 and self.number is None:
                    self.notes.append(f"{photo.path}: it shows {len(faces)} faces, the largest is taken; --face N")
                return one.aligned(size), one.number
        return photo.middle(size), None

    def write(self, path: Path) -> list[Path]:
        """Write the latents, and beside them the picture; return both files."""
        settings = {"command": "encode", "model": self.model, "encoder": self.encoder_file, "photos": self.settings}
        latents = write_result(path, Result(torch.cat(self.ws), settings=settings))
        sheet = lay_out(self.pairs, 2 * min(PAIRS, len(self.ws)))
        return [latents, write_picture(sheet, path.with_suffix(".png"))]
