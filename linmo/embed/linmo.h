// SPDX-License-Identifier: Apache-2.0
// linmo in other programs: a model loaded once, pictures in, pictures out, without files, libtorch or other
// headers of ours. CMake: find_package(linmo) and link linmo::engine.
//
//   const linmo::Stylizer stylizer = linmo::Stylizer::load("ink.safetensors");
//   linmo::PictureFormat in{.width = 640, .height = 480, .channels = 4};
//   std::vector<std::byte> result(stylizer.result_format(in).bytes());
//   stylizer.apply(pixels, in, result);
//
// Errors are linmo::Error, whose text says what was wrong and what to do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "linmo/core/exception.h"

#define LINMO_API __attribute__((visibility("default")))

namespace linmo {

// Pixels as they lie in memory: rows from the top, without gaps, channels next to each other.
struct PictureFormat {
  enum class Sample : uint8_t { u8 = 1, u16 = 2, f32 = 4 };  // the value is the bytes of a sample
  int64_t width = 0, height = 0;
  int channels = 3;            // 1 grey, 2 grey + alpha, 3 RGB, 4 RGBA; sRGB-coded
  Sample sample = Sample::u8;  // integers span their type, floats 0 … 1; the machine's byte order
  bool premultiplied = false;  // colours are multiplied by alpha already

  size_t bytes() const {
    return static_cast<size_t>(width) * static_cast<size_t>(height) * static_cast<size_t>(channels) *
           static_cast<size_t>(sample);
  }
  bool operator==(const PictureFormat&) const = default;
};

struct StylizerOptions {
  enum class Precision { automatic, fp32, bf16, int8 };
  // automatic: bf16 where the processor computes in it, else fp32. int8 needs a model that `linmo quantise`
  // has prepared. A precision that the processor lacks becomes the next wider one.
  Precision precision = Precision::automatic;
  int threads = 0;  // 0: all cores
  // Of a model of several styles: one's name, or a blend such as "ukiyoe:0.6,山水:0.4" (UTF-8; weights are
  // scaled to a sum of 1). Empty for the others.
  std::string style = {};
};

struct StyleSettings {
  double strength = 1;       // 0: the untouched picture … 1: the full style
  bool keep_colour = false;  // only the lightness comes from the style
  // Working memory beside the pictures and the model; larger pictures are computed in tiles.
  uint64_t memory_bytes = uint64_t{1} << 30;
  // In tiles, take norm statistics from every pixel, not from a sample: slower, equal to the untiled result.
  bool exact = false;
  // Called now and then by the thread that called apply(), with the share that is done (0 … 1); returning
  // false makes apply() end with ErrorKind::cancelled. Large pictures only report between tiles.
  std::function<bool(double done)> progress = {};
};

// A model ready to use. Immutable: apply() may be called from several threads at once.
class LINMO_API Stylizer {
 public:
  // A model file (.safetensors of linmo), or its bytes. Throws ErrorKind::input for anything else,
  // ErrorKind::io when there is no such file, ErrorKind::usage for int8 with a model that was not prepared
  // and, with the names there are, for a style that it has not.
  static Stylizer load(const std::filesystem::path& model_file, const StylizerOptions& options = {});
  static Stylizer load(std::span<const std::byte> model, const StylizerOptions& options = {});
  ~Stylizer();
  Stylizer(Stylizer&&) noexcept;
  Stylizer& operator=(Stylizer&&) noexcept;

  // What apply() makes of a picture of this format: the same size unless the model enlarges, the same
  // samples, RGB even where a grey picture went in, alpha where there was alpha. Throws ErrorKind::usage for
  // a format that is none.
  PictureFormat result_format(const PictureFormat& in) const;

  // `in` and `out` have result_format()'s sizes, and may not overlap. Throws ErrorKind::usage where they have
  // others, ErrorKind::limit when the memory allowed does not suffice, ErrorKind::cancelled; `out` is then
  // undefined.
  void apply(std::span<const std::byte> in, const PictureFormat& format, std::span<std::byte> out,
             const StyleSettings& settings = {}) const;

  // One sentence about what computes: precision, instruction set.
  std::string about() const;

 private:
  struct State;
  explicit Stylizer(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// "0.1.0"
LINMO_API const char* version();

}  // namespace linmo
