// SPDX-License-Identifier: Apache-2.0
#include <webp/decode.h>
#include <webp/demux.h>
#include <webp/encode.h>
#include <webp/mux.h>

#include <algorithm>
#include <memory>

#include "linmo/image/convert.h"
#include "linmo/image/exif.h"
#include "linmo/image/formats.h"

namespace linmo {
namespace {

WebPData data_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()};
}

std::vector<std::byte> chunk_of(WebPDemuxer* demuxer, const char* tag) {
  WebPChunkIterator chunk;
  std::vector<std::byte> bytes;
  if (WebPDemuxGetChunk(demuxer, tag, 1, &chunk)) {
    const auto* data = reinterpret_cast<const std::byte*>(chunk.chunk.bytes);
    bytes.assign(data, data + chunk.chunk.size);
  }
  WebPDemuxReleaseChunkIterator(&chunk);
  return bytes;
}

// Some writers keep the JPEG's "Exif\0\0" before the block.
void strip_jpeg_tag(std::vector<std::byte>& exif) {
  constexpr char kTag[6] = {'E', 'x', 'i', 'f', 0, 0};
  if (exif.size() > sizeof kTag && std::memcmp(exif.data(), kTag, sizeof kTag) == 0) {
    exif.erase(exif.begin(), exif.begin() + sizeof kTag);
  }
}

WebPBitstreamFeatures features_of(std::span<const std::byte> bytes, std::string_view name) {
  WebPBitstreamFeatures features;
  const WebPData data = data_of(bytes);
  if (WebPGetFeatures(data.bytes, data.size, &features) != VP8_STATUS_OK) {
    fail(ErrorKind::input, "{} is a damaged WebP: its header cannot be read", name);
  }
  return features;
}

Image decode_first_frame(std::span<const std::byte> bytes, const ImageInfo& info, std::string_view name) {
  WebPAnimDecoderOptions options;
  WebPAnimDecoderOptionsInit(&options);
  options.color_mode = MODE_RGBA;
  const WebPData data = data_of(bytes);
  const std::unique_ptr<WebPAnimDecoder, decltype(&WebPAnimDecoderDelete)> decoder(
      WebPAnimDecoderNew(&data, &options), &WebPAnimDecoderDelete);
  uint8_t* canvas = nullptr;
  int timestamp = 0;
  if (!decoder || !WebPAnimDecoderGetNext(decoder.get(), &canvas, &timestamp)) {
    fail(ErrorKind::input, "{} is a damaged WebP: its first frame cannot be read", name);
  }
  Image image(info.width, info.height, 4);
  std::copy_n(canvas, image.bytes().size(), image.samples<uint8_t>().data());
  return info.channels == 4 ? image : drop_alpha(image);
}

}  // namespace

ImageInfo probe_webp(std::span<const std::byte> bytes, std::string_view name) {
  const WebPBitstreamFeatures features = features_of(bytes, name);
  ImageInfo info;
  info.format = ImageFormat::webp;
  info.width = features.width;
  info.height = features.height;
  info.channels = features.has_alpha ? 4 : 3;
  const WebPData data = data_of(bytes);
  const std::unique_ptr<WebPDemuxer, decltype(&WebPDemuxDelete)> demuxer(WebPDemux(&data), &WebPDemuxDelete);
  if (demuxer) {
    info.icc = chunk_of(demuxer.get(), "ICCP");
    info.exif = chunk_of(demuxer.get(), "EXIF");
    strip_jpeg_tag(info.exif);
    info.orientation = exif_orientation(info.exif);
  }
  return info;
}

