/* test_finder.c: tests finder.c against places made of texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "failing.h"
#include "keyplate.h"
#include "policy/finder.h"
#include "safe/arena.h"

typedef struct place {
    const char *name;
    int how, why;
    const char *content;
} place;

#define PLACES_MAX 4

/* One search: the places that are there (all others are absent), and what came of it. */
typedef struct search {
    place places[PLACES_MAX];
    kp_finder finder;
    kp_keyref ref;
    char room[512];
    char key[128];
    char reads[512]; /* the names asked for, a blank behind each */
} search;

static void answer(search *s, const char *name) {
    for (size_t i = 0; i < PLACES_MAX && s->places[i].name; i++) {
        const place *p = &s->places[i];
        if (strcmp(p->name, name) != 0)
            continue;
        size_t len = p->content ? strlen(p->content) : 0;
        assert_true(len < sizeof s->room);
        if (len)
            memcpy(s->room, p->content, len);
        kp_finder_on_read(&s->finder, p->how, p->why, s->room, len);
        return;
    }
    kp_finder_on_read(&s->finder, KP_ABSENT, 0, s->room, 0);
}

static kp_found drive(search *s, const char *reference) {
    if (kp_keyref_parse(reference, strlen(reference), "~/.captchaai", &s->ref, NULL) != 0)
        return KP_NOT_USABLE;
    kp_finder_start(&s->finder, &s->ref);
    for (int i = 0; s->finder.state == KP_LOOKING; i++) {
        const char *name = kp_finder_read(&s->finder);
        assert_true(name && i < 4);
        assert_ptr_equal(name, kp_finder_read(&s->finder));
        strncat(s->reads, name, sizeof s->reads - strlen(s->reads) - 2);
        strcat(s->reads, " ");
        char copy[256];
        assert_true(strlen(name) < sizeof copy);
        strcpy(copy, name);
        answer(s, copy);
    }
    assert_null(kp_finder_read(&s->finder));
    if (s->finder.state == KP_THERE) {
        assert_true(s->finder.key_len < sizeof s->key);
        memcpy(s->key, s->room + s->finder.key_at, s->finder.key_len);
    }
    return s->finder.state;
}

static void finish(search *s) {
    kp_finder_free(&s->finder);
    kp_keyref_free(&s->ref);
}

static void there(const char *reference, search s, const char *key, const char *note, const char *reads) {
    kp_finder_init(&s.finder);
    if (drive(&s, reference) != KP_THERE)
        fail_msg("%s: %s", reference, kp_buf_text(&s.finder.note));
    assert_string_equal(s.key, key);
    assert_string_equal(kp_buf_text(&s.finder.note), note);
    assert_string_equal(s.reads, reads);
    assert_int_equal(s.finder.error, 0);
    finish(&s);
}

static void not_there(const char *reference, search s, const char *note) {
    kp_finder_init(&s.finder);
    assert_int_equal(drive(&s, reference), KP_NOT_THERE);
    assert_string_equal(kp_buf_text(&s.finder.note), note);
    finish(&s);
}

static void not_usable(const char *reference, search s, int error, const char *note) {
    kp_finder_init(&s.finder);
    assert_int_equal(drive(&s, reference), KP_NOT_USABLE);
    if (s.finder.error != error || strcmp(kp_buf_text(&s.finder.note), note) != 0)
        fail_msg("%s: %d, %s", reference, s.finder.error, kp_buf_text(&s.finder.note));
    assert_null(strstr(kp_buf_text(&s.finder.note), "s3cret"));
    finish(&s);
}

#define WITH(...) ((search){.places = {__VA_ARGS__}})
#define NOTHING ((search){.reads = ""})

