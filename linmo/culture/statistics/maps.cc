// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/statistics/maps.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <numeric>
#include <set>

#include "linmo/collection/parallel.h"
#include "linmo/culture/statistics/univariate.h"
#include "linmo/measure/linear_algebra.h"

namespace linmo::culture {
namespace {

constexpr int64_t kFewestUnits = 5;  // of a source that is an item of its own
constexpr int64_t kMostItems = 40;
constexpr int64_t kCloud = 200;  // bootstrap samples that are drawn
constexpr int64_t kNearest = 5;  // neighbours that make a work an outlier or not
enum Stream : uint64_t { kCentroids = 41, kItems = 42 };

// The sign of an axis means nothing; its largest entry is made positive.
void fix_signs(Eigen::MatrixXd& axes, Eigen::MatrixXd* also = nullptr) {
  for (int64_t c = 0; c < axes.cols(); ++c) {
    int64_t at = 0;
    axes.col(c).cwiseAbs().maxCoeff(&at);
    if (axes(at, c) >= 0) continue;
    axes.col(c) *= -1;
    if (also) also->col(c) *= -1;
  }
}

class Mapper {
 public:
  Mapper(const Prepared& prepared, Study& study, EventSink& sink)
      : prepared_(prepared), study_(study), settings_(study.settings), sink_(sink) {
    design_ = sampled(prepared.design, settings_, units_);
    points_ = robust_scale(prepared.values, study.core, units_);
    std::vector<int64_t> groups(study.groups.size());
    std::iota(groups.begin(), groups.end(), 0);
    lots_ = std::make_unique<Lots>(design_, groups);
  }

  void run() {
    draw_plane();
    choose_exemplars();
    if (study_.core.empty()) return;
    distances_ = distances(points_);
    draw_components();
    draw_collections();
    find_neighbours();
    find_places();
  }

 private:
  int64_t row(int64_t local) const { return design_.units[local].rows.front(); }

  // Of all works: unlike what needs distances, it can do with any number of them.
  void draw_components() {
    const std::vector<Unit>& units = prepared_.design.units;
    std::vector<int64_t> every(units.size());
    std::iota(every.begin(), every.end(), 0);
    const PrincipalComponents pca = principal_components(robust_scale(prepared_.values, study_.core, every));
    const int64_t shown = std::min<int64_t>(2, pca.loadings.cols());
    PcaMap& map = study_.pca;
    map.descriptors = study_.core;
    map.explained = pca.explained;
    for (int64_t d = 0; d < pca.loadings.rows(); ++d) {
      map.loadings.push_back({0, 0});
      for (int64_t c = 0; c < shown; ++c) map.loadings.back()[c] = pca.loadings(d, c);
    }
    for (size_t u = 0; u < units.size(); ++u) {
      map.rows.push_back(units[u].rows.front());
      map.groups.push_back(units[u].group);
      const auto at = static_cast<int64_t>(u);
      map.points.push_back({pca.scores(at, 0), shown > 1 ? pca.scores(at, 1) : 0});
    }
    map.centroid_clouds.resize(study_.groups.size());
    std::vector<double> weights(lots_->size());
    for (int64_t b = 0; b < kCloud; ++b) {
      Random random(settings_.seed, mix(kCentroids, b));
      lots_->resample(random, weights);
      std::vector<MapPoint> sums(study_.groups.size());
      std::vector<double> counts(study_.groups.size());
      for (size_t i = 0; i < weights.size(); ++i) {
        const int64_t g = lots_->labels()[i];
        sums[g].x += weights[i] * map.points[units_[i]].x;
        sums[g].y += weights[i] * map.points[units_[i]].y;
        counts[g] += weights[i];
      }
      for (size_t g = 0; g < sums.size(); ++g)
        if (counts[g] > 0) map.centroid_clouds[g].push_back({sums[g].x / counts[g], sums[g].y / counts[g]});
    }
  }

