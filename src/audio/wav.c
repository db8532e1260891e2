/* After "Multimedia Programming Interface and Data Specifications 1.0" (IBM, Microsoft 1991) and
 * Microsoft's description of WAVE_FORMAT_EXTENSIBLE. */
#include "audio/wav.h"

#include <string.h>

#include "core/reader.h"

enum { FORMAT_PCM = 1, FORMAT_FLOAT = 3, FORMAT_EXTENSIBLE = 0xfffe };

/* The chunks that matter. */
typedef struct {
    int format, channels, rate, bits;
    reader data;
    bool described, found; /* whether there was a chunk "fmt ", "data" */
} wav_file;

static const struct {
    size_t at; /* where the magic stands */
    const char *magic, *name;
} others[] = {
    { 0, "ID3", "MP3" },
    { 0, "fLaC", "FLAC" },
    { 0, "OggS", "Ogg" },
    { 4, "ftyp", "MP4" },
    { 0, "\x1a\x45\xdf\xa3", "WebM" },
    { 0, "FORM", "AIFF" },
    { 0, "RF64", "RF64" },
};

static bool starts_with(const uint8_t *bytes, size_t size, size_t at, const char *magic)
{
    size_t length = strlen(magic);
    return size >= at + length && memcmp(bytes + at, magic, length) == 0;
}

static bool not_wav(const uint8_t *bytes, size_t size, error *err)
{
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (starts_with(bytes, size, others[i].at, others[i].magic))
            return fail(err, "the sound is of the kind %s, expected WAV", others[i].name);
    if (size > 1 && bytes[0] == 0xff && bytes[1] >= 0xe0)
        return fail(err, "the sound is of the kind MPEG, expected WAV");
    if (size == 0) return fail(err, "the sound is empty: 0 bytes");
    return fail(err, "the %zu bytes are not a WAV file", size);
}

/* What the numbers of formats mean that are met now and then. */
static const char *format_name(int format)
{
    switch (format) {
    case FORMAT_PCM: return "PCM";
    case FORMAT_FLOAT: return "float";
    case 2:
    case 17: return "ADPCM";
    case 6:
    case 7: return "G.711";
    case 85: return "MP3";
    default: return "unknown";
    }
}

static bool read_format(wav_file *w, reader r, error *err)
{
    static const char suffix[14] = "\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71"; /* of a GUID */
    w->format = read_u16le(&r);
    w->channels = read_u16le(&r);
    uint32_t rate = read_u32le(&r);
    read_u32le(&r); /* bytes a second: follows from the others */
    int frame = read_u16le(&r);
    w->bits = read_u16le(&r);
    if (w->format == FORMAT_EXTENSIBLE) {
        read_bytes(&r, 8); /* size of the rest, bits that are used, loudspeakers */
        w->format = read_u16le(&r);
        const uint8_t *rest = read_bytes(&r, sizeof suffix);
        if (rest && memcmp(rest, suffix, sizeof suffix) != 0) w->format = FORMAT_EXTENSIBLE;
    }
    if (r.failed) return fail(err, "the WAV file ends inside its chunk 'fmt '");
    bool known = (w->format == FORMAT_PCM && w->bits >= 8 && w->bits <= 32 && w->bits % 8 == 0) ||
                 (w->format == FORMAT_FLOAT && (w->bits == 32 || w->bits == 64));
    if (!known)
        return fail(
            err,
            "the WAV file has samples of format %d (%s) with %d bits, expected PCM of 8, 16, 24 "
            "or 32 or float of 32 or 64",
            w->format, format_name(w->format), w->bits);
    if (w->channels < 1 || w->channels > WAV_MAX_CHANNELS)
        return fail(err, "the WAV file has %d channels, expected 1 to %d", w->channels,
                    WAV_MAX_CHANNELS);
    if (frame != w->channels * w->bits / 8)
        return fail(err, "the WAV file has %d bytes a frame, expected %d", frame,
                    w->channels * w->bits / 8);
    w->rate = rate > INT32_MAX ? INT32_MAX : (int)rate;
    return w->described = true;
}

/* The first "fmt " and the first "data". */
static bool read_chunks(wav_file *w, reader r, error *err)
{
    while (!(w->described && w->found)) {
        const uint8_t *name = read_bytes(&r, 4);
        size_t size = read_u32le(&r), left = reader_left(&r);
        if (r.failed)
            return fail(err, "the WAV file has no chunk '%s'", w->described ? "data" : "fmt ");
        bool data = memcmp(name, "data", 4) == 0;
        if (size > left || (data && size == 0)) size = left;
        reader chunk = reader_of(read_bytes(&r, size), size);
        if (data && !w->found) {
            w->data = chunk;
            w->found = true;
        } else if (memcmp(name, "fmt ", 4) == 0 && !w->described && !read_format(w, chunk, err))
            return false;
        if (size % 2 && reader_left(&r)) read_u8(&r); /* chunks begin at even places */
    }
    return true;
}

/* The next sample, -1..1; there is one. PCM of more than 8 bits has a sign. */
static double read_sample(wav_file *w)
{
    const uint8_t *bytes = read_bytes(&w->data, (size_t)w->bits / 8);
    uint64_t bits = 0;
    for (int i = w->bits / 8; i-- > 0;) bits = bits << 8 | bytes[i];
    if (w->format == FORMAT_PCM) {
        uint32_t highest = (uint32_t)bits << (32 - w->bits);
        return (int32_t)(w->bits == 8 ? highest ^ 0x80000000 : highest) / 2147483648.0;
    }
    if (w->bits == 64) {
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    uint32_t half = (uint32_t)bits;
    float value;
    memcpy(&value, &half, sizeof value);
    return (double)value;
}

bool wav_decode(const uint8_t *bytes, size_t size, sound *out, error *err)
{
    *out = (sound){ 0 };
    if (!starts_with(bytes, size, 0, "RIFF") || !starts_with(bytes, size, 8, "WAVE"))
        return not_wav(bytes, size, err);
    wav_file w = { 0 };
    if (!read_chunks(&w, reader_of(bytes + 12, size - 12), err) ||
        !sound_new(reader_left(&w.data) / (size_t)(w.channels * w.bits / 8), w.rate, out, err))
        return false;
    for (size_t i = 0; i < out->count; i++) {
        double sum = 0;
        for (int c = 0; c < w.channels; c++) sum += read_sample(&w);
        out->samples[i] = (float)(sum / w.channels);
    }
    if (sound_check(out, err)) return true;
    sound_free(out);
    return false;
}