static void what_a_program_hands_in(void **state) {
    (void)state;
    static const char *const references[] = {"held:k", "host:k"};
    for (size_t i = 0; i < 2; i++) {
        const char *ref = references[i];
        char reads[16], bad[4][80];
        static const char *const says[] = {"it is longer than 1024 characters", "it has a NUL byte in it",
                                           "the program could not hand it in", "it is empty"};
        snprintf(reads, sizeof reads, "%s ", ref);
        for (size_t k = 0; k < 4; k++)
            snprintf(bad[k], sizeof bad[k], "%s: %s", ref, says[k]);
        there(ref, WITH({ref, KP_FOUND, 0, " s3cret\n"}), "s3cret", ref, reads);
        not_usable(ref, WITH({ref, KP_UNFIT, KP_WHY_TOO_BIG, NULL}), KP_E_BAD_KEY, bad[0]);
        not_usable(ref, WITH({ref, KP_UNFIT, KP_WHY_NUL, NULL}), KP_E_BAD_KEY, bad[1]);
        not_usable(ref, WITH({ref, KP_FAILED, KP_WHY_IO, NULL}), KP_E_KEY_FILE, bad[2]);
        not_usable(ref, WITH({ref, KP_FOUND, 0, ""}), KP_E_PLACEHOLDER, bad[3]);
    }
    not_there("held:k", NOTHING, "held:k: the program holds no key of this name");
    not_there("host:k", NOTHING, "host:k: the program handed none in");
}

static void a_variable(void **state) {
    (void)state;
    there("env:X", WITH({"env:X", KP_FOUND, 0, " s3cret\n"}), "s3cret", "env:X", "env:X_FILE env:X ");
    not_there("env:X", NOTHING, "env:X: the variable is not set");
    not_there("env:X", WITH({"env:X", KP_FOUND, 0, ""}), "env:X: the variable is not set");
    not_there("env:X", WITH({"env:X", KP_FOUND, 0, " \n"}), "env:X: the variable is empty");
    not_there("env:X", WITH({"env:X", KP_FOUND, 0, ""}, {"env:X_FILE", KP_FOUND, 0, ""}),
              "env:X: the variable is not set");
    there("env:X", WITH({"env:X", KP_FOUND, 0, "s3cret"}, {"env:X_FILE", KP_FOUND, 0, ""}), "s3cret", "env:X",
          "env:X_FILE env:X ");
    not_usable("env:X", WITH({"env:X", KP_UNFIT, KP_WHY_TOO_BIG, NULL}), KP_E_BAD_KEY,
               "env:X: it is longer than 1024 characters");
}

static void a_variable_that_names_a_file(void **state) {
    (void)state;
    there("env:X",
          WITH({"env:X_FILE", KP_FOUND, 0, "/run/secrets/x\n"}, {"file:/run/secrets/x", KP_FOUND, 0, "s3cret\n"}),
          "s3cret", "file:/run/secrets/x, named by X_FILE", "env:X_FILE env:X file:/run/secrets/x ");
    there("env:X",
          WITH({"env:X", KP_FOUND, 0, ""}, {"env:X_FILE", KP_FOUND, 0, "~/x"}, {"file:~/x", KP_FOUND, 0, "s3cret"}),
          "s3cret", "file:~/x, named by X_FILE", "env:X_FILE env:X file:~/x ");
    not_usable("env:X", WITH({"env:X_FILE", KP_FOUND, 0, "/run/secrets/x"}), KP_E_KEY_FILE,
               "the file that X_FILE names: it does not exist");
    not_usable("env:X", WITH({"env:X_FILE", KP_FOUND, 0, "s3cret"}), KP_E_KEY_FILE,
               "the file that X_FILE names: it does not exist");
    not_usable("env:X", WITH({"env:X_FILE", KP_FOUND, 0, "/x"}, {"file:/x", KP_FAILED, KP_WHY_FORBIDDEN, NULL}),
               KP_E_KEY_FILE, "the file that X_FILE names: this user has no permission to read it");
    not_usable("env:X", WITH({"env:X_FILE", KP_FOUND, 0, "/x"}, {"file:/x", KP_FOUND, 0, "'s3cret'"}), KP_E_BAD_KEY,
               "file:/x, named by X_FILE: it has quotes around it");
    not_usable("env:X", WITH({"env:X_FILE", KP_UNFIT, KP_WHY_TOO_BIG, NULL}), KP_E_KEY_FILE,
               "X_FILE: it is larger than 64 KiB");
}

