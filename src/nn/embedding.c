#include "nn/embedding.h"

#include <assert.h>
#include <stdio.h>

#include "kernels/kernels.h"
#include "kernels/panel.h"
#include "quant/packed.h"

bool embedding_bind(embedding *e, const weights *w, const char *name, int count, int size,
                    error *err)
{
    char full[256];
    snprintf(full, sizeof full, "%s.weight", name);
    e->table = weights_need(w, full, SHAPE(count, size), err);
    if (e->table && e->table->packed) return fail(err, "tensor '%s' is used by a layer too", full);
    return e->table != NULL;
}

void embedding_add(const embedding *e, int id, float *row)
{
    const weight *t = e->table;
    assert(id >= 0 && id < t->rows);
    if (t->form == FORM_Q8) {
        const int8_t *q = t->bytes + (size_t)id * (size_t)q8_padded(t->cols);
        for (int i = 0; i < t->cols; i++) row[i] += (float)q[i] * t->scale[id];
    } else if (t->form == FORM_Q4) {
        const int8_t *pairs = t->bytes + (size_t)id * (size_t)t->cols / 2;
        const float *scale = t->scale + (size_t)id * (size_t)packed_groups(t->cols, 4);
        for (int i = 0; i < t->cols; i++) {
            int nibble = (uint8_t)pairs[i / 2] >> i % 2 * 4 & 15;
            row[i] += (float)(2 * nibble - (Q4_LEVELS - 1)) * scale[i / Q4_GROUP];
        }
    } else {
        const float *x = t->floats + (size_t)id * (size_t)t->cols;
        for (int i = 0; i < t->cols; i++) row[i] += x[i];
    }
}
