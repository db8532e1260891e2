"""The voices that speak the questions: which there are, how one says a sentence, and which training never hears."""
import os
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


def speak(voice: Voice, text: str, rng: random.Random) -> np.ndarray:
    """`text` as samples -1..1, at a speed, pitch and loudness drawn from `rng`."""
    if voice.engine == "espeak-ng":
        words_a_minute = str(rng.randint(110, 220))
        command = ["espeak-ng", "-v", voice.name, "-s", words_a_minute, "-p", str(rng.randint(25, 75)), "-a",
                   str(rng.randint(60, 130)), "-g", str(rng.choice([0, 0, 0, 1, 3])), "--stdout", text]
        data = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout
    else:
        slower, pitch = rng.uniform(0.8, 1.35), rng.uniform(85, 135) * (1.6 if "slt" in voice.name else 1)
        with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
            file = os.path.join(folder, "spoken.wav")
            if voice.engine == "flite":
                command = ["flite", "-voice", voice.name, "--setf", f"duration_stretch={slower:.3f}", "--setf",
                           f"int_f0_target_mean={pitch:.1f}", "-t", text, "-o", file]
                subprocess.run(command, stderr=subprocess.DEVNULL, check=True)
            else:
                scheme = f'(begin (voice_{voice.name}) (Parameter.set \'Duration_Stretch {slower:.3f}) ' \
                         f'(utt.save.wave (utt.synth (Utterance Text "{text}")) "{file}"))'
                subprocess.run(["festival", "--batch", scheme], stderr=subprocess.DEVNULL, check=True)
            data = Path(file).read_bytes()
    return trim(resample(*read_wav(data)))
