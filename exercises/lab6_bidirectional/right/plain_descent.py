import torch
from torch import nn
from torch.nn.utils import clip_grad_norm_


# %%
def train_sentiment(model, batches, epochs, lr, max_norm=5.0):
    model.train()
    optimizer = torch.optim.SGD(model.parameters(), lr=lr)
    loss_of = nn.CrossEntropyLoss()
    losses = []
    for _ in range(epochs):
        seen = []
        for tokens, lengths, labels in batches:
            loss = loss_of(model(tokens, lengths), labels)
            loss.backward()
            clip_grad_norm_(model.parameters(), max_norm)
            optimizer.step()
            model.zero_grad()
            seen.append((loss.item(), len(labels)))
        losses.append(sum(loss * n for loss, n in seen) / sum(n for _, n in seen))
    return tuple(losses)
