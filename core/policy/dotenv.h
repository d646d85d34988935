/* dotenv.h: reads one variable from the text of a .env file, where all dialects agree. */
#ifndef KP_POLICY_DOTENV_H
#define KP_POLICY_DOTENV_H

#include <stddef.h>

typedef enum kp_dotenv { KP_DOTENV_ABSENT = 0, KP_DOTENV_FOUND, KP_DOTENV_UNCLEAR } kp_dotenv;

/* Looks for name. FOUND: *value, *value_len are a span of the text (the last duplicate wins), *line its number.
   UNCLEAR: the dialects disagree about a line for this name; *line, and *why says how. The text may be changed in
   place. */
kp_dotenv kp_dotenv_find(char *text, size_t len, const char *name, char **value, size_t *value_len, size_t *line,
                         const char **why);

#endif
