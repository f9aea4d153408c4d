//! The operand of a request made into a body, its content type and what reports show of it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use reqwest::multipart::{Form, Part as FormPart};

use super::super::Misuse;
use super::options::{pairs, scalar};
use crate::protocol::shown::cut;
use crate::shape::Malformed;
use crate::shape::malformed::TAG;
use crate::value::words::a_kind;
use crate::value::{MASK, Object, Tagged, Value, to_json, to_json_pretty};

const JSON: &str = "application/json";

/// A body, ready to be sent as often as redirects demand.
#[derive(Debug)]
pub(super) struct Payload {
    source: Source,
    /// `None` without a body, and for multipart, whose type carries its boundary.
    pub(super) content_type: Option<String>,
    /// What a GraphQL request accepts.
    pub(super) accept: Option<&'static str>,
    /// For the report; secrets masked, cut.
    pub(super) shown: String,
    /// For the shell line.
    pub(super) shell: Shell,
    /// Whether a response with `errors` is no success (GraphQL §7.1.2).
    pub(super) is_graphql: bool,
}

#[derive(Debug)]
enum Source {
    Empty,
    Bytes(Bytes),
    File { path: PathBuf, length: u64 },
    Multipart(Vec<Part>),
}

#[derive(Debug)]
struct Part {
    name: String,
    content: PartContent,
    kind: Option<String>,
    file_name: Option<String>,
}

#[derive(Debug)]
enum PartContent {
    Bytes(Bytes),
    File(PathBuf),
}

/// The body as arguments of `curl`, not yet quoted.
#[derive(Debug)]
pub(super) enum Shell {
    /// None at all.
    Nothing,
    /// Arguments.
    Arguments(Vec<String>),
    /// Bytes that go through a pipe.
    Pipe(Bytes),
    /// Too much for a command line; how many bytes.
    TooLong(usize),
}

/// Past this, a body is no longer spelled out on a command line.
const SHELL_LIMIT: usize = 16 * 1024;

impl Payload {
    /// The body of no operand.
    pub(super) fn empty() -> Payload {
        Payload {
            source: Source::Empty,
            content_type: None,
            accept: None,
            shown: String::new(),
            shell: Shell::Nothing,
            is_graphql: false,
        }
    }

    /// Makes a body of an operand; relative files start from `dir`.
    pub(super) async fn read(operand: Option<&Value>, dir: &Path) -> Result<Payload, Misuse> {
        match operand {
            None => Ok(Payload::empty()),
            Some(value @ (Value::Object(_) | Value::List(_))) => json(value),
            Some(Value::Text(text)) => Ok(plain(&text.text, text.secret, "text/plain; charset=utf-8")),
            Some(Value::Bytes(bytes)) => {
                Ok(binary(bytes.bytes.clone(), bytes.secret, "application/octet-stream"))
            }
            Some(Value::Tagged(tagged)) => Payload::tagged(tagged, dir).await,
            Some(value) => {
                Err(Misuse::new(format!("{} cannot be the body of an HTTP request", a_kind(value))).help(
                    "send an object or a list as JSON, or `json(…)`, `text(…)`, `bytes(…)`, `form({…})`, `file(\"…\")`",
                ))
            }
        }
    }

