/* chain_files_case.h: three files of sealed records, the first with ten in it. */
#ifndef KP_TESTS_CHAIN_FILES_CASE_H
#define KP_TESTS_CHAIN_FILES_CASE_H

#include "chain_case.h"

static chain_file files[3];
static kp_chain_end end;

/* Ten records in one file. */
static inline int begin(void **state) {
    (void)state;
    memset(files, 0, sizeof files);
    end = (kp_chain_end){0};
    chain_make_key(&chain_key);
    chain_grow(&files[0], &end, 10);
    return 0;
}

#endif
