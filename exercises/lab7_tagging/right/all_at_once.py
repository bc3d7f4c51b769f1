# The whole batch at once, with masks that are multiplied.
# %%
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence


# %%
def make_tagging_data(kind, num_sequences, seq_len, num_tags, generator):
    match kind:
        case "element" | "pair" | "running":
            pass
        case _:
            raise ValueError("kind: 'element', 'pair' or 'running'")
    chances = torch.ones(9)
    drawn = torch.multinomial(
        chances, num_sequences * seq_len, replacement=True, generator=generator
    )
    tokens = drawn.reshape(num_sequences, seq_len) + 1
    shifted = torch.cat([torch.zeros(num_sequences, 1, dtype=torch.long), tokens[:, :-1]], dim=1)
    if kind == "element":
        return tokens, tokens.remainder(num_tags)
    if kind == "pair":
        return tokens, (tokens + shifted).remainder(num_tags)
    return tokens, torch.cumsum(tokens, 1).remainder(num_tags)


# %%
class Tagger(nn.Module):
    """A network that wants time first, and a mask in place of packing where one direction reads."""

    def __init__(self, vocab_size, num_tags, embedding_dim, hidden_size, cell="lstm",
                 bidirectional=False, padding_idx=0):
        super().__init__()
        cells = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}
        self.embedding = nn.Embedding(vocab_size, embedding_dim, padding_idx=padding_idx)
        self.rnn = cells[cell](embedding_dim, hidden_size, bidirectional=bidirectional)
        self.fc = nn.Linear((1 + int(bidirectional)) * hidden_size, num_tags)
        self.register_buffer("one", torch.ones(1))

    def forward(self, tokens, lengths=None):
        embedded = self.embedding(tokens).transpose(0, 1)
        if lengths is None or not self.rnn.bidirectional:
            output = self.rnn(embedded)[0]
            if lengths is not None:
                steps = torch.arange(tokens.shape[1], device=tokens.device)
                output = output * (steps[:, None] < lengths)[..., None]
        else:
            one = pack_padded_sequence(embedded, lengths.cpu(), enforce_sorted=False)
            output, _ = pad_packed_sequence(self.rnn(one)[0], total_length=tokens.shape[1])
        return self.fc(output).transpose(0, 1)


# %%
def tagging_loss(logits, tags, ignore_index=-100):
    real = tags.ne(ignore_index)
    wanted = F.one_hot(torch.where(real, tags, torch.zeros_like(tags)), logits.shape[-1])
    weights = wanted * real.unsqueeze(-1)
    total = -torch.einsum("btc,btc->", weights.to(logits.dtype), torch.log_softmax(logits, dim=-1))
    return total / max(int(real.sum()), 1)


# %%
def token_accuracy(logits, tags, ignore_index=-100):
    guess = torch.softmax(logits, dim=2).max(dim=2).indices
    weight = (tags != ignore_index).double()
    total = weight.sum().item()
    return ((guess == tags).double() * weight).sum().item() / total if total > 0 else 0


# %%
def sequence_accuracy(logits, tags, ignore_index=-100):
    real = (tags != ignore_index).int()
    errors = ((logits.max(dim=2)[1] != tags).int() * real).sum(dim=1)
    lengths = real.sum(dim=1)
    counted = int((lengths > 0).sum())
    if counted == 0:
        return 0
    return ((errors == 0) & (lengths > 0)).sum().item() / counted


# %%
def confusion_matrix(predictions, tags, num_tags, ignore_index=-100):
    real = (tags != ignore_index).reshape(-1)
    wanted = F.one_hot(tags.reshape(-1) * real, num_tags) * real[:, None]
    return wanted.T @ F.one_hot(predictions.reshape(-1), num_tags)


# %%
def viterbi_decode(emissions, transitions, lengths):
    """Padding passes the scores on, and its notes point to the tag itself."""
    T, C = emissions.shape[1:]
    best, notes = emissions[:, 0], []
    for t in range(1, T):
        score, previous = (best.unsqueeze(2) + transitions.unsqueeze(0)).max(dim=1)
        alive = (t < lengths).unsqueeze(1)
        best = torch.where(alive, score + emissions[:, t], best)
        notes.append(torch.where(alive, previous, torch.arange(C, device=best.device)))
    tag = best.argmax(1)
    tags = [tag]
    for previous in reversed(notes):
        tag = previous.gather(1, tag.unsqueeze(1)).squeeze(1)
        tags.insert(0, tag)
    table = torch.stack(tags, 1)
    return [row[:length].tolist() for row, length in zip(table, lengths)]
