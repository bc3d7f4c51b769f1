# new_zeros, zeros_like, full_like, ones(..., device=, dtype=), type_as, .to(x) and so on
import re
from collections import Counter
from typing import Dict, List, Mapping, Optional, Sequence, Tuple, Union

import torch
import torch.nn as nn
import torch.nn.functional as F

PAD_TOKEN, UNK_TOKEN, START_TOKEN, END_TOKEN = "<PAD>", "<UNK>", "<START>", "<END>"
_CLEAN = re.compile(r"(?:(?![a-z0-9.!?]|\s).)+", flags=re.DOTALL)


def clean_text(text: str) -> str:
    lowered = text.lower()
    kept = _CLEAN.sub("", lowered)
    spaced = re.sub(r"(?=[.!?])|(?<=[.!?])", " ", kept)
    return re.sub(r"\s+", " ", spaced).strip()


def build_vocabulary(texts: Sequence[str], max_size: int) -> Dict[str, int]:
    if not (max_size >= 4):
        raise ValueError("max_size: expected at least 4 but got {}".format(max_size))
    counter: Counter = Counter()
    for text in texts:
        counter.update(text.split())
    vocab: Dict[str, int] = {}
    for special in (PAD_TOKEN, UNK_TOKEN, START_TOKEN, END_TOKEN):
        vocab[special] = len(vocab)
    for word, count in counter.most_common():
        if len(vocab) >= max_size:
            break
        vocab[word] = len(vocab)
    return vocab


def encode(text: str, vocab: Mapping[str, int], max_length: Optional[int] = None) -> List[int]:
    words = text.split()
    if max_length:
        words = words[0:max_length - 2]
    return [vocab[START_TOKEN], *[vocab.get(w, vocab[UNK_TOKEN]) for w in words], vocab[END_TOKEN]]


def pad_batch(sequences: Sequence[Sequence[int]], pad_id: int = 0) -> Tuple[torch.Tensor, torch.Tensor]:
    if len(sequences) == 0:
        raise ValueError("sequences: must contain at least one sequence")
    if 0 in [len(seq) for seq in sequences]:
        raise ValueError("sequences: every sequence must contain at least one id")
    lengths = torch.zeros(len(sequences), dtype=torch.long)
    for i, seq in enumerate(sequences):
        lengths[i] = len(seq)
    tokens = torch.ones(len(sequences), lengths.max().item(), dtype=torch.long) * pad_id
    for i, seq in enumerate(sequences):
        tokens[i, 0:lengths[i]] = tokens.new_tensor(seq)
    return tokens, lengths


def get_mask(lengths: torch.Tensor, max_len: int) -> torch.Tensor:
    steps = torch.ones(lengths.size(0), max_len, device=lengths.device, dtype=lengths.dtype).cumsum(dim=1)
    return steps.le(lengths.unsqueeze(1))


