/* crc32c.c: computes CRC-32C bit by bit; what is checked with it has a few hundred bytes. */
#include "base/crc32c.h"

static const uint32_t polynomial = 0x82F63B78U; /* 0x1EDC6F41, the lowest bit first */

uint32_t kp_crc32c(const void *data, size_t len) {
    const unsigned char *in = data;
    uint32_t sum = 0xFFFFFFFFU;
    for (size_t i = 0; in && i < len; i++) {
        sum ^= in[i];
        for (int bit = 0; bit < 8; bit++)
            sum = (sum >> 1) ^ (polynomial & (0U - (sum & 1U)));
    }
    return ~sum;
}
