// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/dates.h"

#include <gtest/gtest.h>

#include <string>

namespace linmo::culture {
namespace {

TEST(Dates, WhatCataloguesWrite) {
  struct Case {
    const char* text;
    int from, to;
  };
  const Case cases[] = {
      {"1830", 1830, 1830},
      {"1830-33", 1830, 1833},
      {"c. 1830–33", 1830, 1833},
      {"ca. 1830-1833", 1830, 1833},
      {"1830/1833", 1830, 1833},
      {"1830/33", 1830, 1833},
      {"1798–1802", 1798, 1802},
      {"1830 or 1831", 1830, 1831},
      {"between 1830 and 1834", 1830, 1834},
      {"from 1830 to 1834", 1830, 1834},
      {"c. 1830", 1825, 1835},
      {"about 1830", 1825, 1835},
      {"約1830年", 1825, 1835},
      {"1889-06-12", 1889, 1889},
      {"1889-06-12/1889-07-01", 1889, 1889},
      {"12 June 1889", 1889, 1889},
      {"12th June 1889", 1889, 1889},
      {"12/06/1889", 1889, 1889},
      {"dated 1499", 1499, 1499},
      {"1832?", 1832, 1832},
      {"[1832]", 1832, 1832},
      {"１８３２年", 1832, 1832},
      {"一八三二年", 1832, 1832},
      {"1830s", 1830, 1839},
      {"1830's", 1830, 1839},
      {"late 1830s", 1836, 1839},
      {"1800s", 1800, 1899},
      {"1830年代", 1830, 1839},
      {"18th century", 1701, 1800},
      {"18th c.", 1701, 1800},
      {"18th-century", 1701, 1800},
      {"late 12th c.", 1167, 1200},
      {"early 12th century", 1101, 1134},
      {"mid-18th century", 1734, 1767},
      {"first half of the 18th century", 1701, 1750},
      {"2nd half of the 18th century", 1751, 1800},
      {"second quarter of the 19th century", 1826, 1850},
      {"last quarter of the 19th century", 1876, 1900},
      {"12th–13th century", 1101, 1300},
      {"late 12th–early 13th century", 1167, 1234},
      {"18th or 19th century", 1701, 1900},
      {"18世紀", 1701, 1800},
      {"19世纪", 1801, 1900},
      {"十八世紀", 1701, 1800},
      {"18世紀後半", 1751, 1800},
      {"18세기", 1701, 1800},
      {"3rd century BCE", -300, -201},
      {"early 3rd century BCE", -300, -267},
      {"500 BCE", -500, -500},
      {"500 B.C.", -500, -500},
      {"500–400 BCE", -500, -400},
      {"206 BCE–220 CE", -206, 220},
      {"206 BC - AD 220", -206, 220},
      {"AD 79", 79, 79},
      {"c. 500 BCE", -505, -495},
      {"公元前206年", -206, -206},
      {"Edo period", 1603, 1868},
      {"Edo period (1615–1868)", 1615, 1868},
      {"Edo period (1615–1868), 1830", 1830, 1830},
      {"Edo period, 18th century", 1701, 1800},
      {"江戸時代", 1603, 1868},
      {"江户", 1603, 1868},
      {"江戸時代・19世紀", 1801, 1900},
      {"江戸時代後期", 1780, 1868},
      {"Song dynasty", 960, 1279},
      {"Southern Song dynasty", 1127, 1279},
      {"Northern Song", 960, 1127},
      {"明代", 1368, 1644},
      {"明末", 1552, 1644},
      {"清代乾隆五十年", 1785, 1785},
      {"late Ming dynasty", 1552, 1644},
      {"Ming dynasty (1368–1644), dated 1499", 1499, 1499},
      {"五代", 907, 960},
      {"元代", 1271, 1368},
      {"天保三年", 1832, 1832},
      {"天保3年", 1832, 1832},
      {"天保元年", 1830, 1830},
      {"Tenpō 3 (1832)", 1832, 1832},
      {"Tenpo 3", 1832, 1832},
      {"Kan'ei 5", 1628, 1628},
      {"Meiji period", 1868, 1912},
      {"Qianlong period", 1736, 1795},
      {"乾隆", 1736, 1795},
      {"Joseon dynasty", 1392, 1910},
      {"조선", 1392, 1910},
  };
  for (const Case& c : cases) {
    const Years got = parse_years(c.text);
    EXPECT_EQ(got.from.value_or(99999), c.from) << c.text;
    EXPECT_EQ(got.to.value_or(99999), c.to) << c.text;
  }
}

TEST(Dates, OpenSides) {
  EXPECT_EQ(parse_years("after 1830"), (Years{1830, std::nullopt}));
  EXPECT_EQ(parse_years("before 1830"), (Years{std::nullopt, 1830}));
}

TEST(Dates, WhatIsNoDate) {
  for (const char* text : {"", "n.d.", "undated", "unknown", "?", "-", "12", "99999999999", "Hokusai",
                           "no. 12/36", "th century", "0th century", "century", "世紀", "前", "年"}) {
    const Years got = parse_years(text);
    if (std::string(text).starts_with("1833")) continue;
    EXPECT_EQ(got, Years{}) << text;
  }
  // A range that runs backwards keeps its first year.
  EXPECT_EQ(parse_years("1833–1830"), (Years{1833, 1833}));
  // Long and odd texts end.
  EXPECT_EQ(parse_years(std::string(1'000'000, '-') + "1830"), Years{});
  EXPECT_EQ(parse_years("\xff\xfe\xe6 1830"), (Years{1830, 1830}));
}

}  // namespace
}  // namespace linmo::culture
