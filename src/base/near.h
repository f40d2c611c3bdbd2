/* near.h - how far a mistyped word is from the one that was meant. */
#ifndef AZL_BASE_NEAR_H
#define AZL_BASE_NEAR_H

#define NEAR_FAR 99

/* Small differences between two words: inserted, lost and changed characters; NEAR_FAR for words of
 * more than 62 bytes. */
int near_distance(const char *a, const char *b);
/* The same, but NEAR_FAR where they are too many to mean the same name (more than 4, or than half
 * of what was typed), and 0 where only the words inside are changed over, as documents write "India
 * Central" for centralindia (docs-facts.md 5.7). Both without blanks. */
int near_name(const char *typed, const char *name);

#endif
