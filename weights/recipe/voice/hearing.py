"""The model with ears: pictures, questions as text or as sound, answers; one picture's rows serve all its questions."""
import collections

import numpy as np
import torch
from torch import nn

from batches import to_pixels
from model import Model
from voice.encoder import SpeechConfig, SpeechEncoder


class HearingModel(nn.Module):
    """The text + picture model with a speech encoder beside its own; parameter names are those of the exported file."""

    def __init__(self, model: Model, config: SpeechConfig):
        super().__init__()
        self.text_and_picture = model
        self.speech_encoder = SpeechEncoder(config)

    def answer_spoken(self, image_rows, heard, frames):
        """Logits for image_rows [B, P, H] and spectrograms [B, T, mels]; without text the speech's rows come first."""
        asked, hide = self.speech_encoder(heard, frames)
        return self.text_and_picture.answer_rows(image_rows, asked, hide)


def pad_heard(heard: list):
    """Spectrograms of several lengths as one tensor [B, T, mels], zero beyond their lengths [B]."""
    frames = torch.tensor([len(h) for h in heard])
    out = torch.zeros(len(heard), int(frames.max()), heard[0].shape[1])
    for row, h in zip(out, heard):
        row[:len(h)] = torch.from_numpy(h)
    return out, frames


def encode_pictures(model: Model, pictures: np.ndarray, chunk=250) -> torch.Tensor:
    """[N, P, H]"""
    with torch.no_grad():
        return torch.cat([model.encode_pictures(to_pixels(pictures[k:k + chunk])) for k in range(0, len(pictures), chunk)])


def predict_spoken(model: HearingModel, image_rows: torch.Tensor, heard: list) -> torch.Tensor:
    """Answer ids; questions of the same length together, as nothing then depends on padding."""
    best = torch.zeros(len(heard), dtype=torch.long)
    by_length = collections.defaultdict(list)
    for k, h in enumerate(heard):
        by_length[len(h)].append(k)
    with torch.no_grad():
        for same in by_length.values():
            for at in range(0, len(same), 32):
                some = same[at:at + 32]
                best[some] = model.answer_spoken(image_rows[some], *pad_heard([heard[k] for k in some]))[0].argmax(-1)
    return best
