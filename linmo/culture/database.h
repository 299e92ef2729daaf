// SPDX-License-Identifier: Apache-2.0
// SQLite, as far as it is used here. Errors are ErrorKind::io with the file and SQLite's reason.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace linmo::culture {

class Statement;

// Not for use from several threads at once.
class Database {
 public:
  // Opened or made; an empty path is a database that is gone when it is closed.
  explicit Database(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql);  // statements without results
  Statement prepare(std::string_view sql);

 private:
  friend class Statement;
  [[noreturn]] void fail_here() const;
  std::string name_;
  sqlite3* handle_ = nullptr;
};

// Parameters are numbered from 1, columns from 0.
class Statement {
 public:
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;

  Statement& bind(int at, std::string_view text);
  Statement& bind(int at, int64_t value);
  Statement& bind(int at, double value);  // NaN is NULL
  Statement& bind(int at, std::span<const std::byte> blob);
  bool step();   // true while there is a row
  void reset();  // to be run again, parameters unset
  std::string text(int column) const;
  std::span<const std::byte> blob(int column) const;  // valid until the next step

 private:
  friend class Database;
  Statement(Database& database, std::string_view sql);
  Database* database_;
  sqlite3_stmt* handle_ = nullptr;
};

}  // namespace linmo::culture
