/* test_redact.c: what goes and what stays, by the rows of hostile input about redaction. */
#include "wire/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "hostile_parts.h"
#include "redact_case.h"
#include "safe/known.h"

static chance luck = {20261120};
static char known[41];

static int make_known(void **state) {
    (void)state;
    random_key(&luck, known, 40);
    return kp_known_add(known, 40) && kp_known_add("te5t", 4) ? 0 : -1;
}

/* ---- R2 ---- */

enum { ENCODINGS = 15 };

/* The key in one of the encodings; all of it has to go. */
static void add_encoded(kp_buf *out, size_t which, const char *key, size_t len) {
    static const char *const each[] = {"%%%02x",  "%%25%02X", "%%2525%02x", "\\u%04x", "\\\\u%04X",
                                       "\\x%02x", "&#%d;",    "&#0%d;",     "&#x%x;"};
    if (which < 9) {
        for (size_t i = 0; i < len; i++)
            kp_buf_fmt(out, each[which], key[i]); /* NOLINT(clang-diagnostic-format-nonliteral) */
        return;
    }
    switch (which) {
    case 9: kp_buf_add(out, key, len); break;
    case 10: kp_add_hex(out, key, len); break;
    case 11: kp_add_base64(out, key, len, false); break;
    case 12: kp_add_base64(out, key, len, true); break;
    default:
        for (size_t i = 0; i < len; i++) {
            char unit[2] = {which == 13 ? key[i] : '\0', which == 13 ? '\0' : key[i]};
            kp_buf_add(out, unit, 2);
        }
    }
}

