// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/markup.h"

#include <openssl/evp.h>

#include "linmo/core/utf8.h"
#include "linmo/image/codec.h"
#include "linmo/image/convert.h"

namespace linmo {

std::string escape_html(std::string_view text) {
  std::string out;
  for (const char c : to_valid_utf8(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        // XML has no place for other control characters, not even escaped.
        out += static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t' ? std::string_view(&c, 1)
                                                                               : "\uFFFD";
    }
  }
  return out;
}

std::string picture_uri(const Image& picture, int quality) {
  const std::vector<std::byte> bytes =
      encode_image(to_depth(to_rgb(picture, 255), Depth::u8), ImageFormat::jpeg, {.quality = quality});
  std::string text(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  const int n =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(n));
  return "data:image/jpeg;base64," + text;
}

}  // namespace linmo
