/* assert() as vqa.wasm has it: what doesn't hold stops it there, without a text, which nobody would
 * see. */
#undef assert
#define assert(condition) ((condition) ? (void)0 : __builtin_trap())

#define static_assert _Static_assert
