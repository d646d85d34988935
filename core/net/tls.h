/* tls.h: keeps the keys of TLS sessions out of SSLKEYLOGFILE, and plaintext out of the TLS library's memory. */
#ifndef KP_NET_TLS_H
#define KP_NET_TLS_H

#include <curl/curl.h>

/* libcurl opens the file of SSLKEYLOGFILE when it starts: between these two it does not find the variable. */
void kp_tls_hide_key_log(void);
void kp_tls_show_key_log(void);
/* For the case that the host has started libcurl: no session keys of this handle go into that file, and plaintext is
   wiped after use. Acts with OpenSSL; other libraries have neither. */
void kp_tls_harden(CURL *);

#endif