  void choose_items(std::vector<int64_t>& item_of) {
    std::map<std::pair<int64_t, int64_t>, int64_t> sizes;
    std::vector<int64_t> known(study_.groups.size());
    for (const Unit& u : design_.units) ++sizes[{u.group, u.source}];
    for (const auto& [key, n] : sizes) known[key.first] += n >= kFewestUnits;
    int64_t total = 0;
    for (int64_t k : known) total += std::max<int64_t>(1, k);
    std::map<std::pair<int64_t, int64_t>, int64_t> number;
    std::vector<MapItem>& items = study_.collections.items;
    for (size_t g = 0; g < study_.groups.size(); ++g) {
      const bool is_split = known[g] > 1 && total <= kMostItems;
      const std::string& name = study_.groups[g].name;
      const int64_t whole = static_cast<int64_t>(items.size());
      if (!is_split) items.push_back({name, static_cast<int64_t>(g), "", 0});
      for (const auto& [key, n] : sizes) {
        if (key.first != static_cast<int64_t>(g)) continue;
        if (!is_split) {
          number[key] = whole;
          continue;
        }
        if (n < kFewestUnits) continue;
        number[key] = static_cast<int64_t>(items.size());
        const std::string source = key.second < 0 ? "?" : design_.sources[key.second];
        items.push_back({name + " · " + source, static_cast<int64_t>(g), source, 0});
      }
    }
    for (const Unit& u : design_.units) {
      const auto at = number.find({u.group, u.source});
      item_of.push_back(at == number.end() ? -1 : at->second);
      if (item_of.back() >= 0) ++items[item_of.back()].units;
    }
  }

  // √energy between items whose works have weights; NaN where an item has none.
  Eigen::MatrixXd item_distances(std::span<const int64_t> item_of, std::span<const double> weights) const {
    const int64_t count = static_cast<int64_t>(study_.collections.items.size());
    Eigen::MatrixXd w = Eigen::MatrixXd::Zero(points_.rows(), count);
    for (size_t i = 0; i < item_of.size(); ++i)
      if (item_of[i] >= 0) w(static_cast<int64_t>(i), item_of[i]) = weights[i];
    for (int64_t c = 0; c < count; ++c) w.col(c) /= w.col(c).sum();
    const Eigen::MatrixXd means = w.transpose() * (distances_ * w);
    Eigen::MatrixXd out(count, count);
    for (int64_t a = 0; a < count; ++a)
      for (int64_t b = 0; b < count; ++b)
        out(a, b) = a == b ? 0 : std::sqrt(std::max(0.0, 2 * means(a, b) - means(a, a) - means(b, b)));
    return out;
  }

  void draw_collections() {
    std::vector<int64_t> item_of;
    choose_items(item_of);
    CollectionMap& map = study_.collections;
    const int64_t count = static_cast<int64_t>(map.items.size());
    const Eigen::MatrixXd d = item_distances(item_of, std::vector<double>(lots_->size(), 1.0));
    for (int64_t a = 0; a < count; ++a) {
      map.distances.emplace_back();
      for (int64_t b = 0; b < count; ++b) map.distances.back().push_back(d(a, b));
    }
    const Scaling scaling = classical_mds(d);
    map.points = scaling.points;
    map.explained = scaling.explained;
    map.dendrogram = average_linkage(d);
    const Eigen::MatrixXd heights = cophenetic_distances(map.dendrogram, count);
    map.cophenetic = correlation(d, heights);

    const int64_t resamples = std::min<int64_t>(settings_.bootstrap, 1000);
    std::vector<Eigen::MatrixXd> drawn(resamples);
    for_each_parallel(resamples, static_cast<int>(settings_.threads), "maps of collections", sink_,
                      [&](size_t b) {
                        Random random(settings_.seed, mix(kItems, b));
                        std::vector<double> weights(lots_->size());
                        lots_->resample(random, weights);
                        drawn[b] = item_distances(item_of, weights);
                      });
    sink_.check("comparing");
    const std::vector<std::set<int64_t>> sets = clades(map.dendrogram, count);
    std::vector<double> found(sets.size());
    map.clouds.resize(count);
    double used = 0;
    for (const Eigen::MatrixXd& sample : drawn) {
      if (sample.hasNaN()) continue;  // a source without a single artist drawn
      used += 1;
      const auto others = clades(average_linkage(sample), count);
      for (size_t i = 0; i < sets.size(); ++i)
        found[i] += std::find(others.begin(), others.end(), sets[i]) != others.end();
      if (static_cast<int64_t>(map.clouds[0].size()) >= kCloud) continue;
      const auto turned = turned_onto(classical_mds(sample).points, map.points);
      for (int64_t i = 0; i < count; ++i) map.clouds[i].push_back(turned[i]);
    }
    for (size_t i = 0; i < sets.size(); ++i)
      if (used > 0) map.dendrogram[i].support = found[i] / used;
  }

