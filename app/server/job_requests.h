// SPDX-License-Identifier: Apache-2.0
// What clients ask of the queue, checked before it is queued.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/server/folders.h"
#include "app/server/store.h"

namespace linmo::studio {

// The request with nothing but known fields, defaults filled in, and for stylise the results' "names". Throws
// HttpError 400 (a field is missing or wrong), 403 (a folder that is not allowed), 404 (no such model,
// picture or collection), 409 (the name is taken).
nlohmann::json checked_request(const nlohmann::json& request, const Folders& folders, Store& store);

// "blend", "strength" and "keepColour" of a request, as the worker wants them: weights that add up to 1,
// files for names. Throws HttpError 400, 404.
nlohmann::json look_of_request(const nlohmann::json& request, const Folders& folders);

// The folder of a training's source: the one that was named, or one made of hard links to uploads.
std::filesystem::path source_folder(const nlohmann::json& source, const std::string& side,
                                    const std::string& job, const Folders& folders, Store& store);

// Uploads under their own names, in a folder of that name: a source to collect.
std::filesystem::path uploads_as_source(const nlohmann::json& pictures, const std::string& job,
                                        const std::string& name, const Folders& folders, Store& store);
// A folder with hard links to works of collections, and a table of what is known of them, for linmo collect.
std::vector<std::filesystem::path> works_as_sources(const nlohmann::json& works, const std::string& job,
                                                    const Folders& folders);

// Fields of a request; throw HttpError 400.
std::string text_field(const nlohmann::json& request, const char* key);
std::string name_field(const nlohmann::json& request);  // "name", fit to be a file's or a folder's

}  // namespace linmo::studio