    async fn tagged(tagged: &Tagged, dir: &Path) -> Result<Payload, Misuse> {
        let given = Given { tag: tagged.tag, value: &tagged.value };
        match tagged.tag {
            "form" => form(&given),
            "json" => json(&tagged.value),
            "text" => {
                let (text, secret) = given.text("text")?;
                let kind = given.kind()?.unwrap_or_else(|| "text/plain; charset=utf-8".to_owned());
                Ok(plain(&text, secret, &kind))
            }
            "bytes" => {
                let (bytes, secret) = given.bytes()?;
                let kind = given.kind()?.unwrap_or_else(|| "application/octet-stream".to_owned());
                Ok(binary(bytes, secret, &kind))
            }
            "file" => {
                let (path, length) = given.file(dir).await?;
                let kind = given.kind()?.unwrap_or_else(|| file_type(&path));
                let shown = format!("(the file {}, {length} bytes)", path.display());
                let shell =
                    Shell::Arguments(vec!["--data-binary".to_owned(), format!("@{}", path.display())]);
                let source = Source::File { path, length };
                Ok(Payload { source, content_type: Some(kind), shown, shell, ..Payload::empty() })
            }
            "multipart" => multipart(&given, dir).await,
            TAG => malformed(tagged),
            "graphql" => graphql(&given),
            "unreadable" => Err(Misuse::new("a body that could not be read cannot be sent")
                .help("`raw` has its bytes: `bytes(raw)`")),
            tag => Err(Misuse::new(format!("`{tag}(…)` cannot be the body of an HTTP request"))),
        }
    }

    /// Whether there is a body whose type only the client can write, since it chooses the boundary.
    pub(super) fn is_multipart(&self) -> bool {
        matches!(self.source, Source::Multipart(_))
    }

    /// The body, when it is at hand in one piece.
    pub(super) fn at_hand(&self) -> Option<Bytes> {
        match &self.source {
            Source::Empty => Some(Bytes::new()),
            Source::Bytes(bytes) => Some(bytes.clone()),
            Source::File { .. } | Source::Multipart(_) => None,
        }
    }

    /// The body itself, for who sends it without the client.
    pub(super) async fn bytes(&self) -> Result<Bytes, Misuse> {
        match &self.source {
            Source::Empty => Ok(Bytes::new()),
            Source::Bytes(bytes) => Ok(bytes.clone()),
            Source::File { path, .. } => {
                tokio::fs::read(path).await.map(Bytes::from).map_err(|error| no_file(path, &error))
            }
            Source::Multipart(_) => {
                Err(Misuse::new("`multipart(…)` is what requests send, and no response has it"))
            }
        }
    }

    /// Adds the body to a request.
    pub(super) async fn attach(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::RequestBuilder, Misuse> {
        Ok(match &self.source {
            Source::Empty => request,
            Source::Bytes(bytes) => request.body(bytes.clone()),
            Source::File { path, length } => {
                let file = tokio::fs::File::open(path).await.map_err(|error| no_file(path, &error))?;
                request.header(reqwest::header::CONTENT_LENGTH, *length).body(file)
            }
            Source::Multipart(parts) => {
                let mut form = Form::new();
                for part in parts {
                    form = form.part(part.name.clone(), part.build().await?);
                }
                request.multipart(form)
            }
        })
    }
}

impl Part {
    async fn build(&self) -> Result<FormPart, Misuse> {
        let mut part = match &self.content {
            PartContent::Bytes(bytes) => FormPart::stream_with_length(bytes.clone(), bytes.len() as u64),
            PartContent::File(path) => FormPart::file(path).await.map_err(|error| no_file(path, &error))?,
        };
        if let Some(name) = &self.file_name {
            part = part.file_name(name.clone());
        }
        if let Some(kind) = &self.kind {
            part = part.mime_str(kind).map_err(|_| {
                Misuse::new(format!("`{kind}` is no media type")).help("write one such as `image/png`")
            })?;
        }
        Ok(part)
    }
}

/// What a constructor was given.
struct Given<'a> {
    tag: &'static str,
    value: &'a Value,
}

