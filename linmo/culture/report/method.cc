// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "linmo/culture/figures/parts.h"
#include "linmo/culture/report/sections.h"

namespace linmo::culture {
namespace {

constexpr const char* kCitations[] = {
    "Anderson, M. J. (2001). A new method for non-parametric multivariate analysis of variance. Austral "
    "Ecology 26, "
    "32–46.",
    "Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal "
    "Statistical Society "
    "B 57, 289–300.",
    "Bode, K. (2020). Why you can't model away bias. Modern Language Quarterly 81, 95–124.",
    "Chong, M. J., Forsyth, D. (2020). Effectively unbiased FID and Inception Score and where to find them. "
    "CVPR.",
    "Cliff, N. (1993). Dominance statistics: ordinal analyses to answer ordinal questions. Psychological "
    "Bulletin 114, "
    "494–509.",
    "Efron, B. (1987). Better bootstrap confidence intervals. Journal of the American Statistical "
    "Association 82, "
    "171–185.",
    "Hodges, J. L., Lehmann, E. L. (1963). Estimates of location based on rank tests. Annals of Mathematical "
    "Statistics "
    "34, 598–611.",
    "Kirchner, E., van Wijk, C., van Beek, H., Koster, T. (2021). Exploring the limits of color accuracy in "
    "technical photography. Heritage Science 9, 57.",
    "Lee, B. et al. (2020). Dissecting landscape art history with information theory. PNAS 117, 26580–26590.",
    "Okabe, M., Ito, K. (2008). Color universal design: how to make figures that are friendly to colorblind "
    "people.",
    "Peres-Neto, P. R. et al. (2006). Variation partitioning of species data matrices. Ecology 87, "
    "2614–2625.",
    "Sigaki, H. Y. D., Perc, M., Ribeiro, H. V. (2018). History of art paintings through the lens of entropy "
    "and "
    "complexity. PNAS 115, E8585–E8594.",
    "Székely, G. J., Rizzo, M. L. (2013). Energy statistics: a class of statistics based on distances. "
    "Journal of "
    "Statistical Planning and Inference 143, 1249–1272.",
    "Westfall, P. H., Young, S. S. (1993). Resampling-based multiple testing. Wiley.",
};

}  // namespace

void write_method(Page& page, const Study& study) {
  const CompareSettings& s = study.settings;
  page.open("section");
  page.element("h2", say("page.method"));
  page.open("blockquote");
  const auto& descriptors = study.table.columns.descriptors;
  const auto nuisance =
      std::count_if(descriptors.begin(), descriptors.end(), [](const auto& d) { return d.is_nuisance; });
  page.words(
      say("method.describe", {{"n", std::to_string(descriptors.size())},
                              {"version", study.version},
                              {"style", std::to_string(static_cast<int64_t>(descriptors.size()) - nuisance)},
                              {"nuisance", std::to_string(nuisance)}}));
  std::vector<Phrase> groups;
  for (const Group& g : study.groups) groups.emplace_back(g.name + " (" + std::to_string(g.units) + ")");
  page.words(say("method.unit", {{"unit", s.unit}, {"cluster", s.cluster}, {"groups", listed(groups)}}));
  page.words(s.strata.empty() ? say("method.no_strata") : say("method.strata", {{"strata", s.strata}}));
  page.words(say("method.effects", {{"level", percent_text(s.level)},
                                    {"interval", s.interval == "bca" ? "BCa" : s.interval},
                                    {"bootstrap", std::to_string(s.bootstrap)},
                                    {"permutations", std::to_string(s.permutations)}}));
  page.words(say("method.verdicts", {{"alpha", number_text(s.alpha)}, {"margin", number_text(s.margin)}}));
  page.words(say("method.multi", {{"core", std::to_string(study.core.size())},
                                  {"permutations", std::to_string(s.multivariate_permutations)},
                                  {"folds", std::to_string(s.folds)},
                                  {"seed", std::to_string(s.seed)}}));
  page.words(study.preregistration_sha256.empty()
                 ? say("method.exploratory")
                 : say("method.preregistered", {{"hash", study.preregistration_sha256.substr(0, 16)}}));
  page.close();
  page.close();
  page.open("section");
  page.element("h2", say("page.limits"));
  page.open("ul");
  for (const char* key : {"limit.collections", "limit.photograph", "limit.fading", "limit.labels",
                          "limit.resampling", "limit.numbers"})
    page.element("li", say(key));
  page.close();
  page.close();
  page.open("section");
  page.element("h2", say("page.citations"));
  page.open("ul");
  for (const char* citation : kCitations) page.element("li", citation);
  page.close();
  page.close();
}

}  // namespace linmo::culture
