# plain Python: one hypothesis at a time, one number at a time
import math

import torch


# %%
def greedy_decode(step, state, start_id, end_id, max_len):
    h = state
    while isinstance(h, tuple):
        h = h[0]
    B = h.size(h.dim() - 2)
    sentences = [[] for _ in range(B)]
    open_rows = set(range(B))
    last = [start_id] * B
    for _ in range(max_len):
        logits, state = step(torch.tensor(last, dtype=torch.long).to(h.device), state)
        for b in range(B):
            if b in open_rows:
                best = 0
                for v in range(len(logits[b])):
                    if logits[b][v] > logits[b][best]:
                        best = v
                sentences[b].append(best)
                last[b] = best
                if best == end_id:
                    open_rows.discard(b)
        if not open_rows:
            break
    n = max(len(s) for s in sentences)
    return torch.tensor([s + [end_id] * (n - len(s)) for s in sentences], device=h.device)


# %%
def dot_attention(query, keys, values, mask):
    B, T, H = keys.shape
    contexts, all_weights = [], []
    for b in range(B):
        scores = {}
        for t in range(T):
            if mask[b, t]:
                scores[t] = torch.dot(query[b], keys[b, t]) / math.sqrt(H)
        top = max(scores.values()).detach()
        exps = {t: torch.exp(s - top) for t, s in scores.items()}
        total = sum(exps.values())
        row = [exps[t] / total if t in exps else values.new_zeros(()) for t in range(T)]
        all_weights.append(torch.stack(row))
        contexts.append(sum(row[t] * values[b, t] for t in scores))
    return torch.stack(contexts), torch.stack(all_weights)


# %%
def beam_search(step, state, start_id, end_id, max_len, beam):
    dev = state.device if torch.is_tensor(state) else state[0].device
    hypotheses = [([], 0.0, state)]
    done = []
    for t in range(max_len):
        new = []
        for words, score, s in hypotheses:
            token = words[-1] if words else start_id
            logits, s2 = step(torch.tensor([token], device=dev), s)
            logits = logits[0]
            logp = logits - torch.logsumexp(logits, 0)
            for v in range(logits.numel()):
                new.append((words + [v], score + logp[v].item(), s2))
        new.sort(key=lambda n: n[1], reverse=True)
        hypotheses = []
        for n in new[:beam]:
            if n[0][-1] == end_id:
                done.append(n)
            else:
                hypotheses.append(n)
        if len(hypotheses) == 0:
            break
    if len(done) > 0:
        hypotheses = done
    best = hypotheses[0]
    for n in hypotheses:
        if n[1] > best[1]:
            best = n
    return best[0], best[1]
