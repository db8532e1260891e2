#include "heads/regress.h"

#include <stdio.h>
#include <string.h>

int regress_values(tensor outputs, int top_k, answer *values)
{
    int kept = outputs.cols < top_k ? outputs.cols : top_k;
    for (int i = 0; i < kept; i++) values[i] = (answer){ i, outputs.data[i] };
    return kept;
}

void regress_text(float value, char *text, size_t size)
{
    snprintf(text, size, "%.4f", (double)value);
    char *end = text + strlen(text);
    while (end > text && end[-1] == '0') *--end = 0;
    if (end > text && end[-1] == '.') *--end = 0;
    if (strcmp(text, "-0") == 0) text[0] = '0', text[1] = 0;
}