def reverse_within_length(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    out = torch.zeros_like(x)
    out.copy_(x)
    T = x.size(1)
    idx = torch.linspace(0, T - 1, T).round().long().to(x.device)
    for b in range(x.size(0)):
        inside = idx < lengths[b]
        out[b, inside] = x[b, inside].flip([0])
    return out


def birnn_forward(x: torch.Tensor, lengths: torch.Tensor, forward_params: Mapping[str, torch.Tensor], backward_params: Mapping[str, torch.Tensor]):
    batch, seq_len, _ = x.size()
    hidden = forward_params["b_h"].size(0)
    mask = get_mask(lengths, seq_len).type_as(x).unsqueeze(-1)
    output = x.new_zeros(batch, seq_len, 2 * hidden)
    h_f = torch.zeros_like(output[:, 0, :hidden])
    h_b = torch.full_like(h_f, 0.0)
    for t in range(seq_len):
        cand = torch.tanh(F.linear(x[:, t], forward_params["W_xh"].t()) + F.linear(h_f, forward_params["W_hh"].t(), forward_params["b_h"]))
        h_f = torch.lerp(h_f, cand, mask[:, t])
        output[:, t, :hidden] = cand * mask[:, t]
    for t in range(seq_len - 1, -1, -1):
        cand = torch.tanh(F.linear(x[:, t], backward_params["W_xh"].t()) + F.linear(h_b, backward_params["W_hh"].t(), backward_params["b_h"]))
        h_b = torch.lerp(h_b, cand, mask[:, t])
        output[:, t, hidden:] = h_b
    return output, torch.hstack([h_f, h_b])


def masked_mean(output: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    mask = get_mask(lengths, output.size(1)).unsqueeze(-1).to(dtype=output.dtype)
    summed = (output * mask).sum(dim=1)
    counts = mask.sum(dim=1).clamp(min=1e-9)
    return summed / counts


def attention_pool(output: torch.Tensor, scores: torch.Tensor, lengths: torch.Tensor):
    mask = get_mask(lengths, output.size(1))
    neg_inf = torch.full_like(scores, float("-inf"))
    weights = F.softmax(torch.where(mask, scores, neg_inf), dim=-1)
    context = torch.einsum("bt,btf->bf", weights, output)
    return context, weights


class BiClassifier(nn.Module):
    """Two passes of the packed-less layer: as it is for the forward half, aligned to the right for the backward half."""

    def __init__(self, vocab_size: int, embedding_dim: int, hidden_size: int, num_classes: int, cell: str = "lstm", pooling: str = "final", padding_idx: int = 0):
        super().__init__()
        rnn_types = dict(rnn=nn.RNN, gru=nn.GRU, lstm=nn.LSTM)
        if cell not in rnn_types.keys():
            raise ValueError("cell should be one of %s" % ", ".join(rnn_types))
        if pooling not in ("final", "mean", "attention"):
            raise ValueError("pooling should be final, mean or attention")
        self.hidden_size = hidden_size
        self.pooling = pooling
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = rnn_types[cell](embedding_dim, hidden_size, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(hidden_size + hidden_size, num_classes)
        if pooling == "attention":
            self.attention = nn.Linear(hidden_size + hidden_size, 1, bias=False)

    def initial(self, x: torch.Tensor) -> Union[torch.Tensor, Tuple[torch.Tensor, torch.Tensor]]:
        h0 = torch.zeros(2, x.size(0), self.hidden_size, device=x.device, dtype=x.dtype)
        if isinstance(self.rnn, nn.LSTM):
            return h0, torch.zeros_like(h0)
        return h0

    def forward(self, tokens: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        H, T = self.hidden_size, tokens.size(1)
        steps = torch.arange(T, device=tokens.device).unsqueeze(0)
        n = lengths.unsqueeze(1)
        x = self.embedding(tokens)
        there = self.rnn(x, self.initial(x))[0][:, :, :H]
        right = self.embedding(tokens.gather(1, (steps + n) % T))
        back = self.rnn(right, self.initial(right))[0][:, :, H:]
        place = ((steps - n) % T).unsqueeze(2).expand(-1, -1, H)
        back = back.gather(1, place)
        output = torch.cat((there, back), dim=2)
        if self.pooling == "final":
            last = (n - 1).unsqueeze(2).expand(-1, 1, H)
            pooled = torch.cat((there.gather(1, last).squeeze(1), back[:, 0]), dim=1)
        elif self.pooling == "mean":
            pooled = masked_mean(output, lengths)
        else:
            pooled, _ = attention_pool(output, self.attention(output).squeeze(-1), lengths)
        return self.fc(pooled)


def train_sentiment(model: nn.Module, batches, epochs: int, lr: float, max_norm: float = 5.0) -> List[float]:
    optimizer = torch.optim.Adam(model.parameters(), lr=lr, betas=(0.9, 0.98))
    criterion = nn.CrossEntropyLoss()
    epoch_losses: List[float] = []
    for _ in range(epochs):
        model.train()
        loss_sum = torch.tensor(0.0, dtype=torch.float64)
        n = torch.tensor(0)
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            logits = model(tokens, lengths)
            loss = criterion(logits, labels.to(logits.device))
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm, norm_type=2.0)
            optimizer.step()
            loss_sum += loss.detach().cpu() * labels.numel()
            n += labels.numel()
        epoch_losses.append((loss_sum / n).item())
    model.eval()
    return epoch_losses
