// SPDX-License-Identifier: Apache-2.0
#include "linmo/measure/features_torch.h"

#include <gtest/gtest.h>
#include <torch/script.h>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/measure/golden_test.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::measure {
namespace {

std::filesystem::path saved(const TemporaryFolder& folder, const char* name, const std::string& forward) {
  torch::jit::Module module("features");
  module.define(forward);
  module.save((folder / name).string());
  return folder / name;
}

TEST(FeaturesTorch, AnyProgramSeesInceptionsInput) {
  TemporaryFolder folder;
  const auto file = saved(folder, "特徴.pt", "def forward(self, x):\n  return x * 2.0\n");
  EXPECT_TRUE(is_torchscript(file));
  const auto net = open_torchscript(file, 1);
  EXPECT_EQ(net->dimensions(), 3);
  EXPECT_EQ(net->name(), "特徴.pt");
  EXPECT_FALSE(net->is_inception());
  Image red(5, 7, 3);
  for (size_t i = 0; i < red.samples<uint8_t>().size(); i += 3) red.samples<uint8_t>()[i] = 255;
  const std::vector<float> f = net->features({red, Image(9, 2, 3)});
  ASSERT_EQ(f.size(), 6U);
  EXPECT_NEAR(f[0], 2, 1e-5);
  EXPECT_NEAR(f[1], -2, 1e-5);
  EXPECT_NEAR(f[3], -2, 1e-5);
}

TEST(FeaturesTorch, StyleGansInceptionSeesBytes) {
  TemporaryFolder folder;
  const auto net = open_torchscript(saved(folder, "i.pt",
                                          "def forward(self, img, return_features: bool = False):\n"
                                          "  y = img.float().amax([2, 3])\n"
                                          "  return y if return_features else y * 0.0\n"),
                                    0);
  EXPECT_TRUE(net->is_inception());
  Image image(3, 2, 3);
  image.samples<uint8_t>()[4] = 200;
  EXPECT_EQ(net->features({image}), (std::vector<float>{0, 200, 0}));
}

TEST(FeaturesTorch, ProgramsThatDoNotFitAreRefused) {
  TemporaryFolder folder;
  EXPECT_THROW(open_torchscript(saved(folder, "a.pt", "def forward(self, x):\n  return x.sum()\n"), 1),
               Error);
  EXPECT_THROW(open_torchscript(saved(folder, "b.pt", "def forward(self, x):\n  return x.view([7])\n"), 1),
               Error);
  EXPECT_THROW(open_torchscript(saved(folder, "c.pt", "def forward(self, x):\n  return 1\n"), 1), Error);
  write_file(folder / "d.pt", "nothing");
  EXPECT_THROW(open_torchscript(folder / "d.pt", 1), Error);
}

}  // namespace
}  // namespace linmo::measure
