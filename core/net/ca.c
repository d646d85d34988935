/* ca.c: the places where systems keep the certificates of the CAs that they trust. */
#include "net/ca.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

/* One file with all of them, as the packages of the systems write it. Where a system has two, the one that its own
   programs use comes first. */
static const char *const known_files[] = {
    "/etc/ssl/certs/ca-certificates.crt",                /* Debian, Ubuntu, Arch, Alpine, Gentoo, NixOS */
    "/etc/pki/tls/certs/ca-bundle.crt",                  /* Fedora, RHEL, Amazon Linux */
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", /* Fedora, where the one above has gone; RHEL */
    "/etc/ssl/ca-bundle.pem",                            /* openSUSE, SLES */
    "/var/lib/ca-certificates/ca-bundle.pem",            /* openSUSE without the compatible name */
    "/etc/ssl/cert.pem",                                 /* Alpine, FreeBSD, OpenBSD, macOS */
    "/usr/local/share/certs/ca-root-nss.crt",            /* FreeBSD's package */
    "/etc/openssl/certs/ca-certificates.crt",            /* NetBSD */
    "/opt/homebrew/etc/ca-certificates/cert.pem",        /* Homebrew on Apple silicon */
    "/opt/homebrew/etc/openssl@3/cert.pem",
    "/usr/local/etc/ca-certificates/cert.pem", /* Homebrew on Intel */
    "/usr/local/etc/openssl@3/cert.pem",
    "/usr/local/etc/openssl/cert.pem",
};

/* An empty file is what an interrupted installation leaves. */
static bool file_works(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && access(path, R_OK) == 0;
}

/* OpenSSL looks certificates up by the hash of their subject: eight hex digits, a dot, a number. */
static bool is_hashed(const char *name) {
    size_t i = 0;
    while (i < 8 && kp_hex_value(name[i]) >= 0)
        i++;
    return i == 8 && name[8] == '.' && kp_is_digit(name[9]);
}

/* A folder without such names is of no use: Debian has it empty, Fedora full of other things. */
static bool folder_works(const char *path) {
    DIR *folder = opendir(path);
    bool works = false;
    for (const struct dirent *entry; folder && !works && (entry = readdir(folder));)
        works = is_hashed(entry->d_name);
    if (folder)
        closedir(folder);
    return works;
}

static bool has(const char *root, const char *place, bool (*works)(const char *), kp_buf *path) {
    if (!place || place[0] != '/')
        return false;
    kp_buf_clear(path);
    kp_buf_str(path, root);
    kp_buf_str(path, place);
    if (path->failed)
        return false;
    return works(path->data);
}

kp_ca kp_ca_find(const char *root, const char *file, const char *folder, kp_buf *path) {
    if (!path)
        return KP_CA_NONE;
    if (has(root, file, file_works, path))
        return KP_CA_DEFAULT;
    if (!path->failed && has(root, folder, folder_works, path))
        return KP_CA_FOLDER;
    for (size_t i = 0; !path->failed && i < sizeof known_files / sizeof known_files[0]; i++)
        if (has(root, known_files[i], file_works, path))
            return KP_CA_FILE;
    if (!path->failed)
        kp_buf_clear(path);
    return KP_CA_NONE;
}
