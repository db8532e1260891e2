"""Log-mel spectrograms, as WhisperFeatureExtractor makes them, but only as long as the sound."""
import numpy as np

RATE, FFT, HOP, MELS = 16000, 512, 320, 64
WINDOW = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FFT) / FFT)).astype(np.float32)  # Hann, periodic
LEAST = np.log10(1e-10)


def to_mel(hertz):
    """Slaney's scale: 15 mels in 1000 Hz, logarithmic above."""
    return np.where(hertz < 1000, hertz * 3 / 200, 15 + 27 * np.log(np.maximum(hertz, 1e-9) / 1000) / np.log(6.4))


def to_hertz(mel):
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def mel_filters(warp: float = 1.0) -> np.ndarray:
    """Triangles [FFT / 2 + 1, MELS] of equal area, 0..8000 Hz. With `warp` they hear a speaker whose formants are that much
    higher than they are, up to 7000 Hz."""
    edges = to_hertz(np.linspace(0, to_mel(8000), MELS + 2))
    turn = 7000 / max(warp, 1)
    heard = np.where(edges < turn, edges * warp, 8000 - (8000 - edges) * (8000 - turn * warp) / (8000 - turn))
    bins = np.linspace(0, RATE / 2, FFT // 2 + 1)[:, None]
    rise, fall = (bins - heard[:-2]) / (heard[1:-1] - heard[:-2]), (heard[2:] - bins) / (heard[2:] - heard[1:-1])
    return (np.maximum(0, np.minimum(rise, fall)) * 2 / (heard[2:] - heard[:-2])).astype(np.float32)


FILTERS = mel_filters()


def frames_of(samples: int) -> int:
    return -(-samples // HOP)


def rows_of(frames: int) -> int:
    """What the encoder makes of them, one row for 40 ms."""
    return (frames + 1) // 2


def log_mel(samples: np.ndarray, filters: np.ndarray = FILTERS) -> np.ndarray:
    """Samples -1..1 to [frames, MELS], float32: frames centred, the start reflected, zeros after the end."""
    frames = frames_of(len(samples))
    padded = np.zeros(HOP * (frames - 1) + FFT, np.float32)
    padded[FFT // 2:][:len(samples)] = samples[:len(padded) - FFT // 2]
    padded[:FFT // 2] = padded[FFT:FFT // 2:-1]
    windows = np.lib.stride_tricks.as_strided(padded, (frames, FFT), (HOP * padded.itemsize, padded.itemsize))
    spectrum = np.fft.rfft(windows * WINDOW)
    power = (spectrum.real ** 2 + spectrum.imag ** 2).astype(np.float32)
    logs = np.log10(np.maximum(power @ filters, 1e-10))
    return (np.maximum(logs, logs.max() - 8) + 4) / 4
