import torch
import torch.nn.functional as F
from torch.nn.utils import clip_grad_norm_


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    history = []
    for _ in range(epochs):
        model.train()
        for tokens, lengths, labels in batches:
            optimizer.zero_grad()
            F.cross_entropy(model(tokens, lengths), labels).backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
        model.eval()
        found = [F.cross_entropy(model(t, n), y, reduction="sum").item() for t, n, y in batches]
        history.append(sum(found) / sum(len(y) for _, _, y in batches))
    return history
