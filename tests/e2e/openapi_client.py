# SPDX-License-Identifier: Apache-2.0
"""Requests made from an OpenAPI description, right ones and nearly right ones, and answers held against it. Knows the
part of JSON Schema that docs/openapi.json uses."""

import json
import urllib.parse

WRONG = [None, True, -1, 0, 1.5, 1e308, 2**70, "", "x", "../x", "a\u0000b", "山水" * 100, "%", [], {}, [[]] * 3, {"folder": "/etc"}, {"pictures": ["x"]}]


class Description:
    def __init__(self, text, known, rng):
        """known: name of a parameter or property -> values that exist on the server."""
        self.all, self.known, self.rng = json.loads(text), known, rng
        self.operations = [
            (method.upper(), path, operation)
            for path, methods in self.all["paths"].items()
            for method, operation in methods.items()
        ]

    def schema(self, schema):
        while "$ref" in schema:
            at = self.all
            for part in schema["$ref"].removeprefix("#/").split("/"):
                at = at[part]
            schema = at
        return schema

    def value(self, schema, name="", wrong=0.0):
        """What fits the schema, each part of it with the probability `wrong` replaced by what does not have to."""
        rng, schema = self.rng, self.schema(schema)
        if rng.random() < wrong:
            return rng.choice(WRONG)
        if "const" in schema:
            return schema["const"]
        if "enum" in schema:
            return rng.choice(schema["enum"])
        if "oneOf" in schema:
            return self.value(rng.choice(schema["oneOf"]), name, wrong)
        if "allOf" in schema:
            parts = [self.value(part, name, wrong) for part in schema["allOf"]]
            return {k: v for part in parts if isinstance(part, dict) for k, v in part.items()}
        if name in self.known and rng.random() < 0.8:
            return rng.choice(self.known[name])
        kind = schema.get("type")
        if kind == "object":
            required = schema.get("required", [])
            return {
                key: self.value(of, key, wrong)
                for key, of in schema.get("properties", {}).items()
                if rng.random() < (1 - wrong if key in required else 0.5)
            }
        if kind == "array":
            count = rng.randint(schema.get("minItems", 0), schema.get("maxItems", 3))
            return [self.value(schema["items"], name.removesuffix("s"), wrong) for _ in range(count)]
        if kind == "boolean":
            return rng.random() < 0.5
        if kind in ("integer", "number"):
            low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
            if kind == "number":
                return rng.uniform(low, high)
            step = schema.get("multipleOf", 1)
            return rng.randint(-(-low // step), high // step) * step
        return rng.choice(["x", "a b", "山水", "雪景.png", "a" * 300, "../../etc/passwd", ".hidden", "é\u202e"])

    def request(self):
        """A method, a path with its query, a body or None, and the operation that they ask for."""
        rng = self.rng
        method, path, operation = rng.choice(self.operations)
        wrong = rng.choice([0, 0, 0.05, 0.3])
        query = {}
        for parameter in operation.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] == "query" and not parameter.get("required") and rng.random() < 0.5:
                continue
            key = name if parameter["in"] == "query" or path.count("{") > 1 and name != "id" else path.split("/")[1].removesuffix("s")
            value = self.value(parameter["schema"], key, wrong)
            text = value if isinstance(value, str) else json.dumps(value)
            if parameter["in"] == "path":
                path = path.replace("{" + name + "}", urllib.parse.quote(text, safe=""))
            else:
                query[name] = text
        if query:
            path += "?" + urllib.parse.urlencode(query)
        body = None
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            if kind == "application/json":
                body = json.dumps(self.value(content["schema"], "", wrong)).encode()
            else:
                body = rng.randbytes(rng.randint(0, 300))
        return method, path, body, operation

    def mismatch(self, operation, status, kind, body):
        """What of an answer its description does not allow; empty: nothing."""
        answers = operation["responses"]
        described = answers.get(str(status)) or answers.get(f"{status // 100}XX")
        if described is None:
            return f"status {status} is not described"
        content = described.get("content", {})
        if status == 204 or not content:
            return ""
        kind = kind.split(";")[0]
        if kind not in content:
            return f"an answer of type {kind} is not described, but {list(content)}"
        if kind == "application/json":
            return self.differs(json.loads(body), content[kind].get("schema", {}), "answer")
        return ""

    def differs(self, value, schema, at):
        schema = self.schema(schema)
        for part in schema.get("allOf", []):
            if found := self.differs(value, part, at):
                return found
        kinds = schema.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        types = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None), "integer": int, "number": (int, float)}
        if kinds and not any(isinstance(value, types[k]) and (k == "boolean" or not isinstance(value, bool)) for k in kinds):
            return f"{at} is {value!r}, not {' or '.join(kinds)}"
        if "enum" in schema and value not in schema["enum"]:
            return f"{at} is {value!r}, not one of {schema['enum']}"
        if isinstance(value, (int, float)) and not schema.get("minimum", value) <= value <= schema.get("maximum", value):
            return f"{at} is {value}, out of its range"
        if isinstance(value, dict):
            for key in schema.get("required", []):
                if key not in value:
                    return f"{at} has no {key}"
            for key, of in schema.get("properties", {}).items():
                if key in value and (found := self.differs(value[key], of, f"{at}.{key}")):
                    return found
        if isinstance(value, list) and "items" in schema:
            for number, item in enumerate(value):
                if found := self.differs(item, schema["items"], f"{at}[{number}]"):
                    return found
        return ""
