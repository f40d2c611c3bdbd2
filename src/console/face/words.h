/* words.h - ages, times, errors and states in words, the same in every face. */
#ifndef AZL_FACE_WORDS_H
#define AZL_FACE_WORDS_H

#include "base/err.h"
#include "base/str.h"
#include "wire/sections.h"

/* "3 s", "4 min", "2 h", "5 d"; "--" for 0 */
#define AGE_SIZE 24
void words_age(char out[AGE_SIZE], int64_t now, int64_t at);
void words_duration(char out[AGE_SIZE], int64_t ms); /* "0:41", "1:02:03" */
void words_clock(char out[AGE_SIZE], int64_t at);    /* local "09:41:22" */
/* Message, what was being done, advice, codes for support: several paragraphs. */
void words_error(char *out, size_t size, const struct err *e);
/* "For support: HTTP 403 AuthorizationFailed request ... correlation ..."; false: nothing */
bool words_support(struct str *out, const struct err *e);
const char *words_or_blank(const char *s);                                   /* "--" for "" */
const char *words_owner(const struct sec_signin *s, char *out, size_t size); /* whose sign-in */

#endif
