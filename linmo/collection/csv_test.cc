// SPDX-License-Identifier: Apache-2.0
#include "linmo/collection/csv.h"

#include <gtest/gtest.h>

#include "linmo/core/error.h"

namespace linmo {
namespace {

using Rows = std::vector<std::vector<std::string>>;

ErrorKind kind_of(std::string_view text, const CsvLimits& limits = {}) {
  try {
    parse_csv(text, "t.csv", limits);
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no error for: " << text;
  return ErrorKind::numeric;
}

TEST(Csv, ReadsQuotesLineEndsAndEmptyFields) {
  const CsvTable t = parse_csv("a,b,c\r\n1,\"x, \"\"y\"\"\r\nz\",\r\n\r\n4,,6", "t.csv");
  EXPECT_EQ(t.header, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(t.rows, (Rows{{"1", "x, \"y\"\r\nz", ""}, {"4", "", "6"}}));
}

TEST(Csv, ReadsByteOrderMarkTabsSemicolonsAndOldMacLineEnds) {
  EXPECT_EQ(parse_csv("\xEF\xBB\xBFname,x\n山水,1\n", "t").column("NAME "), 0);
  EXPECT_EQ(parse_csv("a\tb\n1,5\t2\n", "t").rows, (Rows{{"1,5", "2"}}));
  EXPECT_EQ(parse_csv("a;b\n1,5;2\n", "t").rows, (Rows{{"1,5", "2"}}));
  EXPECT_EQ(parse_csv("a,b\r1,2\r3,4\r", "t").rows, (Rows{{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(parse_csv("\"a,b,c\";d\n1;2\n", "t").rows, (Rows{{"1", "2"}}));
}

TEST(Csv, FillsShortRowsAndKeepsATrailingEmptyField) {
  EXPECT_EQ(parse_csv("a,b,c\n1\n2,3,", "t").rows, (Rows{{"1", "", ""}, {"2", "3", ""}}));
}

TEST(Csv, RefusesWhatIsWrongAndNamesTheLine) {
  EXPECT_EQ(kind_of(""), ErrorKind::input);
  EXPECT_EQ(kind_of("\n\n"), ErrorKind::input);
  EXPECT_EQ(kind_of("a\n\xE5\xB1"), ErrorKind::input);
  EXPECT_EQ(kind_of("\xFF\xFE"
                    "a"),
            ErrorKind::input);
  try {
    parse_csv("a,b\n\"x\ny\",2\n1,2,3\n", "t.csv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("t.csv, line 4: 3 fields"), std::string::npos) << error.what();
  }
  try {
    parse_csv("a,b\n1,2\n\"x,2\n", "t.csv");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("line 3"), std::string::npos) << error.what();
  }
}

TEST(Csv, KeepsItsLimits) {
  EXPECT_EQ(kind_of("a\n1\n2\n", {.max_rows = 1}), ErrorKind::limit);
  EXPECT_EQ(kind_of("a,b,c\n", {.max_columns = 2}), ErrorKind::limit);
  EXPECT_EQ(kind_of("a\nlonger\n", {.max_field_bytes = 5}), ErrorKind::limit);
  EXPECT_EQ(kind_of("a\n1\n", {.max_bytes = 2}), ErrorKind::limit);
}

TEST(Csv, WritesWhatItReads) {
  const CsvTable table{{"plain", "a,b"}, {{"山水\n雪", "\"q\""}, {"", "\r"}, {" kept ", ";\t"}}};
  const std::string text = format_csv(table);
  EXPECT_EQ(text, "plain,\"a,b\"\r\n\"山水\n雪\",\"\"\"q\"\"\"\r\n,\"\r\"\r\n kept ,\";\t\"\r\n");
  const CsvTable again = parse_csv(text, "t");
  EXPECT_EQ(again.header, table.header);
  EXPECT_EQ(again.rows, table.rows);
  const CsvTable lone{{"x"}, {{""}, {"1"}}};
  EXPECT_EQ(parse_csv(format_csv(lone), "t").rows, (Rows{{"1"}}));  // empty lines carry nothing
}

TEST(Csv, KnowsUtf8) {
  EXPECT_TRUE(is_utf8("a山𠀀é"));
  for (const char* bad :
       {"\x80", "\xC0\xAF", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xF0\x9F", "\xFF"})
    EXPECT_FALSE(is_utf8(bad));
  EXPECT_EQ(to_valid_utf8("山\x80 a\xF0\x9F"), "山\uFFFD a\uFFFD\uFFFD");
}

}  // namespace
}  // namespace linmo
