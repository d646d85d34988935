/* crc32c.h: the checksum CRC-32C (RFC 3720, appendix B.4). */
#ifndef KP_BASE_CRC32C_H
#define KP_BASE_CRC32C_H

#include <stddef.h>
#include <stdint.h>

/* Of nothing: 0. Keeps no table of what it saw. */
uint32_t kp_crc32c(const void *data, size_t len);

#endif
