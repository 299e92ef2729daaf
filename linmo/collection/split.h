// SPDX-License-Identifier: Apache-2.0
// Which pictures are for learning, for choosing and for testing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "linmo/collection/manifest.h"

namespace linmo {

struct SplitShares {
  double train = 0.8, val = 0.1, test = 0.1;
};

// "0.8,0.1,0.1" or "80,10,10" (scaled to a sum of 1; a missing third is 0). Throws ErrorKind::usage for what
// is not two or three numbers ≥ 0 with a positive sum.
SplitShares parse_split(std::string_view text);

// Fills in `split` where it is empty. Pictures of one work always land together; so a work of which any
// picture has a split already takes it over (train before val before test when they disagree, so that the
// test set holds nothing that was learnt; returns how many works disagreed). Within each culture the works
// are lined up by mix(hash of the id, seed) and cut at the shares, weighted by their pictures: the result
// depends on ids, cultures and the seed only, not on the order of the rows.
int64_t assign_splits(std::vector<Picture>& pictures, const SplitShares& shares, uint64_t seed);

}  // namespace linmo
