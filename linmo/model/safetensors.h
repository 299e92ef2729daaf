// SPDX-License-Identifier: Apache-2.0
// The safetensors container: 8 bytes of header length, a JSON header, the arrays.
#pragma once

#include <filesystem>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/model/tensor.h"

namespace linmo::model {

struct Safetensors {
  TensorMap tensors;
  std::map<std::string, std::string> metadata;
};

// With `checksum`, the SHA-256 of the array bytes is stored in the metadata as "linmo_sha256", and
// read_safetensors() refuses a file whose arrays do not match theirs (the key itself is not in `metadata`).
// Atomic; equal content gives equal bytes. The format allows no holes, so arrays lie in order of falling
// element size, each aligned to its own, the first to 16 bytes.
void write_safetensors(const std::filesystem::path& path, const Safetensors& content, bool checksum = true);

// Bounded by the file's own size; overlapping or out-of-file arrays, holes, keys given twice, unknown types
// and headers over 100 MB are refused (ErrorKind::input).
Safetensors read_safetensors(const std::filesystem::path& path);
// The metadata alone, without reading the arrays.
std::map<std::string, std::string> read_safetensors_metadata(const std::filesystem::path& path);
Safetensors parse_safetensors(std::span<const std::byte> bytes, std::string_view name);
std::vector<std::byte> format_safetensors(const Safetensors& content, bool checksum = true);

}  // namespace linmo::model
