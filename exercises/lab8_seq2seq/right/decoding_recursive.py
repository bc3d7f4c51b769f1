# recursion, linked lists of tokens, others keep their places when some end
import torch
import torch.nn.functional as F


def parts_of(state):
    return (state,) if torch.is_tensor(state) else state


def take(state, rows):
    if torch.is_tensor(state):
        return state.transpose(0, -2)[rows].transpose(0, -2)
    return tuple(take(s, rows) for s in state)


# %%
def greedy_decode(step, state, start_id, end_id, max_len):
    def go(fed, over, state, left):
        logits, state = step(fed, state)
        said = logits.argmax(1)
        said = torch.where(over, torch.full_like(said, end_id), said)
        over = over | (said == end_id)
        if left == 1 or over.all():
            return said[:, None]
        return torch.cat([said[:, None], go(said, over, state, left - 1)], dim=1)

    some = parts_of(state)[0]
    fed = torch.zeros(some.shape[-2], dtype=torch.long, device=some.device) + start_id
    return go(fed, fed != fed, state, max_len)


# %%
def dot_attention(query, keys, values, mask):
    scores = torch.einsum("bi,bti->bt", query, keys) / keys.shape[-1] ** 0.5
    scores = scores.masked_fill(mask == 0, torch.finfo(scores.dtype).min)
    exp = (scores - scores.max(dim=1, keepdim=True).values).exp() * mask
    weights = exp / exp.sum(dim=1, keepdim=True)
    return torch.matmul(weights[:, None, :], values)[:, 0, :], weights


# %%
def beam_search(step, state, start_id, end_id, max_len, beam):
    some = parts_of(state)[0]

    def unroll(node):
        if node is None:
            return []
        return unroll(node[0]) + [node[1]]

    def go(nodes, scores, state, left, best):
        fed = torch.tensor([start_id if n is None else n[1] for n in nodes], device=some.device)
        logits, state = step(fed, state)
        total = scores[:, None] + F.log_softmax(logits, dim=-1)
        V = total.shape[1]
        order = total.flatten().argsort(descending=True)
        kept, score, rows = [], [], []
        for rank, flat in enumerate(order.tolist()):
            row, token = divmod(flat, V)
            value = total[row, token].item()
            if token == end_id:
                if rank < beam and (best is None or value > best[1]):
                    best = ((nodes[row], token), value)
            elif len(kept) < beam:
                kept.append((nodes[row], token))
                score.append(value)
                rows.append(row)
        if not kept:
            return best
        if left == 1 or (best is not None and best[1] >= max(score)):
            return best or (kept[0], score[0])
        score = torch.tensor(score, dtype=total.dtype, device=total.device)
        return go(kept, score, take(state, rows), left - 1, best)

    node, value = go([None], some.new_zeros(1), state, max_len, None)
    return unroll(node), value
