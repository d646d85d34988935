/* provider.c: finds providers, methods and parameters in the tables. */
#include "wire/provider.h"

#include "base/text.h"

static const kp_provider *const providers[] = {&kp_provider_captchaai, &kp_provider_nocaptchaai};

enum { PROVIDERS = sizeof providers / sizeof providers[0] };

const kp_provider *kp_provider_find(const char *name) {
    for (size_t i = 0; name && i < PROVIDERS; i++)
        if (kp_same(providers[i]->name, name))
            return providers[i];
    return NULL;
}

const kp_provider *kp_provider_at(size_t i) {
    return i < PROVIDERS ? providers[i] : NULL;
}

const kp_method *kp_method_find(const kp_provider *provider, const char *name) {
    if (!provider || !name)
        return NULL;
    for (const kp_method *method = provider->methods; method->name; method++)
        if (kp_same(method->name, name))
            return method;
    return NULL;
}

static const kp_param *find_in(const kp_param *params, const char *name) {
    for (; params && params->name; params++)
        if (kp_same(params->name, name))
            return params;
    return NULL;
}

const kp_param *kp_param_find(const kp_provider *provider, const kp_method *method, const char *name) {
    if (!provider || !name)
        return NULL;
    const kp_param *param = method ? find_in(method->params, name) : NULL;
    return param ? param : find_in(provider->common, name);
}
