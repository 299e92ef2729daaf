// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/compare.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "linmo/core/error.h"
#include "linmo/core/files.h"
#include "linmo/core/random.h"
#include "linmo/culture/descriptors/descriptors.h"
#include "linmo/culture/preregistration.h"
#include "linmo/culture/study_files.h"

namespace linmo::culture {
namespace {
namespace fs = std::filesystem;

class Compare : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) /
              (std::string("compare-") + testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  // 8 artists of 4 works; `sources` museums; every descriptor of style is `shift` higher than chance, but
  // 1.5 − shift in works of these numbers.
  fs::path table(const std::string& name, uint64_t seed, double shift, int sources,
                 const std::vector<int>& strangers = {}) const {
    FeatureTable t;
    t.columns.metadata = {"culture", "artist", "source", "genre", "year_from", "year_to"};
    for (const Descriptor& d : registry())
      if (d.is_core || d.is_nuisance) t.columns.descriptors.push_back(d);
    Random random(seed);
    for (int artist = 0; artist < 8; ++artist)
      for (int work = 0; work < 4; ++work) {
        FeatureRow row;
        row.file = "雪景/" + std::to_string(artist) + "-" + std::to_string(work) + ".jpg";
        row.metadata = {name,
                        name + std::to_string(artist),
                        name + " museum " + std::to_string(artist % sources),
                        work % 2 ? "landscape" : "portrait",
                        std::to_string(1600 + 20 * artist),
                        std::to_string(1610 + 20 * artist)};
        const bool is_stranger = std::ranges::count(strangers, 4 * artist + work) > 0;
        for (const Descriptor& d : t.columns.descriptors)
          row.values.push_back(random.normal() + (d.is_nuisance ? 0 : is_stranger ? 1.5 - shift : shift));
        t.rows.push_back(row);
      }
    const fs::path file = folder_ / (name + ".csv");
    write_file(file, format_wide(t));
    return file;
  }

  CompareJob job(int sources) const {
    CompareJob j;
    j.sources = {table("中国", 1, 0, sources), table("Europe", 2, 1.5, sources)};
    j.settings.permutations = 199;
    j.settings.multivariate_permutations = 99;
    j.settings.bootstrap = 100;
    j.settings.threads = 1;
    return j;
  }

  static bool has_warning(const Study& study, const std::string& code) {
    return std::any_of(study.warnings.begin(), study.warnings.end(),
                       [&](const StudyWarning& w) { return w.code == code; });
  }

  fs::path folder_;
};

TEST_F(Compare, TheMapShowsWorksThatDistancesLeaveOut) {
  CompareJob j = job(2);
  j.settings.max_units = 20;
  const Study study = compare(j, null_sink());
  EXPECT_EQ(study.pca.points.size(), 64u);
  EXPECT_EQ(study.pca.groups.size(), 64u);
  EXPECT_EQ(study.separations[0].n_first, 20);
}

TEST_F(Compare, SameBytesForAnyNumberOfThreads) {
  CompareJob j = job(2);
  const std::string one = study_json(compare(j, null_sink()));
  j.settings.threads = 3;
  EXPECT_EQ(study_json(compare(j, null_sink())), one);
  const auto json = nlohmann::json::parse(one);
  EXPECT_EQ(json["groups"][0]["name"], "中国");
  EXPECT_EQ(json["ladder"].size(), 4u);
  EXPECT_TRUE(json["ladder"][3]["is_possible"]);
}

TEST_F(Compare, FindsWhatIsThere) {
  const Study study = compare(job(2), null_sink());
  ASSERT_EQ(study.groups.size(), 2u);
  EXPECT_EQ(study.groups[0].units, 32);
  EXPECT_EQ(study.groups[0].artists, 8);
  EXPECT_EQ(study.groups[0].first_year, 1600);
  int style = 0, found = 0, nuisance = 0;
  for (const Comparison& c : study.comparisons) {
    if (study.table.columns.descriptors[c.descriptor].is_nuisance) {
      nuisance += c.verdict == Verdict::different;
      continue;
    }
    ++style;
    found += c.verdict == Verdict::different && c.delta > 0 && c.shift > 0;
    EXPECT_LE(c.delta_interval.low, c.delta);
    EXPECT_GE(c.delta_interval.high, c.delta);
  }
  EXPECT_EQ(found, style);
  EXPECT_LE(nuisance, 2);
  ASSERT_EQ(study.separations.size(), 1u);
  EXPECT_LE(study.separations[0].energy_p, .02);
  EXPECT_LE(study.ladder[1].p, .02);  // style
  EXPECT_GT(study.ladder[0].p, .01);  // nuisance
  EXPECT_GT(study.ladder[3].auc, .9);
  EXPECT_EQ(study.pca.points.size(), 64u);
  EXPECT_EQ(study.collections.items.size(), 4u);  // groups by source
  EXPECT_GT(study.collections.dendrogram.back().height, study.collections.dendrogram.front().height);
}

TEST_F(Compare, NamesTheWorksOnTheOtherSide) {
  CompareJob j = job(2);
  EXPECT_EQ(compare(j, null_sink()).boundaries.at(0).across, (std::array<int64_t, 2>{0, 0}));
  j.sources[1] = table("Europe", 2, 1.5, 2, {6, 17});
  const Study study = compare(j, null_sink());
  const Boundary& b = study.boundaries.at(0);
  EXPECT_EQ(b.works, (std::array<int64_t, 2>{32, 32}));
  EXPECT_LE(b.across[0], 1);  // they also teach
  EXPECT_EQ(b.across[1], 2);
  std::vector<std::string> files;
  for (int64_t row : b.rows[1]) files.push_back(study.table.rows[row].file);
  std::ranges::sort(files);
  EXPECT_EQ(files, (std::vector<std::string>{"Europe/雪景/1-2.jpg", "Europe/雪景/4-1.jpg"}));
}

TEST_F(Compare, SaysThatOneSourceIsNoCulture) {
  const Study study = compare(job(1), null_sink());
  ASSERT_FALSE(study.warnings.empty());
  EXPECT_EQ(study.warnings.front().code, "one_source");
  EXPECT_TRUE(study.warnings.front().is_severe);
  EXPECT_FALSE(study.ladder[3].is_possible);
  EXPECT_FALSE(has_warning(compare(job(2), null_sink()), "one_source"));
  EXPECT_TRUE(has_warning(compare(job(2), null_sink()), "sources_nested"));
}

TEST_F(Compare, StrataAndColumns) {
  CompareJob j = job(2);
  j.settings.strata = "genre,period";
  const Study study = load_study(j, null_sink());
  EXPECT_EQ(study.groups[0].genres.size(), 2u);
  const Study done = compare(j, null_sink());
  EXPECT_FALSE(done.comparisons[0].strata.empty());
  j.settings.strata = "weather";
  EXPECT_THROW(compare(j, null_sink()), Error);
  j.settings.strata = "";
  j.sources.pop_back();
  EXPECT_THROW(compare(j, null_sink()), Error);  // one group
  j.settings.by = "genre";
  EXPECT_EQ(load_study(j, null_sink()).groups.size(), 2u);
}

TEST_F(Compare, HypothesesAreTestedApart) {
  CompareJob j = job(2);
  std::string core;
  for (const Descriptor& d : registry())
    if (d.is_core && core.empty()) core = d.name;
  j.preregistration = "[[hypothesis]]\ndescriptor = \"" + core +
                      "\"\nfirst = \"Europe\"\nsecond = \"中国\"\ndirection = \"lower\"\n"
                      "[[hypothesis]]\ndescriptor = \"" +
                      core + "\"\nfirst = \"中国\"\nsecond = \"Europe\"\ndirection = \"equivalent\"\n";
  j.preregistration_name = "p.toml";
  const Study study = compare(j, null_sink());
  ASSERT_EQ(study.hypotheses.size(), 2u);
  EXPECT_EQ(study.hypotheses[0].outcome, HypothesisOutcome::supported);
  EXPECT_TRUE(study.hypotheses[0].is_reversed);
  EXPECT_EQ(study.hypotheses[1].outcome, HypothesisOutcome::contradicted);
  EXPECT_EQ(study.preregistration_sha256.size(), 64u);
  write_study_files(study, folder_ / "研究");
  EXPECT_EQ(read_text(folder_ / "研究" / "preregistration.toml"), j.preregistration);
  EXPECT_NE(read_text(folder_ / "研究" / "results.csv").find("confirmatory"), std::string::npos);
}

TEST(Preregistration, RefusesWhatMeansNothing) {
  const std::string good = "descriptor = \"a\"\nfirst = \"b\"\nsecond = \"c\"\ndirection = \"higher\"\n";
  EXPECT_EQ(parse_preregistration("alpha = 0.01\n[[hypothesis]]\n" + good, "p").at(0).alpha, .01);
  for (const std::string& bad :
       {std::string(), std::string("alpha = 2\n[[hypothesis]]\n") + good,
        "[[hypothesis]]\n" + good + "x = 1\n", "x = 1\n[[hypothesis]]\n" + good,
        std::string("[[hypothesis]]\ndescriptor = \"a\"\n"), std::string("hypothesis = 3\n"),
        std::string("[[hypothesis"),
        std::string(
            "[[hypothesis]]\ndescriptor = \"a\"\nfirst = \"b\"\nsecond = \"c\"\ndirection = \"up\"\n")})
    EXPECT_THROW(parse_preregistration(bad, "p"), Error) << bad;
}

}  // namespace
}  // namespace linmo::culture
