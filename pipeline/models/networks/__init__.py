"""Networks: layers and forward passes; no training."""
