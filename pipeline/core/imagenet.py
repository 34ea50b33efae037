"""How ImageNet's pictures are normalised, and so the input of networks trained on them."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of RGB in [0, 1]. Source: torchvision's weight records."""

LITE_MEAN = (127 / 255, 127 / 255, 127 / 255)
LITE_STD = (128 / 255, 128 / 255, 128 / 255)
"""Of RGB in [0, 1], for EfficientNet-Lite. Source: its authors' training code, in colours of 0 to
255."""
