#!/usr/bin/env python3
"""Compiles many small mistakes into one build, each behind a number.

    plant.py <tree> <every> [<first>] > planted.json

Lists every place in the tree where one of the mistakes below can be made, in the order of paths and offsets, takes every
so-manieth, and writes the choice into the sources of the tree, which should be a copy. Where `PLANTED=<number>` stands in
the environment of a test, that mistake is made; without it, none is. Needs tree-sitter and tree-sitter-rust.
"""

import json
import pathlib
import re
import sys

import tree_sitter_rust
from tree_sitter import Language, Parser

PLACES = ["shared/src/operations", "shared/src/store", "shared/src/table", "shared/src/imageflux", "shared/src/http",
          "functions"]
FLIPS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "==", "&&": "||", "||": "&&", "+": "-",
         "-": "+", "*": "+", "&": "|"}
# What narrows or bounds: a call that can be left out, and the code still compiles.
NARROWING = {"only_if", "within", "at_most", "descending", "filter", "min", "max", "take", "rev", "saturating_sub"}
STATEMENTS = {"push", "extend", "insert", "retain", "sort", "sort_by_key", "dedup", "truncate", "drain", "remove"}
CONDITIONS = {"AtMost": "AtLeast", "AtLeast": "AtMost", "Above": "AtLeast"}

parser = Parser(Language(tree_sitter_rust.language()))


def text(source, node):
    return source[node.start_byte:node.end_byte].decode()


def is_test(source, node):
    before = node.prev_sibling
    while before is not None and before.type in ("attribute_item", "line_comment"):
        if b"cfg(test)" in source[before.start_byte:before.end_byte]:
            return True
        before = before.prev_sibling
    return False


def operator(source, node):
    for child in node.children:
        if text(source, child) in FLIPS:
            return child
    return None


def mistakes(source, node):
    """(what, replacement) of one node, if a mistake can be made there."""
    kind = node.type
    if kind == "binary_expression":
        sign = operator(source, node)
        if sign is not None:
            left = source[node.start_byte:sign.start_byte].decode()
            right = source[sign.end_byte:node.end_byte].decode()
            flipped = FLIPS[text(source, sign)]
            yield f"{text(source, sign)} is {flipped}", left + flipped + right
    elif kind == "integer_literal" and node.parent.type not in ("index_expression", "field_expression"):
        digits = text(source, node).replace("_", "")
        if digits.isdigit():
            yield f"{text(source, node)} is one more", str(int(digits) + 1)
    elif kind == "boolean_literal":
        yield f"{text(source, node)} is swapped", {"true": "false", "false": "true"}[text(source, node)]
    elif kind == "unary_expression" and text(source, node).startswith("!"):
        yield "! is left out", text(source, node)[1:]
    elif kind == "call_expression":
        called = node.child_by_field_name("function")
        if called.type == "field_expression":
            name = text(source, called.child_by_field_name("field"))
            if name in NARROWING:
                yield f".{name}() is left out", text(source, called.child_by_field_name("value"))
        elif called.type == "scoped_identifier":
            path, name = text(source, called).rpartition("::")[::2]
            if path == "Condition" and name in CONDITIONS:
                yield f"{name} is {CONDITIONS[name]}", f"{path}::{CONDITIONS[name]}" + source[
                    called.end_byte:node.end_byte].decode()
    elif kind == "macro_invocation" and text(source, node).startswith("vec!["):
        parts = elements(source, node)
        if len(parts) > 1:
            for gone in range(len(parts)):
                rest = parts[:gone] + parts[gone + 1:]
                yield f"without {parts[gone][:60]}", "vec![" + ", ".join(rest) + "]"
    elif kind == "expression_statement":
        inner = node.children[0]
        call = inner
        while call.type in ("try_expression", "await_expression"):
            call = call.children[0]
        if call.type == "call_expression":
            called = call.child_by_field_name("function")
            name = text(source, called).rpartition(".")[2].rpartition("::")[2]
            if inner.type != "call_expression" or name in STATEMENTS:
                yield f"{name}() is left out", "{}"


def elements(source, macro):
    """What stands between the commas of a `vec![]`."""
    inside = text(source, macro)[len("vec!["):-1]
    parts, depth, part = [], 0, ""
    for letter in inside:
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            part += letter
    return [part for part in [*parts, part.strip()] if part]


def candidates(path, source):
    found, constants = [], {}

    def walk(node, constant):
        if node.type in ("mod_item", "impl_item", "function_item") and is_test(source, node):
            return
        if node.type in ("attribute_item", "use_declaration", "type_item", "macro_definition"):
            return
        if node.type == "const_item":
            value = node.child_by_field_name("value")
            name = text(source, node.child_by_field_name("name"))
            constants[name] = node
            if value is not None and "&" not in text(source, node.child_by_field_name("type")):
                for child in every(value):
                    for what, new in mistakes(source, child):
                        if child.type in ("integer_literal", "boolean_literal"):
                            found.append(dict(path=path, start=child.start_byte, end=child.end_byte, what=what, new=new,
                                              constant=name))
            return
        if node.type in ("static_item", "match_pattern", "range_pattern", "tuple_pattern", "parameters", "array_type"):
            return
        for what, new in mistakes(source, node):
            found.append(dict(path=path, start=node.start_byte, end=node.end_byte, what=what, new=new,
                              statement=node.type == "expression_statement"))
        for child in node.children:
            walk(child, constant)

    walk(parser.parse(source).root_node, None)
    return found, constants