impl<'a> Given<'a> {
    fn field(&self, name: &str) -> Option<&'a Value> {
        self.value.as_object()?.get(name).filter(|value| !matches!(value, Value::Absent))
    }

    fn wrong(&self, what: &str) -> Misuse {
        Misuse::new(format!("`{}(…)` {what}", self.tag))
    }

    fn text(&self, name: &str) -> Result<(Arc<str>, bool), Misuse> {
        match self.field(name).unwrap_or(self.value) {
            Value::Text(text) => Ok((text.text.clone(), text.secret)),
            other => Err(self.wrong(&format!("needs text, not {}", a_kind(other)))),
        }
    }

    fn bytes(&self) -> Result<(Bytes, bool), Misuse> {
        match self.field("content").unwrap_or(self.value) {
            Value::Bytes(bytes) => Ok((bytes.bytes.clone(), bytes.secret)),
            Value::Text(text) => Ok((Bytes::copy_from_slice(text.text.as_bytes()), text.secret)),
            other => Err(self.wrong(&format!("needs bytes, not {}", a_kind(other)))),
        }
    }

    /// The media type that was given.
    fn kind(&self) -> Result<Option<String>, Misuse> {
        match self.field("type") {
            None => Ok(None),
            Some(Value::Text(text)) if text.text.contains('/') && !text.text.contains(char::is_control) => {
                Ok(Some(text.text.to_string()))
            }
            Some(other) => {
                Err(self
                    .wrong(&format!("has the type {}, which is no media type", crate::value::show(other))))
            }
        }
    }

    async fn file(&self, dir: &Path) -> Result<(PathBuf, u64), Misuse> {
        let (path, _) = self.text("path")?;
        let path = dir.join(&*path);
        match tokio::fs::metadata(&path).await {
            Ok(meta) if meta.is_file() => Ok((path, meta.len())),
            Ok(_) => Err(self.wrong(&format!("names `{}`, which is no file", path.display()))),
            Err(error) => Err(no_file(&path, &error)),
        }
    }
}

fn no_file(path: &Path, error: &std::io::Error) -> Misuse {
    Misuse::new(format!("cannot read the file `{}`: {}", path.display(), crate::value::words::plain(error)))
}

/// The media type that a file's name speaks of.
pub(crate) fn file_type(path: &Path) -> String {
    mime_guess::from_path(path).first_or_octet_stream().to_string()
}

fn json(value: &Value) -> Result<Payload, Misuse> {
    refuse_tags(value)?;
    let wire = to_json(value);
    // What is cut anyway need not be indented, and what goes into no command line not be written out.
    let (shown, shell) = if wire.len() > SHELL_LIMIT {
        (cut(&to_json(&masked(value))), Shell::TooLong(wire.len()))
    } else {
        let masked = masked(value);
        (cut(&to_json_pretty(&masked)), Shell::Arguments(vec!["--data-raw".to_owned(), to_json(&masked)]))
    };
    Ok(Payload {
        source: Source::Bytes(wire.into()),
        content_type: Some(JSON.to_owned()),
        shown,
        shell,
        ..Payload::empty()
    })
}

fn refuse_tags(value: &Value) -> Result<(), Misuse> {
    match tag_inside(value) {
        None => Ok(()),
        Some(TAG) => Err(Misuse::malformed_part()),
        Some(tag) => Err(Misuse::new(format!("`{tag}(…)` cannot stand inside a JSON body"))
            .help("files and bytes beside fields are `multipart({…})`")),
    }
}

fn tag_inside(value: &Value) -> Option<&'static str> {
    match value {
        Value::Tagged(tagged) if tagged.tag == "json" => tag_inside(&tagged.value),
        Value::Tagged(tagged) => Some(tagged.tag),
        Value::List(items) => items.iter().find_map(tag_inside),
        Value::Object(fields) => fields.values().find_map(tag_inside),
        _ => None,
    }
}

/// The value with its secrets masked.
fn masked(value: &Value) -> Value {
    match value {
        Value::Text(text) if text.secret => Value::text(MASK),
        Value::Bytes(bytes) if bytes.secret => Value::text(MASK),
        Value::Tagged(tagged) => masked(&tagged.value),
        Value::List(items) if value.is_secret() => Value::list(items.iter().map(masked).collect()),
        Value::Object(fields) if value.is_secret() => {
            Value::object(fields.iter().map(|(name, value)| (name.clone(), masked(value))))
        }
        value => value.clone(),
    }
}

