"""How ImageNet's pictures are normalised, and so the input of every network trained on them."""

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
"""Of RGB in [0, 1]. Source: torchvision's weight records."""
