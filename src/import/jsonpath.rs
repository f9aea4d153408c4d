//! JSONPath (RFC 9535) as a path of the language, as far as there is one: names, indices and `[*]`.

use super::quote;
use crate::value::is_label;

/// `$.items[0]['odd name']` as `body.items[0]["odd name"]`; none where it selects by more than names
/// and places.
pub(super) fn path(subject: &str, path: &str) -> Option<String> {
    let mut out = subject.to_owned();
    let path = path.trim();
    let mut rest = path.strip_prefix('$').unwrap_or(path);
    if rest.len() == path.len() && !rest.starts_with(['.', '[']) && !rest.is_empty() {
        // Old writers leave the `$` out.
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        out.push_str(&field(&rest[..end])?);
        rest = &rest[end..];
    }
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            if let Some(after) = after.strip_prefix('*') {
                out.push_str("[*]");
                rest = after;
                continue;
            }
            let end = after.find(['.', '[']).unwrap_or(after.len());
            out.push_str(&field(&after[..end])?);
            rest = &after[end..];
        } else {
            let inner = rest.strip_prefix('[')?;
            let quoted = inner.trim_start().strip_prefix(['\'', '"']);
            let (step, after) = match quoted {
                Some(name) => {
                    let quote = inner.trim_start().chars().next()?;
                    let end = name.find(quote)?;
                    let after = name[end + 1..].trim_start().strip_prefix(']')?;
                    (field(&name[..end]).filter(|_| !name[..end].contains('\\'))?, after)
                }
                None => {
                    let (index, after) = inner.split_once(']')?;
                    let index = index.trim();
                    let is_index = !index.is_empty()
                        && index.len() < 10
                        && index.strip_prefix('-').unwrap_or(index).bytes().all(|b| b.is_ascii_digit())
                        && index != "-";
                    (if index == "*" || is_index { format!("[{index}]") } else { return None }, after)
                }
            };
            out.push_str(&step);
            rest = after;
        }
    }
    Some(out)
}

fn field(name: &str) -> Option<String> {
    if name.is_empty() || name.contains(['*', '?', '@', '(', ')', '$', '{']) {
        return None;
    }
    Some(if is_label(name) { format!(".{name}") } else { format!("[{}]", quote::plain(name)) })
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn names_and_places_are_paths() {
        for (json, scn) in [
            ("$", "body"),
            ("$.a.b", "body.a.b"),
            ("$.a[0].b-c", "body.a[0].b-c"),
            ("$['a']['odd key'][-1]", "body.a[\"odd key\"][-1]"),
            ("$[*].id", "body[*].id"),
            ("a.b", "body.a.b"),
        ] {
            assert_eq!(path("body", json).as_deref(), Some(scn), "{json}");
        }
        for json in ["$..a", "$.a[?(@.b)]", "$.a[1:2]", "$.a[0,1]", "$[", "$.", "$.a['b", "$['a'"] {
            assert_eq!(path("body", json), None, "{json}");
        }
    }
}
