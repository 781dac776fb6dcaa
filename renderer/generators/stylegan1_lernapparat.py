"""StyleGAN checkpoints of the lernapparat code, which GANSpace uses as well.

Opened by what is known of the layout: no real file has been compared. The code normalises with torch's usual 1e-5,
keeps neither noise maps nor a centre of truncation, and from 128 pixels on upsamples by one transposed convolution as
the original does.
"""

from __future__ import annotations

from renderer.generators.checkpoint import Contents, Format
from renderer.generators.layout import Entry, count, gather
from renderer.generators.networks.stylegan1 import StyleGAN1
from renderer.generators.stylegan1 import assembled, block_count, blur_taps, layers
from renderer.generators.stylegan1_tf import FUSED_FROM

NORM_EPS = 1e-5
PASSED_OVER = r".*\.intermediate\.kernel"


def detect(contents: Contents) -> bool:
    """Tell the format by its keys."""
    return "g_synthesis.blocks.4x4.const" in contents.state


def load(contents: Contents) -> StyleGAN1:
    """Return the network; raise Refusal or Damage where its tensors do not fit together."""
    blocks = block_count(count(contents, r"g_synthesis\.blocks\.\d+x\d+\.conv1\.weight") + 1)
    state = gather(contents, table(contents, blocks), PASSED_OVER)
    return assembled(state, blur_filter=blur_taps(contents), norm_eps=NORM_EPS)


def table(contents: Contents, blocks: int) -> dict[str, Entry]:
    """Return where each of our tensors stands in the file."""
    entries = {}
    for index in range(count(contents, r"g_mapping\.dense\d+\.weight")):
        entries[f"mapping_network.fc{index}.weight"] = Entry(f"g_mapping.dense{index}.weight", 2)
        entries[f"mapping_network.fc{index}.bias"] = Entry(f"g_mapping.dense{index}.bias", 1)
    for index, resolution, name in layers(blocks):
        own, block = f"synthesis_network.{name}", f"g_synthesis.blocks.{resolution}x{resolution}"
        kind = ("", ".conv")[index] if index < 2 else (".conv0_up", ".conv1")[index % 2]
        if index == 0:
            entries[f"{own}.value"] = Entry(f"{block}.const", 4, ones=1)
        else:
            mirrored = kind == ".conv0_up" and resolution >= FUSED_FROM
            change = (lambda weight: weight.flip(2, 3)) if mirrored else None
            entries[f"{own}.weight"] = Entry(f"{block}{kind}.weight", 4, change=change)
        entries[f"{own}.bias"] = Entry(f"{block}{kind}.bias", 1)
        epilogue = f"{block}.epi{index % 2 + 1}"
        entries[f"{own}.noise_strength"] = Entry(f"{epilogue}.top_epi.noise.weight", 1)
        entries[f"{own}.affine.weight"] = Entry(f"{epilogue}.style_mod.lin.weight", 2)
        entries[f"{own}.affine.bias"] = Entry(f"{epilogue}.style_mod.lin.bias", 1)
    last = f"synthesis_network.b{4 << (blocks - 1)}.torgb"
    return entries | {
        f"{last}.weight": Entry("g_synthesis.torgb.weight", 4),
        f"{last}.bias": Entry("g_synthesis.torgb.bias", 1),
    }


FORMAT = Format("a StyleGAN1 checkpoint of the lernapparat code", detect, load)