  static std::vector<std::set<int64_t>> clades(std::span<const Merge> merges, int64_t count) {
    std::vector<std::set<int64_t>> all;
    for (int64_t i = 0; i < count; ++i) all.push_back({i});
    for (const Merge& m : merges) {
      std::set<int64_t> joined = all[m.a];
      joined.insert(all[m.b].begin(), all[m.b].end());
      all.push_back(std::move(joined));
    }
    return {all.begin() + count, all.end()};
  }

  static double correlation(const Eigen::MatrixXd& a, const Eigen::MatrixXd& b) {
    std::vector<double> x, y;
    for (int64_t j = 0; j < a.cols(); ++j)
      for (int64_t i = 0; i < j; ++i) {
        x.push_back(a(i, j));
        y.push_back(b(i, j));
      }
    if (x.size() < 2) return kUnknown;
    const double n = static_cast<double>(x.size());
    const double mx = std::accumulate(x.begin(), x.end(), 0.0) / n;
    const double my = std::accumulate(y.begin(), y.end(), 0.0) / n;
    double xx = 0, yy = 0, xy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
      xx += (x[i] - mx) * (x[i] - mx);
      yy += (y[i] - my) * (y[i] - my);
      xy += (x[i] - mx) * (y[i] - my);
    }
    return xx > 0 && yy > 0 ? xy / std::sqrt(xx * yy) : kUnknown;
  }

  void draw_plane() {
    const auto& columns = study_.table.columns;
    const int64_t h = columns.find_descriptor("permutation_h");
    const int64_t c = columns.find_descriptor("permutation_c");
    if (h < 0 || c < 0) return;
    for (size_t u = 0; u < prepared_.design.units.size(); ++u) {
      const double entropy = prepared_.values[h][u], complexity = prepared_.values[c][u];
      if (std::isnan(entropy) || std::isnan(complexity)) continue;
      const Unit& unit = prepared_.design.units[u];
      study_.plane.push_back({unit.rows.front(), unit.group, entropy, complexity});
    }
  }

  void choose_exemplars() {
    for (size_t d = 0; d < study_.table.columns.descriptors.size(); ++d) {
      if (study_.table.columns.descriptors[d].is_nuisance) continue;
      for (size_t g = 0; g < study_.groups.size(); ++g) {
        std::vector<std::pair<double, int64_t>> known;
        for (size_t u = 0; u < prepared_.design.units.size(); ++u)
          if (prepared_.design.units[u].group == static_cast<int64_t>(g) &&
              !std::isnan(prepared_.values[d][u]))
            known.emplace_back(prepared_.values[d][u], prepared_.design.units[u].rows.front());
        if (known.empty()) continue;
        std::sort(known.begin(), known.end());
        std::vector<double> values;
        for (const auto& [v, r] : known) values.push_back(v);
        for (double percentile : {5.0, 50.0, 95.0}) {
          const double at = quantile(values, percentile / 100);
          auto nearest = known;
          std::stable_sort(nearest.begin(), nearest.end(), [&](const auto& a, const auto& b) {
            return std::abs(a.first - at) < std::abs(b.first - at);
          });
          Exemplars e{static_cast<int64_t>(d), static_cast<int64_t>(g), percentile, {}};
          for (size_t i = 0; i < std::min<size_t>(settings_.exemplars, nearest.size()); ++i)
            e.rows.push_back(nearest[i].second);
          study_.exemplars.push_back(std::move(e));
        }
      }
    }
  }