static char upper_case(char c) {
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool is_one_by_one(size_t which) {
    return which < 10 || which > 12;
}

static void r2_every_encoding(void **state) {
    (void)state;
    for (size_t which = 0; which < ENCODINGS; which++)
        for (int upper = 0; upper < 2; upper++) {
            char key[41];
            for (size_t i = 0; i < 41; i++)
                key[i] = upper && is_one_by_one(which) ? upper_case(known[i]) : known[i];
            kp_buf text;
            kp_buf_init(&text, NULL);
            kp_buf_str(&text, "a <");
            add_encoded(&text, which, key, 40);
            for (size_t i = 3; upper && which == 10 && i < text.len; i++)
                text.data[i] = upper_case(text.data[i]);
            kp_buf_str(&text, "> b");
            assert_redacted_by(KP_BARE_OFF, text.data, text.len, "a <[REDACTED]> b", 16);
            kp_buf_free(&text);
        }
}

static void r2_base64_at_three_shifts(void **state) {
    (void)state;
    for (size_t before = 0; before < 6; before++)
        for (int url = 0; url < 2; url++) {
            kp_buf raw, text, wanted;
            kp_buf_init(&raw, NULL);
            kp_buf_init(&text, NULL);
            kp_buf_init(&wanted, NULL);
            kp_buf_add(&raw, "\xfb\xef\xbe\xfb\xef\xbe", before);
            kp_buf_add(&raw, known, 40);
            kp_buf_str(&raw, "\xff and more");
            kp_add_base64(&text, raw.data, raw.len, url);
            size_t first = (before * 8 + 5) / 6, end = (before + 40) * 8 / 6;
            kp_buf_add(&wanted, text.data, first);
            kp_buf_str(&wanted, "[REDACTED]");
            kp_buf_str(&wanted, text.data + end);
            assert_redacted(text.data, wanted.data);
            kp_buf_free(&raw);
            kp_buf_free(&text);
            kp_buf_free(&wanted);
        }
}

/* ---- R1 ---- */

/* No 8 characters in a row, of the key as it is encoded, are in the text. */
static void assert_no_fragment(const kp_buf *shown, size_t which, const kp_buf *encoded) {
    kp_buf fragment;
    kp_buf_init(&fragment, NULL);
    for (size_t i = 0; i + 8 <= (is_one_by_one(which) ? 40 : encoded->len); i++) {
        kp_buf_clear(&fragment);
        if (is_one_by_one(which))
            add_encoded(&fragment, which, known + i, 8);
        else
            kp_buf_add(&fragment, encoded->data + i, 8);
        assert_null(shown->len ? memmem(shown->data, shown->len, fragment.data, fragment.len) : NULL);
    }
    kp_buf_free(&fragment);
}

static void split_everywhere(size_t which, const kp_buf *text, const kp_buf *encoded) {
    kp_redact *r = kp_redact_new(KP_BARE_OFF);
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    for (size_t at = 0; at <= text->len; at++) {
        kp_buf_clear(&shown);
        assert_true(redact_part(r, text->data, at, 0, &shown) >= 0);
        assert_no_fragment(&shown, which, encoded);
        assert_true(redact_part(r, text->data + at, text->len - at, 1, &shown) >= 0);
        redact_compare(kp_buf_text(&shown), shown.len, "from [REDACTED] to", 18);
    }
    kp_buf_free(&shown);
    kp_redact_free(r);
}

static void close_everywhere(size_t which, const kp_buf *text, const kp_buf *encoded) {
    kp_redact *r = kp_redact_new(KP_BARE_OFF);
    kp_buf shown;
    kp_buf_init(&shown, NULL);
    for (size_t len = 0; len <= text->len; len++) {
        kp_buf_clear(&shown);
        assert_true(redact_part(r, text->data, len / 2, 0, &shown) >= 0);
        assert_true(redact_part(r, text->data + len / 2, len - len / 2, 1, &shown) >= 0);
        assert_no_fragment(&shown, which, encoded);
        size_t plain = len < 5 ? len : 5; /* what stands in front is not lost */
        assert_true(shown.len >= plain);
        assert_memory_equal(kp_buf_text(&shown), "from ", plain);
    }
    kp_buf_free(&shown);
    kp_redact_free(r);
}

static void r1_split_and_closed_at_every_position(void **state) {
    (void)state;
    for (size_t which = 0; which < ENCODINGS; which++) {
        kp_buf text, encoded;
        kp_buf_init(&text, NULL);
        kp_buf_init(&encoded, NULL);
        add_encoded(&encoded, which, known, 40);
        kp_buf_str(&text, "from ");
        kp_buf_add(&text, encoded.data, encoded.len);
        kp_buf_str(&text, " to");
        split_everywhere(which, &text, &encoded);
        close_everywhere(which, &text, &encoded);
        kp_buf_free(&text);
        kp_buf_free(&encoded);
    }
}

static void r1_values_split_at_every_position(void **state) {
    (void)state;
    static const char *const texts[][2] = {
        {"x key: \"a\\\"b c\" y", "x key: \"[REDACTED]\" y"},
        {"[\"key\"]=>\n  string(3) \"a b\" y", "[\"key\"]=>\n  string(3) \"[REDACTED]\" y"},
        {"http://u:p@h/ Authorization: Basic abc\nd", "http://[REDACTED]@h/ Authorization: Basic [REDACTED]\nd"},
        {"{\\\"apikey\\\": \\\"a b\\\", 1}", "{\\\"apikey\\\": \\\"[REDACTED]\\\", 1}"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        kp_redact *r = kp_redact_new(KP_BARE_ALWAYS);
        kp_buf shown;
        kp_buf_init(&shown, NULL);
        for (size_t at = 0, len = strlen(texts[i][0]); at <= len; at++) {
            kp_buf_clear(&shown);
            redact_part(r, texts[i][0], at, 0, &shown);
            redact_part(r, texts[i][0] + at, len - at, 1, &shown);
            assert_string_equal(kp_buf_text(&shown), texts[i][1]);
        }
        kp_buf_free(&shown);
        kp_redact_free(r);
    }
}

/* ---- R3 ---- */

static void keep_with(const char *front, size_t digits, const char *behind, bool keep) {
    char hex[129];
    kp_buf text, wanted;
    kp_buf_init(&text, NULL);
    kp_buf_init(&wanted, NULL);
    chance_hex(&luck, hex, digits);
    kp_buf_fmt(&text, "%s%s%s", front, hex, behind);
    kp_buf_fmt(&wanted, "%s%s%s", front, keep ? hex : "[REDACTED]", behind);
    assert_redacted(text.data, wanted.data);
    kp_buf_free(&text);
    kp_buf_free(&wanted);
}

static void r3_checksums_and_other_lengths_stay(void **state) {
    (void)state;
    static const size_t kept[] = {1, 8, 16, 31, 33, 40, 56, 64, 96, 128};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        keep_with("sum ", kept[i], " file", true);
        keep_with("", kept[i], "", true);
        keep_with("\"", kept[i], "\"\n", true);
    }
    char uuid[37];
    chance_hex(&luck, uuid, 36);
    uuid[8] = uuid[13] = uuid[18] = uuid[23] = '-';
    assert_kept(uuid, 36);
    static const char words[] = "the key of the matter: monkeys, turkeys; sitekey=abc primary_key: 5, keyboard\n"
                                "caf\xc3\xa9 \xff\xfe user@example.com http://h/?a=b@c 100% %zz \\u00";
    assert_kept(words, sizeof words); /* with its NUL */
}

static void r3_named_digests_stay(void **state) {
    (void)state;
    static const char *const fronts[] = {
        "trace_id=",         "\"traceId\": \"",  "X-B3-TraceId: ",     "traceparent: 00-", "ETag: \"",
        "etag: W/\"",        "MD5 (a b.txt) = ", "MD5(x)= ",           "Content-MD5: ",    "md5:",
        "x-amz-meta-md5=>'", "TRACE-ID [",       "https://h/?traceid="};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++)
        keep_with(fronts[i], 32, "\" x", true);
    char span[17];
    chance_hex(&luck, span, 16);
    kp_buf behind;
    kp_buf_init(&behind, NULL);
    kp_buf_fmt(&behind, "-%s-01", span);
    keep_with("00-", 32, behind.data, true);
    keep_with("01-", 32, behind.data, false);
    kp_buf_free(&behind);
}

