// SPDX-License-Identifier: Apache-2.0
#include "linmo/train/judge.h"

#include <gtest/gtest.h>

#include "linmo/core/files.h"
#include "linmo/model/temporary_folder_test.h"

namespace linmo::train {
namespace {

std::vector<Judgement> run_of(const std::vector<double>& styles) {
  std::vector<Judgement> all;
  for (size_t i = 0; i < styles.size(); ++i) {
    const double progress = static_cast<double>(i + 1) / static_cast<double>(styles.size());
    all.push_back({static_cast<int64_t>(100 * (i + 1)), 60 * progress, progress, styles[i], .5, 10});
  }
  return all;
}

TEST(Verdict, SaysWhetherMoreTimeHelps) {
  const auto says = [](const std::vector<double>& styles, const char* what) {
    const std::string text = verdict(run_of(styles));
    EXPECT_NE(text.find(what), std::string::npos) << text;
  };
  says({9, 8, 7, 6, 5, 4, 3, 2, 1}, "more time is likely to help");
  says({9, 5, 3, 2, 2.1, 1.9, 2, 2.1, 2}, "more time alone is not likely to help");
  says({9, 5, 3, 2, 2.1, 1.9, 3, 4, 4.5}, "best 1.90 at step 600. It went away");
  says({12, 11, 12, 11, 10.5, 11}, "No result was nearer");
  says({5}, "best 5.00 at step 100");
  EXPECT_EQ(verdict({}), "");
  EXPECT_EQ(best_of({}), -1);
  EXPECT_EQ(best_of(run_of({3, 1, 2, 1})), 1);
}

TEST(Judgements, AreReadFromTheRunsRecord) {
  TemporaryFolder folder;
  EXPECT_TRUE(read_judgements(folder / "").empty());
  const std::vector<Judgement> all = run_of({4, 3.25});
  write_file(folder / "stats.jsonl", "{\"step\":1,\"losses\":{\"D\":1}}\n" + to_line(all[0]) +
                                         "\nhalf a li\n{\"score\":7}\n" + to_line(all[1]) + "\n");
  const std::vector<Judgement> read = read_judgements(folder / "");
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[1].step, 200);
  EXPECT_EQ(read[1].style, 3.25);
  EXPECT_EQ(read[1].content, .5);
  EXPECT_EQ(read[1].untouched, 10);
  EXPECT_EQ(read[1].progress, 1);
}

}  // namespace
}  // namespace linmo::train
