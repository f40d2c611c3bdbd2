/* fuzz.h - what every fuzz target includes.
 *
 * A target is a file fuzz_NAME.c with LLVMFuzzerTestOneInput (libFuzzer's entry): it feeds bytes to
 * one door of the program and states what must hold whatever they are (FUZZ_HOLDS). fuzz.mk builds
 * it with libFuzzer (make fuzz FUZZ=NAME); replay.c is the main of the same target in make check,
 * with any compiler, over the kept inputs in corpus/NAME. A target owns nothing between two inputs.
 */
#ifndef AZL_TESTS_FUZZ_H
#define AZL_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv); /* once, before the first input */

/* A property: when it does not hold, the sentence is printed and the program is stopped. */
#define FUZZ_HOLDS(condition, sentence)                                                            \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "BROKEN: %s\n  %s:%d: %s\n", sentence, __FILE__, __LINE__,             \
                    #condition);                                                                   \
            __builtin_trap();                                                                      \
        }                                                                                          \
    } while (0)

/* What err.h promises of every error. */
static inline void fuzz_error(const struct err *e)
{
    FUZZ_HOLDS(err_is(e), "a failure fills its error");
    FUZZ_HOLDS(e->message[0], "an error has a sentence");
    FUZZ_HOLDS(text_is_clean(e->message), "an error's sentence is clean");
    FUZZ_HOLDS(text_is_clean(e->context), "an error's context is clean");
    FUZZ_HOLDS(text_is_clean(e->remote_code), "an error's remote code is clean");
    FUZZ_HOLDS(text_is_clean(e->request_id), "an error's request id is clean");
    FUZZ_HOLDS(text_is_clean(e->correlation_id), "an error's correlation id is clean");
}

#endif
