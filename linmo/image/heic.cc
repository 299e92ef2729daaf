// SPDX-License-Identifier: Apache-2.0
// HEIC, as telephones take photographs, through libheif, where the build found it. Read only: what is made of
// one is written in another format.
#include "linmo/image/formats.h"

#ifdef LINMO_HEIC
#include <libheif/heif.h>

#include <algorithm>
#include <cstring>
#include <memory>

namespace linmo {
namespace {

struct Deleter {
  void operator()(heif_context* context) const { heif_context_free(context); }
  void operator()(heif_image_handle* handle) const { heif_image_handle_release(handle); }
  void operator()(heif_image* image) const { heif_image_release(image); }
};
template <class T>
using Owned = std::unique_ptr<T, Deleter>;

void check(const heif_error& error, std::string_view name) {
  if (error.code == heif_error_Ok) return;
  if (error.code == heif_error_Memory_allocation_error)
    fail(ErrorKind::limit, "{} is a HEIC that wants too much memory: {}", name, error.message);
  fail(ErrorKind::input, "{} is a damaged HEIC, or of a kind that is not read: {}", name, error.message);
}

// The container read, nothing decoded.
struct Opened {
  Owned<heif_context> context;
  Owned<heif_image_handle> picture;  // the primary one
};

Opened open_heic(std::span<const std::byte> bytes, std::string_view name) {
  Opened out;
  out.context.reset(heif_context_alloc());
  if (!out.context) throw std::bad_alloc();
  check(heif_context_read_from_memory_without_copy(out.context.get(), bytes.data(), bytes.size(), nullptr),
        name);
  heif_image_handle* picture = nullptr;
  check(heif_context_get_primary_image_handle(out.context.get(), &picture), name);
  out.picture.reset(picture);
  return out;
}

std::vector<std::byte> exif_of(const heif_image_handle* picture) {
  heif_item_id id = 0;
  if (heif_image_handle_get_list_of_metadata_block_IDs(picture, "Exif", &id, 1) < 1) return {};
  const size_t size = heif_image_handle_get_metadata_size(picture, id);
  constexpr size_t kMost = 1 << 20;
  if (size < 4 || size > kMost) return {};
  std::vector<std::byte> block(size);
  if (heif_image_handle_get_metadata(picture, id, block.data()).code != heif_error_Ok) return {};
  // Four bytes say how far behind them the TIFF header lies (ISO/IEC 23008-12, A.2.1).
  uint64_t skip = 4;
  for (size_t i = 0; i < 4; ++i) skip += std::to_integer<uint64_t>(block[i]) << (8 * (3 - i));
  if (skip > size) return {};
  block.erase(block.begin(), block.begin() + static_cast<std::ptrdiff_t>(skip));
  return block;
}

}  // namespace

ImageInfo probe_heic(std::span<const std::byte> bytes, std::string_view name) {
  const Opened opened = open_heic(bytes, name);
  const heif_image_handle* picture = opened.picture.get();
  ImageInfo info;
  info.format = ImageFormat::heic;
  // As it is shown: libheif turns and cuts it as the container says, and the EXIF block's orientation does
  // not count (ISO/IEC 23008-12, A.2.1).
  info.width = heif_image_handle_get_width(picture);
  info.height = heif_image_handle_get_height(picture);
  info.channels = heif_image_handle_has_alpha_channel(picture) ? 4 : 3;
  info.bits = heif_image_handle_get_luma_bits_per_pixel(picture) > 8 ? 16 : 8;
  info.orientation = 1;
  info.exif = exif_of(picture);
  if (const size_t size = heif_image_handle_get_raw_color_profile_size(picture);
      size > 0 && size < (8U << 20)) {
    info.icc.resize(size);
    if (heif_image_handle_get_raw_color_profile(picture, info.icc.data()).code != heif_error_Ok)
      info.icc.clear();
  }
  return info;
}

StoredPixels decode_heic(std::span<const std::byte> bytes, const ImageInfo& info,
                         const DecodeOptions& options, std::string_view name) {
  const Opened opened = open_heic(bytes, name);
  const bool deep = info.bits == 16 && options.keep_16_bit, alpha = info.channels == 4;
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  constexpr auto kDeep = heif_chroma_interleaved_RRGGBB_BE, kDeepAlpha = heif_chroma_interleaved_RRGGBBAA_BE;
#else
  constexpr auto kDeep = heif_chroma_interleaved_RRGGBB_LE, kDeepAlpha = heif_chroma_interleaved_RRGGBBAA_LE;
#endif
  const heif_chroma chroma = deep ? (alpha ? kDeepAlpha : kDeep)
                                  : (alpha ? heif_chroma_interleaved_RGBA : heif_chroma_interleaved_RGB);
  heif_image* made = nullptr;
  const std::unique_ptr<heif_decoding_options, void (*)(heif_decoding_options*)> how(
      heif_decoding_options_alloc(), heif_decoding_options_free);
  if (!how) throw std::bad_alloc();
  how->convert_hdr_to_8bit = !deep;
  check(heif_decode_image(opened.picture.get(), &made, heif_colorspace_RGB, chroma, how.get()), name);
  const Owned<heif_image> decoded(made);
  const int width = heif_image_get_width(decoded.get(), heif_channel_interleaved),
            height = heif_image_get_height(decoded.get(), heif_channel_interleaved);
  int stride = 0;
  const uint8_t* rows = heif_image_get_plane_readonly(decoded.get(), heif_channel_interleaved, &stride);
  if (!rows || width != info.width || height != info.height)
    fail(ErrorKind::input, "{} is a damaged HEIC: its picture is not as large as it says", name);
  Image image(info.width, info.height, info.channels, deep ? Depth::u16 : Depth::u8);
  const size_t row_bytes = image.bytes().size() / static_cast<size_t>(height);
  const int bits = heif_image_get_bits_per_pixel_range(decoded.get(), heif_channel_interleaved);
  if (deep && (bits < 9 || bits > 16))
    fail(ErrorKind::input, "{} is a HEIC with samples of {} bits, which are not read", name, bits);
  for (int y = 0; y < height; ++y) {
    std::byte* to = image.samples<std::byte>().data() + static_cast<size_t>(y) * row_bytes;
    std::memcpy(to, rows + static_cast<ptrdiff_t>(y) * stride, row_bytes);
  }
  if (deep) {
    // From 10 or 12 bits to the whole range of 16.
    const uint32_t top = (1U << bits) - 1;
    for (uint16_t& v : image.samples<uint16_t>())
      v = static_cast<uint16_t>((std::min<uint32_t>(v, top) * 65535U + top / 2) / top);
  }
  return {std::move(image), false};
}

}  // namespace linmo

#else

namespace linmo {
namespace {

[[noreturn]] void refuse_heic(std::string_view name) {
  fail(ErrorKind::input,
       "{} is a HEIC photograph, and this linmo was built without libheif; convert it to JPEG or PNG", name);
}

}  // namespace

ImageInfo probe_heic(std::span<const std::byte>, std::string_view name) {
  refuse_heic(name);
}
StoredPixels decode_heic(std::span<const std::byte>, const ImageInfo&, const DecodeOptions&,
                         std::string_view name) {
  refuse_heic(name);
}

}  // namespace linmo
#endif
