"""VGG16 and VGG19 that are trained here, of any width."""

from torch import Tensor, nn
from torchvision.models.vgg import cfgs, make_layers

from pipeline.models.networks.trunk import FULL_WIDTH

HIDDEN = 4096
"""Width of both hidden layers at full width. Source: arXiv 1409.1556, table 1."""

DROPOUT = 0.5
"""After each hidden layer. Source: arXiv 1409.1556, section 3.1."""

MAP_PX = 7

_PLANS = {"vgg16": cfgs["D"], "vgg19": cfgs["E"]}
"""Channels of the convolutions by name, and "M" where the map is halved."""


class Vgg(nn.Module):
    """A VGG without its last layer: (batch, 3, px, px) to (batch, width_out).

    Args:
        name: "vgg16" or "vgg19".
        width: Channels of the first stage; 64 is the published network, and every other layer
            shrinks with it.
    """

    def __init__(self, name: str, *, width: int = FULL_WIDTH):
        super().__init__()
        plan = [v if isinstance(v, str) else v * width // FULL_WIDTH for v in _PLANS[name]]
        channels = [v for v in plan if not isinstance(v, str)][-1]
        self.width_out = HIDDEN * width // FULL_WIDTH
        self.features = make_layers(plan)
        self.avgpool = nn.AdaptiveAvgPool2d(MAP_PX)
        self.classifier = nn.Sequential(
            nn.Linear(channels * MAP_PX**2, self.width_out),
            nn.ReLU(inplace=True),
            nn.Dropout(DROPOUT),
            nn.Linear(self.width_out, self.width_out),
            nn.ReLU(inplace=True),
            nn.Dropout(DROPOUT),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Embed normalised pictures."""
        x = self.avgpool(self.features(pictures))  # (batch, 512, 7, 7)
        return self.classifier(x.flatten(1))  # (batch, 4096)
