//! The `Link` header (RFC 8288 §3): the target of a relation.

/// The target of the first link with this relation type, as written. Relation types are compared
/// without regard to case; a link may have several.
pub(super) fn target<'a>(headers: impl Iterator<Item = &'a str>, rel: &str) -> Option<String> {
    headers
        .flat_map(links)
        .find(|(_, rels)| rels.iter().any(|r| r.eq_ignore_ascii_case(rel)))
        .map(|(target, _)| target)
}

/// The links of one header field: target and relation types. Reading stops at what is malformed.
fn links(field: &str) -> Vec<(String, Vec<String>)> {
    let mut links = Vec::new();
    let mut rest = field;
    while let Some(open) = rest.trim_start_matches([' ', '\t', ',']).strip_prefix('<') {
        let Some((target, after)) = open.split_once('>') else { break };
        let (params, after) = parameters(after);
        let rel = params.into_iter().find(|(name, _)| name.eq_ignore_ascii_case("rel"));
        let rels = rel.map(|(_, value)| value.split_ascii_whitespace().map(str::to_owned).collect());
        links.push((target.to_owned(), rels.unwrap_or_default()));
        rest = after;
    }
    links
}

/// The parameters that follow, up to the comma or the end, and what is left.
fn parameters(mut rest: &str) -> (Vec<(String, String)>, &str) {
    let mut params = Vec::new();
    while let Some(after) = rest.trim_start().strip_prefix(';') {
        let end = after.find([';', ',', '=']).unwrap_or(after.len());
        let name = after[..end].trim().to_owned();
        rest = &after[end..];
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            (value, rest) = parameter_value(after.trim_start());
        }
        params.push((name, value));
    }
    (params, rest)
}

/// A token or a quoted string (RFC 9110 §5.6.4), and what is left.
pub(super) fn parameter_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(chars.next().map(|(_, c)| c)),
            c => value.push(c),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::target;

    #[test]
    fn links_are_found_by_relation() {
        let find = |header: &str, rel| target([header].into_iter(), rel);
        assert_eq!(find("</2>; rel=next", "next").as_deref(), Some("/2"));
        assert_eq!(
            find("<a>; rel=\"prev\", <b,c;d>; title=\"x, <y>; rel=next\"; rel=\"last NEXT\"", "next")
                .as_deref(),
            Some("b,c;d")
        );
        assert_eq!(find("<a> ; title = \"q\\\"uote\" ; REL = \"next\"", "next").as_deref(), Some("a"));
        assert_eq!(find("<a>; rel=previous", "prev"), None);
        assert_eq!(find("<a; rel=next", "next"), None);
        assert_eq!(find("", "next"), None);
        assert_eq!(target(["<a>; rel=prev", "<b>; rel=next"].into_iter(), "next").as_deref(), Some("b"));
    }
}
