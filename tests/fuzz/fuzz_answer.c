/* fuzz_answer.c: whatever a service answers, the answer parser must neither crash nor let a broken promise out. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "wire/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool fact) {
    if (!fact)
        abort();
}

static bool is_clean(const kp_buf *text) {
    return kp_utf8_valid(kp_buf_text(text), text->len) && strlen(kp_buf_text(text)) == text->len;
}

static void check(const kp_answer *a, int http_status) {
    must(is_clean(&a->id) && is_clean(&a->text) && is_clean(&a->provider_code) && is_clean(&a->provider_text));
    must(a->provider_code.len <= 200 && a->provider_text.len <= 200);
    must(a->has_task == (a->id.len > 0) && a->id.len <= KP_ID_MAX);
    must(a->has_text == (a->text.len > 0));
    must(a->error != KP_E_MISUSE && a->error != KP_E_MEMORY && a->error != KP_E_INTERNAL);
    if (a->error != 0)
        must(!a->has_task && !a->has_text && !a->unit);
    else
        must(http_status >= 200 && http_status <= 299);
}

/* The first two bytes choose service, call and HTTP status, the rest is the body. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static const int statuses[] = {200, 201, 302, 404, 429, 500};
    static const kp_call_kind pipe_calls[] = {KP_CALL_SUBMIT, KP_CALL_RESULT, KP_CALL_BALANCE, KP_CALL_REPORT_BAD};
    static const kp_call_kind task_calls[] = {KP_CALL_SUBMIT, KP_CALL_RESULT, KP_CALL_BALANCE, KP_CALL_SYNC};
    if (size < 2)
        return 0;
    size_t service = data[0] % 2;
    const kp_call_kind *calls = service == 0 ? pipe_calls : task_calls;
    const kp_provider *provider = kp_provider_find(service == 0 ? "captchaai" : "nocaptchaai");
    int status = statuses[data[1] % (sizeof statuses / sizeof statuses[0])];
    kp_answer a;
    kp_answer_init(&a);
    kp_answer_read(&a, provider, calls[data[0] / 2 % 4], status, (const char *)data + 2, size - 2);
    check(&a, status);
    kp_answer_free(&a);
    return 0;
}
