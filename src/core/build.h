/* What a build has. */
#ifndef VQA_CORE_BUILD_H
#define VQA_CORE_BUILD_H

/* 0: a small runtime for pages, without CLIP, byte-level tokens, sound, recurrent encoders and grouped
 * convolutions. What it leaves out is behind `VQA_FULL &&`, which compilers drop; the files are VQA_FULL_SOURCES in CMakeLists.txt. */
#ifndef VQA_FULL
#define VQA_FULL 1
#endif

#endif
