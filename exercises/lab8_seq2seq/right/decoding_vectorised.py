# everything at once: a beam of fixed size in tensors, scores of -inf for places that are empty
import torch
from torch.utils._pytree import tree_map


# %%
def greedy_decode(step, state, start_id, end_id, max_len):
    head = state if torch.is_tensor(state) else state[0]
    B = head.shape[-2]
    out = head.new_full((B, max_len), end_id, dtype=torch.int64)
    token = head.new_full((B,), start_id, dtype=torch.int64)
    alive = torch.ones(B, dtype=torch.bool, device=head.device)
    for t in range(max_len):
        logits, state = step(token, state)
        token = torch.softmax(logits, -1).topk(1, dim=-1).indices.squeeze(-1)
        out[:, t] = torch.where(alive, token, out[:, t])
        alive = alive & (token != end_id)
        if not bool(alive.any()):
            break
    return out


# %%
def dot_attention(query, keys, values, mask):
    scores = (keys @ query.unsqueeze(-1)).squeeze(-1) * keys.size(-1) ** -0.5
    scores = torch.where(mask, scores, torch.full_like(scores, -torch.inf))
    weights = torch.nn.functional.softmax(scores, dim=1)
    weights = torch.where(mask, weights, torch.zeros_like(weights))
    return torch.bmm(weights.unsqueeze(1), values).squeeze(1), weights


# %%
@torch.no_grad()
def beam_search(step, state, start_id, end_id, max_len, beam):
    head = state if torch.is_tensor(state) else state[0]
    state = tree_map(lambda s: s.expand(*s.shape[:-2], beam, s.shape[-1]).contiguous(), state)
    scores = torch.full((beam,), -torch.inf, dtype=head.dtype, device=head.device)
    scores[0] = 0
    tokens = torch.full((beam, 1), start_id, device=head.device)
    best_end, end_score = None, -torch.inf
    for t in range(max_len):
        logits, state = step(tokens[:, -1], state)
        V = logits.shape[1]
        total = (scores[:, None] + logits.log_softmax(-1)).flatten()
        scores, flat = total.topk(min(beam, beam * V))
        came_from = torch.div(flat, V, rounding_mode="floor")
        tokens = torch.cat([tokens[came_from], (flat % V)[:, None]], 1)
        state = tree_map(lambda s: s.index_select(s.dim() - 2, came_from), state)
        ended = tokens[:, -1] == end_id
        for n in torch.nonzero(ended & (scores > -torch.inf)).flatten().tolist():
            if scores[n].item() > end_score:
                best_end, end_score = tokens[n, 1:].tolist(), scores[n].item()
        scores = scores.masked_fill(ended, -torch.inf)
        if scores.max().item() <= end_score or scores.max().item() == -torch.inf:
            break
    if best_end is not None:
        return best_end, end_score
    n = int(scores.argmax())
    return tokens[n, 1:].tolist(), float(scores[n])
