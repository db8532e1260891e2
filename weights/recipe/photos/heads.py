"""What training asks of the picture encoder; left out of the exported model."""
import torch
import torch.nn.functional as F
from torch import nn

from batches import IGNORED
from scene import COLOURS, SHAPES

SMOOTHING = 0.1
WEIGHTS = {"kind": 0.5, "group": 0.5}      # of the losses; 1 for the others
WORDS_A_PICTURE = 10                       # the loss of a picture's words counts as much as one label's where so many are there
COMMON = 0.02                              # how often a caption word is said, before anything is known of the picture


class LabelHeads(nn.Module):
    """Labels of the whole picture, told twice: from the mean of the trunk's cells, which learns quickly, and from [CLS]."""

    def __init__(self, tasks: dict, cells: int, hidden: int):
        """`tasks`: {name: number of classes}; "words" has several right ones."""
        super().__init__()
        self.tasks = tasks
        self.early = nn.Linear(cells, sum(tasks.values()))
        self.late = nn.Linear(hidden, sum(tasks.values()))
        for head in (self.early, self.late):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.zeros_(head.bias)
            dict(zip(tasks, head.bias.data.split(list(tasks.values()))))["words"].fill_(torch.logit(torch.tensor(COMMON)))

    def logits(self, cells, rows) -> list:
        """Two dicts of logits [B, classes]."""
        sizes = list(self.tasks.values())
        told = (self.early(cells.float().mean((2, 3))), self.late(rows[:, 0].float()))
        return [dict(zip(self.tasks, t.split(sizes, -1))) for t in told]

    def losses(self, told: list, labels: dict) -> dict:
        """Losses by task. labels: for a task [B] with IGNORED where there is none; "words": [B, words] of 1, 0 and IGNORED.
        Every picture counts alike."""
        out = {}
        for task, right in labels.items():
            total = 0
            for logits in told:
                if task == "words":
                    known = right != IGNORED
                    loss = F.binary_cross_entropy_with_logits(logits[task], right.clamp(0).float(), known.float(), reduction="sum")
                    loss = loss / WORDS_A_PICTURE
                else:
                    loss = F.cross_entropy(logits[task], right, ignore_index=IGNORED, reduction="sum", label_smoothing=SMOOTHING)
                total = total + loss
            out[task] = WEIGHTS.get(task, 1.0) * total / len(right)
        return out


class CellHeads(nn.Module):
    """What every cell of a drawn picture holds: shape and colour (0 is none), the thing's box, whether a centre lies here."""

    def __init__(self, hidden: int):
        super().__init__()
        self.parts = [len(SHAPES) + 1, len(COLOURS) + 1, 5, 1]
        self.cell = nn.Linear(hidden, sum(self.parts))

    def losses(self, rows, labels: dict) -> tuple:
        """Losses by name and shares of right shapes and colours. rows [B, 1 + cells, H]; labels as batches.dense_labels()."""
        shape, colour, box, centre = self.cell(rows[:, 1:].float()).split(self.parts, -1)
        inside, at = labels["shape"] > 0, labels["centre"] > 0
        weight = (torch.where(inside, 1.0, 0.25) + 2.0 * at).flatten()
        told = {"shape": shape, "colour": colour}
        losses = {}
        for name, logits in told.items():
            loss = F.cross_entropy(logits.flatten(0, 1), labels[name].flatten(), reduction="none")
            losses[name] = (loss * weight).sum() / weight.sum()
        losses["box"] = F.smooth_l1_loss(box[inside], labels["box"][inside], beta=0.1)
        losses["centre"] = F.binary_cross_entropy_with_logits(centre[..., 0], labels["centre"])
        right = {f"right {name}": (logits.argmax(-1) == labels[name])[at].float().mean() for name, logits in told.items()}
        return losses, right
