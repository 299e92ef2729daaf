// SPDX-License-Identifier: Apache-2.0
#include "linmo/model/library.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::model {
namespace {

TEST(Library, ModelsAreFoundByFileRunAndName) {
  const TemporaryFolder folder;
  for (const char* name : {"a", "b", "run"}) std::filesystem::create_directory(folder / name);
  for (const char* file : {"a/水.safetensors", "b/水.safetensors", "b/x.safetensors", "b/.y.safetensors",
                           "b/notes.txt", "run/model.safetensors"}) {
    write_file(folder / file, "x");
  }
  const Library library{{folder / "a", folder / "b", folder / "none"}};
  EXPECT_EQ(list_models(library),
            (std::vector<std::filesystem::path>{folder / "b/x.safetensors", folder / "a/水.safetensors"}));
  EXPECT_EQ(find_model(library, "水"), folder / "a/水.safetensors");
  EXPECT_EQ(find_model(library, "x.safetensors"), folder / "b/x.safetensors");
  EXPECT_EQ(find_model(library, (folder / "b/notes.txt").string()), folder / "b/notes.txt");
  EXPECT_EQ(find_model(library, (folder / "run").string()), folder / "run/model.safetensors");
  try {
    find_model(library, "y");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_NE(std::string(error.what()).find("x, 水"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace linmo::model
