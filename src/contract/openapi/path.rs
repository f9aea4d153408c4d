//! Path templates (OpenAPI 3.1 §4.8.8) and what `servers` put before them.

use std::sync::Arc;

use super::Book;
use crate::contract::Segment;
use crate::contract::document::{Entry, Node};

/// The names of parameters in a path's segments.
pub(super) fn names(path: &[Segment]) -> impl Iterator<Item = &Arc<str>> {
    path.iter().filter_map(|segment| match segment {
        Segment::Parameter { name, .. } => Some(name),
        Segment::Literal(_) => None,
    })
}

/// The segments of a path template; the error says what is wrong with it.
pub(super) fn segments(template: &str) -> Result<Vec<Segment>, String> {
    let Some(inner) = template.strip_prefix('/') else {
        return Err(format!("the path `{template}` begins with no `/`"));
    };
    if template.contains(['?', '#']) {
        return Err(format!("the path `{template}` holds a query: parameters say what stands there"));
    }
    inner.split('/').map(segment).collect()
}

fn segment(text: &str) -> Result<Segment, String> {
    let Some((prefix, rest)) = text.split_once('{') else {
        return match text.contains('}') {
            true => Err(format!("`{text}` has a `}}` without its `{{`")),
            false => Ok(Segment::Literal(text.into())),
        };
    };
    let Some((name, suffix)) = rest.split_once('}') else {
        return Err(format!("`{text}` has a `{{` without its `}}`"));
    };
    if name.is_empty() {
        return Err(format!("`{text}` has a parameter without a name"));
    }
    if suffix.contains(['{', '}']) || prefix.contains('}') || name.contains('{') {
        return Err(format!(
            "`{text}` has more than one parameter between two slashes, which is not supported"
        ));
    }
    Ok(Segment::Parameter { prefix: prefix.into(), name: name.into(), suffix: suffix.into() })
}

impl Book {
    /// The path of the nearest `servers`' first entry, as segments that come before all others.
    pub(super) fn server_path(&mut self, nearest: &[&Node]) -> Vec<Segment> {
        let Some(servers) = nearest.iter().find_map(|node| node.entry("servers")) else { return Vec::new() };
        let paths: Vec<String> = servers.value.items().iter().map(|server| url_path(server)).collect();
        let Some(first) = paths.first() else { return Vec::new() };
        if let Some(other) = paths.iter().find(|path| *path != first) {
            let message =
                format!("servers have different paths, `{first}` and `{other}`: the first one is used");
            self.warn(servers.key_span, message);
        }
        self.prefix(first, servers)
    }

    fn prefix(&mut self, path: &str, servers: &Entry) -> Vec<Segment> {
        if path.is_empty() {
            return Vec::new();
        }
        match segments(path) {
            Ok(segments) => segments,
            Err(why) => {
                self.error(servers.key_span, why);
                Vec::new()
            }
        }
    }
}

/// The path of a server's URL, its variables at their defaults, without a slash at its end.
fn url_path(server: &Node) -> String {
    let mut url = server.get("url").and_then(|url| url.text()).map(|url| url.to_string()).unwrap_or_default();
    for variable in server.get("variables").map(|all| all.entries()).unwrap_or_default() {
        let default = variable.value.get("default").and_then(|default| default.text());
        url = url.replace(&format!("{{{}}}", variable.key), default.map_or("", |default| default));
    }
    let path = match url.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("", |at| &rest[at..]),
        None => &url,
    };
    let path = path.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/');
    if path.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("/{path}") }
}