static void k6_variable_and_file_both_set(void **state) {
    (void)state;
    not_usable(
        "env:X",
        WITH({"env:X", KP_FOUND, 0, "s3cret"}, {"env:X_FILE", KP_FOUND, 0, "/x"}, {"file:/x", KP_FOUND, 0, "s3cret"}),
        KP_E_KEY_TWICE, "X and X_FILE are both set");
    not_usable("env:X", WITH({"env:X", KP_FOUND, 0, "s3cret"}, {"env:X_FILE", KP_FOUND, 0, "/gone"}), KP_E_KEY_TWICE,
               "X and X_FILE are both set");
}

static void a_file(void **state) {
    (void)state;
    there("file:/k", WITH({"file:/k", KP_FOUND, 0, "s3cret\r\n"}), "s3cret", "file:/k", "file:/k ");
    there("file:~/k", WITH({"file:~/k", KP_FOUND, 0, "s3cret"}), "s3cret", "file:~/k", "file:~/k ");
    not_there("file:/k", NOTHING, "file:/k: there is no such file");
    there("fd:3", WITH({"fd:3", KP_FOUND, 0, "s3cret\n"}), "s3cret", "fd:3", "fd:3 ");
    not_there("fd:3", NOTHING, "fd:3: this descriptor is not open");
}

