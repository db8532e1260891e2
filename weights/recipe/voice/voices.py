"""The voices that speak the questions: which there are, how one says a sentence, and which training never hears."""
import random
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

RATE = 16000  # samples a second, of everything that leaves this module
VARIANTS = Path("/usr/lib/x86_64-linux-gnu/espeak-ng-data/voices/!v")
ACCENTS = ["en-us", "en-us", "en-us", "en-gb", "en-gb", "en-gb-x-rp", "en-gb-x-gbclan", "en-gb-x-gbcwmd", "en-us-nyc", "en-029"]
HELD_ACCENT = "en-gb-scotland"
HELD_VARIANTS = ["m4", "f3", "Alicia", "Hugo", "Michael", "belinda", "benjamin", "grandpa", "klatt4", "linda", "steph", "steph2",
                 "steph3", "victor"]
NO_PERSONS = ["Demonic", "Tweaky", "UniRobot", "anikaRobot", "croak", "fast", "whisper", "whisperf"] \
    + ["robosoft"] + [f"robosoft{k}" for k in range(2, 9)]
FLITE = ["kal", "kal16", "awb", "awb"]     # built from recordings of people
HELD_FLITE = ["slt", "rms"]


@dataclass(frozen=True)
class Voice:
    engine: str   # espeak-ng, flite or festival
    name: str
    held: bool    # training never hears it

    @property
    def family(self) -> str:
        if self.engine == "espeak-ng":
            return "espeak-ng, held-out accent" if self.name.startswith(HELD_ACCENT) else "espeak-ng, held-out speakers"
        return f"{self.engine} {self.name}"


def variants(held: bool) -> list:
    """espeak-ng's speakers: files that change pitch, formants and roughness of an accent's voice."""
    names = sorted(path.name for path in VARIANTS.iterdir() if " " not in path.name)
    return [n for n in names if n not in NO_PERSONS and (n in HELD_VARIANTS) == held]


def training_voice(rng: random.Random) -> Voice:
    kind = rng.random()
    if kind < 0.70:
        return Voice("espeak-ng", f"{rng.choice(ACCENTS)}+{rng.choice(variants(False))}", False)
    if kind < 0.93:
        return Voice("flite", rng.choice(FLITE), False)
    return Voice("festival", "ked_diphone", False)


def held_voices() -> dict:
    """Voices of every family that training never hears."""
    accents = sorted(set(ACCENTS))
    voices = [Voice("espeak-ng", f"{accents[k % len(accents)]}+{v}", True) for k, v in enumerate(variants(True))]
    voices += [Voice("espeak-ng", f"{HELD_ACCENT}+{v}", True) for v in variants(True) + ["m1", "f1", "f4", "m7"]]
    voices += [Voice("flite", name, True) for name in HELD_FLITE]
    voices += [Voice("festival", "cmu_us_slt_arctic_hts", True)]
    families = {}
    for voice in voices:
        families.setdefault(voice.family, []).append(voice)
    return families


def resample(samples: np.ndarray, rate: int) -> np.ndarray:
    """From `rate` to RATE, cut off at half of the lower one: the spectrum is cut or continued with zeros."""
    if rate == RATE:
        return samples
    step = rate // np.gcd(rate, RATE)
    padded = np.pad(samples, (0, -len(samples) % step))
    length = len(padded) * RATE // rate
    spectrum = np.fft.rfft(padded)[:length // 2 + 1]
    return np.fft.irfft(spectrum, length) * (length / len(padded))


def read_wav(data: bytes):
    """16-bit mono samples -1..1 and their rate. The lengths in the headers of piped files are not to be trusted."""
    rate = int.from_bytes(data[24:28], "little")
    body = data[data.index(b"data") + 8:]
    return np.frombuffer(body[:len(body) // 2 * 2], "<i2") / 32768, rate


def trim(samples: np.ndarray) -> np.ndarray:
    """Without the silence around, but for 30 ms."""
    loud = np.nonzero(np.abs(samples) > 0.02 * np.abs(samples).max())[0]
    return samples[max(0, loud[0] - 480):loud[-1] + 480] if len(loud) else samples


def espeak(voice: Voice, text: str, rng: random.Random) -> bytes:
    """A WAV file, at a speed (words a minute), pitch, loudness and distance of words drawn from `rng`."""
    command = ["espeak-ng", "-v", voice.name, "-s", str(rng.randint(110, 220)), "-p", str(rng.randint(25, 75)), "-a",
               str(rng.randint(60, 130)), "-g", str(rng.choice([0, 0, 0, 1, 3])), "--stdout", text]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


def flite(voice: Voice, text: str, rng: random.Random, file: Path) -> bytes:
    pitch = rng.uniform(85, 135) * (1.6 if voice.name == "slt" else 1)
    subprocess.run(["flite", "-voice", voice.name, "--setf", f"duration_stretch={rng.uniform(0.8, 1.35):.3f}", "--setf",
                    f"int_f0_target_mean={pitch:.1f}", "-t", text, "-o", file], stderr=subprocess.DEVNULL, check=True)
    return file.read_bytes()


def festival(asked: list, rng: random.Random, folder: Path) -> list:
    """WAV files of many (voice, text), since festival takes long to start."""
    script = "".join(f"(voice_{voice.name}) (Parameter.set 'Duration_Stretch {rng.uniform(0.8, 1.35):.3f}) "
                     f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{folder}/{k}.wav")\n'
                     for k, (voice, text) in enumerate(asked))
    (folder / "script.scm").write_text(script)
    subprocess.run(["festival", "--batch", folder / "script.scm"], stderr=subprocess.DEVNULL, check=True)
    return [(folder / f"{k}.wav").read_bytes() for k in range(len(asked))]


def speak(asked: list, rng: random.Random) -> list:
    """Samples -1..1 of every (voice, text)."""
    with tempfile.TemporaryDirectory(dir="/dev/shm") as name:
        folder = Path(name)
        of_festival = [pair for pair in asked if pair[0].engine == "festival"]
        waiting = iter(festival(of_festival, rng, folder) if of_festival else [])
        files = {"espeak-ng": lambda *pair: espeak(*pair, rng), "flite": lambda *pair: flite(*pair, rng, folder / "flite.wav"),
                 "festival": lambda *_: next(waiting)}
        return [trim(resample(*read_wav(files[voice.engine](voice, text)))) for voice, text in asked]
