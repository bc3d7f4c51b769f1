# Builds the answer from a layer that does what the exercise is about.
# expect: rnn_shapes=forbidden, lstm_shapes=forbidden
import torch


def rnn_shapes(batch, seq_len, input_size, hidden_size, num_layers=1, bidirectional=False,
               batch_first=True):
    net = torch.nn.RNN(input_size, hidden_size, num_layers, bidirectional=bidirectional,
                       batch_first=batch_first)
    x = torch.zeros(*((batch, seq_len) if batch_first else (seq_len, batch)), input_size)
    output, h_n = net(x)
    return tuple(output.shape), tuple(h_n.shape)
