// SPDX-License-Identifier: Apache-2.0
// Can a classifier name the group of a work that it has not seen (two-sample test; Lopez-Paz & Oquab 2017)?
#pragma once

#include <Eigen/Core>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "linmo/culture/statistics/multivariate.h"
#include "linmo/culture/statistics/prepare.h"

namespace linmo::culture {

// Area under the ROC curve: P(score of a 1 > score of a 0), ties half; NaN where one of the two is missing.
double area_under_curve(std::span<const double> scores, std::span<const int64_t> labels);

// Ridge regression on centred labels ±1 (the direction of Fisher's discriminant, shrunk), columns
// standardised on the training rows (variance over n). Weights are linear in the labels, so that many
// labellings of the same rows cost little.
class Ridge {
 public:
  Ridge(const Eigen::MatrixXd& train, const Eigen::MatrixXd& test, double penalty);
  // Scores of the test rows after learning from labels 0 and 1 of the training rows; `threshold`, when given,
  // receives the middle between the two labels' mean scores in training.
  Eigen::VectorXd scores(std::span<const int64_t> labels, double* threshold = nullptr) const;

 private:
  Eigen::MatrixXd train_, test_, solution_;  // standardised; (XᵀX + penalty)⁻¹Xᵀ
};

// What a linear model (ridge) of `nuisance` on the training rows cannot say of `style`, for both sets of
// rows.
void remove_nuisance(const Eigen::MatrixXd& nuisance, std::span<const int64_t> train,
                     std::span<const int64_t> test, double penalty, Eigen::MatrixXd& style);

struct Ladder {
  std::vector<LadderRung> rungs;
  std::optional<Boundary> boundary;  // of the rung of style; none where it is not possible
};
// The ladder of two groups: nuisance, style, style_without_nuisance, leave_source_out. Cross-validation keeps
// the works of an artist together; the last rung leaves out one source of each group at a time and learns
// from all others. p by restricted permutation of the labels; intervals by resampling clusters of the scores.
Ladder climb_ladder(const Prepared& prepared, const Study& study, int64_t first, int64_t second,
                    EventSink& sink);

}  // namespace linmo::culture
