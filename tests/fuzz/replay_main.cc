// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target's body over the files of its corpus: the target as an ordinary test.
#include <cstdint>
#include <cstdio>
#include <filesystem>

#include "linmo/core/files.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  int ran = 0;
  for (int i = 1; i < argc; ++i) {
    for (const auto& path : linmo::list_files(argv[i])) {
      const auto bytes = linmo::read_file(path);
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size());
      ++ran;
    }
  }
  std::printf("%d inputs\n", ran);
  return ran > 0 ? 0 : 1;
}