  void find_neighbours() {
    for (size_t a = 0; a < study_.groups.size(); ++a)
      for (size_t b = a + 1; b < study_.groups.size(); ++b) {
        std::vector<std::tuple<double, int64_t, int64_t>> pairs;
        for (int64_t i = 0; i < points_.rows(); ++i) {
          if (design_.units[i].group != static_cast<int64_t>(a)) continue;
          for (int64_t j = 0; j < points_.rows(); ++j)
            if (design_.units[j].group == static_cast<int64_t>(b)) pairs.emplace_back(distances_(j, i), i, j);
        }
        std::sort(pairs.begin(), pairs.end());
        Neighbours out{static_cast<int64_t>(a), static_cast<int64_t>(b), {}};
        std::set<int64_t> used;
        for (const auto& [d, i, j] : pairs) {
          if (static_cast<int64_t>(out.pairs.size()) >= settings_.exemplars) break;
          if (used.contains(i) || used.contains(j)) continue;
          used.insert(i);
          used.insert(j);
          out.pairs.push_back({row(i), row(j), d});
        }
        study_.neighbours.push_back(std::move(out));
      }
  }

  void find_places() {
    for (size_t g = 0; g < study_.groups.size(); ++g) {
      std::vector<int64_t> members;
      for (int64_t i = 0; i < points_.rows(); ++i)
        if (design_.units[i].group == static_cast<int64_t>(g)) members.push_back(i);
      Place place;
      place.group = static_cast<int64_t>(g);
      double best = INFINITY;
      std::vector<Neighbour> far;
      for (int64_t i : members) {
        std::vector<std::pair<double, int64_t>> others;
        double sum = 0;
        for (int64_t j : members)
          if (j != i) {
            others.emplace_back(distances_(j, i), j);
            sum += distances_(j, i);
          }
        if (sum < best) {
          best = sum;
          place.medoid = row(i);
        }
        if (others.empty()) continue;
        const size_t near = std::min<size_t>(kNearest, others.size());
        std::partial_sort(others.begin(), others.begin() + static_cast<int64_t>(near), others.end());
        double mean = 0;
        for (size_t k = 0; k < near; ++k) mean += others[k].first / static_cast<double>(near);
        far.push_back({row(i), row(others.front().second), mean});
      }
      std::stable_sort(far.begin(), far.end(),
                       [](const Neighbour& a, const Neighbour& b) { return a.distance > b.distance; });
      far.resize(std::min<size_t>(far.size(), settings_.exemplars));
      place.outliers = std::move(far);
      study_.places.push_back(std::move(place));
    }
  }

  const Prepared& prepared_;
  Study& study_;
  const CompareSettings& settings_;
  EventSink& sink_;
  std::vector<int64_t> units_;
  Design design_;
  std::unique_ptr<Lots> lots_;
  Eigen::MatrixXd points_, distances_;
};

}  // namespace

PrincipalComponents principal_components(const Eigen::MatrixXd& points) {
  const Eigen::MatrixXd centred = points.rowwise() - points.colwise().mean();
  const measure::SymmetricEigen e = measure::symmetric_eigen(centred.transpose() * centred);
  PrincipalComponents out;
  out.loadings = e.vectors.rowwise().reverse();
  fix_signs(out.loadings);
  out.scores = centred * out.loadings;
  const Eigen::VectorXd values = e.values.cwiseMax(0).reverse();
  const double total = values.sum();
  for (int64_t i = 0; i < values.size(); ++i) out.explained.push_back(total > 0 ? values(i) / total : 0);
  return out;
}

