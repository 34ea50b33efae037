"""Devices, processes and pretrained weights."""