def every(node):
    yield node
    for child in node.children:
        yield from every(child)


def planted_in(source, mistakes_here, planted, constants):
    """The text of a file with its mistakes."""
    by_constant = {}
    for mistake in mistakes_here:
        if mistake.get("constant"):
            by_constant.setdefault(mistake["constant"], []).append(mistake)

    edits = []
    for mistake in mistakes_here:
        if not mistake.get("constant"):
            edits.append((mistake["start"], mistake["end"], mistake))
    # A constant becomes a function, because only what runs can choose.
    for name, of_it in by_constant.items():
        node = constants[name]
        value = node.child_by_field_name("value")
        kind = text(source, node.child_by_field_name("type"))
        choice = text(source, value)
        for mistake in of_it:
            other = (source[value.start_byte:mistake["start"]].decode() + mistake["new"]
                     + source[mistake["end"]:value.end_byte].decode())
            choice = f"if {planted}({mistake['id']}) {{ {other} }} else {{ {choice} }}"
        shown = "pub " if text(source, node).startswith("pub ") else ""
        function = f"{shown}fn {name}() -> {kind} {{ {choice} }}"
        edits.append((node.start_byte, node.end_byte, function))
        for identifier in every(parser.parse(source).root_node):
            if identifier.type == "identifier" and text(source, identifier) == name and not (
                    node.start_byte <= identifier.start_byte < node.end_byte):
                edits.append((identifier.start_byte, identifier.end_byte, f"{name}()"))

    names = "|".join(by_constant) or "$^"
    called = re.compile(rf"\b({names})\b(?!\()")

    def render(start, end, inside):
        inside = sorted(inside, key=lambda edit: (edit[0], -edit[1]))
        written, at = "", start
        while inside:
            first = inside.pop(0)
            nested = [edit for edit in inside if edit[1] <= first[1] and edit[0] < first[1]]
            inside = [edit for edit in inside if edit not in nested]
            written += source[at:first[0]].decode()
            at = first[1]
            if isinstance(first[2], str):
                written += first[2]
                continue
            mistake = first[2]
            new = called.sub(r"\1()", mistake["new"])
            original = render(first[0], first[1], nested)
            if mistake["statement"]:
                written += f"if {planted}({mistake['id']}) {new} else {{ {original} }}"
            else:
                written += f"(if {planted}({mistake['id']}) {{ {new} }} else {{ {original} }})"
        return written + source[at:end].decode()

    return render(0, len(source), edits)


SWITCH = '''
/// Whether this mistake is the one to be made; and where `REACHED` names a file, that this place was reached.
#[expect(clippy::disallowed_methods, reason = "a copy of the tree")]
pub fn planted(number: u32) -> bool {
    use std::io::Write;
    static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    static REACHED: std::sync::OnceLock<Option<std::sync::Mutex<(std::collections::HashSet<u32>, std::fs::File)>>> =
        std::sync::OnceLock::new();
    let reached = REACHED.get_or_init(|| {
        let path = std::env::var("REACHED").ok()?;
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path).ok()?;
        Some(std::sync::Mutex::new((std::collections::HashSet::new(), file)))
    });
    if let Some(reached) = reached {
        let (seen, file) = &mut *reached.lock().unwrap();
        if seen.insert(number) {
            writeln!(file, "{number}").unwrap();
        }
    }
    *CHOSEN.get_or_init(|| std::env::var("PLANTED").ok().and_then(|number| number.parse().ok())) == Some(number)
}
'''


def main():
    tree, every_so = pathlib.Path(sys.argv[1]), int(sys.argv[2])
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    # Numbers that do not compile, one a line, are left out.
    refused = {int(line) for line in open(sys.argv[4])} if len(sys.argv) > 4 else set()
    all_found, constants = [], {}
    paths = sorted(path for place in PLACES for path in (tree / place).rglob("*.rs"))
    for path in paths:
        found, of_file = candidates(str(path.relative_to(tree)), path.read_bytes())
        all_found += found
        constants[str(path.relative_to(tree))] = of_file
    chosen = [dict(found, id=number) for number, found in enumerate(all_found)][first::every_so]
    chosen = [found for found in chosen if found["id"] not in refused]
    for path in paths:
        name = str(path.relative_to(tree))
        here = [found for found in chosen if found["path"] == name]
        if here:
            source = path.read_bytes()
            for found in here:
                found["line"] = source[:found["start"]].count(b"\n") + 1
                found["old"] = source[found["start"]:found["end"]].decode()[:200]
            planted = "crate::planted" if name.startswith("shared/") else "shared::planted"
            path.write_text(planted_in(source, here, planted, constants[name]))
    lib = tree / "shared/src/lib.rs"
    lib.write_text(lib.read_text() + SWITCH)
    print(json.dumps({"candidates": len(all_found), "chosen": chosen}, indent=1))


main()
