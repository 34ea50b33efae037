"""What the processor at hand computes."""

import pytest
import torch

needs_bf16 = pytest.mark.skipif(
    not torch.ops.mkldnn._is_mkldnn_bf16_supported(),
    reason="torch's convolutions in bfloat16 require a processor with AVX-512 or AVX-NE-CONVERT",
)