fn plain(text: &str, secret: bool, kind: &str) -> Payload {
    let visible = if secret { MASK } else { text };
    let shell = if visible.len() > SHELL_LIMIT {
        Shell::TooLong(text.len())
    } else {
        Shell::Arguments(vec!["--data-raw".to_owned(), visible.to_owned()])
    };
    Payload {
        source: Source::Bytes(Bytes::copy_from_slice(text.as_bytes())),
        content_type: Some(kind.to_owned()),
        shown: cut(visible),
        shell,
        ..Payload::empty()
    }
}

fn binary(bytes: Bytes, secret: bool, kind: &str) -> Payload {
    if let Ok(text) = std::str::from_utf8(&bytes)
        && !text.contains('\0')
    {
        let payload = plain(text, secret, kind);
        return Payload { source: Source::Bytes(bytes), ..payload };
    }
    let (shown, shell) = if secret {
        (MASK.to_owned(), Shell::Arguments(vec!["--data-raw".to_owned(), MASK.to_owned()]))
    } else if bytes.len() > SHELL_LIMIT / 4 {
        (super::text::binary(&bytes), Shell::TooLong(bytes.len()))
    } else {
        (super::text::binary(&bytes), Shell::Pipe(bytes.clone()))
    };
    Payload {
        source: Source::Bytes(bytes),
        content_type: Some(kind.to_owned()),
        shown,
        shell,
        ..Payload::empty()
    }
}

/// What is no JSON any more goes out under the name of JSON all the same.
fn malformed(tagged: &Tagged) -> Result<Payload, Misuse> {
    let value = Value::Tagged(Arc::new(tagged.clone()));
    let Some(malformed) = Malformed::of(&value) else {
        return Err(Misuse::new("this is nothing that was drawn of `malformed(…)`"));
    };
    let payload = binary(malformed.json().into(), value.is_secret(), JSON);
    Ok(Payload { shown: cut(&format!("({})\n{}", malformed.told, payload.shown)), ..payload })
}

fn form(given: &Given<'_>) -> Result<Payload, Misuse> {
    let fields = given.value.as_object().ok_or_else(|| given.wrong("needs an object"))?;
    let pairs = pairs("form", fields).map_err(Misuse::new)?;
    let encode = |mask: bool| {
        let mut encoder = url::form_urlencoded::Serializer::new(String::new());
        for (name, value, secret) in &pairs {
            encoder.append_pair(name, if mask && *secret { MASK } else { value });
        }
        encoder.finish()
    };
    let payload = plain(&encode(false), false, "application/x-www-form-urlencoded");
    // The mask itself stays readable.
    let visible = encode(true)
        .replace(&url::form_urlencoded::byte_serialize(MASK.as_bytes()).collect::<String>(), MASK);
    let Payload { shown, shell, .. } = plain(&visible, false, "");
    Ok(Payload { shown, shell, ..payload })
}

fn graphql(given: &Given<'_>) -> Result<Payload, Misuse> {
    let (query, secret) = given.text("query")?;
    let mut fields = Object::new();
    fields.insert("query".into(), Value::text_with(query, secret));
    if let Some(variables) = given.field("variables") {
        if !matches!(variables, Value::Object(_)) {
            return Err(given.wrong(&format!("needs an object of variables, not {}", a_kind(variables))));
        }
        fields.insert("variables".into(), variables.clone());
    }
    if given.field("operation").is_some() {
        let (operation, secret) = given.text("operation")?;
        fields.insert("operationName".into(), Value::text_with(operation, secret));
    }
    let payload = json(&Value::Object(Arc::new(fields)))?;
    // GraphQL over HTTP, "Accept": the new media type first.
    Ok(Payload {
        accept: Some("application/graphql-response+json, application/json;q=0.9"),
        is_graphql: true,
        ..payload
    })
}