Scaling classical_mds(const Eigen::MatrixXd& d) {
  const int64_t n = d.rows();
  Eigen::MatrixXd g = -.5 * d.array().square();
  const Eigen::VectorXd rows = g.rowwise().mean();
  const double mean = g.mean();
  g = ((g.colwise() - rows).rowwise() - rows.transpose()).array() + mean;
  const measure::SymmetricEigen e = measure::symmetric_eigen((g + g.transpose()) / 2);
  const Eigen::VectorXd values = e.values.cwiseMax(0).reverse();
  Eigen::MatrixXd axes = Eigen::MatrixXd::Zero(n, 2);
  Scaling out;
  const double total = values.sum();
  for (int64_t c = 0; c < std::min<int64_t>(2, n); ++c) {
    if (values(c) > 1e-12 * total) axes.col(c) = e.vectors.col(n - 1 - c) * std::sqrt(values(c));
    out.explained.push_back(total > 0 ? values(c) / total : 0);
  }
  fix_signs(axes);
  for (int64_t i = 0; i < n; ++i) out.points.push_back({axes(i, 0), axes(i, 1)});
  return out;
}

std::vector<Merge> average_linkage(const Eigen::MatrixXd& distances) {
  const int64_t n = distances.rows();
  std::vector<int64_t> id(n), size(n, 1);
  std::iota(id.begin(), id.end(), 0);
  Eigen::MatrixXd d = distances;
  std::vector<Merge> out;
  for (int64_t step = 0; step + 1 < n; ++step) {
    int64_t a = -1, b = -1;
    for (int64_t i = 0; i < n; ++i)
      for (int64_t j = i + 1; j < n; ++j)
        if (id[i] >= 0 && id[j] >= 0 && (a < 0 || d(i, j) < d(a, b))) a = i, b = j;
    out.push_back({std::min(id[a], id[b]), std::max(id[a], id[b]), d(a, b), kUnknown});
    for (int64_t k = 0; k < n; ++k) {
      if (id[k] < 0 || k == a || k == b) continue;
      const double sa = static_cast<double>(size[a]), sb = static_cast<double>(size[b]);
      d(a, k) = d(k, a) = (sa * d(a, k) + sb * d(b, k)) / (sa + sb);
    }
    size[a] += size[b];
    id[a] = n + step;
    id[b] = -1;
  }
  return out;
}

Eigen::MatrixXd cophenetic_distances(std::span<const Merge> merges, int64_t items) {
  std::vector<std::vector<int64_t>> members;
  for (int64_t i = 0; i < items; ++i) members.push_back({i});
  Eigen::MatrixXd out = Eigen::MatrixXd::Zero(items, items);
  for (const Merge& m : merges) {
    for (int64_t i : members[m.a])
      for (int64_t j : members[m.b]) out(i, j) = out(j, i) = m.height;
    members.push_back(members[m.a]);
    members.back().insert(members.back().end(), members[m.b].begin(), members[m.b].end());
  }
  return out;
}

std::vector<MapPoint> turned_onto(std::span<const MapPoint> points, std::span<const MapPoint> target) {
  const int64_t n = static_cast<int64_t>(points.size());
  Eigen::MatrixXd x(n, 2), y(n, 2);
  for (int64_t i = 0; i < n; ++i) {
    x.row(i) << points[i].x, points[i].y;
    y.row(i) << target[i].x, target[i].y;
  }
  const Eigen::RowVectorXd mx = x.colwise().mean(), my = y.colwise().mean();
  const Eigen::MatrixXd turn = measure::nearest_rotation((x.rowwise() - mx).transpose() * (y.rowwise() - my));
  const Eigen::MatrixXd out = ((x.rowwise() - mx) * turn).rowwise() + my;
  std::vector<MapPoint> turned;
  for (int64_t i = 0; i < n; ++i) turned.push_back({out(i, 0), out(i, 1)});
  return turned;
}

void draw_maps(const Prepared& prepared, Study& study, EventSink& sink) {
  Mapper(prepared, study, sink).run();
}

}  // namespace linmo::culture
