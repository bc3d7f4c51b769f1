# Every tensor made with an explicit device and dtype; each function stands alone.
import torch
import torch.nn as nn


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    device = generator.device
    tokens = torch.randperm(9, generator=generator, device=device)[:0]  # nothing yet
    while tokens.numel() < num_sequences * seq_len:
        tokens = torch.cat([tokens, torch.randint(0, 16, (64,), generator=generator, device=device)])
        tokens = tokens[(tokens >= 1) & (tokens <= 9)]
    tokens = tokens[: num_sequences * seq_len].reshape(num_sequences, seq_len).contiguous()
    before = torch.roll(tokens, shifts=1, dims=1)
    before[:, 0] = 0
    match kind:
        case "element":
            tags = tokens % num_tags
        case "pair":
            tags = (tokens + before) % num_tags
        case "running":
            tags = tokens % num_tags
            for t in range(1, seq_len):
                tags[:, t] = (tags[:, t] + tags[:, t - 1]) % num_tags
        case _:
            raise ValueError(f"kind={kind!r} is not a kind of data that can be made")
    return tokens, tags


# %%
class Tagger(nn.Module):
    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm", bidirectional=False, padding_idx=0):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        with torch.no_grad():
            nn.init.xavier_uniform_(self.embedding.weight)
            self.embedding.weight[padding_idx].zero_()
        self.rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](
            embedding_dim, hidden_size, batch_first=True, bidirectional=bidirectional
        )
        self.fc = nn.Linear(hidden_size * (1 + bidirectional), num_tags)
        for name, parameter in self.rnn.named_parameters():
            if "weight_hh" in name:
                nn.init.orthogonal_(parameter)

    def forward(self, tokens, lengths=None):
        embedded = self.embedding(tokens)
        B, T, _ = embedded.shape
        layers = 2 if self.rnn.bidirectional else 1
        h0 = torch.zeros(layers, B, self.rnn.hidden_size, device=embedded.device, dtype=embedded.dtype)
        state = (h0, torch.zeros_like(h0)) if isinstance(self.rnn, nn.LSTM) else h0
        if lengths is None:
            output, _ = self.rnn(embedded, state)
            return self.fc(output)
        packed = nn.utils.rnn.pack_padded_sequence(
            embedded, lengths.detach().cpu(), batch_first=True, enforce_sorted=False
        )
        output, _ = self.rnn(packed, state)
        output, _ = nn.utils.rnn.pad_packed_sequence(
            output, batch_first=True, padding_value=0.0, total_length=T
        )
        mask = torch.arange(T, device=tokens.device)[None, :] < lengths[:, None].to(tokens.device)
        return self.fc(output) * mask[:, :, None]


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    real = tags != ignore_index
    zero = torch.zeros((), dtype=logits.dtype, device=logits.device)
    count = real.sum()
    classes = torch.arange(logits.shape[-1], device=tags.device)
    picked = (tags[..., None] == classes) & real[..., None]
    nll = torch.where(picked, -torch.log_softmax(logits, dim=-1), zero).sum()
    return nll / torch.maximum(count, torch.ones_like(count))


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    real = tags != ignore_index
    n = real.sum()
    if n == 0:
        return 0.0
    return (torch.sum((torch.topk(logits, 1, dim=-1).indices.squeeze(-1) == tags) & real) / n.double()).item()


# %%
def sequence_accuracy(logits, tags, ignore_index=-100):
    real = tags != ignore_index
    wrong = ((logits.argmax(-1) != tags) & real).any(-1)
    present = real.any(-1)
    n = int(present.sum())
    return int((present & ~wrong).sum()) / n if n else 0.0


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    matrix = torch.zeros((num_tags, num_tags), dtype=tags.dtype, device=tags.device)
    real = tags != ignore_index
    for i in range(num_tags):
        for j in range(num_tags):
            matrix[i, j] = ((tags == i) & (predictions == j) & real).sum()
    return matrix


# %%
def viterbi_decode(emissions, transitions, lengths):
    device = emissions.device
    B, T, C = emissions.shape
    best = emissions.new_full((B, T, C), float("-inf"))
    note = torch.zeros((B, T, C), dtype=torch.int64, device=device)
    best[:, 0] = emissions[:, 0]
    for t in range(1, T):
        for j in range(C):
            s, i = (best[:, t - 1] + transitions[:, j]).max(dim=1)
            best[:, t, j] = s + emissions[:, t, j]
            note[:, t, j] = i
    paths = []
    for b, n in enumerate(lengths.tolist()):
        path = [best[b, n - 1].argmax().item()]
        for t in range(n - 1, 0, -1):
            path = [note[b, t, path[0]].item(), *path]
        paths.append(path)
    return paths


# %%
def find_spans(tags):
    import re

    # one letter per tag: B-x is "b", an I that goes on is "i"
    code = ""
    for position, tag in enumerate(tags):
        if tag == "O":
            code += "o"
        elif tag[0] == "I" and position and tags[position - 1] in ("B" + tag[1:], tag):
            code += "i"
        else:
            code += "b"
    return [(tags[m.start()][2:], m.start(), m.end()) for m in re.finditer("bi*", code)]


# %%
def span_f1(predicted, true):
    def keys(texts):
        return {f"{n}|{label}|{start}|{end}" for n, tags in enumerate(texts) for label, start, end in find_spans(tags)}

    a, b = keys(predicted), keys(true)
    total = len(a) + len(b)
    return 1.0 if total == 0 else (total - len(a ^ b)) / total


# %%
def train_tagger(model, batches, epochs, lr, max_norm=5.0):
    parameters = [p for p in model.parameters() if p.requires_grad]
    device = parameters[0].device
    optimizer = torch.optim.Adam(parameters, lr=lr, betas=(0.9, 0.99), amsgrad=True)
    losses = torch.zeros(epochs, dtype=torch.float64)
    for epoch in range(epochs):
        count = 0
        for batch in batches:
            tokens, lengths, tags = (part.to(device) for part in batch)
            for p in parameters:
                p.grad = None
            each = nn.functional.cross_entropy(
                model(tokens, lengths).flatten(0, 1), tags.flatten(), ignore_index=-100, reduction="none"
            )
            real = (tags.flatten() != -100).sum()
            if real == 0:
                continue
            (each.sum() / real).backward()
            torch.nn.utils.clip_grad_norm_(parameters, max_norm=max_norm, error_if_nonfinite=True)
            optimizer.step()
            losses[epoch] += each.sum().item()
            count += real.item()
        losses[epoch] /= max(count, 1)
    return losses.tolist()
