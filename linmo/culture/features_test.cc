// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "linmo/core/error.h"

namespace linmo::culture {
namespace {

Descriptor descriptor(std::string name, std::string unit = "1") {
  Descriptor d;
  d.name = std::move(name);
  d.group = "tone";
  d.unit = std::move(unit);
  return d;
}

FeatureTable example_table() {
  FeatureTable table;
  table.columns.metadata = {"culture", "artist"};
  table.columns.descriptors = {descriptor("lightness", "L*"), descriptor("void_share")};
  table.rows = {{"山水/雪景.jpg", "ab", "crop 0", {"China", "Guo, \"Xi\""}, {0.1 + 0.2, 1e-17}},
                {"b.png", "cd", "", {"", ""}, {std::nan(""), -3}}};
  return table;
}

void expect_same(const FeatureTable& a, const FeatureTable& b) {
  ASSERT_EQ(a.columns.metadata, b.columns.metadata);
  ASSERT_EQ(a.columns.descriptors.size(), b.columns.descriptors.size());
  ASSERT_EQ(a.rows.size(), b.rows.size());
  for (size_t r = 0; r < a.rows.size(); ++r) {
    EXPECT_EQ(a.rows[r].file, b.rows[r].file);
    EXPECT_EQ(a.rows[r].sha256, b.rows[r].sha256);
    EXPECT_EQ(a.rows[r].metadata, b.rows[r].metadata);
    for (size_t d = 0; d < a.columns.descriptors.size(); ++d) {
      if (std::isnan(a.rows[r].values[d])) {
        EXPECT_TRUE(std::isnan(b.rows[r].values[d]));
      } else {
        EXPECT_EQ(a.rows[r].values[d], b.rows[r].values[d]);  // the same bits
      }
    }
  }
}

TEST(Features, WideAndLongReadBackTheSameBits) {
  const FeatureTable table = example_table();
  expect_same(table, parse_features(format_wide(table), "wide", table.columns.descriptors));
  expect_same(table, parse_features(format_long(table), "long", table.columns.descriptors));
}

TEST(Features, ColumnsThatAreNotKnownAreMetadata) {
  const FeatureTable table = parse_features("filename,genre,void_share\na.jpg,landscape,.25\n", "t",
                                            example_table().columns.descriptors);
  EXPECT_EQ(table.metadata("genre"), std::vector<std::string>{"landscape"});
  EXPECT_EQ(table.metadata("nothing"), std::vector<std::string>{""});
  EXPECT_EQ(table.values("void_share"), std::vector<double>{.25});
  EXPECT_THROW(table.values("lightness"), Error);
}

TEST(Features, RefusesWhatCannotBeRead) {
  const auto known = example_table().columns.descriptors;
  EXPECT_THROW(parse_features("a,b\n1,2\n", "t", known), Error);
  EXPECT_THROW(parse_features("file,lightness\na,1\na,2\n", "t", known), Error);
  EXPECT_THROW(parse_features("file,lightness\na,bright\n", "t", known), Error);
  EXPECT_THROW(parse_features("file,descriptor\na,lightness\n", "t", known), Error);
  EXPECT_THROW(parse_features("file,descriptor,value\na,lightness,1\na,lightness,2\n", "t", known), Error);
}

TEST(Features, ConcatenatesUnderAllColumns) {
  FeatureTable other = example_table();
  other.columns.metadata = {"artist", "genre"};
  other.columns.descriptors[0] = descriptor("hue", "°");
  for (FeatureRow& row : other.rows) row.file += "2";
  const std::vector<FeatureTable> tables{example_table(), other};
  const FeatureTable both = concatenate(tables);
  EXPECT_EQ(both.columns.metadata, (std::vector<std::string>{"culture", "artist", "genre"}));
  ASSERT_EQ(both.columns.descriptors.size(), 3u);
  ASSERT_EQ(both.rows.size(), 4u);
  EXPECT_EQ(both.rows[2].metadata, (std::vector<std::string>{"", "China", "Guo, \"Xi\""}));
  EXPECT_TRUE(std::isnan(both.values("lightness")[2]));
  EXPECT_EQ(both.values("void_share")[3], -3);

  std::vector<FeatureTable> contradicting{example_table(), example_table()};
  contradicting[1].columns.descriptors[0].unit = "%";
  EXPECT_THROW(concatenate(contradicting), Error);
}

TEST(Features, LeastRankIsTheWorstOfThoseKnown) {
  Reliability r;
  EXPECT_TRUE(std::isnan(r.least_rank()));
  r.jpeg.rank = .9;
  r.crop.rank = .7;
  EXPECT_EQ(r.least_rank(), .7);
}

}  // namespace
}  // namespace linmo::culture
