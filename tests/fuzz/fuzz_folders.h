/* The folders that fuzz_folder.c damages and fuzz_seeds.c takes seeds from. */
#ifndef VQA_TESTS_FUZZ_FOLDERS_H
#define VQA_TESTS_FUZZ_FOLDERS_H

#include "tiny_folder.h"

enum { FUZZ_FOLDERS = 5 };

/* Folder `model` of them, for the caller to tiny_folder_free(). */
tiny_folder fuzz_folder(int model);

#endif
