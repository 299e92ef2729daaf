// SPDX-License-Identifier: Apache-2.0
// The two checksum-and-squeeze parts of PNG (RFC 2083). Node's zlib.crc32 is younger than Debian 12's Node.
import { deflateSync } from "node:zlib";

export const deflate = (bytes) => deflateSync(bytes);

export function crc32_of(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
