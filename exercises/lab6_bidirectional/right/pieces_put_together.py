import torch
import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_


# %%
def reverse_within_length(x, lengths):
    rows = [torch.cat([row[:n].flip(0), row[n:]]) for row, n in zip(x, lengths, strict=True)]
    return torch.stack(rows)


# %%
def real(output, lengths):
    return torch.arange(output.shape[1], device=output.device) < lengths[:, None]


def masked_mean(output, lengths):
    kept = output * real(output, lengths)[:, :, None].type_as(output)
    place = (lengths - 1)[:, None, None].expand(-1, 1, output.shape[2])
    return kept.cumsum(1).gather(1, place)[:, 0] / lengths.unsqueeze(1)


# %%
def attention_pool(output, scores, lengths):
    mask = torch.zeros_like(scores).masked_fill(~real(scores, lengths), float("-inf"))
    logs = (scores + mask).log_softmax(dim=1)
    weights = logs.exp()
    return (weights.unsqueeze(2) * output).sum(-2), weights


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    ready = []
    for tokens, lengths, labels in batches:
        order = lengths.argsort(descending=True)
        ready.append((tokens[order, : int(lengths.max())], lengths[order], labels[order]))
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        seen = []
        for tokens, lengths, labels in ready:
            optimizer.zero_grad()
            loss = F.cross_entropy(model(tokens, lengths), labels)
            loss.backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            seen.append((loss.item(), len(labels)))
        losses.append(sum(loss * n for loss, n in seen) / sum(n for _, n in seen))
    return losses
