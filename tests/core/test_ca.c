/* test_ca.c: where the certificates of CAs are found, below a root of the test's own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "failing.h"
#include "net/ca.h"
#include "scratch.h"

#define DEBIAN "/etc/ssl/certs/ca-certificates.crt"
#define DEBIAN_FOLDER "/etc/ssl/certs"

static bool is_last(const char *slash) {
    return !strchr(slash + 1, '/');
}

/* Makes the folders above a file of the root, and the file. */
static void put(const char *name, const char *content, mode_t mode) {
    char path[256];
    snprintf(path, sizeof path, "%s", name + 1);
    for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(scratch_path(path), 0755);
        *slash = '/';
        if (is_last(slash))
            break;
    }
    assert_true(scratch_write(name + 1, content, strlen(content), mode));
}

static kp_ca find(const char *file, const char *folder, kp_buf *path) {
    return kp_ca_find(scratch_folder, file, folder, path);
}

static void expect(kp_ca kind, const char *place, const char *file, const char *folder) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    kp_buf_str(&path, "what was there");
    assert_int_equal(find(file, folder, &path), kind);
    assert_string_equal(kp_buf_text(&path), place[0] ? scratch_path(place + 1) : "");
    kp_buf_free(&path);
}

static void each_system_is_known(void **state) {
    (void)state;
    static const char *const files[] = {
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
        "/etc/ssl/ca-bundle.pem",
        "/var/lib/ca-certificates/ca-bundle.pem",
        "/etc/ssl/cert.pem",
        "/usr/local/share/certs/ca-root-nss.crt",
        "/etc/openssl/certs/ca-certificates.crt",
        "/opt/homebrew/etc/ca-certificates/cert.pem",
        "/opt/homebrew/etc/openssl@3/cert.pem",
        "/usr/local/etc/ca-certificates/cert.pem",
        "/usr/local/etc/openssl@3/cert.pem",
        "/usr/local/etc/openssl/cert.pem",
    };
    enum { FILES = sizeof files / sizeof files[0] };
    for (size_t i = 0; i < FILES; i++) {
        expect(KP_CA_NONE, "", "/not/there.pem", "/not/there");
        put(files[i], "x", 0644);
        expect(KP_CA_FILE, files[i], "/not/there.pem", "/not/there");
        expect(KP_CA_FILE, files[i], NULL, NULL);
        assert_int_equal(remove(scratch_path(files[i] + 1)), 0);
    }
    for (size_t i = FILES; i-- > 0;) {
        put(files[i], "x", 0644);
        expect(KP_CA_FILE, files[i], NULL, NULL); /* the first that is there */
    }
}

static void what_libcurl_was_built_with_comes_first(void **state) {
    (void)state;
    put(DEBIAN, "x", 0644);
    put("/own/bundle.pem", "x", 0644);
    put("/own/certs/0a1b2c3D.0", "x", 0644);
    expect(KP_CA_DEFAULT, "/own/bundle.pem", "/own/bundle.pem", "/own/certs");
    expect(KP_CA_FOLDER, "/own/certs", "/own/gone.pem", "/own/certs");
    expect(KP_CA_FOLDER, "/own/certs", NULL, "/own/certs");
    expect(KP_CA_FILE, DEBIAN, "/own/gone.pem", "/own/gone");
}

/* Debian's own folder is there, and empty, where only the package openssl is. Fedora's has that name too. */
static void a_folder_without_hashes_is_none(void **state) {
    (void)state;
    static const char *const names[] = {"0a1b2c3d", "0a1b2c3d.", "0a1b2c3d.r0", "0a1b2c3.0", "0a1b2c3dd.0", "a.pem"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char name[64];
        snprintf(name, sizeof name, DEBIAN_FOLDER "/%s", names[i]);
        put(name, "x", 0644);
        expect(KP_CA_NONE, "", DEBIAN, DEBIAN_FOLDER);
    }
    put("/etc/pki/tls/certs/ca-bundle.crt", "x", 0644);
    expect(KP_CA_FILE, "/etc/pki/tls/certs/ca-bundle.crt", DEBIAN, DEBIAN_FOLDER);
}