static void k4_files_that_cannot_be_used(void **state) {
    (void)state;
    static const struct {
        int how, why;
        const char *note;
    } rows[] = {
        {KP_UNFIT, KP_WHY_NOT_REGULAR, "file:/k: it is not a regular file"},
        {KP_UNFIT, KP_WHY_LINK_LOOP, "file:/k: its symbolic links go in a circle"},
        {KP_UNFIT, KP_WHY_TOO_BIG, "file:/k: it is larger than 64 KiB"},
        {KP_UNFIT, KP_WHY_NUL, "file:/k: it has a NUL byte in it"},
        {KP_FAILED, KP_WHY_FORBIDDEN, "file:/k: this user has no permission to read it"},
        {KP_FAILED, KP_WHY_IO, "file:/k: the system could not read it"},
        {99, 99, "file:/k: the system could not read it"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        not_usable("file:/k", WITH({"file:/k", rows[i].how, rows[i].why, NULL}), KP_E_KEY_FILE, rows[i].note);
}

static void k2_k3_what_is_no_key(void **state) {
    (void)state;
    not_usable("file:/k", WITH({"file:/k", KP_FOUND, 0, "\"s3cret\"\n"}), KP_E_BAD_KEY,
               "file:/k: it has quotes around it");
    not_usable("file:/k", WITH({"file:/k", KP_FOUND, 0, "s3cret and more"}), KP_E_BAD_KEY,
               "file:/k: it has a blank within");
    not_usable("file:/k", WITH({"file:/k", KP_FOUND, 0, "\n"}), KP_E_PLACEHOLDER, "file:/k: it is empty");
    not_usable("env:X", WITH({"env:X", KP_FOUND, 0, "YOUR_API_KEY"}), KP_E_PLACEHOLDER,
               "env:X: it is a sample of the documentation");
    not_usable("dotenv:.env#X", WITH({"file:.env", KP_FOUND, 0, "A=b\nX=changeme\n"}), KP_E_PLACEHOLDER,
               "dotenv:.env#X, line 2: it is a sample of the documentation");
}

static void k4b_a_file_that_others_can_read(void **state) {
    (void)state;
    static const char *const references[] = {"file:/k", "env:X"};
    for (size_t i = 0; i < 2; i++) {
        search s = WITH({"env:X_FILE", KP_FOUND, 0, "/k"}, {"file:/k", KP_FOUND_OPEN, 0, "s3cret"});
        kp_finder_init(&s.finder);
        assert_int_equal(drive(&s, references[i]), KP_THERE);
        assert_true(s.finder.open);
        kp_finder_start(&s.finder, &s.ref);
        assert_false(s.finder.open);
        finish(&s);
    }
}

static void a_credential(void **state) {
    (void)state;
    there("cred:k",
          WITH({"env:CREDENTIALS_DIRECTORY", KP_FOUND, 0, "/run/c"}, {"file:/run/c/k", KP_FOUND, 0, "s3cret"}),
          "s3cret", "cred:k", "env:CREDENTIALS_DIRECTORY file:/run/c/k ");
    not_there("cred:k", NOTHING,
              "cred:k: CREDENTIALS_DIRECTORY is not set; systemd sets it for a service with LoadCredential");
    not_there("cred:k", WITH({"env:CREDENTIALS_DIRECTORY", KP_FOUND, 0, "/run/c"}), "cred:k: there is no such file");
    not_usable("cred:k",
               WITH({"env:CREDENTIALS_DIRECTORY", KP_FOUND, 0, "/c"}, {"file:/c/k", KP_FAILED, KP_WHY_FORBIDDEN, NULL}),
               KP_E_KEY_FILE, "cred:k: this user has no permission to read it");
}

static void a_dotenv_file(void **state) {
    (void)state;
    there("dotenv:.env#X", WITH({"file:.env", KP_FOUND, 0, "X=old\nexport X = 's3cret' # c\n"}), "s3cret",
          "dotenv:.env#X", "file:.env ");
    not_there("dotenv:.env#X", NOTHING, "dotenv:.env#X: there is no such file");
    not_there("dotenv:.env#X", WITH({"file:.env", KP_FOUND, 0, "Y=s3cret\n"}),
              "dotenv:.env#X: the file does not set this variable");
    not_there("dotenv:.env#X", WITH({"file:.env", KP_FOUND, 0, "X=\n"}),
              "dotenv:.env#X: the variable is empty in this file");
}

static void k5_a_line_that_dialects_read_differently(void **state) {
    (void)state;
    not_usable(
        "dotenv:.env#X", WITH({"file:.env", KP_FOUND, 0, "\nA=b\nX=s3cret#x\n"}), KP_E_BAD_KEY,
        "dotenv:.env#X, line 3: programs read this line differently, because of a '#' in a value without quotes; "
        "write NAME=value and nothing else on that line");
}

static void a_json_file(void **state) {
    (void)state;
    there("json:k", WITH({"file:~/.captchaai/k", KP_FOUND, 0, "{\"a\":1,\"api_key\":\" s3cret\"}"}), "s3cret", "json:k",
          "file:~/.captchaai/k ");
    there("json:/k#/a/1", WITH({"file:/k", KP_FOUND, 0, "{\"a\":[0,\"s3\\u0063\\/ret\\n\"]}"}), "s3c/ret",
          "json:/k#/a/1", "file:/k ");
    not_there("json:/k", NOTHING, "json:/k: there is no such file");
    not_there("json:/k", WITH({"file:/k", KP_FOUND, 0, "{\"apikey\":\"s3cret\"}"}),
              "json:/k: the file has no such value");
    not_there("json:/k", WITH({"file:/k", KP_FOUND, 0, "{\"api_key\":null}"}), "json:/k: the file has no such value");
    not_usable("json:/k", WITH({"file:/k", KP_FOUND, 0, "{\"api_key\":12}"}), KP_E_BAD_KEY,
               "json:/k: the value there is not a string");
    not_usable("json:/k", WITH({"file:/k", KP_FOUND, 0, "{\"api_key\":\"\"}"}), KP_E_PLACEHOLDER,
               "json:/k: it is empty");
    search s = WITH({"file:/k", KP_FOUND, 0, "{\"api_key\":\"s3cret\""});
    kp_finder_init(&s.finder);
    assert_int_equal(drive(&s, "json:/k"), KP_NOT_USABLE);
    assert_int_equal(s.finder.error, KP_E_KEY_FILE);
    assert_non_null(strstr(kp_buf_text(&s.finder.note), "json:/k: it is not valid JSON: "));
    assert_null(strstr(kp_buf_text(&s.finder.note), "s3cret"));
    finish(&s);
}

static void one_finder_for_many_searches(void **state) {
    (void)state;
    kp_finder f;
    kp_keyref a, b;
    char room[] = "/x";
    kp_finder_init(&f);
    assert_int_equal(kp_keyref_parse("env:X", 5, NULL, &a, NULL), 0);
    assert_int_equal(kp_keyref_parse("file:/k", 7, NULL, &b, NULL), 0);
    kp_finder_start(&f, &a);
    kp_finder_on_read(&f, KP_FOUND, 0, room, 2);
    assert_string_equal(kp_finder_read(&f), "env:X");
    kp_finder_start(&f, &a);
    kp_finder_on_read(&f, KP_ABSENT, 0, NULL, 0);
    kp_finder_on_read(&f, KP_ABSENT, 0, NULL, 0);
    assert_int_equal(f.state, KP_NOT_THERE);
    kp_finder_on_read(&f, KP_FOUND, 0, room, 2);
    assert_int_equal(f.state, KP_NOT_THERE);
    kp_finder_start(&f, &b);
    assert_int_equal(f.state, KP_LOOKING);
    assert_string_equal(kp_buf_text(&f.note), "");
    kp_finder_on_read(&f, KP_FOUND, 0, NULL, 5);
    assert_int_equal(f.error, KP_E_KEY_FILE);
    kp_finder_free(&f);
    kp_keyref_free(&a);
    kp_keyref_free(&b);
}

static void a_path_that_is_too_long(void **state) {
    (void)state;
    static char room[5000];
    kp_finder f;
    kp_keyref ref;
    memset(room, 'a', sizeof room);
    kp_finder_init(&f);
    assert_int_equal(kp_keyref_parse("env:X", 5, NULL, &ref, NULL), 0);
    kp_finder_start(&f, &ref);
    kp_finder_on_read(&f, KP_FOUND, 0, room, sizeof room);
    assert_int_equal(f.state, KP_NOT_USABLE);
    assert_string_equal(kp_buf_text(&f.note), "X_FILE: the path is too long");
    kp_finder_free(&f);
    kp_keyref_free(&ref);
}

static void nothing_given(void **state) {
    (void)state;
    kp_finder f;
    kp_finder_init(NULL);
    kp_finder_free(NULL);
    kp_finder_start(NULL, NULL);
    assert_null(kp_finder_read(NULL));
    kp_finder_on_read(NULL, 0, 0, NULL, 0);
    kp_finder_init(&f);
    assert_null(kp_finder_read(&f));
    kp_finder_on_read(&f, KP_ABSENT, 0, NULL, 0);
    kp_finder_start(&f, NULL);
    assert_int_equal(f.error, KP_E_MISUSE);
    kp_finder_free(&f);
}

static void each_allocation_fails(void **state) {
    (void)state;
    static const char *const references[] = {"env:X", "cred:k", "dotenv:.env#X", "json:/k", "fd:3"};
    for (size_t r = 0; r < sizeof references / sizeof references[0]; r++)
        for (int from = 0; from < 2; from++)
            for (size_t i = 0;; i++) {
                search s = WITH({"env:X_FILE", KP_FOUND, 0, "/x"}, {"file:/x", KP_FOUND, 0, "s3cret"},
                                {"file:.env", KP_FOUND, 0, "X=s3cret"},
                                {"file:/k", KP_FOUND, 0, "{\"api_key\":\"s\\u0033cret\"}"});
                size_t safe = kp_safe_in_use();
                kp_finder_init(&s.finder);
                failing_start(i, from);
                kp_found found = drive(&s, references[r]);
                bool failed = failing_stop();
                if (failed) {
                    assert_int_equal(found, KP_NOT_USABLE);
                    assert_true(!s.ref.text || s.finder.error == KP_E_MEMORY);
                } else
                    assert_true(found == KP_THERE || found == KP_NOT_THERE);
                finish(&s);
                assert_int_equal(kp_safe_in_use(), safe);
                if (!failed)
                    break;
            }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable),
        cmocka_unit_test(what_a_program_hands_in),
        cmocka_unit_test(a_variable_that_names_a_file),
        cmocka_unit_test(k6_variable_and_file_both_set),
        cmocka_unit_test(a_file),
        cmocka_unit_test(k4_files_that_cannot_be_used),
        cmocka_unit_test(k2_k3_what_is_no_key),
        cmocka_unit_test(k4b_a_file_that_others_can_read),
        cmocka_unit_test(a_credential),
        cmocka_unit_test(a_dotenv_file),
        cmocka_unit_test(k5_a_line_that_dialects_read_differently),
        cmocka_unit_test(a_json_file),
        cmocka_unit_test(one_finder_for_many_searches),
        cmocka_unit_test(a_path_that_is_too_long),
        cmocka_unit_test(nothing_given),
        cmocka_unit_test(each_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
