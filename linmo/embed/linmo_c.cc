// SPDX-License-Identifier: Apache-2.0
#include "linmo/embed/linmo_c.h"

#include <cstring>
#include <new>

#include "linmo/embed/linmo.h"

struct linmo_stylizer {
  linmo::Stylizer stylizer;
};

namespace {

thread_local std::string g_error;

linmo_status status_of(linmo::ErrorKind kind) {
  switch (kind) {
    case linmo::ErrorKind::usage:
      return LINMO_USAGE;
    case linmo::ErrorKind::input:
      return LINMO_INPUT;
    case linmo::ErrorKind::limit:
      return LINMO_LIMIT;
    case linmo::ErrorKind::io:
      return LINMO_IO;
    case linmo::ErrorKind::cancelled:
      return LINMO_CANCELLED;
    case linmo::ErrorKind::numeric:
      return LINMO_NUMERIC;
  }
  return LINMO_INTERNAL;
}

// No exception may leave for C.
template <class F>
linmo_status guarded(F&& f) noexcept {
  try {
    try {
      g_error.clear();
      f();
      return LINMO_OK;
    } catch (const linmo::Error& error) {
      g_error = error.what();
      return status_of(error.kind());
    } catch (const std::bad_alloc&) {
      g_error = "not enough memory";
      return LINMO_MEMORY;
    } catch (const std::exception& error) {
      g_error = error.what();
      return LINMO_INTERNAL;
    }
  } catch (...) {
    return LINMO_INTERNAL;
  }
}

void require(bool there, const char* what) {
  if (!there) throw linmo::Error(linmo::ErrorKind::usage, std::string(what) + " is NULL");
}

linmo::StylizerOptions options_of(linmo_precision precision, int threads, const char* style) {
  linmo::StylizerOptions options;
  options.threads = threads;
  if (style) options.style = style;
  switch (precision) {
    case LINMO_AUTOMATIC:
      return options;
    case LINMO_FP32:
      options.precision = linmo::StylizerOptions::Precision::fp32;
      return options;
    case LINMO_BF16:
      options.precision = linmo::StylizerOptions::Precision::bf16;
      return options;
    case LINMO_INT8:
      options.precision = linmo::StylizerOptions::Precision::int8;
      return options;
  }
  throw linmo::Error(linmo::ErrorKind::usage,
                     "there is no precision " + std::to_string(static_cast<int>(precision)));
}

linmo::PictureFormat format_of(const linmo_format& f) {
  return {f.width, f.height, f.channels,
          f.sample >= 0 && f.sample < 256 ? static_cast<linmo::PictureFormat::Sample>(f.sample)
                                          : linmo::PictureFormat::Sample{},
          f.premultiplied != 0};
}

}  // namespace

const char* linmo_error(void) {
  return g_error.c_str();
}
const char* linmo_version(void) {
  return linmo::version();
}

linmo_status linmo_load(const char* path, linmo_precision precision, int threads, linmo_stylizer** stylizer) {
  return linmo_load_style(path, nullptr, precision, threads, stylizer);
}

linmo_status linmo_load_bytes(const void* model, size_t bytes, linmo_precision precision, int threads,
                              linmo_stylizer** stylizer) {
  return linmo_load_bytes_style(model, bytes, nullptr, precision, threads, stylizer);
}

linmo_status linmo_load_style(const char* path, const char* style, linmo_precision precision, int threads,
                              linmo_stylizer** stylizer) {
  if (stylizer) *stylizer = nullptr;
  return guarded([&] {
    require(path && stylizer, "the path or the place for the stylizer");
    const std::filesystem::path file(std::u8string(path, path + std::strlen(path)));
    *stylizer = new linmo_stylizer{linmo::Stylizer::load(file, options_of(precision, threads, style))};
  });
}

linmo_status linmo_load_bytes_style(const void* model, size_t bytes, const char* style,
                                    linmo_precision precision, int threads, linmo_stylizer** stylizer) {
  if (stylizer) *stylizer = nullptr;
  return guarded([&] {
    require(model && stylizer, "the model or the place for the stylizer");
    *stylizer = new linmo_stylizer{linmo::Stylizer::load(
        std::span(static_cast<const std::byte*>(model), bytes), options_of(precision, threads, style))};
  });
}

void linmo_free(linmo_stylizer* stylizer) {
  delete stylizer;
}

linmo_status linmo_result_format(const linmo_stylizer* stylizer, const linmo_format* in, linmo_format* result,
                                 size_t* bytes) {
  return guarded([&] {
    require(stylizer && in && result, "the stylizer or a format");
    const linmo::PictureFormat made = stylizer->stylizer.result_format(format_of(*in));
    *result = {made.width, made.height, made.channels, static_cast<int32_t>(made.sample), made.premultiplied};
    if (bytes) *bytes = made.bytes();
  });
}

void linmo_settings_init(linmo_settings* settings) {
  if (!settings) return;
  const linmo::StyleSettings defaults;
  *settings = {sizeof *settings, defaults.strength,     defaults.keep_colour,
               defaults.exact,   defaults.memory_bytes, nullptr,
               nullptr};
}

linmo_status linmo_apply(const linmo_stylizer* stylizer, const void* in, size_t in_bytes,
                         const linmo_format* format, void* out, size_t out_bytes,
                         const linmo_settings* settings) {
  return guarded([&] {
    require(stylizer && in && format && out, "the stylizer, a picture or its format");
    linmo_settings given;
    linmo_settings_init(&given);
    if (settings) {
      if (settings->size < sizeof(size_t) || settings->size > 4096)
        throw linmo::Error(linmo::ErrorKind::usage, "the settings were not made by linmo_settings_init()");
      std::memcpy(&given, settings, std::min(settings->size, sizeof given));
    }
    linmo::StyleSettings s;
    s.strength = given.strength;
    s.keep_colour = given.keep_colour != 0;
    s.exact = given.exact != 0;
    s.memory_bytes = given.memory_bytes;
    if (given.progress) {
      s.progress = [&](double done) { return given.progress(given.user, done) != 0; };
    }
    stylizer->stylizer.apply(std::span(static_cast<const std::byte*>(in), in_bytes), format_of(*format),
                             std::span(static_cast<std::byte*>(out), out_bytes), s);
  });
}