static void what_cannot_be_read_is_passed_over(void **state) {
    (void)state;
    put(DEBIAN, "", 0644); /* empty */
    put("/etc/pki/tls/certs/ca-bundle.crt/folder", "x", 0644);
    expect(KP_CA_NONE, "", DEBIAN, "/etc/pki/tls/certs/ca-bundle.crt/folder");
    assert_int_equal(symlink("nowhere", scratch_path("etc/ssl/ca-bundle.pem")), 0);
    put("/etc/ssl/cert.pem", "x", 0644);
    expect(KP_CA_FILE, "/etc/ssl/cert.pem", DEBIAN, NULL);
    assert_int_equal(remove(scratch_path("etc/ssl/ca-bundle.pem")), 0);
    assert_int_equal(symlink("cert.pem", scratch_path("etc/ssl/ca-bundle.pem")), 0);
    expect(KP_CA_FILE, "/etc/ssl/ca-bundle.pem", DEBIAN, NULL);
}

static bool finds_what_this_user_may_read(void) {
    kp_buf path;
    kp_buf_init(&path, NULL);
    CHECK(scratch_drop_rights());
    CHECK(find(DEBIAN, NULL, &path) == KP_CA_FILE);
    CHECK(strcmp(kp_buf_text(&path), scratch_path("etc/ssl/cert.pem")) == 0);
    kp_buf_free(&path);
    return true;
}

static void what_this_user_may_not_read_is_passed_over(void **state) {
    (void)state;
    put(DEBIAN, "x", 0000);
    put("/etc/ssl/cert.pem", "x", 0644);
    assert_true(scratch_child(finds_what_this_user_may_read));
}

/* A relative default would depend on the working directory. */
static void only_absolute_places_count(void **state) {
    (void)state;
    put("/bundle.pem", "x", 0644);
    assert_int_equal(chdir(scratch_folder), 0);
    kp_buf path;
    kp_buf_init(&path, NULL);
    assert_int_not_equal(kp_ca_find(NULL, "bundle.pem", ".", &path), KP_CA_DEFAULT);
    assert_int_equal(find("bundle.pem", "", &path), KP_CA_NONE);
    assert_int_equal(find("", "", &path), KP_CA_NONE);
    kp_buf_free(&path);
    assert_int_equal(chdir("/"), 0);
}

/* Transport takes nothing from the environment. */
static void variables_decide_nothing(void **state) {
    (void)state;
    put("/own.pem", "x", 0644);
    assert_int_equal(setenv("SSL_CERT_FILE", scratch_path("own.pem"), 1), 0);
    assert_int_equal(setenv("SSL_CERT_DIR", scratch_folder, 1), 0);
    expect(KP_CA_NONE, "", NULL, NULL);
    unsetenv("SSL_CERT_FILE");
    unsetenv("SSL_CERT_DIR");
}

static void null_and_short_memory(void **state) {
    (void)state;
    put("/etc/ssl/cert.pem", "x", 0644);
    assert_int_equal(kp_ca_find(NULL, NULL, NULL, NULL), KP_CA_NONE);
    assert_int_equal(kp_ca_find(scratch_folder, "/etc/ssl/cert.pem", NULL, NULL), KP_CA_NONE);
    size_t fail_at = 0;
    for (bool failed = true; failed; fail_at++) {
        kp_buf path;
        kp_buf_init(&path, NULL);
        failing_start(fail_at, true);
        kp_ca kind = find(NULL, NULL, &path);
        failed = failing_stop();
        assert_int_equal(kind, failed ? KP_CA_NONE : KP_CA_FILE);
        assert_int_equal(path.failed, failed);
        kp_buf_free(&path);
    }
    assert_true(fail_at > 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        SCRATCH_TEST(each_system_is_known),
        SCRATCH_TEST(what_libcurl_was_built_with_comes_first),
        SCRATCH_TEST(a_folder_without_hashes_is_none),
        SCRATCH_TEST(what_cannot_be_read_is_passed_over),
        SCRATCH_TEST(what_this_user_may_not_read_is_passed_over),
        SCRATCH_TEST(only_absolute_places_count),
        SCRATCH_TEST(variables_decide_nothing),
        SCRATCH_TEST(null_and_short_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