StoredPixels decode_webp(std::span<const std::byte> bytes, const ImageInfo& info, const DecodeOptions&,
                         std::string_view name) {
  if (features_of(bytes, name).has_animation) return {decode_first_frame(bytes, info, name), false};
  WebPDecoderConfig config;
  WebPInitDecoderConfig(&config);
  Image image(info.width, info.height, info.channels);
  config.output.colorspace = info.channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = image.samples<uint8_t>().data();
  config.output.u.RGBA.stride = static_cast<int>(info.width * info.channels);
  config.output.u.RGBA.size = image.bytes().size();
  const WebPData data = data_of(bytes);
  const VP8StatusCode status = WebPDecode(data.bytes, data.size, &config);
  WebPFreeDecBuffer(&config.output);
  if (status == VP8_STATUS_SUSPENDED || status == VP8_STATUS_NOT_ENOUGH_DATA) {
    fail(ErrorKind::input, "{} is truncated; get a whole copy", name);
  }
  if (status == VP8_STATUS_OUT_OF_MEMORY) throw std::bad_alloc();
  if (status != VP8_STATUS_OK) {
    fail(ErrorKind::input, "{} is a damaged WebP (libwebp's error {})", name, static_cast<int>(status));
  }
  return {std::move(image), false};
}

std::vector<std::byte> encode_webp(const Image& image, const EncodeOptions& options) {
  if (image.width() > WEBP_MAX_DIMENSION || image.height() > WEBP_MAX_DIMENSION) {
    fail(ErrorKind::limit,
         "a WebP cannot be larger than {} px a side ({} × {} asked for); write a PNG or TIFF",
         WEBP_MAX_DIMENSION, image.width(), image.height());
  }
  WebPConfig config;
  WebPConfigInit(&config);
  config.quality = static_cast<float>(options.quality);
  if (options.webp_lossless) {
    WebPConfigLosslessPreset(&config, 6);
    config.exact = 1;  // colours under transparent pixels too
  } else if (options.quality >= 90) {
    config.use_sharp_yuv = 1;  // WebP halves chroma always; this keeps coloured edges in place
  }
  WebPPicture picture;
  WebPPictureInit(&picture);
  const std::unique_ptr<WebPPicture, decltype(&WebPPictureFree)> picture_owner(&picture, &WebPPictureFree);
  WebPMemoryWriter memory;
  WebPMemoryWriterInit(&memory);
  const std::unique_ptr<WebPMemoryWriter, decltype(&WebPMemoryWriterClear)> memory_owner(
      &memory, &WebPMemoryWriterClear);
  picture.use_argb = options.webp_lossless || config.use_sharp_yuv;
  picture.width = static_cast<int>(image.width());
  picture.height = static_cast<int>(image.height());
  picture.writer = WebPMemoryWrite;
  picture.custom_ptr = &memory;
  const int stride = static_cast<int>(image.width() * image.channels());
  const auto* samples = image.samples<uint8_t>().data();
  const bool imported = image.channels() == 4 ? WebPPictureImportRGBA(&picture, samples, stride)
                                              : WebPPictureImportRGB(&picture, samples, stride);
  if (!imported || !WebPEncode(&config, &picture)) {
    if (!imported || picture.error_code == VP8_ENC_ERROR_OUT_OF_MEMORY) throw std::bad_alloc();
    fail(ErrorKind::input, "cannot write a WebP (libwebp's error {})", static_cast<int>(picture.error_code));
  }
  const auto* encoded = reinterpret_cast<const std::byte*>(memory.mem);
  if (options.icc.empty() && options.exif.empty()) return {encoded, encoded + memory.size};

  const WebPData plain = {memory.mem, memory.size};
  const std::unique_ptr<WebPMux, decltype(&WebPMuxDelete)> mux(WebPMuxCreate(&plain, 0), &WebPMuxDelete);
  const auto attach = [&](const char* tag, const std::vector<std::byte>& bytes) {
    const WebPData chunk = data_of(bytes);
    return bytes.empty() || WebPMuxSetChunk(mux.get(), tag, &chunk, 0) == WEBP_MUX_OK;
  };
  WebPData whole;
  WebPDataInit(&whole);
  const std::unique_ptr<WebPData, decltype(&WebPDataClear)> whole_owner(&whole, &WebPDataClear);
  if (!mux || !attach("ICCP", options.icc) || !attach("EXIF", options.exif) ||
      WebPMuxAssemble(mux.get(), &whole) != WEBP_MUX_OK) {
    fail(ErrorKind::input, "cannot write a WebP: its profile or EXIF does not fit");
  }
  const auto* assembled = reinterpret_cast<const std::byte*>(whole.bytes);
  return {assembled, assembled + whole.size};
}

}  // namespace linmo