static void bare_hex_goes(void **state) {
    (void)state;
    static const char *const fronts[] = {"", "id ", "(", "_", "a=", "\\n", "%3D", "%253d", "\\u003d", "task-", "\xff"};
    for (size_t i = 0; i < sizeof fronts / sizeof fronts[0]; i++) {
        keep_with(fronts[i], 32, "", false);
        keep_with(fronts[i], 32, "_\n", false);
        keep_with(fronts[i], 32, "g", true);
    }
    keep_with("x", 32, "", true);
}

static void r3_bare_hex_by_context(void **state) {
    (void)state;
    static const struct {
        const char *front;
        bool goes;
    } all[] = {{"Key ", true},           {"got it from captchaai: ", true},
               {"GET /in.php?x=", true}, {"keys ", false},
               {"main.php ", false},     {"key\n", false},
               {"%3Fkey%20", true},      {"nothing ", false},
               {"my_key is ", true},     {"key 1234567890123456789012345678901234567890123456789012345678901 ", false}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        char hex[33];
        kp_buf text, wanted;
        kp_buf_init(&text, NULL);
        kp_buf_init(&wanted, NULL);
        chance_hex(&luck, hex, 32);
        kp_buf_fmt(&text, "%s%s", all[i].front, hex);
        kp_buf_fmt(&wanted, "%s%s", all[i].front, all[i].goes ? "[REDACTED]" : hex);
        assert_redacted_by(KP_BARE_CONTEXT, text.data, text.len, wanted.data, wanted.len);
        assert_redacted_by(KP_BARE_OFF, text.data, text.len, text.data, text.len);
        kp_buf_free(&text);
        kp_buf_free(&wanted);
    }
}

static void r3_what_is_known_goes_all_the_same(void **state) {
    (void)state;
    char hex[33];
    chance_hex(&luck, hex, 32);
    assert_true(kp_known_add(hex, 32));
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "etag: %s trace_id=%s", hex, hex);
    assert_redacted(text.data, "etag: [REDACTED] trace_id=[REDACTED]");
    kp_buf_free(&text);
}

/* ---- R3b, R3c ---- */

