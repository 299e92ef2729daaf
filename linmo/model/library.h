// SPDX-License-Identifier: Apache-2.0
// Models by name.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace linmo::model {

// Where models are looked for, in this order.
struct Library {
  std::vector<std::filesystem::path> folders;
};
// ./models, share/linmo/models beside the program's bin folder, and the source's models for a program in its
// build folder.
Library default_library();

// All *.safetensors in the library's folders, by name; of two with one name the first folder's.
std::vector<std::filesystem::path> list_models(const Library& library);

// What a user typed: a file; a run's folder, which holds model.safetensors; or a name in the library. Throws
// ErrorKind::usage with the names there are.
std::filesystem::path find_model(const Library& library, const std::string& name);

}  // namespace linmo::model
