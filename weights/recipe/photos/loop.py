"""Training by the clock: processes that share their weights without locks (on a GPU one), a running average, checkpoints."""
import copy
import math
import os
import time
from pathlib import Path

import torch
from torch import nn

WARM_STEPS = 150
LAST = 0.005           # of the peak's learning rate, at the end
WEIGHT_DECAY = 0.05
LONGEST_AVERAGE = 0.998
SAVE_EVERY = 4         # minutes
SHOW_EVERY = 100       # steps


def add_device(parser) -> None:
    """The options of everything that computes."""
    parser.add_argument("--work", type=Path, default=Path(__file__).parent / "../../../build/recipe/photos",
                        help="where photos.prepare has put the pictures")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")


def add_options(parser, minutes: float) -> None:
    """The options of the stages that train."""
    add_device(parser)
    parser.add_argument("--minutes", type=float, default=minutes, help="length of this run")
    parser.add_argument("--resume", type=float, default=0.0, metavar="SHARE",
                        help="go on from the checkpoint as if this share of the training were done")
    parser.add_argument("--until", type=float, default=1.0, metavar="SHARE", help="end there; a later run resumes from it")
    parser.add_argument("--scale", type=float, default=1.0, help="batches so many times as large; a GPU is fed with 8")
    parser.add_argument("--processes", type=int, default=2, help="that train, one thread each; on a GPU it is one")
    parser.add_argument("--seed", type=int, default=1)


def half_floats(device: str, enabled: bool = True):
    """bf16 where it is safe."""
    return torch.autocast(device, torch.bfloat16, enabled)


def rate(progress: float, step: int) -> float:
    """The learning rate as a share of its peak."""
    return min(1.0, (step + 1) / WARM_STEPS) * (LAST + (1 - LAST) * 0.5 * (1 + math.cos(math.pi * progress)))


def read_checkpoint(file: Path, what: str) -> dict:
    """State of all parts: "parts" as trained, "average" as exported."""
    if not file.exists():
        raise SystemExit(f"there is no '{file}': {what}")
    return torch.load(file, map_location="cpu")


def blend(average: nn.Module, now: nn.Module, keep: float) -> None:
    """Moves the running average, statistics of batch norms included."""
    with torch.no_grad():
        for (name, old), new in zip(average.state_dict().items(), now.state_dict().values()):
            if old.is_floating_point():
                old.lerp_(new, 1 - keep)
            else:
                old.copy_(new)


def train(parts: nn.ModuleDict, lessons, report, args, file: Path, peak: float, checkpoint: bool = True) -> nn.ModuleDict:
    """Trains `parts` and gives back their running average.

    lessons(seed) -> learn, and learn(progress) -> (loss, figures to print); report(average, progress) -> a line to
    print, made at every checkpoint. Without `checkpoint` --resume goes on from `parts` as they are.
    """
    parts.to(args.device)
    saved = read_checkpoint(file, "nothing to resume from") if args.resume and checkpoint else None
    if saved:
        parts.load_state_dict(saved["parts"])
    average = copy.deepcopy(parts)
    if saved:
        average.load_state_dict(saved["average"])
    average.requires_grad_(False)
    average.eval()
    worker, others = 0, args.processes - 1 if args.device == "cpu" else 0
    if others:
        parts.share_memory()
    for k in range(others):  # all processes update the same weights, without locks, each with its own AdamW state
        if os.fork() == 0:
            worker = k + 1
            break
    seed = args.seed + 1000 * worker
    torch.manual_seed(seed)
    learn = lessons(seed)
    optimizer = torch.optim.AdamW([
        {"params": [p for p in parts.parameters() if p.dim() > 1], "weight_decay": WEIGHT_DECAY},
        {"params": [p for p in parts.parameters() if p.dim() <= 1], "weight_decay": 0.0}], betas=(0.9, 0.99), foreach=True)
    if saved:
        optimizer.load_state_dict(saved["optimizer"])

    def save():
        part = file.with_suffix(".part")
        torch.save({"parts": parts.state_dict(), "average": average.state_dict(), "optimizer": optimizer.state_dict()}, part)
        part.rename(file)

    def minutes():
        return (time.time() - start) / 60

    start = last_save = time.time()
    step, sums = 0, {}
    while minutes() < args.minutes:
        progress = args.resume + (args.until - args.resume) * minutes() / args.minutes
        for group in optimizer.param_groups:
            group["lr"] = peak * rate(progress, step)
        parts.train()
        loss, figures = learn(progress)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parts.parameters(), 2.0)
        optimizer.step()
        step += 1
        if worker:
            continue
        blend(average, parts, min(LONGEST_AVERAGE, step / (step + 20)) if not saved else LONGEST_AVERAGE)
        for name, value in figures.items():
            sums.setdefault(name, []).append(float(value))
        if step % SHOW_EVERY == 0:
            means = "  ".join(f"{name} {sum(v) / len(v):.3f}" for name, v in sums.items())
            print(f"{minutes():5.1f} min  {progress:.3f}  step {step}  {means}", flush=True)
            sums = {}
        if time.time() - last_save > 60 * SAVE_EVERY:
            save()
            print("      " + report(average, progress), flush=True)
            last_save = time.time()
    if worker:
        os._exit(0)
    for _ in range(others):
        os.wait()
    save()
    print(f"{step} steps a process, {minutes():.1f} minutes; {report(average, progress)}", flush=True)
    return average
