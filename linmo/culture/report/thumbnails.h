// SPDX-License-Identifier: Apache-2.0
// Small copies of works inside a page, each once, where their licence allows it.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "linmo/culture/report/page.h"
#include "linmo/culture/study.h"
#include "linmo/image/image.h"

namespace linmo::culture {

// A small copy of a row's work, its long side at most `side` px; or why there is none.
struct SmallCopy {
  Image image;                    // 8 bit, three channels; empty: not shown
  const char* why_not = nullptr;  // key of the sentence
};
SmallCopy small_copy(const Study& study, int64_t row, int64_t side);

class Thumbnails {
 public:
  explicit Thumbnails(const Study& study) : study_(study) {}

  // A figure with the picture of a row (or the reason why there is none) and its name under it.
  void draw(Page& page, int64_t row, const Phrase& note = {});
  // A button that hands the works drawn in the element around it to the studio, which makes a collection of
  // them. Unseen where the page is not inside the studio.
  void offer(Page& page) const;
  // The pictures themselves, unseen, which draw()'s figures point to. After all of them.
  void define(Page& page) const;

  const std::set<int64_t>& shown() const { return shown_; }
  const std::set<int64_t>& hidden() const { return hidden_; }

 private:
  struct Picture {
    int64_t width = 0, height = 0;
    std::string data;               // a URI; empty: not shown
    const char* why_not = nullptr;  // key of the sentence
  };
  const Picture& picture(int64_t row);

  const Study& study_;
  std::map<int64_t, Picture> pictures_;
  std::set<int64_t> shown_, hidden_;
};

}  // namespace linmo::culture
