"""Programs that put an encoder and a decoder together otherwise, right ones and parts of wrong ones."""

from typing import Any

import torch

from solutions.lab8_seq2seq import Seq2Seq, greedy_decode


def zeroed(state: Any) -> Any:
    """A state of zeros, in the same structure."""
    return tuple(map(zeroed, state)) if isinstance(state, tuple) else torch.zeros_like(state)


def cut(state: Any) -> Any:
    """The state without its graph."""
    return tuple(map(cut, state)) if isinstance(state, tuple) else state.detach()


def one_decode(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Any:
    """Ends as soon as one row has ended."""
    whole = greedy_decode(step, state, start_id, end_id, max_len)
    first = (whole == end_id).any(0).long().argmax()
    return whole[:, : int(first) + 1] if (whole == end_id).any() else whole


def endless(step: Any, state: Any, start_id: int, end_id: int, max_len: int) -> Any:
    """No row ever ends."""
    return greedy_decode(step, state, start_id, -1, max_len)


class InALoop(Seq2Seq):
    """Speaks in a loop of its own, always to max_len."""

    def generate(self, src, lengths, max_len):
        _, state = self.encoder(src, lengths)
        tokens = torch.full_like(src[:, :1], self.start_id)
        said, ended = [], torch.zeros_like(tokens, dtype=torch.bool)
        for _ in range(max_len):
            logits, state = self.decoder(tokens, state)
            tokens = logits.argmax(-1).masked_fill(ended, self.end_id)
            ended = ended | tokens.eq(self.end_id)
            said.append(tokens)
        return torch.cat(said, 1).detach()


class OfTheWhole(Seq2Seq):
    """Asks forward again and again, with what was said so far as the targets."""

    @torch.no_grad()
    def generate(self, src, lengths, max_len):
        was = self.training
        self.eval()
        said = torch.full((len(src), max_len), self.end_id, device=src.device)
        for t in range(max_len):
            said[:, t] = self(src, lengths, said)[:, t].argmax(-1)
        self.train(was)
        ends = (said == self.end_id).long()
        return said.masked_fill(ends.cumsum(1) > ends, self.end_id)
