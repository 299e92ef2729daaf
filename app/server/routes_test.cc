// SPDX-License-Identifier: Apache-2.0
// The description that is promised (docs/openapi.json) and the server say the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "app/server/studio.h"
#include "linmo/core/files.h"

namespace linmo::studio {
namespace {

TEST(Routes, AreThoseOfTheDescription) {
  const auto description = nlohmann::json::parse(read_text(LINMO_SOURCE_DIR "/docs/openapi.json"));
  std::set<std::string> promised, kept, uploads_promised, uploads_kept;
  for (const auto& [path, methods] : description.at("paths").items())
    for (const auto& [method, operation] : methods.items()) {
      std::string line = method;
      std::transform(line.begin(), line.end(), line.begin(), [](unsigned char c) { return std::toupper(c); });
      line += " /api/v1" + path;
      promised.insert(line);
      if (operation.contains("requestBody") &&
          operation["requestBody"]["content"].contains("application/octet-stream"))
        uploads_promised.insert(line);
      for (size_t at = path.find('{'); at != std::string::npos; at = path.find('{', at + 1)) {
        const std::string parameter = path.substr(at + 1, path.find('}', at) - at - 1);
        const auto& listed = operation.at("parameters");
        EXPECT_TRUE(std::any_of(listed.begin(), listed.end(),
                                [&](const auto& p) { return p["in"] == "path" && p["name"] == parameter; }))
            << line << " does not describe " << parameter;
      }
    }
  const auto data = std::filesystem::path(testing::TempDir()) / "linmo-routes";
  StudioSettings settings;
  settings.data = data;
  {
    Studio studio(settings, Folders(data, {}));
    add_routes(studio);
    for (const Route& route : studio.router.routes()) {
      if (!route.pattern.starts_with("/api/")) continue;
      kept.insert(route.method + " " + route.pattern);
      if (route.takes_upload) uploads_kept.insert(route.method + " " + route.pattern);
    }
  }
  std::filesystem::remove_all(data);
  EXPECT_EQ(promised, kept);
  EXPECT_EQ(uploads_promised, uploads_kept);
}

}  // namespace
}  // namespace linmo::studio
