# sort by length, pack, unpack, unsort; the pooled vectors come straight from the PackedSequence
import string
from collections import OrderedDict, defaultdict

import torch
from torch import nn
from torch.nn.utils import rnn as rnn_utils
from torch.nn.utils.rnn import PackedSequence


def clean_text(text):
    table = {ord(c): f" {c} " for c in ".!?"}
    text = "".join(c for c in text.lower() if c in string.ascii_lowercase + string.digits + ".!?" or c.isspace())
    return " ".join(text.translate(table).split())


def build_vocabulary(texts, max_size):
    if max_size < 4:
        raise ValueError("max_size has to be >= 4 (got %d)" % max_size)
    counts = defaultdict(int)
    for t in texts:
        for w in t.split():
            counts[w] += 1
    items = list(counts.items())
    items.sort(key=lambda item: -item[1])
    vocab = OrderedDict()
    vocab["<PAD>"] = 0
    vocab["<UNK>"] = 1
    vocab["<START>"] = 2
    vocab["<END>"] = 3
    for i, (w, _) in enumerate(items[: max_size - 4], start=4):
        vocab[w] = i
    return dict(vocab)


def encode(text, vocab, max_length=None):
    tokens = ["<START>"] + text.split() + ["<END>"]
    if max_length is not None and len(tokens) > max_length:
        tokens = tokens[: max_length - 1] + ["<END>"]
    return [vocab[t] if t in vocab else vocab["<UNK>"] for t in tokens]


def pad_batch(sequences, pad_id=0):
    if len(sequences) < 1:
        raise ValueError("sequences: empty batch")
    for s in sequences:
        if len(s) < 1:
            raise ValueError("sequences: empty sequence in batch")
    seqs = [torch.LongTensor(list(s)) for s in sequences]
    lengths = torch.LongTensor([len(s) for s in seqs])
    return rnn_utils.pad_sequence(seqs, batch_first=True, padding_value=pad_id), lengths


def reverse_within_length(x, lengths):
    parts = rnn_utils.unpad_sequence(x, lengths, batch_first=True)
    return torch.stack([torch.cat([p.flip(0), row[len(p):]], 0) for p, row in zip(parts, x)])


def _walk(packed, params):
    """Run over the data of a PackedSequence: the batch shrinks as sequences end."""
    W_xh, W_hh, b_h = params["W_xh"], params["W_hh"], params["b_h"]
    h = packed.data.new_zeros(int(packed.batch_sizes[0]), W_hh.size(1))
    start, outs, ended = 0, [], []
    for size in packed.batch_sizes.tolist():
        ended.insert(0, h[size:])
        h = torch.tanh(torch.addmm(b_h, packed.data[start:start + size], W_xh) + h[:size].mm(W_hh))
        outs.append(h)
        start += size
    ended.insert(0, h)
    out = PackedSequence(torch.cat(outs), packed.batch_sizes, packed.sorted_indices, packed.unsorted_indices)
    return out, torch.cat(ended).index_select(0, packed.unsorted_indices)


def birnn_forward(x, lengths, forward_params, backward_params):
    halves, ends = [], []
    for inputs, params, turn in ((x, forward_params, False), (reverse_within_length(x, lengths), backward_params, True)):
        packed = rnn_utils.pack_padded_sequence(inputs, lengths.cpu(), batch_first=True, enforce_sorted=False)
        out, end = _walk(packed, params)
        out, _ = rnn_utils.pad_packed_sequence(out, batch_first=True, total_length=x.size(1))
        halves.append(reverse_within_length(out, lengths) if turn else out)
        ends.append(end)
    return torch.cat(halves, -1), torch.cat(ends, -1)


def masked_mean(output, lengths):
    packed = rnn_utils.pack_padded_sequence(output, lengths.cpu(), batch_first=True, enforce_sorted=False)
    padded, n = rnn_utils.pad_packed_sequence(packed, batch_first=True, padding_value=0.0)
    return padded.sum(1).div(n.to(padded.device).unsqueeze(-1))


def attention_pool(output, scores, lengths):
    inside = torch.arange(scores.size(1), device=scores.device).expand_as(scores) < lengths.view(-1, 1)
    log_w = scores.masked_fill(~inside, -float("inf"))
    log_w = log_w - torch.logsumexp(log_w, dim=1, keepdim=True)
    w = log_w.exp()
    return torch.bmm(w[:, None, :], output)[:, 0], w


class BiClassifier(nn.Module):
    CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

    def __init__(self, vocab_size, embedding_dim, hidden_size, num_classes, cell="lstm", pooling="final", padding_idx=0):
        super().__init__()
        try:
            Cell = self.CELLS[cell]
        except KeyError:
            raise ValueError(f"cell {cell!r} is not supported")
        pools = {"final": self.pool_final, "mean": self.pool_mean, "attention": self.pool_attention}
        if pooling not in pools:
            raise ValueError(f"pooling {pooling!r} is not supported")
        self.pool = pools[pooling]
        if pooling == "attention":
            self.attention = nn.Linear(2 * hidden_size, 1, bias=False)
        self.fc = nn.Linear(2 * hidden_size, num_classes)
        self.rnn = Cell(embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)

    def pool_final(self, packed, h_n, lengths, T):
        return torch.cat([h_n[-2], h_n[-1]], dim=-1)

    def pool_mean(self, packed, h_n, lengths, T):
        out, _ = rnn_utils.pad_packed_sequence(packed, batch_first=True)
        return out.sum(1) / lengths.unsqueeze(1)

    def pool_attention(self, packed, h_n, lengths, T):
        scores = packed._replace(data=self.attention(packed.data))
        scores, _ = rnn_utils.pad_packed_sequence(scores, batch_first=True, padding_value=-float("inf"))
        out, _ = rnn_utils.pad_packed_sequence(packed, batch_first=True)
        return (torch.softmax(scores, dim=1) * out).sum(1)

    def forward(self, tokens, lengths):
        lengths, order = torch.sort(lengths, descending=True)
        _, undo = torch.sort(order)
        packed = rnn_utils.pack_padded_sequence(self.embedding(tokens[order]), lengths.cpu(), batch_first=True)
        packed, state = self.rnn(packed)
        h_n = state[0] if type(state) is tuple else state
        return self.fc(self.pool(packed, h_n, lengths, tokens.shape[1]))[undo]


def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr)
    model = model.train(True)
    history = []
    for epoch in range(epochs):
        epoch_loss, seen = 0.0, 0
        for tokens, lengths, labels in batches:
            loss = nn.CrossEntropyLoss(reduction="sum")(model(tokens, lengths), labels)
            optimizer.zero_grad()
            (loss / labels.size(0)).backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            epoch_loss += loss.item()
            seen += labels.size(0)
        history.append(epoch_loss / seen)
    return history
