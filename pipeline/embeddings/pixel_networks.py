"""Image and clip backbones without their heads, and pixels at the size that they take."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch
from torch import nn

from pipeline.core.efficientnet_lite import (
    EfficientNetLite0,
    EfficientNetLite0Stages,
    read_published,
)
from pipeline.core.errors import ItemError, WeightsError
from pipeline.core.outcomes import Reason
from pipeline.embeddings.backbones import Backbone, Modality
from pipeline.embeddings.shufflenet3d import ShuffleNet3d, translate_published_names


class PixelNetwork(nn.Module):
    """A backbone that takes pixels as they are stored: uint8, channels last.

    Pictures are (batch, px, px, 3), clips (batch, frames, px, px, 3).

    Args:
        backbone: Its row of the table; holds the normalisation.
        trunk: The network without its head.
    """

    scale: torch.Tensor
    shift: torch.Tensor

    def __init__(self, backbone: Backbone, trunk: nn.Module):
        super().__init__()
        is_video = backbone.modality is Modality.VIDEO
        self.trunk: nn.Module = trunk.to(
            memory_format=torch.channels_last_3d if is_video else torch.channels_last
        )
        shape = (3, 1, 1, 1) if is_video else (3, 1, 1)
        scale = 1.0 / torch.tensor(backbone.std)
        self.register_buffer("scale", (scale / 255.0).view(shape), persistent=False)
        shift = -torch.tensor(backbone.mean) * scale
        self.register_buffer("shift", shift.view(shape), persistent=False)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed items of the backbone's size: uint8 (batch, …, px, px, 3) → (batch, width)."""
        return self.trunk(self.normalize(pixels))

    def normalize(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise pixels: uint8 (batch, …, px, px, 3) → float32 (batch, 3, …, px, px)."""
        x = pixels.movedim(-1, 1)  # (batch, 3, …, px, px), channels last in memory
        return torch.addcmul(self.shift, x.float(), self.scale)


class ClipImageTrunk(nn.Module):
    """CLIP's image encoder; its output is the projection, not scaled to length 1."""

    def __init__(self, model: nn.Module):
        super().__init__()
        self.model = model

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Embed normalised pictures (batch, 3, px, px) → (batch, width)."""
        return self.model(pixel_values=x).image_embeds


def build_clip_image_trunk() -> ClipImageTrunk:
    """Build ViT-B/32 with random parameters; transformers' defaults are its dimensions."""
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection  # takes seconds

    return ClipImageTrunk(CLIPVisionModelWithProjection(CLIPVisionConfig()))


def build_from_torchvision(name: str) -> nn.Module:
    """Build a network of torchvision's, by the name of its builder, with untrained parameters."""
    from torchvision.models import get_model  # takes seconds, and the default has no need of it

    return get_model(name, weights=None)


_BUILDERS: Mapping[str, tuple[Callable[..., nn.Module], str]] = {
    "efficientnet_lite0": (EfficientNetLite0, "classifier"),
    "efficientnet_lite0_poster": (EfficientNetLite0Stages, "classifier"),
    "shufflenet": (partial(build_from_torchvision, "shufflenet_v2_x1_0"), "fc"),
    "resnet18": (partial(build_from_torchvision, "resnet18"), "fc"),
    "resnet50": (partial(build_from_torchvision, "resnet50"), "fc"),
    "vgg16": (partial(build_from_torchvision, "vgg16"), "classifier.6"),
    "vgg19": (partial(build_from_torchvision, "vgg19"), "classifier.6"),
    "swin_t": (partial(build_from_torchvision, "swin_t"), "head"),
    "clip_image": (build_clip_image_trunk, ""),
    "shufflenet3d": (ShuffleNet3d, "fc"),
    "r2plus1d_18": (partial(build_from_torchvision, "r2plus1d_18"), "fc"),
    "swin3d_t": (partial(build_from_torchvision, "swin3d_t"), "head"),
}
"""Builder and name of the head, by backbone."""

_TRANSLATIONS: Mapping[str, Callable[[Mapping[str, torch.Tensor]], Mapping[str, torch.Tensor]]] = {
    "efficientnet_lite0": read_published,
    "efficientnet_lite0_poster": read_published,
    "shufflenet3d": translate_published_names,
}
"""What turns published parameters into those of our own networks, by backbone."""


def build_pixel_network(
    backbone: Backbone, state: Mapping[str, torch.Tensor] | None, *, seed: int = 0
) -> PixelNetwork:
    """Build an image or clip backbone without its head, in float32 and evaluation mode.

    Args:
        backbone: A row of the table, with modality `IMAGE` or `VIDEO`.
        state: Its parameters, with or without those of the head; None draws them at random.
        seed: Random seed of drawn parameters.

    Raises:
        WeightsError: `state` does not fit the network.
    """
    builder, head = _BUILDERS[backbone.name]
    if state is not None and backbone.name in _TRANSLATIONS:
        state = _TRANSLATIONS[backbone.name](state)
    return wrap_trunk(backbone, build_trunk(backbone, builder, head, state, seed=seed))


def wrap_trunk(backbone: Backbone, trunk: nn.Module) -> PixelNetwork:
    """Put the backbone's normalisation before a trunk, in evaluation mode."""
    return PixelNetwork(backbone, trunk).eval().requires_grad_(False)


def build_trunk(
    backbone: Backbone,
    builder: Callable[..., nn.Module],
    head: str,
    state: Mapping[str, torch.Tensor] | None,
    *,
    seed: int,
) -> nn.Module:
    """Build a network, take off its head and set its parameters; see `build_pixel_network`.

    Args:
        backbone: Its row of the table, for messages.
        builder: Builds the network with its head and untrained parameters.
        head: Name of the layer that is the head; "" where there is none.
        state: Parameters; None draws them at random.
        seed: Random seed of drawn parameters; torch's own generator is not advanced.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        trunk = builder()
        if head:
            trunk.set_submodule(head, nn.Identity())
        if state is None:
            _draw_parameters(trunk)
    if state is not None:
        body = {k: v for k, v in state.items() if not head or not k.startswith(f"{head}.")}
        try:
            trunk.load_state_dict(body, strict=True)
        except RuntimeError as err:
            first_lines = " ".join(str(err).split())[:300]
            raise WeightsError(
                f"the weights given for backbone {backbone.name} are not those of "
                f"{backbone.weights}: {first_lines}"
            ) from err
    return trunk


def _last_norms() -> Mapping[type[nn.Module], str]:
    """Return the name of the last batch norm of a residual branch, by kind of block."""
    from torchvision.models import resnet
    from torchvision.models.video import resnet as video_resnet

    return {
        resnet.Bottleneck: "bn3",
        resnet.BasicBlock: "bn2",
        video_resnet.BasicBlock: "conv2.1",
    }


def _draw_parameters(trunk: nn.Module) -> None:
    """Draw convolutions so that features neither vanish nor explode without training.

    He's initialisation keeps the variance through rectified layers; residual branches are
    halved, because sixteen of them add up. torchvision's own leaves ShuffleNet's features
    at 1e-6.
    """
    last_norms = _last_norms()
    for module in trunk.modules():
        if isinstance(module, nn.Conv2d | nn.Conv3d):
            kind = "linear" if module.groups > 1 else "relu"
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity=kind)
        if last_norm := last_norms.get(type(module)):
            nn.init.constant_(module.get_submodule(last_norm).get_parameter("weight"), 0.5)


def to_input_size(pixels: torch.Tensor, backbone: Backbone) -> torch.Tensor:
    """Resize pictures or clips, uint8 (…, height, width, 3), to the backbone's input size.

    They are the same tensor where the size is right.
    """
    size = list(backbone.input_size_px)
    if list(pixels.shape[-3:-1]) == size:
        return pixels
    from torchvision.transforms import functional

    scaled = functional.resize(
        pixels.flatten(0, -4).permute(0, 3, 1, 2),
        size,
        interpolation=functional.InterpolationMode(backbone.interpolation),
        antialias=True,
    )
    return scaled.permute(0, 2, 3, 1).unflatten(0, pixels.shape[:-3])


def prepare_pixels(array: np.ndarray, backbone: Backbone) -> torch.Tensor | ItemError:
    """Return a movie's pictures or clips at the backbone's size, or the error `MALFORMED`.

    They are uint8 RGB (pictures, height, width, 3) or (clips, frames, height, width, 3).
    """
    is_video = backbone.modality is Modality.VIDEO
    n_frames = (backbone.n_frames,) if is_video else ()
    if (
        (array.dtype, array.ndim) != (np.uint8, 4 + len(n_frames))
        or array.shape[-1] != 3
        or array.shape[1:-3] != n_frames
        or not array.size
    ):
        shape = f"clips, {backbone.n_frames}" if is_video else "pictures"
        wanted = f"expected a non-empty uint8 array ({shape}, height, width, 3)"
        return ItemError(Reason.MALFORMED, f"{wanted}, got {array.dtype} {array.shape}")
    if not array.flags.writeable or not array.flags.c_contiguous:
        array = np.array(array)  # torch warns of read-only memory
    return to_input_size(torch.from_numpy(array), backbone)