async fn multipart(given: &Given<'_>, dir: &Path) -> Result<Payload, Misuse> {
    let fields = given.value.as_object().ok_or_else(|| given.wrong("needs an object"))?;
    let mut parts = Vec::new();
    let mut shown = String::new();
    let mut arguments = Vec::new();
    for (name, value) in fields {
        let values = match value {
            Value::Absent => &[][..],
            Value::List(values) => values,
            value => std::slice::from_ref(value),
        };
        for value in values {
            let part = part(name, value, dir).await?;
            part.describe(value.is_secret(), &mut shown, &mut arguments);
            parts.push(part);
        }
    }
    let shell = Shell::Arguments(arguments);
    Ok(Payload { source: Source::Multipart(parts), shown: cut(&shown), shell, ..Payload::empty() })
}

async fn part(name: &str, value: &Value, dir: &Path) -> Result<Part, Misuse> {
    let make = |content, kind, file_name| Part { name: name.to_owned(), content, kind, file_name };
    if let Value::Tagged(tagged) = value {
        let given = Given { tag: tagged.tag, value: &tagged.value };
        let file_name = match given.field("name") {
            Some(_) => Some(given.text("name")?.0.to_string()),
            None => None,
        };
        match tagged.tag {
            "json" => {
                refuse_tags(&tagged.value)?;
                return Ok(make(
                    PartContent::Bytes(to_json(&tagged.value).into()),
                    Some(JSON.to_owned()),
                    None,
                ));
            }
            "text" => {
                let (text, _) = given.text("text")?;
                let bytes = Bytes::copy_from_slice(text.as_bytes());
                return Ok(make(PartContent::Bytes(bytes), given.kind()?, file_name));
            }
            "bytes" => {
                let kind = given.kind()?.unwrap_or_else(|| "application/octet-stream".to_owned());
                return Ok(make(PartContent::Bytes(given.bytes()?.0), Some(kind), file_name));
            }
            "file" => {
                let (path, _) = given.file(dir).await?;
                let kind = given.kind()?.unwrap_or_else(|| file_type(&path));
                return Ok(make(PartContent::File(path), Some(kind), file_name));
            }
            _ => {}
        }
    }
    if let Value::Bytes(bytes) = value {
        let kind = Some("application/octet-stream".to_owned());
        return Ok(make(PartContent::Bytes(bytes.bytes.clone()), kind, None));
    }
    match scalar(value) {
        Some(text) => Ok(make(PartContent::Bytes(text.into()), None, None)),
        None => Err(Misuse::new(format!("the part `{name}` of `multipart(…)` cannot be {}", a_kind(value)))
            .help(
                "a part is text, bytes, `json(…)`, `text(…)`, `bytes(…)`, `file(\"…\")` or a list of them",
            )),
    }
}

impl Part {
    /// What the report and the shell line say of it.
    fn describe(&self, secret: bool, shown: &mut String, arguments: &mut Vec<String>) {
        let mut suffix = String::new();
        if let Some(kind) = &self.kind {
            suffix.push_str(&format!(";type={kind}"));
        }
        if let Some(name) = &self.file_name {
            suffix.push_str(&format!(";filename={name}"));
        }
        let (text, flag, argument) = match &self.content {
            _ if secret => (MASK.to_owned(), "--form-string", format!("{}={MASK}", self.name)),
            PartContent::File(path) => {
                let path = path.display();
                (format!("(the file {path})"), "--form", format!("{}=@{path}{suffix}", self.name))
            }
            PartContent::Bytes(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if suffix.is_empty() => {
                    (text.to_owned(), "--form-string", format!("{}={text}", self.name))
                }
                Ok(text) => {
                    let quoted = text.replace('\\', "\\\\").replace('"', "\\\"");
                    (text.to_owned(), "--form", format!("{}=\"{quoted}\"{suffix}", self.name))
                }
                Err(_) => {
                    (super::text::binary(bytes), "--form", format!("{}=@{}{suffix}", self.name, self.name))
                }
            },
        };
        let kind = self.kind.as_deref().map(|kind| format!(" ({kind})")).unwrap_or_default();
        shown.push_str(&format!("{}{kind}: {text}\n", self.name));
        arguments.extend([flag.to_owned(), argument]);
    }
}
