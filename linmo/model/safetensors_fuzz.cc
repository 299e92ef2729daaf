// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come in: an Error, or content that comes back the same when written.
#include <algorithm>
#include <cstdlib>

#include "linmo/core/error.h"
#include "linmo/model/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace linmo::model;
  Safetensors content;
  try {
    content = parse_safetensors(std::as_bytes(std::span(data, size)), "input");
  } catch (const linmo::Error&) {
    return 0;
  }
  const Safetensors again = parse_safetensors(format_safetensors(content), "again");
  if (again.metadata != content.metadata || again.tensors.size() != content.tensors.size()) std::abort();
  for (const auto& [key, tensor] : content.tensors) {
    const Tensor& other = again.tensors.at(key);
    const auto a = tensor.bytes(), b = other.bytes();
    if (tensor.dtype() != other.dtype() || tensor.shape() != other.shape() ||
        !std::equal(a.begin(), a.end(), b.begin(), b.end()))
      std::abort();
    (void)tensor.floats();
  }
  return 0;
}
