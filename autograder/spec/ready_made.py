"""What PyTorch has ready of recurrent networks, under all of its names; for `forbidden`.

This module imports nothing of the project: workers that run references are sent its text.
"""

KINDS = ("RNN", "GRU", "LSTM")
CELLS = ("rnn_tanh", "rnn_relu", "gru", "lstm")

LAYERS = (
    *(f"torch.nn.{kind}{part}" for kind in KINDS for part in ("", "Cell")),
    *("torch.nn.RNNBase", "torch.nn.RNNCellBase", "torch.nn.modules.rnn"),
    *("torch.ao.nn.quantizable", "torch.ao.nn.quantized", "torch.ao.nn.qat"),
)
"""Layers and cells, those that are made of linear layers among them."""

_ON_DEVICES = (
    *("_cudnn_rnn", "miopen_rnn", "mkldnn_rnn_layer", "_lstm_mps"),
    *("_thnn_fused_lstm_cell", "_thnn_fused_gru_cell"),
)
_DECOMPOSED = (
    *("_rnn_helper", "rnn_cell", "rnn_cell_data", "one_layer_rnn", "one_layer_rnn_data"),
    *("one_layer_lstm", "one_layer_lstm_data", "mkldnn_one_layer_lstm", "lstm_cell"),
    *("lstm_impl", "lstm_data_impl", "gru_cell", "gru_cell_data", "gru_impl", "gru_impl_data"),
    *(f"rnn_{kind}_{form}" for kind in ("tanh", "relu") for form in ("input", "data")),
)

OPERATORS = (
    *(f"torch.{name}{part}" for name in CELLS for part in ("", "_cell")),
    *(f"torch.quantized_{name}_cell" for name in CELLS),
    *("torch.ops.aten.quantized_lstm", "torch.ops.aten.quantized_gru"),
    *(f"torch.ops.quantized.quantized_{name}_cell_dynamic" for name in CELLS),
    *(f"torch.ops.aten.{name}" for name in _ON_DEVICES),
    *(f"torch._decomp.decompositions.{name}" for name in _DECOMPOSED),
)
"""What runs below the layers."""

RECURRENT = (*LAYERS, *OPERATORS)
"""Whole recurrent networks and their steps."""
