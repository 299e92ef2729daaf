// SPDX-License-Identifier: Apache-2.0
#include "linmo/image/tiff_file.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <new>

namespace linmo {
namespace {

int on_error(TIFF*, void* user, const char*, const char* format, va_list arguments) {
  auto& messages = *static_cast<TiffMessages*>(user);
  if (!messages.error[0]) std::vsnprintf(messages.error, sizeof messages.error, format, arguments);
  return 1;
}
int on_warning(TIFF*, void*, const char*, const char*, va_list) {
  return 1;
}

tmsize_t on_read(thandle_t handle, void* to, tmsize_t length) {
  auto& file = *static_cast<TiffMemory*>(handle);
  const uint64_t size = file.source.size();
  if (file.position >= size || length <= 0) return 0;
  const auto n = std::min<uint64_t>(static_cast<uint64_t>(length), size - file.position);
  std::memcpy(to, file.source.data() + file.position, n);
  file.position += n;
  return static_cast<tmsize_t>(n);
}

tmsize_t on_write(thandle_t handle, void* from, tmsize_t length) {
  auto& file = *static_cast<TiffMemory*>(handle);
  try {  // no exception may cross libtiff
    if (file.written.size() < file.position + static_cast<uint64_t>(length)) {
      file.written.resize(file.position + static_cast<uint64_t>(length));
    }
  } catch (const std::bad_alloc&) {
    return 0;
  }
  std::memcpy(file.written.data() + file.position, from, static_cast<size_t>(length));
  file.position += static_cast<uint64_t>(length);
  return length;
}

toff_t on_seek(thandle_t handle, toff_t offset, int from) {
  auto& file = *static_cast<TiffMemory*>(handle);
  const uint64_t end = file.source.empty() ? file.written.size() : file.source.size();
  file.position = offset + (from == SEEK_CUR ? file.position : from == SEEK_END ? end : 0);
  return file.position;
}

int on_close(thandle_t) {
  return 0;
}

toff_t on_size(thandle_t handle) {
  const auto& file = *static_cast<TiffMemory*>(handle);
  return file.source.empty() ? file.written.size() : file.source.size();
}

}  // namespace

Tiff open_tiff(TiffMemory& file, TiffMessages& messages, const char* mode, int64_t max_bytes,
               const AtomicFile* by_name) {
  const std::unique_ptr<TIFFOpenOptions, decltype(&TIFFOpenOptionsFree)> options(TIFFOpenOptionsAlloc(),
                                                                                 &TIFFOpenOptionsFree);
  if (!options) throw std::bad_alloc();
  TIFFOpenOptionsSetErrorHandlerExtR(options.get(), on_error, &messages);
  TIFFOpenOptionsSetWarningHandlerExtR(options.get(), on_warning, &messages);
  TIFFOpenOptionsSetMaxSingleMemAlloc(options.get(), max_bytes);
  if (by_name) return Tiff(TIFFOpenExt(by_name->temporary().c_str(), mode, options.get()));
  return Tiff(TIFFClientOpenExt("memory", mode, &file, on_read, on_write, on_seek, on_close, on_size, nullptr,
                                nullptr, options.get()));
}

}  // namespace linmo
