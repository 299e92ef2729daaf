// SPDX-License-Identifier: Apache-2.0
#include "linmo/culture/database.h"

#include <sqlite3.h>

#include <cmath>
#include <utility>

#include "linmo/core/error.h"
#include "linmo/core/files.h"

namespace linmo::culture {

Database::Database(const std::filesystem::path& file)
    : name_(file.empty() ? "a temporary table" : to_utf8(file)) {
  const int code =
      sqlite3_open_v2(file.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
  if (code != SQLITE_OK) {
    const std::string reason = handle_ ? sqlite3_errmsg(handle_) : sqlite3_errstr(code);
    sqlite3_close(handle_);
    fail(ErrorKind::io, "cannot open {}: {}", name_, reason);
  }
  sqlite3_busy_timeout(handle_, 10'000);  // another linmo that writes to the same file
}

Database::~Database() {
  sqlite3_close(handle_);
}

void Database::fail_here() const {
  fail(ErrorKind::io, "{}: {}", name_, sqlite3_errmsg(handle_));
}

void Database::run(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail_here();
}

Statement Database::prepare(std::string_view sql) {
  return Statement(*this, sql);
}

Statement::Statement(Database& database, std::string_view sql) : database_(&database) {
  if (sqlite3_prepare_v2(database.handle_, sql.data(), static_cast<int>(sql.size()), &handle_, nullptr) !=
      SQLITE_OK)
    database.fail_here();
}

Statement::~Statement() {
  sqlite3_finalize(handle_);
}

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_), handle_(std::exchange(other.handle_, nullptr)) {}

Statement& Statement::bind(int at, std::string_view text) {
  if (sqlite3_bind_text64(handle_, at, text.data() ? text.data() : "", text.size(), SQLITE_TRANSIENT,
                          SQLITE_UTF8) != SQLITE_OK)
    database_->fail_here();
  return *this;
}

Statement& Statement::bind(int at, int64_t value) {
  if (sqlite3_bind_int64(handle_, at, value) != SQLITE_OK) database_->fail_here();
  return *this;
}

Statement& Statement::bind(int at, double value) {
  if ((std::isnan(value) ? sqlite3_bind_null(handle_, at) : sqlite3_bind_double(handle_, at, value)) !=
      SQLITE_OK)
    database_->fail_here();
  return *this;
}

Statement& Statement::bind(int at, std::span<const std::byte> blob) {
  if (sqlite3_bind_blob64(handle_, at, blob.data(), blob.size(), SQLITE_TRANSIENT) != SQLITE_OK)
    database_->fail_here();
  return *this;
}

bool Statement::step() {
  const int code = sqlite3_step(handle_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) database_->fail_here();
  return code == SQLITE_ROW;
}

void Statement::reset() {
  sqlite3_reset(handle_);
  sqlite3_clear_bindings(handle_);
}

std::string Statement::text(int column) const {
  const auto* text = sqlite3_column_text(handle_, column);
  if (!text) return {};
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

std::span<const std::byte> Statement::blob(int column) const {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(handle_, column));
  return {data, data ? static_cast<size_t>(sqlite3_column_bytes(handle_, column)) : 0};
}

}  // namespace linmo::culture
