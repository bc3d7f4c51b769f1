# classes, heaps, generators
from __future__ import annotations

import heapq
from dataclasses import dataclass
from itertools import islice

import torch
from torch import nn


@dataclass(frozen=True)
class Hypothesis:
    tokens: tuple
    score: float
    row: int = 0

    def extensions(self, log_probs):
        for token, more in enumerate(log_probs[self.row].double().tolist()):
            yield Hypothesis(self.tokens + (token,), self.score + more, self.row)


class Memory:
    """A state of any form, that knows its rows."""

    def __init__(self, state):
        self.state = state
        self.single = isinstance(state, torch.Tensor)

    @property
    def parts(self):
        return [self.state] if self.single else list(self.state)

    @property
    def rows(self):
        return self.parts[0].shape[-2]

    @property
    def device(self):
        return self.parts[0].device

    def pick(self, rows):
        chosen = [part[..., rows, :] for part in self.parts]
        return Memory(chosen[0] if self.single else tuple(chosen))


# %%
def _stream(step, state, start_id, end_id):
    memory = Memory(state)
    token = torch.full([memory.rows], start_id, device=memory.device)
    over = torch.zeros(memory.rows, dtype=torch.bool, device=memory.device)
    while not over.all():
        logits, state = step(token, state)
        token = logits.max(dim=1)[1]
        token[over] = end_id
        over |= token.eq(end_id)
        yield token


def greedy_decode(step, state, start_id, end_id, max_len):
    return torch.stack([*islice(_stream(step, state, start_id, end_id), max_len)]).t().contiguous()


# %%
class DotAttention(nn.Module):
    def forward(self, query, keys, values, mask):
        logits = (query[:, None] * keys).sum(-1).div(keys.shape[2] ** 0.5)
        logits = logits + torch.zeros_like(logits).masked_fill(mask.logical_not(), -torch.inf)
        weights = torch.exp(logits - torch.logsumexp(logits, dim=1, keepdim=True))
        return (weights[..., None] * values).sum(1), weights


def dot_attention(query, keys, values, mask):
    return DotAttention()(query, keys, values, mask)


# %%
def beam_search(step, state, start_id, end_id, max_len, beam):
    memory = Memory(state)
    alive, champion = [Hypothesis((), 0.0)], None
    while alive and len(alive[0].tokens) < max_len:
        fed = [h.tokens[-1] if h.tokens else start_id for h in alive]
        logits, after = step(torch.tensor(fed, device=memory.device), memory.state)
        logp = nn.functional.log_softmax(logits, dim=1)
        candidates = (new for h in alive for new in h.extensions(logp))
        kept = heapq.nlargest(beam, candidates, key=lambda h: h.score)
        for h in kept:
            if h.tokens[-1] == end_id and (champion is None or h.score > champion.score):
                champion = h
        kept = [h for h in kept if h.tokens[-1] != end_id]
        if kept:
            memory = Memory(after).pick([h.row for h in kept])
            alive = [Hypothesis(h.tokens, h.score, row) for row, h in enumerate(kept)]
        else:
            alive = []
    best = champion or alive[0]
    return list(best.tokens), best.score
