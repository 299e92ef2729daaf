// SPDX-License-Identifier: Apache-2.0
// A study: two or more groups of pictures, what was computed of them, and everything a report shows. Plain
// data; compare.h makes it, study_files.h writes it, the report draws it.
//
// Signs: every effect between two groups is that of the second over the first; positive means that the second
// group's values are higher. NaN: not computed, because it cannot be (the reasons are in Study::warnings).
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "linmo/core/settings.h"
#include "linmo/culture/features.h"

namespace linmo::culture {

inline constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

struct CompareSettings {
  std::string by = "";  // metadata column whose values are the groups; empty: one group a source argument
  std::string unit = "work";
  std::string cluster = "artist";
  std::string strata = "";
  std::string covariates = "source,genre,period";
  double period = 100;
  double alpha = .05;
  double margin = .147;
  std::string interval = "bca";
  double level = .95;
  int64_t bootstrap = 2000;
  int64_t permutations = 9999;
  int64_t multivariate_permutations = 999;
  int64_t folds = 5;
  double ridge = 10;
  int64_t max_units = 2000;
  int64_t exemplars = 5;
  int64_t seed = 1;
  int64_t threads = 0;

  void visit(FieldVisitor& v) {
    v.field({"by",
             "column of the table whose values are the groups (culture, source …); empty: one group a "
             "source named on the command line"},
            by);
    v.field(
        FieldInfo::one_of("unit",
                          "what counts as one observation: pictures of a work (or works of an artist) are "
                          "averaged before anything is computed",
                          {"picture", "work", "artist"}),
        unit);
    v.field(FieldInfo::one_of("cluster",
                              "what is resampled and permuted whole, because what lies within it is not "
                              "independent: the works of one artist, of one source, or nothing",
                              {"unit", "artist", "source"}),
            cluster);
    v.field({"strata",
             "columns, with commas between them, within which alone groups are compared and labels "
             "permuted: genre, period, source … (period: of year_from and year_to)"},
            strata);
    v.field({"covariates", "columns whose share of the variation is set against that of the groups"},
            covariates);
    v.field({"period", "length of a period of the strata and covariates", "years", 1, 10000}, period);
    v.field({"alpha", "level of the tests", "", 1e-6, .5}, alpha);
    v.field({"margin", "smallest effect of interest, as Cliff's delta: differences within it count as none",
             "", 1e-6, 1},
            margin);
    v.field(FieldInfo::one_of("interval", "confidence intervals from the bootstrap", {"bca", "percentile"}),
            interval);
    v.field({"level", "of the confidence intervals", "", .5, .9999}, level);
    v.field({"bootstrap", "resamples", "", 100, 1e6}, bootstrap);
    v.field({"permutations", "of the labels, for one descriptor at a time", "", 99, 1e7}, permutations);
    v.field({"multivariate_permutations", "of the labels, for all descriptors together", "", 99, 1e6},
            multivariate_permutations);
    v.field({"folds", "of the classifier's cross-validation", "", 2, 50}, folds);
    v.field({"ridge", "penalty of the classifier, on descriptors of unit variance", "", 1e-6, 1e6}, ridge);
    v.field({"max_units",
             "at most so many observations of a group take part in what needs all distances; "
             "more are drawn by lot",
             "", 20, 10000},
            max_units);
    v.field({"exemplars", "pictures at every percentile, and in every list of neighbours", "", 1, 100},
            exemplars);
    v.field({"seed", "of everything that is drawn by lot", "", 0, 9e15}, seed);
    v.field({"threads", "0: one a processor; the result does not depend on it", "", 0, 1024}, threads);
  }
};

struct Interval {
  double low = kUnknown, high = kUnknown;
};

struct NamedCount {
  std::string name;  // empty: not known
  int64_t count = 0;
};

struct Group {
  std::string name;                // the culture, or the collection's name
  std::vector<int64_t> rows = {};  // of Study::table
  int64_t pictures = 0;
  int64_t units = 0;    // observations: works, unless the settings say otherwise
  int64_t artists = 0;  // that are known by name
  int64_t units_without_artist = 0;
  int64_t clusters = 0;  // resampled and permuted whole
  std::vector<NamedCount> sources = {}, artists_by_units = {}, genres = {}, periods = {},
                          licences = {};  // by units, most first
  double first_year = kUnknown, last_year = kUnknown;
};

// Known by its code, so that a report can say it in other languages: `values` are what the text is made of.
// Codes: one_source (a group has works of a single source: museum and culture cannot be told apart),
// sources_nested (no source has works of two groups), no_common_source (these two groups share none),
// few_clusters, few_units, unknown_artists, no_common_stratum, unknown_stratum, no_group (rows without a
// value of the column `by`), not_described (pictures that could not be read), sampled_units,
// skipped_descriptor.
struct StudyWarning {
  std::string code = {};
  std::string text = {};  // English, a sentence or two
  bool is_severe = false;
  std::vector<std::pair<std::string, std::string>> values = {};
};

enum class Verdict {
  different,   // q ≤ α, and not equivalent
  equivalent,  // shown to be smaller than the margin, whether or not it is zero
  cannot_tell  // neither
};
// "different", "equivalent", "cannot tell"
const char* to_text(Verdict verdict);

struct StratumEffect {
  std::string stratum;
  int64_t n_first = 0, n_second = 0;
  double weight = 0;  // of the stratum in the whole, n·m/(n+m), summing to 1
  double delta = kUnknown;
};

// One descriptor between two groups.
struct Comparison {
  int64_t first = 0, second = 0;      // of Study::groups
  int64_t descriptor = 0;             // of Study::table.columns.descriptors
  int64_t n_first = 0, n_second = 0;  // observations with a value in strata that both groups have
  double median_first = kUnknown, median_second = kUnknown;
  double iqr_first = kUnknown, iqr_second = kUnknown;
  double delta = kUnknown;  // Cliff's δ, −1 … 1
  Interval delta_interval;
  double shift = kUnknown;  // Hodges–Lehmann, in the descriptor's unit
  Interval shift_interval;
  double p = kUnknown;                             // restricted permutation of whole clusters
  double p_higher = kUnknown, p_lower = kUnknown;  // one-sided: the second is higher, lower
  double q = kUnknown;              // Benjamini–Hochberg within the descriptor's group and these two groups
  double p_max_t = kUnknown;        // Westfall–Young over all style descriptors of these two groups
  double p_equivalence = kUnknown;  // TOST of δ against ±margin
  double margin = kUnknown;
  Verdict verdict = Verdict::cannot_tell;
  double superiority = kUnknown;      // probability that a work of the second is higher than one of the first
  double overlap = kUnknown;          // share that two density curves have in common, 0 … 1
  double spread_ratio = kUnknown;     // IQR of the second over that of the first
  double p_dispersion = kUnknown;     // Brown–Forsythe by permutation
  std::vector<StratumEffect> strata;  // empty where there are none
};

// A sentence that was written down before looking.
struct Hypothesis {
  std::string descriptor;
  std::string first, second;            // groups
  std::string direction = "different";  // of the second over the first: higher, lower, different, equivalent
  double alpha = .05;
  double margin = .147;
  std::string note;
};

enum class HypothesisOutcome { supported, contradicted, cannot_tell };
const char* to_text(HypothesisOutcome outcome);

struct HypothesisResult {
  Hypothesis hypothesis;
  int64_t comparison = -1;  // of Study::comparisons with the groups in either order; −1: could not be tested
  bool is_reversed = false;      // the comparison has the two groups the other way round
  double p = kUnknown;           // one-sided for higher and lower, TOST for equivalent
  double p_adjusted = kUnknown;  // Holm over the hypotheses
  HypothesisOutcome outcome = HypothesisOutcome::cannot_tell;
};

// Of all core descriptors together, between two groups.
struct FrechetShare {
  int64_t descriptor = 0;
  double mean = 0;    // (Δμ)², in robust standard deviations squared
  double spread = 0;  // of the covariance term, along this descriptor
  double share = 0;   // of the whole, summing to 1
};

struct Separation {
  int64_t first = 0, second = 0;
  int64_t n_first = 0, n_second = 0;
  double energy = kUnknown;  // 2E|X−Y| − E|X−X'| − E|Y−Y'|
  double energy_p = kUnknown;
  double mmd = kUnknown;        // unbiased MMD², Gaussian kernel
  double mmd_sigma = kUnknown;  // median distance
  double mmd_p = kUnknown;
  double frechet = kUnknown;
  double frechet_infinite = kUnknown;  // extrapolated to endless collections
  Interval frechet_infinite_interval = {};
  std::vector<FrechetShare> frechet_shares;  // largest first
};

struct PermanovaTerm {
  std::string name;  // "group", a covariate, "residual", "total"
  int64_t degrees = 0;
  double sum_of_squares = kUnknown;
  double r2 = kUnknown;      // of the total
  double omega2 = kUnknown;  // partial ω²
  double f = kUnknown;
  double p = kUnknown;
};

struct Dispersion {
  double f = kUnknown, p = kUnknown;
  std::vector<double> mean_distance;  // of every group to its centroid
};

// How much of the variation of the core descriptors (adjusted R²) the groups explain alone, something else
// explains alone, and the two explain together.
struct VariationPartition {
  std::string other;  // "source", "genre", "nuisance descriptors" …
  double group = kUnknown, shared = kUnknown, other_alone = kUnknown, residual = kUnknown;
  bool is_separable = true;  // false: what they share is larger than what the groups explain alone
};

// The ladder: can a classifier name the group of a work that it has not seen?
struct LadderRung {
  std::string name;  // nuisance, style, style_without_nuisance, leave_source_out
  int64_t first = 0, second = 0;
  bool is_possible = true;
  std::string reason = {};  // why not
  int64_t descriptors = 0, folds = 0, n = 0;
  double auc = kUnknown;
  Interval auc_interval;
  double accuracy = kUnknown;  // balanced: mean of the two groups' shares of correct answers
  double p = kUnknown;
};

// Works that the rung of style takes for works of the other group, having seen neither them nor their artist.
struct Boundary {
  int64_t first = 0, second = 0;
  std::array<int64_t, 2> works = {};              // classified, of the first and of the second
  std::array<int64_t, 2> across = {};             // of these, on the other side
  std::array<std::vector<int64_t>, 2> rows = {};  // those farthest across, farthest first
};

struct MapPoint {
  double x = 0, y = 0;
};

// Principal components of the core descriptors, one point an observation.
struct PcaMap {
  std::vector<int64_t> descriptors;             // of the table; the rows of the loadings
  std::vector<double> explained;                // share of the variance, all components
  std::vector<std::array<double, 2>> loadings;  // of the first two components
  std::vector<int64_t> rows;                    // of the table: the observation's first picture
  std::vector<int64_t> groups;
  std::vector<MapPoint> points;
  std::vector<std::vector<MapPoint>> centroid_clouds;  // a group: its mean in bootstrap samples
};

struct MapItem {
  std::string name;
  int64_t group = 0;
  std::string source;  // empty: all of the group
  int64_t units = 0;
};

struct Merge {
  int64_t a = 0, b = 0;  // items 0 … n−1, or n + position of an earlier merge
  double height = 0;
  double support = kUnknown;  // share of bootstrap samples that have the same set of items together
};

// Collections (groups; or groups by source, where one has several) by the energy distance between them.
struct CollectionMap {
  std::vector<MapItem> items;
  std::vector<std::vector<double>> distances;  // √energy, symmetric
  std::vector<MapPoint> points;                // classical MDS
  std::vector<double> explained;               // share of the positive eigenvalues, of x and y
  std::vector<std::vector<MapPoint>> clouds;   // an item: its place in bootstrap samples, turned onto points
  std::vector<Merge> dendrogram;               // average linkage, n−1 merges from the bottom up
  double cophenetic = kUnknown;                // correlation of its heights with the distances
};

// A descriptor's pictures at a percentile of a group.
struct Exemplars {
  int64_t descriptor = 0, group = 0;
  double percentile = 50;     // 5, 50, 95
  std::vector<int64_t> rows;  // nearest first
};

struct Neighbour {
  int64_t row = 0, other = 0;  // rows of two groups
  double distance = 0;         // in robust standard deviations
};
struct Neighbours {
  int64_t first = 0, second = 0;
  std::vector<Neighbour> pairs;  // nearest works across the two groups, nearest first, each work once
};

// Of a group: the work in its middle, and those far from all others.
struct Place {
  int64_t group = 0;
  int64_t medoid = -1;              // row
  std::vector<Neighbour> outliers;  // row, its nearest in the group, distance to the 5 nearest on average
};

// The entropy–complexity plane, of one observation.
struct PlanePoint {
  int64_t row = 0, group = 0;
  double entropy = kUnknown, complexity = kUnknown;
};

struct InputFile {
  std::string name;    // as on the command line
  std::string sha256;  // of a table; of the described features for a folder
  int64_t pictures = 0;
};

struct Study {
  std::string version;  // of linmo
  CompareSettings settings;
  std::vector<InputFile> inputs;
  std::string preregistration;         // the file's text; empty: none
  std::string preregistration_sha256;  // empty: none

  FeatureTable table;                           // all pictures that take part
  std::vector<int64_t> row_groups;              // of every row of the table
  std::vector<std::filesystem::path> pictures;  // of every row; empty where it is not known where it lies
  std::vector<Group> groups;
  std::vector<StudyWarning> warnings;  // severe first

  std::vector<Comparison> comparisons;       // pairs of groups × descriptors, nuisance included
  std::vector<HypothesisResult> hypotheses;  // confirmatory; everything else is exploratory
  std::vector<int64_t> core;                 // descriptors of everything multivariate
  std::vector<Separation> separations;       // a pair of groups each
  std::vector<PermanovaTerm> permanova;
  std::vector<std::string> permanova_left_out;  // covariates that the groups determine, or that are unknown
  Dispersion dispersion;
  std::vector<VariationPartition> partitions;
  std::vector<LadderRung> ladder;    // four a pair of groups
  std::vector<Boundary> boundaries;  // a pair of groups each, where style could be classified
  PcaMap pca;
  CollectionMap collections;
  std::vector<PlanePoint> plane;
  std::vector<Exemplars> exemplars;
  std::vector<Neighbours> neighbours;
  std::vector<Place> places;
};

}  // namespace linmo::culture
