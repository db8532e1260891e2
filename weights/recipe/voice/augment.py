"""Other rooms, microphones, noises and speakers: what a spoken question goes through on its way to training."""
import numpy as np

from voice.mel import RATE, log_mel, mel_filters

LONGEST = 10 * RATE
WARPS = [mel_filters(w) for w in np.geomspace(0.82, 1.22, 25)]


def coloured_noise(rng: np.random.Generator, length: int) -> np.ndarray:
    """Noise whose power falls with frequency: not at all (white) to steeply (brown); some with a mains hum."""
    spectrum = rng.standard_normal(length // 2 + 1) + 1j * rng.standard_normal(length // 2 + 1)
    hertz = np.linspace(0, RATE / 2, len(spectrum))
    noise = np.fft.irfft(spectrum / np.maximum(hertz, 30) ** rng.uniform(0, 1.1), length)
    noise /= noise.std() + 1e-9
    if rng.random() < 0.25:
        mains = rng.choice([50, 60]) * np.arange(length) / RATE
        noise += sum(rng.uniform(0, 1.5) / k * np.sin(2 * np.pi * (k * mains + rng.random())) for k in range(1, 6))
    return noise.astype(np.float32)


class Augmenter:
    """Keeps some long noises and rooms, and takes random parts of them. `voices`: samples for the babble behind."""

    def __init__(self, seed: int, voices: list):
        self.rng = rng = np.random.default_rng(seed)
        self.noises = [coloured_noise(rng, 16 * RATE) for _ in range(24)]
        for _ in range(12):  # babble: three to seven others at once
            babble = np.zeros(16 * RATE, np.float32)
            for _ in range(rng.integers(3, 8)):
                at = 0
                while at < len(babble):
                    voice = voices[rng.integers(len(voices))][:len(babble) - at]
                    babble[at:at + len(voice)] += voice.astype(np.float32) / 32768
                    at += len(voice) + rng.integers(RATE)
            self.noises.append(babble / babble.std())
        self.rooms = [self._room() for _ in range(300)]

    def _room(self) -> np.ndarray:
        """An impulse response: the direct sound, then noise that decays 60 dB in 0.1 to 0.9 s, duller the later."""
        rng, decay = self.rng, self.rng.uniform(0.1, 0.9)
        time = np.arange(int(RATE * decay)) / RATE
        tail = rng.standard_normal(len(time)) * 10 ** (-3 * time / decay)
        dull = rng.uniform(0, 0.7)
        smooth = dull ** np.arange(16)
        tail = np.convolve(tail, smooth / smooth.sum())[:len(time)]
        tail[:int(RATE * rng.uniform(0.001, 0.01))] = 0
        tail *= 10 ** (-rng.uniform(0, 18) / 20) / (np.sqrt((tail ** 2).sum()) + 1e-9)
        tail[0] = 1
        return tail.astype(np.float32)

    def _microphone(self, bins: int) -> np.ndarray:
        """A gentle curve over frequency, and the ends of a band."""
        rng, hertz = self.rng, np.linspace(0, RATE / 2, bins)
        curve = np.interp(np.log2(hertz + 50), np.linspace(5.6, 13, 6), rng.uniform(-6, 6, 6))
        low, high = rng.uniform(20, 300), rng.uniform(3300, 8000)
        curve -= 12 * np.maximum(0, np.log2(low / np.maximum(hertz, 10))) + 40 * np.maximum(0, np.log2(np.maximum(hertz, 1) / high))
        return 10 ** (curve / 20)

    def spoil(self, samples: np.ndarray, filtered=0.5, noisy=0.6, decibels=(6, 36)) -> np.ndarray:
        """A room and microphone, silence around, noise, gain and clipping. `samples`: int16; gives back float.

        filtered, noisy: how likely a room or microphone, and noise, are; decibels: from where to where noise is below the voice."""
        rng = self.rng
        x = samples.astype(np.float32) / 32768
        if rng.random() < filtered:
            room = self.rooms[rng.integers(len(self.rooms))] if rng.random() < 0.7 else np.ones(1, np.float32)
            size = 1 << (len(x) + len(room) - 1).bit_length()
            spectrum = np.fft.rfft(x, size) * np.fft.rfft(room, size)
            if rng.random() < 0.6:
                spectrum *= self._microphone(len(spectrum))
            x = np.fft.irfft(spectrum, size)[:len(x) + min(len(room), RATE // 3)].astype(np.float32)
        before, after = (int(RATE * min(rng.exponential(0.25), 1.5)) for _ in range(2))
        x = np.pad(x, (before, after))[:LONGEST]
        level = np.sqrt((x ** 2).mean()) + 1e-6
        if rng.random() < noisy:
            noise = self.noises[rng.integers(len(self.noises))]
            at = rng.integers(len(noise) - len(x))
            x = x + noise[at:at + len(x)] * level * 10 ** (-rng.uniform(*decibels) / 20)
        else:
            x = x + rng.standard_normal(len(x), np.float32) * level * 10 ** (-rng.uniform(35, 70) / 20)
        x *= 10 ** (rng.uniform(-20, 3) / 20) / (np.abs(x).max() + 1e-6)
        return np.clip(x, -1, 1)

    def other_speaker(self, samples: np.ndarray) -> np.ndarray:
        """Faster and higher, or slower and deeper."""
        length = int(len(samples) / self.rng.uniform(0.86, 1.18))
        return np.interp(np.linspace(0, len(samples) - 1, length), np.arange(len(samples)), samples).astype(np.float32)

    def hear(self, samples: np.ndarray) -> np.ndarray:
        """All of it, as a spectrogram [frames, MELS] with some stripes wiped out."""
        rng = self.rng
        if rng.random() < 0.5:
            samples = self.other_speaker(samples)
        filters = WARPS[rng.integers(len(WARPS)) if rng.random() < 0.5 else len(WARPS) // 2]
        heard = log_mel(self.spoil(samples), filters)
        for _ in range(rng.integers(0, 2)):
            at, mean = rng.integers(heard.shape[1]), heard.mean()
            heard[:, at:at + rng.integers(1, 9)] = mean
            at = rng.integers(heard.shape[0])
            heard[at:at + rng.integers(1, 7)] = mean
        return heard
