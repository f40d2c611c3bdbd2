/* mask_words.h - the tables of what may be kept: see mask.h. */
#ifndef AZL_REAL_MASK_WORDS_H
#define AZL_REAL_MASK_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Its value goes whole. A form or a query also has secret members whose names are plain words in
 * JSON. */
bool mask_secret_member(const char *name, bool form);
bool mask_public_member(const char *step, const char *name); /* its value is a public word */
bool mask_customer_names(const char *member);                /* an object whose member names are the
                                                                customer's own */
bool mask_public_segment(const char *s, size_t n);           /* of a path or an action */
bool mask_public_provider(const char *s, size_t n);          /* what stands after "Microsoft." */
bool mask_public_word(const char *s, size_t n);              /* of a sentence */
bool mask_public_guid(const char *guid);
bool mask_public_host(const char *host);

#endif