static void r3b_values_in_context(void **state) {
    (void)state;
    static const char *const all[][2] = {
        {"Using key: abc123def456ghi789jkl012mno345pq", "Using key: [REDACTED]"},
        {"in.php?key=a.b-c&action=get", "in.php?key=[REDACTED]&action=get"},
        {"CAPTCHAAI_API_KEY_BACKUP=a b", "CAPTCHAAI_API_KEY_BACKUP=[REDACTED] b"},
        {"CAPTCHAAI_API_KEY_2='a b' c", "CAPTCHAAI_API_KEY_2='[REDACTED]' c"},
        {"apiKey: \"a\\\"b\" c", "apiKey: \"[REDACTED]\" c"},
        {"{\"clientKey\":\"a,b\",\"x\":1}", "{\"clientKey\":\"[REDACTED]\",\"x\":1}"},
        {"{\\\"clientKey\\\":\\\"a\\\\\\\"b\\\",\\\"x\\\":1}", "{\\\"clientKey\\\":\\\"[REDACTED]\\\",\\\"x\\\":1}"},
        {"[\"key\"]=>\n  string(3) \"a b\"\n", "[\"key\"]=>\n  string(3) \"[REDACTED]\"\n"},
        {"    [key] => abc\n", "    [key] => [REDACTED]\n"},
        {"{'key': 'a b', 'x': b'c'}", "{'key': '[REDACTED]', 'x': b'c'}"},
        {"f(key='a b', api_key=b'c d')", "f(key='[REDACTED]', api_key=b'[REDACTED]')"},
        {"{[\"key\"] = \"a b\"}", "{[\"key\"] = \"[REDACTED]\"}"},
        {"key: a b\n", "key: [REDACTED] b\n"},
        {"?key%3Da%26b", "?key%3D[REDACTED]%26b"},
        {"%22apikey%22%3A%22a%20b%22%2C", "%22apikey%22%3A%22[REDACTED]%22%2C"},
        {"&quot;key&quot;: &quot;a b&quot;, c", "&quot;key&quot;: &quot;[REDACTED]&quot;, c"},
        {"\\nkey\\u003da", "\\nkey\\u003d[REDACTED]"},
        {"curl -H \"apikey: a\" -H 'Authorization: Bearer b' x",
         "curl -H \"apikey: [REDACTED]\" -H 'Authorization: Bearer [REDACTED]' x"},
        {"tool --key a --api-key=b", "tool --key [REDACTED] --api-key=[REDACTED]"},
        {"apikey a clientKey b", "apikey [REDACTED] clientKey [REDACTED]"},
        {"map[X-Api-Key:[a]] {\"X-Api-Key\": [\"a b\"]}",
         "map[X-Api-Key:[REDACTED]]] {\"X-Api-Key\": [\"[REDACTED]\"]}"},
        {"Authorization: Digest username=\"a\", b\nc", "Authorization: Digest [REDACTED]\nc"},
        {"proxy=user:p&w@1.2.3.4:80", "proxy=user:p&w@1.2.3.4:80"},
        {"proxy=user:pw@1.2.3.4:80&x=y", "proxy=[REDACTED]@1.2.3.4:80&x=y"},
        {"\"proxy\":\"user:p@w@1.2.3.4:80\"", "\"proxy\":\"[REDACTED]@1.2.3.4:80\""},
        {"{\"proxyLogin\":\"u\",\"proxyPassword\":\"p w\"}",
         "{\"proxyLogin\":\"[REDACTED]\",\"proxyPassword\":\"[REDACTED]\"}"},
        {"PROXY_PASSWORD=p password=p", "PROXY_PASSWORD=[REDACTED] password=p"},
        {"proxy=user%3Apw%401.2.3.4%3A80", "proxy=[REDACTED]%401.2.3.4%3A80"},
        {"HTTPS://u:p@h:1/?a@b http:\\/\\/u:p@h", "HTTPS://[REDACTED]@h:1/?a@b http:\\/\\/[REDACTED]@h"},
    };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        assert_redacted(all[i][0], all[i][1]);
    static const char *const kept[] = {"public_key: a",
                                       "primary_key=5",
                                       "googlekey=a",
                                       "monkey=a",
                                       "keys: a",
                                       "key a",
                                       "the key is lost",
                                       "API_KEY_FILE=/a",
                                       "key=",
                                       "key: \n",
                                       "\"key\":\"\"",
                                       "key=[REDACTED]",
                                       "key=[REDACTED]&a",
                                       "\"key\":\"***ab12\"",
                                       "key: ***",
                                       "key=***ab12,",
                                       "Authorization: Bearer",
                                       "ssh://git@host/a",
                                       "http://h:80/a@b",
                                       "proxy=1.2.3.4:80",
                                       "proxy: none, mail a@b",
                                       "10 : 20"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
        assert_kept(kept[i], strlen(kept[i]));
    assert_redacted("key=***ab123", "key=[REDACTED]");
    assert_redacted("key=[REDACTED]a", "key=[REDACTED][REDACTED]");
}

static void r3c_short_keys_in_context_only(void **state) {
    (void)state;
    assert_redacted("a te5t, key=te5t, te5tkey", "a te5t, key=[REDACTED], te5tkey");
}

/* ---- R4 ---- */

static void r4_overlaps_are_united_and_neighbours_are_not(void **state) {
    (void)state;
    char one[31];
    random_key(&luck, one, 30);
    assert_true(kp_known_add(one, 20));
    assert_true(kp_known_add(one, 30));
    assert_true(kp_known_add(one + 10, 20));
    kp_buf text;
    kp_buf_init(&text, NULL);
    kp_buf_fmt(&text, "%.20s-%s-%s%s", one, one, one, known);
    assert_redacted(text.data, "[REDACTED]-[REDACTED]-[REDACTED][REDACTED]");
    kp_buf_clear(&text);
    kp_buf_fmt(&text, "key=a%s %s=b", known, known);
    assert_redacted(text.data, "key=[REDACTED] [REDACTED]=b");
    kp_buf_free(&text);
}

/* ---- Twice ---- */

/* The pieces of hostile text stand apart, so nothing beside a mask changes its meaning. */
static void a_second_time_changes_nothing(void **state) {
    (void)state;
    hostile_keys keys;
    kp_buf text, truth, once, twice;
    hostile_keys_make(&keys, &luck);
    for (size_t i = 0; i < HOSTILE_KEYS; i++)
        assert_true(kp_known_add(keys.text[i], keys.len[i]));
    kp_buf_init(&text, NULL);
    kp_buf_init(&truth, NULL);
    kp_buf_init(&once, NULL);
    kp_buf_init(&twice, NULL);
    for (int i = chance_rounds(3000); i > 0; i--) {
        hostile_text_make(&keys, &luck, &text, &truth);
        kp_buf_clear(&once);
        kp_buf_clear(&twice);
        kp_redact_text(&once, KP_BARE_ALWAYS, text.data, text.len);
        kp_redact_text(&twice, KP_BARE_ALWAYS, once.data, once.len);
        redact_compare(twice.data, twice.len, once.data, once.len);
    }
    kp_buf_free(&text);
    kp_buf_free(&truth);
    kp_buf_free(&once);
    kp_buf_free(&twice);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(r2_every_encoding),
        cmocka_unit_test(r2_base64_at_three_shifts),
        cmocka_unit_test(r1_split_and_closed_at_every_position),
        cmocka_unit_test(r1_values_split_at_every_position),
        cmocka_unit_test(r3_checksums_and_other_lengths_stay),
        cmocka_unit_test(r3_named_digests_stay),
        cmocka_unit_test(bare_hex_goes),
        cmocka_unit_test(r3_bare_hex_by_context),
        cmocka_unit_test(r3_what_is_known_goes_all_the_same),
        cmocka_unit_test(r3b_values_in_context),
        cmocka_unit_test(r3c_short_keys_in_context_only),
        cmocka_unit_test(r4_overlaps_are_united_and_neighbours_are_not),
        cmocka_unit_test(a_second_time_changes_nothing),
    };
    return cmocka_run_group_tests(tests, make_known, NULL);
}
