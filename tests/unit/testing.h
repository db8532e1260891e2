/* cmocka with the headers it needs before it. Comes after the project's headers: cmocka has a macro
 * `fail`. */
#ifndef VQA_TESTS_TESTING_H
#define VQA_TESTS_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

#endif
