// SPDX-License-Identifier: Apache-2.0
// Whatever bytes come in: an Error, or tensors of which a model is made or not.
#include "linmo/core/error.h"
#include "linmo/model/import.h"
#include "linmo/model/pth.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace linmo::model;
  try {
    const Checkpoint checkpoint = parse_pth(std::as_bytes(std::span(data, size)), "input");
    (void)import_checkpoint(state_dict(checkpoint), {});
  } catch (const linmo::Error&) {
  }
  return 0;
}
